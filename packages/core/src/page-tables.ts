/**
 * Page tables: every table page of every address space, as real 64-bit entries in two unsigned halves.
 *
 * Table `k` is the 512 entries `k*512 … k*512+511` of `lo` and `hi`, and its page frame number is
 * `PAGE_TABLE_BASE_PFN + k`; a *slot* is an index into the two arrays. Levels are counted as in recordings: 1 is a PTE
 * table, 2 a PMD table, 3 a PUD table, the last the root.
 * @module
 */

import type { PageTableArch } from '@mm-model/pgprot'
import { PAGE_TABLE_BASE_PFN } from './physical-memory.ts'

/** Page-table spinlock owner that is nobody. */
export const PTL_FREE: number = 0

/** Tables that there is room for at first; a checker builds a machine for every order of steps that it tries. */
const FIRST_TABLES = 4

const GIB = 0x40000000

/** Offset in the GiB, an integer below 2^30. */
function inGib(address: number): number {
  return address - Math.floor(address / GIB) * GIB
}

export class PageTables {
  readonly arch: PageTableArch
  /** Levels of the tree: 3 … 5. */
  readonly levels: number
  lo: Uint32Array = new Uint32Array(FIRST_TABLES * 512)
  hi: Uint32Array = new Uint32Array(FIRST_TABLES * 512)
  /** Task id that holds the page-table lock of table `k`, or {@link PTL_FREE} (`ptlock_ptr`, split PTE locks). */
  ptl: Int32Array = new Int32Array(FIRST_TABLES)
  readonly #free: number[] = []
  #next = 0

  constructor(arch: PageTableArch, levels: number) {
    this.arch = arch
    this.levels = levels
  }

  /** Table pages in use, of all address spaces. */
  get inUse(): number {
    return this.#next - this.#free.length
  }

  /** A table page of empty entries. */
  allocTable(): number {
    const reused = this.#free.pop()
    if (reused !== undefined) {
      this.lo.fill(0, reused * 512, reused * 512 + 512)
      this.hi.fill(0, reused * 512, reused * 512 + 512)
      return reused
    }
    const table = this.#next++
    if (table >= this.ptl.length) this.#grow()
    return table
  }

  #grow(): void {
    const tables = this.ptl.length * 2
    const lo = new Uint32Array(tables * 512)
    lo.set(this.lo)
    this.lo = lo
    const hi = new Uint32Array(tables * 512)
    hi.set(this.hi)
    this.hi = hi
    const ptl = new Int32Array(tables)
    ptl.set(this.ptl)
    this.ptl = ptl
  }

  freeTable(table: number): void {
    this.#free.push(table)
  }

  /** The number of the next new table, then those of freed ones, the next to be handed out last. */
  visitFree(visit: (table: number) => void): void {
    visit(this.#next)
    for (const table of this.#free) visit(table)
  }

  isNone(slot: number): boolean {
    return this.lo[slot] === 0 && this.hi[slot] === 0
  }

  clear(slot: number): void {
    this.lo[slot] = 0
    this.hi[slot] = 0
  }

  set(slot: number, lo: number, hi: number): void {
    this.lo[slot] = lo
    this.hi[slot] = hi
  }

  /** The table that the non-leaf entry at `slot` points to. */
  tableAt(slot: number): number {
    return this.arch.tableEntryPfn(this.lo, this.hi, slot) - PAGE_TABLE_BASE_PFN
  }

  /** Slot of entry `index` of the table in frame `pfn`, for walks by frame (`WalkTables` of `@mm-model/pgprot`). */
  slot(pfn: number, index: number): number {
    return (pfn - PAGE_TABLE_BASE_PFN) * 512 + index
  }

  /** Makes the entry at `slot` point to a table (arch/x86/include/asm/pgalloc.h: pmd_populate and its kin). */
  populate(slot: number, table: number): void {
    this.arch.mkTableEntry(this.lo, this.hi, slot, PAGE_TABLE_BASE_PFN + table)
  }

  /**
   * Slot of the PUD entry that covers `address` (bytes, below 2^53) under `root`, or -1 when a table above it is
   * missing and `alloc` is false.
   */
  pudSlot(root: number, address: number, alloc: boolean): number {
    const gib = Math.floor(address / GIB)
    let slot = root * 512 + ((gib >>> (9 * (this.levels - 3))) & 511)
    for (let shift = 9 * (this.levels - 4); shift >= 0; shift -= 9) {
      if (this.isNone(slot)) {
        if (!alloc) return -1
        this.populate(slot, this.allocTable())
      }
      slot = this.tableAt(slot) * 512 + ((gib >>> shift) & 511)
    }
    return slot
  }

  /** Slot of the PMD entry under the PUD entry at `pudSlot`, which must point to a table. */
  pmdSlotAt(pudSlot: number, address: number): number {
    return this.tableAt(pudSlot) * 512 + (inGib(address) >>> 21)
  }

  /** Slot of the PMD entry, or -1 when there is no PMD table for it. */
  pmdSlot(root: number, address: number): number {
    const pud = this.pudSlot(root, address, false)
    return pud < 0 || this.isNone(pud) ? -1 : this.pmdSlotAt(pud, address)
  }

  /** Slot of the PTE under the PMD entry at `pmdSlot`, which must point to a table. */
  pteSlotAt(pmdSlot: number, address: number): number {
    return this.tableAt(pmdSlot) * 512 + ((inGib(address) >>> 12) & 511)
  }

  /** True when the PMD entry is a leaf of any kind, present or not (`pmd_trans_huge || pmd_devmap || swap`). */
  pmdIsLeaf(slot: number): boolean {
    return this.arch.pmdLeaf(this.lo, this.hi, slot)
  }
}
