/**
 * The bits of an arm64 stage-1 descriptor, by half.
 *
 * A name without suffix is a mask for the low half (bits 0..31), a name ending in `_HI` one for the high half (bits
 * 32..63). All masks are unsigned.
 * Kernel: `arch/arm64/include/asm/pgtable-hwdef.h`, `pgtable-prot.h` [6.1].
 */
export const PTE_VALID: number = 0x1
/** Set in a page (level 3) and in a table pointer, clear in a block (`PMD_TABLE_BIT`). */
export const PTE_TABLE_BIT: number = 0x2
/** Page or table: type 3. A block is type 1. */
export const PTE_TYPE_MASK: number = 0x3
export const PTE_ATTRINDX_MASK: number = 0x1c
/** AP[1]: unprivileged access. */
export const PTE_USER: number = 0x40
/** AP[2]: no stores. */
export const PTE_RDONLY: number = 0x80
/** Accessed. */
export const PTE_AF: number = 0x400
/** Guarded page (BTI). */
export const PTE_GP_HI: number = 0x0004_0000
/** DBM, which Linux reads as "writable". */
export const PTE_WRITE_HI: number = 0x0008_0000
export const PTE_PXN_HI: number = 0x0020_0000
export const PTE_UXN_HI: number = 0x0040_0000
/** Software dirty bit. */
export const PTE_DIRTY_HI: number = 0x0080_0000
export const PTE_SPECIAL_HI: number = 0x0100_0000
export const PTE_DEVMAP_HI: number = 0x0200_0000
/** Only while PTE_VALID is clear. */
export const PTE_PROT_NONE_HI: number = 0x0400_0000
/** Only in a PMD while PTE_VALID is clear. */
export const PMD_PRESENT_INVALID_HI: number = 0x0800_0000
/** PXNTable, bit 59 of a table pointer: nothing below is executable by the kernel. */
export const PMD_TABLE_PXN_HI: number = 0x0800_0000

/** Memory attribute indices; 0 is normal memory (`MT_NORMAL`). Kernel: `arch/arm64/include/asm/memory.h` [6.1]. */
export const MT_NORMAL_TAGGED: number = 1
export const MT_NORMAL_NC: number = 2
export const MT_DEVICE_nGnRnE: number = 3
export const MT_DEVICE_nGnRE: number = 4

/** What `pte_modify` takes from the new protection: VALID, AttrIndx, USER, RDONLY; GP, WRITE, PXN, UXN, PROT_NONE. */
export const MODIFY_MASK_LO: number = 0xdd
export const MODIFY_MASK_HI: number = 0x046c_0000
