/**
 * riscv64 entries that point to a lower table. Kernel: `arch/riscv/include/asm/pgalloc.h` [6.1].
 * @module
 */
import { _PAGE_PRESENT } from './bits.ts'
import { pfnPte } from './pte.ts'

/** Stores a pointer (V alone) to the table in frame `pfn` (an integer, 0..2^44 − 1). Kernel: `pmd_populate`. */
export function pmdPopulate(lo: Uint32Array, hi: Uint32Array, i: number, pfn: number): void {
  pfnPte(lo, hi, i, pfn, _PAGE_PRESENT, 0)
}

export {
  /** The frame of the table that an entry of any level points to. The same bits as `ptePfn`. */
  ptePfn as tableEntryPfn,
} from './pte.ts'
export {
  /** Kernel: `pud_populate`. */
  pmdPopulate as pudPopulate,
  /** Kernel: `p4d_populate`, which does something from Sv48 up. */
  pmdPopulate as p4dPopulate,
  /** Kernel: `pgd_populate`, which does something with Sv57. */
  pmdPopulate as pgdPopulate,
  /** The same for any level. */
  pmdPopulate as mkTableEntry,
}
