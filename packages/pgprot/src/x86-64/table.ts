/**
 * x86-64 entries that point to a lower table.
 * Kernel: `arch/x86/include/asm/pgalloc.h` [6.1].
 * @module
 */
import { _PAGE_PRESENT, _PAGE_TABLE, PTE_PFN_MASK_HI } from './bits.ts'

/**
 * Stores a user page-table pointer, flags `_PAGE_TABLE` (0x67), to the table in frame `pfn` (an integer, 0..2^40 − 1).
 * Kernel: `pmd_populate`.
 */
export function pmdPopulate(lo: Uint32Array, hi: Uint32Array, i: number, pfn: number): void {
  lo[i] = (pfn << 12) | _PAGE_TABLE
  hi[i] = (pfn / 0x10_0000) & PTE_PFN_MASK_HI
}

/** The frame of the table that a present, non-leaf entry of any level points to, exact. Kernel: `p4d_pfn`. */
export function tableEntryPfn(lo: Uint32Array, hi: Uint32Array, i: number): number {
  return (hi[i]! & PTE_PFN_MASK_HI) * 0x10_0000 + (lo[i]! >>> 12)
}

/** Kernel: `p4d_present`. */
export function p4dPresent(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_PRESENT) !== 0
}

/** Kernel: `pgd_none` with five levels; with four a PGD entry is the P4D entry. */
export function pgdNone(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (lo[i]! | hi[i]!) === 0
}

export {
  /** Kernel: `p4d_none`. */
  pteNone as p4dNone,
} from './pte.ts'
export {
  /** Kernel: `pgd_present` with five levels; with four it is always true. */
  p4dPresent as pgdPresent,
  /** Kernel: `pud_populate`. */
  pmdPopulate as pudPopulate,
  /** Kernel: `p4d_populate`. */
  pmdPopulate as p4dPopulate,
  /** Kernel: `pgd_populate`, which does something with five levels only. */
  pmdPopulate as pgdPopulate,
  /** The same for any level. */
  pmdPopulate as mkTableEntry,
}
