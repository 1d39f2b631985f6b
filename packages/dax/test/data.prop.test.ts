import {
  INSTALL_MKWRITE,
  INSTALL_READ_ONLY,
  INSTALL_WRITABLE,
  MADV_DONTNEED,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_REMOVE,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  type Task,
  type WriteFaultStrategy,
} from '@mm-model/core'
import type { DaxFile } from '@mm-model/dax'
import { mountExt4, mountXfs } from '@mm-model/dax'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Calls, forms } from './forms.ts'
import { createWorld, type Kind, type Mount, map, mkwrite, outcome, PAGE, slot } from './world.ts'

/*
 * Loads return what was stored: any sequence of stores, file calls, forks and calls that change mappings, against an
 * oracle that knows bytes and nothing else.
 */

const mounts: readonly (readonly [string, Mount])[] = [
  ['ext4', mountExt4],
  ['xfs', mountXfs],
]

const strategies: readonly WriteFaultStrategy[] = [
  mkwrite,
  ...[INSTALL_READ_ONLY, INSTALL_WRITABLE].map((how) => ({
    ...mkwrite,
    name: `installs-${how}`,
    install: ({ mkwrite: upgrade }: { readonly mkwrite: boolean }) => (upgrade ? INSTALL_MKWRITE : how),
  })),
]

const FILE_PAGES = [14, 1030] as const
/** Which file (null: none), from which page, how many, and how. The last three hold whole 2 MiB pages. */
const MAPPINGS: readonly (readonly [file: 0 | 1 | null, pgoff: number, pages: number, kind: Kind])[] = [
  [0, 0, 14, 'shared'],
  [0, 3, 8, 'shared'],
  [0, 0, 14, 'private'],
  [0, 5, 6, 'private'],
  [0, 0, 14, 'sync'],
  [null, 0, 1030, 'private'],
  [1, 0, 1030, 'shared'],
  [1, 0, 1030, 'private'],
]

/** The bytes of a file, to the end of its last page: what lies beyond its size can be stored through a mapping. */
class FileOracle {
  size = 0
  readonly bytes: Uint8Array
  /** What was stored beyond the end comes to light when the file grows over it, unless the file system clears it. */
  readonly #clearsTail: boolean

  constructor(pages: number, clearsTail: boolean) {
    this.bytes = new Uint8Array(pages * PAGE)
    this.#clearsTail = clearsTail
  }

  /** The file grows over what lies between its end and `offset`. */
  growTo(offset: number): void {
    if (this.#clearsTail && offset > this.size) this.bytes.fill(0, this.size, offset)
  }

  get pages(): number {
    return Math.ceil(this.size / PAGE)
  }

  truncate(size: number): void {
    this.growTo(size)
    if (size <= this.size) this.bytes.fill(0, size)
    this.size = size
  }

  punch(offset: number, length: number): void {
    if (offset < this.size) this.bytes.fill(0, offset, offset + length)
  }

  allocate(offset: number, length: number): void {
    this.growTo(offset + length)
    this.size = Math.max(this.size, offset + length)
  }

  write(offset: number, length: number, byte: number): void {
    this.growTo(offset)
    this.bytes.fill(byte, offset, offset + length)
    this.size = Math.max(this.size, offset + length)
  }
}

/** One mapping in one process. */
interface MappingOracle {
  /** Pages of its own, by their place in the mapping. */
  readonly own: Map<number, Uint8Array>
  readonly readOnly: Set<number>
  address: number
}

interface Process {
  readonly task: Task
  readonly mappings: MappingOracle[]
}

class Twin {
  readonly #k: Calls
  readonly files: FileOracle[]
  readonly open: DaxFile[] = []
  readonly processes: Process[] = []

