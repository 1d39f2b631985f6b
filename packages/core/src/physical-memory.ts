/**
 * Physical memory: persistent memory, RAM, the zero page and their bytes, addressed by page frame number.
 *
 * The layout is the recorded machine's (`memmap=512M!1G`): persistent memory starts at frame 0x40000, RAM handed out
 * to anonymous memory lies above it, page-table pages above that, so that a frame number says what it is.
 * @module
 */

import { MachineError } from './errors.ts'

export const PAGE_SHIFT: number = 12
export const PAGE_SIZE: number = 4096
export const PMD_SIZE: number = 0x200000
export const PUD_SIZE: number = 0x40000000
/** Base pages under one PMD leaf. */
export const PTRS_PER_PMD_LEAF: number = 512

/** Frame of the 4 KiB zero page (mm/memory.c: zero_pfn, 6.1). */
export const ZERO_PFN: number = 0x2a1c
/** First frame of the 2 MiB huge zero page (mm/huge_memory.c: huge_zero_pfn, 6.1). */
export const HUGE_ZERO_PFN: number = 0x2c00
/** First frame of persistent memory: 1 GiB. */
export const PMEM_BASE_PFN: number = 0x40000
/** First frame of page-table pages: 64 GiB. Everything between persistent memory and here is RAM for data. */
export const PAGE_TABLE_BASE_PFN: number = 0x1000000

/** Bytes are kept in chunks of this many frames (64 KiB), made when a byte in them is first written. */
const CHUNK_SHIFT = 4
const CHUNK_FRAMES = 1 << CHUNK_SHIFT

/** Bytes of a run of frames; frames never written read as zeros and cost nothing. */
class FrameBytes {
  readonly #chunks: (Uint8Array | undefined)[] = []

  read(frame: number, offset: number): number {
    const chunk = this.#chunks[frame >>> CHUNK_SHIFT]
    return chunk === undefined ? 0 : chunk[((frame & (CHUNK_FRAMES - 1)) << PAGE_SHIFT) | offset]!
  }

  write(frame: number, offset: number, byte: number): void {
    this.#chunk(frame)[((frame & (CHUNK_FRAMES - 1)) << PAGE_SHIFT) | offset] = byte
  }

  fill(frame: number, offset: number, length: number, byte: number): void {
    while (length > 0) {
      const take = Math.min(length, PAGE_SIZE - offset)
      if (byte !== 0 || this.#chunks[frame >>> CHUNK_SHIFT] !== undefined) {
        const base = ((frame & (CHUNK_FRAMES - 1)) << PAGE_SHIFT) | offset
        this.#chunk(frame).fill(byte, base, base + take)
      }
      length -= take
      offset = 0
      frame++
    }
  }

  /** The page as a view, or `undefined` when it holds only zeros because nothing was ever written near it. */
  page(frame: number): Uint8Array | undefined {
    const base = (frame & (CHUNK_FRAMES - 1)) << PAGE_SHIFT
    return this.#chunks[frame >>> CHUNK_SHIFT]?.subarray(base, base + PAGE_SIZE)
  }

  set(frame: number, bytes: Uint8Array, offset = 0): void {
    this.#chunk(frame).set(bytes, ((frame & (CHUNK_FRAMES - 1)) << PAGE_SHIFT) + offset)
  }

  #chunk(frame: number): Uint8Array {
    const index = frame >>> CHUNK_SHIFT
    const made = this.#chunks[index]
    if (made !== undefined) return made
    const chunk = new Uint8Array(CHUNK_FRAMES << PAGE_SHIFT)
    this.#chunks[index] = chunk
    return chunk
  }
}

const FILE_PAGE = 1
const IN_CACHE = 2

/** Frames of RAM that there is room for at first. */
const FIRST_FRAMES = 64

/** Sizes of the two memories, in 4 KiB pages. */
export interface PhysicalMemoryOptions {
  /** 1 … 2^22 (16 GiB). */
  readonly pmemPages: number
  /** 1 … 2^22 (16 GiB). */
  readonly ramPages: number
}

/**
 * Frames and their bytes. RAM frames carry what the fault path asks of a `struct page`: how many entries map it and
 * whether it is an anonymous page that one address space has for itself (`PageAnonExclusive`).
 */
