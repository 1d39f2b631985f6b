/**
 * riscv64 page-table geometry. Kernel: `arch/riscv/include/asm/pgtable-64.h` [6.1]. Three levels (Sv39): the PGD's
 * shift is `PUD_SHIFT`; four (Sv48): `P4D_SHIFT`; five (Sv57): `PGDIR_SHIFT_L5`.
 */
export const PAGE_SHIFT: number = 12
export const PMD_SHIFT: number = 21
export const PUD_SHIFT: number = 30
export const P4D_SHIFT: number = 39
export const PGDIR_SHIFT_L5: number = 48
/** Entries in a table, at every level. */
export const PTRS_PER_PTE: number = 512
