/**
 * The leaf entries of one address space, copied out of its page tables.
 * @module
 */

import type { PageTables } from '../page-tables.ts'
import { HUGE_ZERO_PFN, PMD_SIZE, ZERO_PFN } from '../physical-memory.ts'
import { hex } from './invariant.ts'

/** Entries in a table page. */
const ENTRIES = 512
const PAGE_SIZE = 4096

/** What a walk over the tables of several address spaces has seen. */
export interface TableCensus {
  /** Table pages that were reached. */
  readonly reached: Set<number>
  /** Table pages that were reached a second time, with the address at which. */
  readonly again: { readonly table: number; readonly address: number }[]
}

/**
 * Non-empty leaf entries in the order of their addresses, as arrays side by side. An entry is of 2 MiB when `huge` is
 * set. Entries that deny all access (`PROT_NONE`) are among them.
 */
export class LeafTable {
  readonly #tables: PageTables
  count = 0
  address: Float64Array = new Float64Array(32)
  lo: Uint32Array = new Uint32Array(32)
  hi: Uint32Array = new Uint32Array(32)
  pfn: Uint32Array = new Uint32Array(32)
  huge: Uint8Array = new Uint8Array(32)
  /** Index of the area that the entry lies in, or -1; filled in by the snapshot. */
  area: Int32Array = new Int32Array(32)

  constructor(tables: PageTables) {
    this.#tables = tables
  }

  /** Copies every leaf below `root`. */
  static of(tables: PageTables, root: number, census: TableCensus): LeafTable {
    const leaves = new LeafTable(tables)
    leaves.#visit(root, tables.levels - 1, 0, census)
    return leaves
  }

  /** Index of the entry that translates `address`, or -1. */
  find(address: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.address[middle]! <= address) low = middle + 1
      else high = middle
    }
    return low > 0 && address < this.end(low - 1) ? low - 1 : -1
  }

  /** First address after entry `i`. */
  end(i: number): number {
    return this.address[i]! + this.size(i)
  }

  /** Bytes that entry `i` maps. */
  size(i: number): number {
    return this.huge[i] === 1 ? PMD_SIZE : PAGE_SIZE
  }

  /** The CPU may use the entry: it is present and not `PROT_NONE`. */
  usable(i: number): boolean {
    const { arch } = this.#tables
    return this.huge[i] === 1
      ? arch.pmdPresent(this.lo, this.hi, i) && !arch.pmdProtnone(this.lo, this.hi, i)
      : arch.ptePresent(this.lo, this.hi, i) && !arch.pteProtnone(this.lo, this.hi, i)
  }

  writable(i: number): boolean {
    const { arch } = this.#tables
    return this.huge[i] === 1 ? arch.pmdWrite(this.lo, this.hi, i) : arch.pteWrite(this.lo, this.hi, i)
  }

  dirty(i: number): boolean {
    const { arch } = this.#tables
    return this.huge[i] === 1 ? arch.pmdDirty(this.lo, this.hi, i) : arch.pteDirty(this.lo, this.hi, i)
  }

  executable(i: number): boolean {
    return this.#tables.arch.pteExec(this.lo, this.hi, i)
  }

  /** The zero page or the huge zero page. */
  isZero(i: number): boolean {
    return this.pfn[i] === (this.huge[i] === 1 ? HUGE_ZERO_PFN : ZERO_PFN)
  }

  /** The frame behind `address`, which entry `i` translates. */
  frameAt(i: number, address: number): number {
    return this.pfn[i]! + Math.floor((address - this.address[i]!) / PAGE_SIZE)
  }

  /** The rights of entry `i`, for messages: `a writable, dirty entry for frame 0x40000`. */
  describe(i: number): string {
    const words = [
      this.writable(i) ? 'writable' : 'read-only',
      ...(this.dirty(i) ? ['dirty'] : []),
      ...(this.usable(i) ? [] : ['inaccessible']),
    ]
    const frame = this.isZero(i) ? 'the zero page' : `frame ${hex(this.pfn[i]!)}`
    return `a ${words.join(', ')} entry${this.huge[i] === 1 ? ' of 2 MiB' : ''} for ${frame}`
  }

  #visit(table: number, level: number, base: number, census: TableCensus): void {
    if (census.reached.has(table)) {
      census.again.push({ table, address: base })
      return
    }
    census.reached.add(table)
    const tables = this.#tables
    const { lo, hi } = tables
    const span = PAGE_SIZE * ENTRIES ** level
    const first = table * ENTRIES
    for (let i = 0; i < ENTRIES; i++) {
      const slot = first + i
      if (lo[slot] === 0 && hi[slot] === 0) continue
      const address = base + i * span
      if (level === 0) this.#add(slot, address, false)
      else if (level === 1 && tables.pmdIsLeaf(slot)) this.#add(slot, address, true)
      else this.#visit(tables.tableAt(slot), level - 1, address, census)
    }
  }

  #add(slot: number, address: number, huge: boolean): void {
    const { arch, lo, hi } = this.#tables
    if (this.count === this.address.length) this.#grow()
    const i = this.count++
    this.address[i] = address
    this.lo[i] = lo[slot]!
    this.hi[i] = hi[slot]!
    this.pfn[i] = huge ? arch.pmdPfn(lo, hi, slot) : arch.ptePfn(lo, hi, slot)
    this.huge[i] = huge ? 1 : 0
    this.area[i] = -1
  }

  #grow(): void {
    const size = this.count * 2
    const grown = <T extends Float64Array | Uint32Array | Uint8Array | Int32Array>(from: T, to: T): T => {
      to.set(from)
      return to
    }
    this.address = grown(this.address, new Float64Array(size))
    this.lo = grown(this.lo, new Uint32Array(size))
    this.hi = grown(this.hi, new Uint32Array(size))
    this.pfn = grown(this.pfn, new Uint32Array(size))
    this.huge = grown(this.huge, new Uint8Array(size))
    this.area = grown(this.area, new Int32Array(size))
  }
}
