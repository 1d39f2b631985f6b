/**
 * arm64 entries that point to a lower table. Kernel: `arch/arm64/include/asm/pgalloc.h` [6.1].
 * @module
 */
import { PMD_TABLE_PXN_HI, PTE_TYPE_MASK } from './bits.ts'
import { pfnPte, pfnPte16k, pfnPte64k } from './granule.ts'

/**
 * 4K: stores a user page-table pointer (type 3, PXNTable) to the table in frame `pfn` (an integer, 0..2^36 − 1).
 * Kernel: `pmd_populate`.
 */
export function pmdPopulate(lo: Uint32Array, hi: Uint32Array, i: number, pfn: number): void {
  pfnPte(lo, hi, i, pfn, PTE_TYPE_MASK, PMD_TABLE_PXN_HI)
}

/** 16K: the same, `pfn` 0..2^34 − 1. */
export function pmdPopulate16k(lo: Uint32Array, hi: Uint32Array, i: number, pfn: number): void {
  pfnPte16k(lo, hi, i, pfn, PTE_TYPE_MASK, PMD_TABLE_PXN_HI)
}

/** 64K: the same, `pfn` 0..2^36 − 1. */
export function pmdPopulate64k(lo: Uint32Array, hi: Uint32Array, i: number, pfn: number): void {
  pfnPte64k(lo, hi, i, pfn, PTE_TYPE_MASK, PMD_TABLE_PXN_HI)
}

export {
  /** 4K: the frame of the table that an entry of any level points to. The same bits as `ptePfn`. */
  ptePfn as tableEntryPfn,
} from './granule.ts'
export {
  /** 4K. Kernel: `pud_populate`. */
  pmdPopulate as pudPopulate,
  /** 4K. Kernel: `p4d_populate`. */
  pmdPopulate as p4dPopulate,
  /** 4K: the same for any level. */
  pmdPopulate as mkTableEntry,
}