  constructor(k: Calls, strategy: WriteFaultStrategy, mount: Mount) {
    this.#k = k
    const { task, sb, machine } = createWorld({ strategy, cpus: 2 }, mount)
    machine.trace = null
    // fs/xfs/xfs_iops.c: xfs_setattr_size, fs/xfs/xfs_file.c: xfs_file_write_checks; ext4 of 6.1 does not.
    this.files = FILE_PAGES.map((pages) => new FileOracle(pages, sb.personality.name === 'xfs'))
    for (const name of ['a', 'b']) this.open.push(k.openCreate(task, sb, name))
    for (const [n, [file, pgoff, pages, kind]] of MAPPINGS.entries()) {
      if (file !== null) map(k, task, this.open[file]!, { n, pgoff, pages, kind })
      else {
        const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED
        k.mmap(task, { address: slot(n), length: pages * PAGE, prot: 3, flags, file: null, offset: 0 })
      }
    }
    const mappings = MAPPINGS.map((_, n) => ({
      own: new Map(),
      readOnly: new Set<number>(),
      address: slot(n),
    }))
    this.processes.push({ task, mappings })
  }

  /** What an access to a page meets. */
  #meets(p: Process, n: number, page: number, store: boolean): string {
    const [file, pgoff] = MAPPINGS[n]!
    const mapping = p.mappings[n]!
    if (store && mapping.readOnly.has(page)) return 'SIGSEGV/SEGV_ACCERR'
    if (file === null || mapping.own.has(page)) return 'ok'
    return pgoff + page < this.files[file]!.pages ? 'ok' : 'SIGBUS/BUS_ADRERR'
  }

