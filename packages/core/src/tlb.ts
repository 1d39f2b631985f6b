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

export class Tlb {
  readonly #page: Float64Array = new Float64Array(SETS_4K).fill(-1)
  readonly #context: Int32Array = new Int32Array(SETS_4K)
  readonly #pfn: Uint32Array = new Uint32Array(SETS_4K)
  readonly #rights: Uint8Array = new Uint8Array(SETS_4K)
  readonly #hugePage: Int32Array = new Int32Array(SETS_2M).fill(-1)
  readonly #hugeContext: Int32Array = new Int32Array(SETS_2M)
  readonly #hugePfn: Uint32Array = new Uint32Array(SETS_2M)
  readonly #hugeRights: Uint8Array = new Uint8Array(SETS_2M)
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
    const page = Math.floor(address / 4096)
    const set = setOf(page)
    this.#page[set] = page
    this.#context[set] = context
    this.#pfn[set] = pfn
    this.#rights[set] = rights
  }

  /** `pfn` is the first frame of the 2 MiB page. */
  fillHuge(context: number, address: number, pfn: number, rights: number): void {
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
    for (let set = 0; set < SETS_4K; set++) {
      const page = this.#page[set]!
      if (page >= 0) visit(this.#context[set]!, page * 4096, this.#pfn[set]!, this.#rights[set]!, false)
    }
    for (let set = 0; set < SETS_2M; set++) {
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
    for (let set = 0; set < SETS_4K; set++) if (this.#context[set] === context) this.#page[set] = -1
    for (let set = 0; set < SETS_2M; set++) if (this.#hugeContext[set] === context) this.#hugePage[set] = -1
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
