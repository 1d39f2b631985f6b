/**
 * The bits of a riscv64 page-table entry, by half: a name ending in `_HI` is a mask for bits 32..63, others for bits
 * 0..31. All masks are unsigned. Kernel: `arch/riscv/include/asm/pgtable-bits.h`, `pgtable-64.h` [6.1].
 */
export const _PAGE_PRESENT: number = 0x1
export const _PAGE_READ: number = 0x2
export const _PAGE_WRITE: number = 0x4
export const _PAGE_EXEC: number = 0x8
export const _PAGE_USER: number = 0x10
/** Bit 5 while `_PAGE_PRESENT` is clear; the same bit is `_PAGE_GLOBAL` while it is set. */
export const _PAGE_PROT_NONE: number = 0x20
export const _PAGE_ACCESSED: number = 0x40
export const _PAGE_DIRTY: number = 0x80
/** The first of the two bits reserved for software (`_PAGE_SOFT`). */
export const _PAGE_SPECIAL: number = 0x100
/** Any of these: a leaf; none, with V: a pointer to a table. */
export const _PAGE_LEAF: number = 0xe
/** What every `pte_modify` replaces: V, R, W, X, U, G. */
export const PROT_MASK: number = 0x3f

/** Svpbmt memory types, bits 61..62: 0 PMA, 1 NC, 2 IO. */
export const _PAGE_NOCACHE_SVPBMT_HI: number = 0x2000_0000
export const _PAGE_IO_SVPBMT_HI: number = 0x4000_0000
export const _PAGE_MTMASK_SVPBMT_HI: number = 0x6000_0000

/** T-Head memory types, bits 59..63: 14 PMA, 0 NC, 16 IO. */
export const _PAGE_PMA_THEAD_HI: number = 0x7000_0000
export const _PAGE_IO_THEAD_HI: number = 0x8000_0000
export const _PAGE_MTMASK_THEAD_HI: number = 0xf800_0000