export class PhysicalMemory {
  readonly pmemPages: number
  readonly ramBasePfn: number
  readonly ramPages: number
  readonly #pmem: FrameBytes = new FrameBytes()
  readonly #ram: FrameBytes = new FrameBytes()
  #mapcount: Int32Array = new Int32Array(FIRST_FRAMES)
  #exclusive: Uint8Array = new Uint8Array(FIRST_FRAMES)
  /** Pages of a page cache: `FILE_PAGE`, and `IN_CACHE` while the cache holds them. */
  #file: Uint8Array = new Uint8Array(FIRST_FRAMES)
  /** How often a page of a page cache was gathered by who is still to flush; by frame number. */
  readonly #gathered: Map<number, number> = new Map()
  /** Stack of freed RAM frames: the last one freed is handed out first, as from a CPU's list of free pages. */
  #free: Int32Array = new Int32Array(FIRST_FRAMES)
  #freeCount = 0
  #nextRam = 0
  /** RAM frames from here on are of 2 MiB pages, which are carved from the end; all are single until there is one. */
  #firstHuge: number
  /** First frames (indices) of freed 2 MiB pages. */
  readonly #freeHuge: number[] = []
  /** Entries that map any part of the 2 MiB page that begins at a frame: a PMD leaf counts one, a PTE one. */
  readonly #hugeRefs: Map<number, number> = new Map()

  constructor(options: PhysicalMemoryOptions) {
    for (const [name, value] of Object.entries(options) as [string, number][]) {
      if (!Number.isInteger(value) || value < 1 || value > 1 << 22) {
        throw new MachineError('BAD_CONFIGURATION', {
          found: `${name} ${value}`,
          expected: 'an integer from 1 to 4194304',
          remedy: 'choose a size between 4 KiB and 16 GiB',
        })
      }
    }
    this.pmemPages = options.pmemPages
    this.ramPages = options.ramPages
    this.ramBasePfn = PMEM_BASE_PFN + options.pmemPages
    this.#firstHuge = options.ramPages
  }

  isPmem(pfn: number): boolean {
    return pfn >= PMEM_BASE_PFN && pfn < this.ramBasePfn
  }

  isRam(pfn: number): boolean {
    return pfn >= this.ramBasePfn && pfn < this.ramBasePfn + this.ramPages
  }