  /** The page as the process sees it. */
  #page(p: Process, n: number, page: number): Uint8Array {
    const [file, pgoff] = MAPPINGS[n]!
    const own = p.mappings[n]!.own.get(page)
    if (own !== undefined) return own
    if (file === null) return new Uint8Array(PAGE)
    return this.files[file]!.bytes.subarray((pgoff + page) * PAGE, (pgoff + page + 1) * PAGE)
  }

  /** The page after it was copied, if stores copy it. */
  #toStore(p: Process, n: number, page: number): Uint8Array {
    const bytes = this.#page(p, n, page)
    const { own } = p.mappings[n]!
    if (MAPPINGS[n]![3] !== 'private' || own.has(page)) return bytes
    const copy = bytes.slice()
    own.set(page, copy)
    return copy
  }

  load(p: Process, n: number, page: number, offset: number): void {
    const byte = this.#k.load(p.task, p.mappings[n]!.address + page * PAGE + offset)
    const expected = this.#meets(p, n, page, false)
    expect(outcome(p.task)).toBe(expected)
    if (expected === 'ok') expect(byte).toBe(this.#page(p, n, page)[offset])
  }

  store(p: Process, n: number, page: number, offset: number, byte: number): void {
    this.#k.store(p.task, p.mappings[n]!.address + page * PAGE + offset, byte)
    const expected = this.#meets(p, n, page, true)
    expect(outcome(p.task)).toBe(expected)
    if (expected === 'ok') this.#toStore(p, n, page)[offset] = byte
  }

  pread(p: Process, file: number, offset: number): void {
    const { size, bytes } = this.files[file]!
    expect(this.#k.preadByte(p.task, this.open[file]!, offset)).toBe(offset < size ? bytes[offset] : null)
  }

  pwrite(p: Process, file: number, offset: number, length: number, byte: number): void {
    expect(this.#k.pwriteFill(p.task, this.open[file]!, offset, length, byte)).toBe(length)
    this.files[file]!.write(offset, length, byte)
  }

  truncate(p: Process, file: number, size: number): void {
    expect(this.#k.ftruncate(p.task, this.open[file]!, size)).toBe(0)
    const oracle = this.files[file]!
    oracle.truncate(size)
    // Private copies beyond the end go too, everywhere.
    for (const { mappings } of this.processes) {
      for (const [n, { own }] of mappings.entries()) {
        if (MAPPINGS[n]![0] !== file) continue
        for (const page of own.keys()) if (MAPPINGS[n]![1] + page >= oracle.pages) own.delete(page)
      }
    }
  }

  punch(p: Process, file: number, offset: number, length: number): void {
    expect(this.#k.punchHole(p.task, this.open[file]!, offset, length)).toBe(0)
    this.files[file]!.punch(offset, length)
  }

  allocate(p: Process, file: number, offset: number, length: number): void {
    expect(this.#k.fallocate(p.task, this.open[file]!, offset, length)).toBe(0)
    this.files[file]!.allocate(offset, length)
  }

  fsync(p: Process, file: number): void {
    expect(this.#k.fsync(p.task, this.open[file]!)).toBe(0)
  }

  advise(p: Process, n: number, page: number, count: number, advice: number): void {
    const [file, pgoff, pages, kind] = MAPPINGS[n]!
    const { own, address } = p.mappings[n]!
    const last = Math.min(pages, page + count)
    const answer = this.#k.madvise(p.task, address + page * PAGE, (last - page) * PAGE, advice)
    if (advice === MADV_DONTNEED) {
      expect(answer).toBe(0)
      for (let i = page; i < last; i++) own.delete(i)
    } else if (advice === MADV_REMOVE) {
      if (file === null) expect(answer).toBe(-22)
      else if (kind === 'private') expect(answer).toBe(-13)
      else {
        expect(answer).toBe(0)
        this.files[file]!.punch((pgoff + page) * PAGE, (last - page) * PAGE)
      }
    } else {
      const write = advice === MADV_POPULATE_WRITE
      for (let i = page; i < last; i++) {
        if (this.#meets(p, n, i, write) !== 'ok') {
          expect(answer).toBeLessThan(0)
          return
        }
        if (write) this.#toStore(p, n, i)
      }
      expect(answer).toBe(0)
    }
  }

  protect(p: Process, n: number, page: number, count: number, write: boolean): void {
    const { address, readOnly } = p.mappings[n]!
    const last = Math.min(MAPPINGS[n]![2], page + count)
    expect(this.#k.mprotect(p.task, address + page * PAGE, (last - page) * PAGE, write ? 3 : 1)).toBe(0)
    for (let i = page; i < last; i++) readOnly[write ? 'delete' : 'add'](i)
  }

  /** Moves a mapping away or back, if it is one area. */
  move(p: Process, n: number): void {
    const mapping = p.mappings[n]!
    if (mapping.readOnly.size > 0) return
    const length = MAPPINGS[n]![2] * PAGE
    const to = mapping.address === slot(n) ? slot(n + 100) : slot(n)
    const answer = this.#k.mremap(p.task, mapping.address, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to)
    if (answer >= 0) mapping.address = to
    // Rights that came and went may have left several areas.
    else expect(answer).toBe(-14)
  }

  fork(p: Process): void {
    if (this.processes.length === 3) return
    const task = this.#k.fork(p.task)
    const mappings = p.mappings.map(({ own, readOnly, address }) => ({
      own: new Map(Array.from(own, ([page, bytes]) => [page, bytes.slice()])),
      readOnly: new Set(readOnly),
      address,
    }))
    this.processes.push({ task, mappings })
  }

  /** Every process sees every page right, and so do reads of the files. */
  agree(): void {
    for (const p of this.processes) {
      for (const n of MAPPINGS.keys()) {
        for (const page of pagesToProbe(MAPPINGS[n]![2])) {
          for (const offset of OFFSETS) this.load(p, n, page, offset)
        }
      }
    }
    for (const file of [0, 1]) {
      for (const page of pagesToProbe(FILE_PAGES[file]!)) {
        for (const offset of OFFSETS) this.pread(this.processes[0]!, file, page * PAGE + offset)
      }
      expect(this.open[file]!.inode.size).toBe(this.files[file]!.size)
    }
  }
}

const OFFSETS = [0, 1, 2047, 4095] as const
const FAR = [0, 1, 2, 510, 511, 512, 513, 700, 1023, 1024, 1025, 1029]
const pagesToProbe = (pages: number): number[] =>
  pages > 100 ? FAR : Array.from({ length: pages }, (_, i) => i)

const offset = fc.constantFrom(...OFFSETS)
const place = fc
  .constantFrom(0, 0, 0, 1, 2, 2, 2, 3, 4, 5, 5, 6, 6, 6, 7, 7)
  .chain((n) => fc.record({ n: fc.constant(n), page: fc.constantFrom(...pagesToProbe(MAPPINGS[n]![2])) }))
const count = fc.constantFrom(1, 2, 5, 512, 513)
const bytes = fc.constantFrom(0, 0, 1).chain((file) => {
  const limit = FILE_PAGES[file]! * PAGE
  const start = fc
    .tuple(fc.constantFrom(...pagesToProbe(FILE_PAGES[file]!)), fc.constantFrom(0, 0, 0, 1, 100, 4095))
    .map(([page, byte]) => page * PAGE + byte)
  const length = fc.constantFrom(
    1,
    100,
    PAGE,
    PAGE,
    PAGE + 1,
    3 * PAGE,
    ...(file === 1 ? [512 * PAGE, 1024 * PAGE] : []),
  )
  return fc
    .record({ file: fc.constant(file), start, length })
    .map(({ file, start, length }) => ({ file, start, length: Math.min(length, limit - start) }))
})

const command = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({ op: fc.constant('store' as const), place, offset, byte: fc.nat(255) }),
  },
  { weight: 10, arbitrary: fc.record({ op: fc.constant('load' as const), place, offset }) },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('pwrite' as const),
      bytes,
      byte: fc.integer({ min: 1, max: 255 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('pread' as const), bytes }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('punch' as const), bytes }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('truncate' as const), bytes }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('allocate' as const), bytes }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('fsync' as const), bytes }) },
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('advise' as const),
      place,
      count,
      advice: fc.constantFrom(
        MADV_DONTNEED,
        MADV_DONTNEED,
        MADV_REMOVE,
        MADV_POPULATE_READ,
        MADV_POPULATE_WRITE,
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant('protect' as const), place, count, write: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('move' as const), place }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('fork' as const) }) },
)

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never

