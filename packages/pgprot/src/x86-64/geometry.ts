/**
 * x86-64 page-table geometry. Kernel: `arch/x86/include/asm/pgtable_64_types.h`, `page_64_types.h` [6.1].
 * Four levels: PGD (shift 39), PUD, PMD, PTE. Five (LA57): PGD (shift 48), P4D, PUD, PMD, PTE.
 */
export const PAGE_SHIFT: number = 12
export const PMD_SHIFT: number = 21
export const PUD_SHIFT: number = 30
/** With four levels the P4D is folded into the PGD, and this is the PGD's shift. */
export const P4D_SHIFT: number = 39
/** The PGD's shift with five levels; with four it is `P4D_SHIFT`. */
export const PGDIR_SHIFT_5: number = 48
/** Entries in a table, at every level. */
export const PTRS_PER_PTE: number = 512
/** Highest physical address bit plus one that an entry can hold (`__PHYSICAL_MASK_SHIFT`). */
export const PHYSICAL_MASK_SHIFT: number = 52
/** Bits of the user half of the address space: `__VIRTUAL_MASK_SHIFT`, four levels. */
export const VIRTUAL_MASK_SHIFT: number = 47
/** The same with five levels. */
export const VIRTUAL_MASK_SHIFT_5: number = 56