  /** Takes a zeroed RAM frame. @throws MachineError OUT_OF_FRAMES */
  allocPage(): number {
    let frame: number
    if (this.#freeCount > 0) {
      frame = this.#free[--this.#freeCount]!
      this.#ram.fill(frame, 0, PAGE_SIZE, 0)
    } else {
      frame = this.#nextRam
      if (frame >= this.#firstHuge) throw this.#outOfFrames('a free frame')
      this.#nextRam++
      if (frame >= this.#mapcount.length) this.#grow(this.#mapcount.length * 2)
    }
    this.#mapcount[frame] = 0
    this.#exclusive[frame] = 0
    this.#file[frame] = 0
    return this.ramBasePfn + frame
  }

  /** A zeroed RAM frame for a page cache, which holds it until {@link uncache}. @throws MachineError OUT_OF_FRAMES */
  allocFilePage(): number {
    const pfn = this.allocPage()
    this.#file[pfn - this.ramBasePfn] = FILE_PAGE | IN_CACHE
    return pfn
  }

  /** Not an anonymous page, but one of a file's page cache (`!PageAnon`). */
  isFilePage(pfn: number): boolean {
    return this.isRam(pfn) && this.#file[pfn - this.ramBasePfn] !== 0
  }

  /** The page cache lets go of the frame, which is free when nothing maps it. */
  uncache(pfn: number): void {
    this.#file[pfn - this.ramBasePfn] = FILE_PAGE
    if (this.#isUnused(pfn)) this.freePage(pfn)
  }

  /**
   * An entry less maps the RAM frame, and a flush is to come; true when the caller has to {@link putGathered} it after that: a page
   * of a page cache stays until nobody can translate to it, in the cache or not (mm/memory.c: tlb_remove_page).
   */
  gather(pfn: number): boolean {
    const last = this.removeRmap(pfn)
    if (!this.isFilePage(pfn)) return last
    this.#gathered.set(pfn, (this.#gathered.get(pfn) ?? 0) + 1)
    return true
  }

  /** Gives back what was gathered, once it is flushed. */
  putGathered(pfn: number): void {
    const holds = this.#gathered.get(pfn)
    if (holds === undefined) {
      this.freePage(pfn)
      return
    }
    if (holds > 1) this.#gathered.set(pfn, holds - 1)
    else this.#gathered.delete(pfn)
    if (this.#isUnused(pfn)) this.freePage(pfn)
  }

  /** Of a page of a page cache: nothing maps it, and neither the cache nor who is about to flush holds it. */
  #isUnused(pfn: number): boolean {
    const inCache = (this.#file[pfn - this.ramBasePfn]! & IN_CACHE) !== 0
    return this.mapcount(pfn) === 0 && !inCache && !this.#gathered.has(pfn)
  }

  /**
   * Takes 512 zeroed RAM frames, aligned, that are one page (a compound page); the first one. -1 where there are none
   * together.
   */
  allocHugePage(): number {
    let frame = this.#freeHuge.pop()
    if (frame === undefined) {
      frame = Math.floor((this.ramBasePfn + this.#firstHuge) / 512) * 512 - 512 - this.ramBasePfn
      if (frame < this.#nextRam) return -1
      this.#firstHuge = frame
      if (this.ramPages > this.#mapcount.length) this.#grow(this.ramPages)
    }
    this.#ram.fill(frame, 0, 512 * PAGE_SIZE, 0)
    this.#mapcount.fill(0, frame, frame + 512)
    this.#exclusive.fill(0, frame, frame + 512)
    this.#file.fill(0, frame, frame + 512)
    this.#hugeRefs.set(frame, 0)
    return this.ramBasePfn + frame
  }

  /** First frame of the 2 MiB page that the frame belongs to, or -1 for a page of its own (`compound_head`). */
  compoundHead(pfn: number): number {
    if (pfn - this.ramBasePfn < this.#firstHuge) return -1
    return pfn - (pfn % 512)
  }

  /** Entries that map any part of the 2 MiB page at `head`. */
  hugeRefs(head: number): number {
    return this.#hugeRefs.get(head - this.ramBasePfn)!
  }

  /** `count` entries more (or less) map a part of the 2 MiB page at `head`; how many there are then. */
  addHugeRefs(head: number, count: number): number {
    const refs = this.hugeRefs(head) + count
    this.#hugeRefs.set(head - this.ramBasePfn, refs)
    return refs
  }

  #outOfFrames(expected: string): MachineError {
    return new MachineError('OUT_OF_FRAMES', {
      found: `all ${this.ramPages} RAM frames in use`,
      expected,
      remedy: 'build the machine with more ramPages (reclaim is not modelled)',
    })
  }

  #grow(size: number): void {
    const mapcount = new Int32Array(size)
    mapcount.set(this.#mapcount)
    this.#mapcount = mapcount
    const exclusive = new Uint8Array(size)
    exclusive.set(this.#exclusive)
    this.#exclusive = exclusive
    const file = new Uint8Array(size)
    file.set(this.#file)
    this.#file = file
    const free = new Int32Array(size)
    free.set(this.#free)
    this.#free = free
  }

  /** Gives a frame back that nothing maps; it is the next to be handed out (mm/page_alloc.c: free_unref_page, 6.1). */
  freePage(pfn: number): void {
    const head = this.compoundHead(pfn)
    if (head < 0) this.#free[this.#freeCount++] = pfn - this.ramBasePfn
    else this.#freeHuge.push(head - this.ramBasePfn)
  }

  /** How many PTEs map the RAM frame (`page_mapcount`, without PMD leaves). */
  mapcount(pfn: number): number {
    return this.#mapcount[pfn - this.ramBasePfn]!
  }

  /** One more entry maps the RAM frame (mm/rmap.c: page_add_anon_rmap and friends). */
  addRmap(pfn: number): void {
    this.#mapcount[pfn - this.ramBasePfn]!++
    const head = this.compoundHead(pfn)
    if (head >= 0) this.addHugeRefs(head, 1)
  }

  /**
   * One entry less; true when nothing maps the page any more and the caller must free it (mm/rmap.c: page_remove_rmap).
   * A part of a 2 MiB page goes only with the whole.
   */
  removeRmap(pfn: number): boolean {
    const left = --this.#mapcount[pfn - this.ramBasePfn]!
    const head = this.compoundHead(pfn)
    if (head >= 0) return this.addHugeRefs(head, -1) === 0
    return left === 0 && (this.#file[pfn - this.ramBasePfn] === 0 || this.#isUnused(pfn))
  }

  /** References to the page the frame belongs to: entries that map it, or any part of it (`page_count`). */
  refcount(pfn: number): number {
    const head = this.compoundHead(pfn)
    return head < 0 ? this.mapcount(pfn) : this.hugeRefs(head)
  }

  /** `PageAnonExclusive` (include/linux/page-flags.h, 5.19 and later). */
  anonExclusive(pfn: number): boolean {
    return this.#exclusive[pfn - this.ramBasePfn] === 1
  }

  setAnonExclusive(pfn: number, exclusive: boolean): void {
    this.#exclusive[pfn - this.ramBasePfn] = exclusive ? 1 : 0
  }

  /**
   * All that is kept of the frames of RAM besides their bytes, as numbers: which one is handed out next, and what is counted.
   * Two memories of one size that give the same go on alike.
   */
  visitCounts(visit: (number: number) => void): void {
    visit(this.#nextRam)
    visit(this.#firstHuge)
    visit(this.#freeCount)
    for (let i = 0; i < this.#freeCount; i++) visit(this.#free[i]!)
    this.#visitFrames(0, this.#nextRam, visit)
    for (const [frame, refs] of this.#hugeRefs) {
      visit(frame)
      visit(refs)
      this.#visitFrames(frame, frame + 512, visit)
    }
    for (const frame of this.#freeHuge) visit(frame)
    for (const [pfn, holds] of [...this.#gathered].sort(([a], [b]) => a - b)) {
      visit(pfn)
      visit(holds)
    }
  }

  #visitFrames(from: number, to: number, visit: (number: number) => void): void {
    for (let frame = from; frame < to; frame++) {
      visit(this.#mapcount[frame]! * 8 + this.#exclusive[frame]! * 4 + this.#file[frame]!)
    }
  }

  /** RAM frames in use. */
  get ramInUse(): number {
    return this.#nextRam - this.#freeCount + (this.#hugeRefs.size - this.#freeHuge.length) * 512
  }

  /** `offset` is 0 … 4095. The zero pages and frames never written read as 0. */
  readByte(pfn: number, offset: number): number {
    if (pfn >= this.ramBasePfn) return this.#ram.read(pfn - this.ramBasePfn, offset)
    return pfn >= PMEM_BASE_PFN ? this.#pmem.read(pfn - PMEM_BASE_PFN, offset) : 0
  }

  /** @throws MachineError INVARIANT when somebody stores to a zero page (I12). */
  writeByte(pfn: number, offset: number, byte: number): void {
    if (pfn >= this.ramBasePfn) this.#ram.write(pfn - this.ramBasePfn, offset, byte)
    else if (pfn >= PMEM_BASE_PFN) this.#pmem.write(pfn - PMEM_BASE_PFN, offset, byte)
    else {
      throw new MachineError('INVARIANT', {
        found: `a store to frame 0x${pfn.toString(16)}, a zero page`,
        expected: 'that no zero page is ever mapped writable (I12)',
        remedy: 'look at the strategy or backend that installed the entry',
      })
    }
  }

  /** Copies a whole page to a RAM frame (mm/memory.c: __wp_page_copy_user, cow_user_page). */
  copyPage(toPfn: number, fromPfn: number): void {
    const bytes =
      fromPfn >= this.ramBasePfn
        ? this.#ram.page(fromPfn - this.ramBasePfn)
        : fromPfn >= PMEM_BASE_PFN
          ? this.#pmem.page(fromPfn - PMEM_BASE_PFN)
          : undefined
    if (bytes === undefined) this.#ram.fill(toPfn - this.ramBasePfn, 0, PAGE_SIZE, 0)
    else this.#ram.set(toPfn - this.ramBasePfn, bytes)
  }

  /** The bytes of a frame, or `undefined` when it holds only zeros. */
  page(pfn: number): Uint8Array | undefined {
    if (pfn >= this.ramBasePfn) return this.#ram.page(pfn - this.ramBasePfn)
    return pfn >= PMEM_BASE_PFN ? this.#pmem.page(pfn - PMEM_BASE_PFN) : undefined
  }

  /** The bytes of a page of persistent memory, or `undefined` when it holds only zeros. */
  pmemPage(block: number): Uint8Array | undefined {
    return this.#pmem.page(block)
  }

  /** Fills persistent memory from `block` (relative to its first frame) with one byte value. */
  fillPmem(block: number, offset: number, length: number, byte: number): void {
    this.#pmem.fill(block, offset, length, byte)
  }

  /** Copies bytes `offset … offset + length - 1` of one block of persistent memory to the same place in another. */
  copyPmem(to: number, from: number, offset: number, length: number): void {
    const bytes = this.#pmem.page(from)
    if (bytes === undefined) this.#pmem.fill(to, offset, length, 0)
    else this.#pmem.set(to, bytes.subarray(offset, offset + length), offset)
  }
}