function run(twin: Twin, who: number, cpu: number, c: Command): void {
  const p = twin.processes[who % twin.processes.length]!
  p.task.cpu = cpu
  switch (c.op) {
    case 'store':
      twin.store(p, c.place.n, c.place.page, c.offset, c.byte)
      break
    case 'load':
      twin.load(p, c.place.n, c.place.page, c.offset)
      break
    case 'pwrite':
      twin.pwrite(p, c.bytes.file, c.bytes.start, c.bytes.length, c.byte)
      break
    case 'pread':
      twin.pread(p, c.bytes.file, c.bytes.start)
      break
    case 'punch':
      twin.punch(p, c.bytes.file, c.bytes.start, c.bytes.length)
      break
    case 'truncate':
      twin.truncate(p, c.bytes.file, c.bytes.start)
      break
    case 'allocate':
      twin.allocate(p, c.bytes.file, c.bytes.start, c.bytes.length)
      break
    case 'fsync':
      twin.fsync(p, c.bytes.file)
      break
    case 'advise':
      twin.advise(p, c.place.n, c.place.page, c.count, c.advice)
      break
    case 'protect':
      twin.protect(p, c.place.n, c.place.page, c.count, c.write)
      break
    case 'move':
      twin.move(p, c.place.n)
      break
    case 'fork':
      twin.fork(p)
      break
  }
}

describe.each(mounts)('on %s', (_name, mount) => {
  it.each(forms)('loads return what was stored, in the %s form', { timeout: 120_000 }, (_form, k) => {
    const step = fc.record({ who: fc.nat(2), cpu: fc.nat(1), command })
    fc.assert(
      fc.property(
        fc.constantFrom(...strategies),
        fc.array(step, { minLength: 1, maxLength: 40 }),
        (strategy, steps) => {
          const twin = new Twin(k, strategy, mount)
          // Something to begin with: files that are written, allocated and hole by turns.
          const [first] = twin.processes
          twin.pwrite(first!, 0, 0, 4 * PAGE + 100, 3)
          twin.allocate(first!, 0, 6 * PAGE, 3 * PAGE)
          twin.truncate(first!, 0, 13 * PAGE + 1)
          twin.truncate(first!, 1, 1030 * PAGE)
          for (const { who, cpu, command } of steps) run(twin, who, cpu, command)
          twin.agree()
        },
      ),
    )
  })
})
