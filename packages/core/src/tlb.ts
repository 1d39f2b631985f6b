/**
 * One CPU's translation look-aside buffer: what the hardware may go on using after the tables have changed.
 *
 * Direct-mapped, 4 KiB and 2 MiB entries apart. An entry carries the context of its address space, so that a change of
 * address space flushes nothing (PCID), and a full flush of one address space is a new context number.
 * @module
 */

const SETS_4K = 1024
const SETS_2M = 64
const GIB = 0x40000000

/** Set of a page number; below 2^41, so the division is exact and cheaper than a remainder of doubles. */
function setOf(page: number): number {
  return page - Math.floor(page / SETS_4K) * SETS_4K
}

/** Rights of a cached translation. */
export const TLB_WRITE: number = 1
/** The D bit was seen set: a store through this entry needs no further walk. */
export const TLB_DIRTY: number = 2
export const TLB_EXEC: number = 4

/** Of a TLB that nothing was put into. */
const NO_PAGES: Float64Array = /*#__PURE__*/ new Float64Array(0)
const NO_CONTEXTS: Int32Array = /*#__PURE__*/ new Int32Array(0)
const NO_FRAMES: Uint32Array = /*#__PURE__*/ new Uint32Array(0)
const NO_RIGHTS: Uint8Array = /*#__PURE__*/ new Uint8Array(0)

export class Tlb {
  /** Made when something is first put there: a checker builds machines often, and some of their CPUs do nothing. */
  #page: Float64Array = NO_PAGES
  #context: Int32Array = NO_CONTEXTS
  #pfn: Uint32Array = NO_FRAMES
  #rights: Uint8Array = NO_RIGHTS
  #hugePage: Float64Array = NO_PAGES
  #hugeContext: Int32Array = NO_CONTEXTS
  #hugePfn: Uint32Array = NO_FRAMES
  #hugeRights: Uint8Array = NO_RIGHTS
  /** Frame of the last {@link lookup} that hit. */
  pfn = 0

  /** Rights of the cached translation of `address`, or -1; the frame is then in {@link pfn}. */
  lookup(context: number, address: number): number {
    const page = Math.floor(address / 4096)
    const set = setOf(page)
    if (this.#page[set] === page && this.#context[set] === context) {
      this.pfn = this.#pfn[set]!
      return this.#rights[set]!
    }
    const huge = Math.floor(address / 0x200000)
    const hugeSet = huge & (SETS_2M - 1)
    if (this.#hugePage[hugeSet] === huge && this.#hugeContext[hugeSet] === context) {
      this.pfn = this.#hugePfn[hugeSet]! + (((address - Math.floor(address / GIB) * GIB) >>> 12) & 511)
      return this.#hugeRights[hugeSet]!
    }
    return -1
  }

  fill(context: number, address: number, pfn: number, rights: number): void {
    if (this.#page.length === 0) this.#make()
    const page = Math.floor(address / 4096)
    const set = setOf(page)
    this.#page[set] = page
    this.#context[set] = context
    this.#pfn[set] = pfn
    this.#rights[set] = rights
  }

  #make(): void {
    const bytes = new ArrayBuffer(SETS_4K * 17)
    this.#page = new Float64Array(bytes, 0, SETS_4K).fill(-1)
    this.#context = new Int32Array(bytes, SETS_4K * 8, SETS_4K)
    this.#pfn = new Uint32Array(bytes, SETS_4K * 12, SETS_4K)
    this.#rights = new Uint8Array(bytes, SETS_4K * 16, SETS_4K)
  }

  #makeHuge(): void {
    this.#hugePage = new Float64Array(SETS_2M).fill(-1)
    this.#hugeContext = new Int32Array(SETS_2M)
    this.#hugePfn = new Uint32Array(SETS_2M)
    this.#hugeRights = new Uint8Array(SETS_2M)
  }

  /** `pfn` is the first frame of the 2 MiB page. */
  fillHuge(context: number, address: number, pfn: number, rights: number): void {
    if (this.#hugePage.length === 0) this.#makeHuge()
    const page = Math.floor(address / 0x200000)
    const set = page & (SETS_2M - 1)
    this.#hugePage[set] = page
    this.#hugeContext[set] = context
    this.#hugePfn[set] = pfn
    this.#hugeRights[set] = rights
  }

  /** Shows every cached translation, of any context: first address, first frame, rights, and whether it is of 2 MiB. */
  forEach(
    visit: (context: number, address: number, pfn: number, rights: number, huge: boolean) => void,
  ): void {
    for (let set = 0; set < this.#page.length; set++) {
      const page = this.#page[set]!
      if (page >= 0) visit(this.#context[set]!, page * 4096, this.#pfn[set]!, this.#rights[set]!, false)
    }
    for (let set = 0; set < this.#hugePage.length; set++) {
      const page = this.#hugePage[set]!
      if (page < 0) continue
      visit(this.#hugeContext[set]!, page * 0x200000, this.#hugePfn[set]!, this.#hugeRights[set]!, true)
    }
  }

  /** Whether the cached translation of `address` is of 2 MiB. */
  isHuge(context: number, address: number): boolean {
    const page = Math.floor(address / 4096)
    const set = setOf(page)
    if (this.#page[set] === page && this.#context[set] === context) return false
    const huge = Math.floor(address / 0x200000)
    const hugeSet = huge & (SETS_2M - 1)
    return this.#hugePage[hugeSet] === huge && this.#hugeContext[hugeSet] === context
  }

  /** Drops everything that is cached of one context, and nothing of others (`invpcid` of a single context). */
  flushContext(context: number): void {
    for (let set = 0; set < this.#page.length; set++) if (this.#context[set] === context) this.#page[set] = -1
    for (let set = 0; set < this.#hugePage.length; set++)
      if (this.#hugeContext[set] === context) this.#hugePage[set] = -1
  }

  /** `invlpg`: drops what is cached for `address`, whatever its size. */
  flushPage(context: number, address: number): void {
    const page = Math.floor(address / 4096)
    const set = setOf(page)
    if (this.#page[set] === page && this.#context[set] === context) this.#page[set] = -1
    const huge = Math.floor(address / 0x200000)
    const hugeSet = huge & (SETS_2M - 1)
    if (this.#hugePage[hugeSet] === huge && this.#hugeContext[hugeSet] === context)
      this.#hugePage[hugeSet] = -1
  }
}
