/**
 * The process that executes a scenario, as far as recordings show it: the areas it has besides the scenario's, and
 * its buffer for writes.
 *
 * The recorded agent is a static program; what it maps for itself is far from the scenario's slots, and all that is
 * ever seen of it is that fork copies it and that a large write begins with an mmap inside malloc.
 * @module
 */

import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  PAGE_SIZE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type Steps,
  type Task,
  Vma,
} from '@mm-model/core'
import type { Calls, SteppedCalls } from './calls.ts'

/** The heap, and where it ends when a scenario begins. */
const HEAP = 0x1c00000
const HEAP_END: number = HEAP + 0x22 * PAGE_SIZE

/** Where the program's areas lie: text, data, heap; negative, from the end of user space: stack and what the kernel maps. */
const AREAS: readonly (readonly [address: number, pages: number, prot: number])[] = [
  [0x400000, 1, PROT_READ],
  [0x401000, 0x98, PROT_READ | PROT_EXEC],
  [0x499000, 0x28, PROT_READ],
  [0x4c2000, 4, PROT_READ],
  [0x4c6000, 3, PROT_READ | PROT_WRITE],
  [0x4ca000, 0x110, PROT_READ | PROT_WRITE],
  [HEAP, 0x22, PROT_READ | PROT_WRITE],
  [-0x22000, 0x21, PROT_READ | PROT_WRITE],
  [-0x8006000, 4, PROT_READ],
  [-0x8001000, 1, PROT_READ | PROT_EXEC],
]

/** glibc's DEFAULT_MMAP_THRESHOLD_MIN: from this size on, malloc maps. */
const MMAP_THRESHOLD = 128 * 1024
/** What malloc adds to a request that it maps (a header, aligned). */
const CHUNK_OVERHEAD = 16

/** Maps the program's own areas. Only their number is seen. */
export function startAgent(t: Task, calls: Calls): void {
  const { taskSize } = t.machine.machineArch
  for (const [place, pages, prot] of AREAS) {
    calls.mmap(t, {
      address: place < 0 ? taskSize + place : place,
      length: pages * PAGE_SIZE,
      prot,
      flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
      file: null,
      offset: 0,
    })
  }
}

/** A page of the program's stack, from the end of user space. */
const SIGNAL_STACK = -0x12000

/**
 * Has a signal delivered, for which the kernel writes to the program's stack: a page is taken the first time, and again when
 * a fork has shared it. On kernels whose recordings do not show that, nothing.
 */
export function deliverSignal(t: Task, calls: Calls): void {
  const { kernel, machineArch } = t.machine
  if (kernel.signalStackIsCold) calls.store(t, machineArch.taskSize + SIGNAL_STACK, 0)
}

/** What is left on top of the program's heap for a buffer when a scenario begins. */
const HEAP_TOP = 120 * 1024
/** What malloc takes beyond a request when it grows the heap (M_TOP_PAD). */
const TOP_PAD = 128 * 1024

/**
 * glibc's malloc of one process, as far as it changes areas: a large buffer is mapped, and freeing it raises the
 * threshold to its size; a smaller one that the heap has no room for grows the heap. The grown part is an area of its
 * own, because a forked process shares the old part's anonymous pages.
 */
export class WriteBuffer {
  #threshold = MMAP_THRESHOLD
  #top = HEAP_TOP

  /** The state that a forked child goes on with. */
  copy(): WriteBuffer {
    const buffer = new WriteBuffer()
    buffer.#threshold = this.#threshold
    buffer.#top = this.#top
    return buffer
  }

  /** Runs `write` with a buffer of `length` bytes allocated. */
  *with<T>(t: Task, calls: SteppedCalls, length: number, write: () => Steps<T>): Steps<T> {
    const chunk = length + CHUNK_OVERHEAD
    if (chunk < this.#threshold) {
      if (chunk > this.#top) this.#growHeap(t, chunk - this.#top)
      return yield* write()
    }
    const size = Math.ceil(chunk / PAGE_SIZE) * PAGE_SIZE
    const prot = PROT_READ | PROT_WRITE
    const flags = MAP_PRIVATE | MAP_ANONYMOUS
    const address = yield* calls.mmap(t, { address: 0, length: size, prot, flags, file: null, offset: 0 })
    const result = yield* write()
    if (address >= 0) yield* calls.munmap(t, address, size)
    this.#threshold = Math.max(this.#threshold, size)
    return result
  }

  /** brk(2), which shows as nothing but one more area. */
  #growHeap(t: Task, missing: number): void {
    const size = Math.ceil((missing + TOP_PAD) / PAGE_SIZE) * PAGE_SIZE
    const { areas } = t.mm
    const heap = areas.findVma(HEAP_END - PAGE_SIZE)
    const grown = areas.findVma(HEAP_END)
    if (grown !== null && grown.vmStart === HEAP_END) areas.setLimits(grown, HEAP_END, grown.vmEnd + size)
    else if (heap !== null) {
      const { vmFlags: flags, vmPageProtLo, vmPageProtHi } = heap
      const area = new Vma(t.mm, {
        start: HEAP_END,
        end: HEAP_END + size,
        flags,
        pgoff: HEAP_END / PAGE_SIZE,
        file: null,
      })
      areas.insert(Object.assign(area, { vmPageProtLo, vmPageProtHi }))
    }
    t.mm.totalVm += size / PAGE_SIZE
    this.#top += size
  }
}
