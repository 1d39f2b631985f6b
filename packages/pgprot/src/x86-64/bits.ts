/**
 * The bits of an x86-64 page-table entry, by half.
 *
 * An entry is two unsigned 32-bit halves. A name without suffix is a mask for the low half (bits 0..31), a name
 * ending in `_HI` a mask for the high half (bits 32..63). All masks are unsigned.
 * Kernel: `arch/x86/include/asm/pgtable_types.h` [6.1], with CONFIG_MEM_SOFT_DIRTY, CONFIG_HAVE_ARCH_USERFAULTFD_WP
 * and CONFIG_X86_INTEL_MEMORY_PROTECTION_KEYS set, and no memory encryption (`_PAGE_CC` and `_PAGE_ENC` are 0).
 */
export const _PAGE_PRESENT: number = 0x1
export const _PAGE_RW: number = 0x2
export const _PAGE_USER: number = 0x4
export const _PAGE_PWT: number = 0x8
export const _PAGE_PCD: number = 0x10
export const _PAGE_ACCESSED: number = 0x20
export const _PAGE_DIRTY: number = 0x40
/** Bit 7 in a leaf above the last level; the same bit is `_PAGE_PAT` in a PTE. */
export const _PAGE_PSE: number = 0x80
export const _PAGE_PAT: number = 0x80
/** Bit 8 while `_PAGE_PRESENT` is set; the same bit is `_PAGE_PROTNONE` while it is clear. */
export const _PAGE_GLOBAL: number = 0x100
export const _PAGE_PROTNONE: number = 0x100
export const _PAGE_SPECIAL: number = 0x200
export const _PAGE_UFFD_WP: number = 0x400
export const _PAGE_SOFT_DIRTY: number = 0x800
/** The PAT bit of a leaf above the last level. */
export const _PAGE_PAT_LARGE: number = 0x1000
export const _PAGE_DEVMAP_HI: number = 0x0400_0000
export const _PAGE_PKEY_MASK_HI: number = 0x7800_0000
export const _PAGE_NX_HI: number = 0x8000_0000

/** A user page-table pointer: present, writable, user, accessed, dirty (`_PAGE_TABLE`). */
export const _PAGE_TABLE: number = 0x67
/** A kernel page-table pointer (`_KERNPG_TABLE`). */
export const _KERNPG_TABLE: number = 0x63

/** The frame field, bits 12..51: `PTE_PFN_MASK`. */
export const PTE_PFN_MASK_LO: number = 0xffff_f000
export const PTE_PFN_MASK_HI: number = 0x000f_ffff
/** The frame field of a 2 MiB leaf, bits 21..51. Its high half is `PTE_PFN_MASK_HI`. */
export const PMD_PFN_MASK_LO: number = 0xffe0_0000
/** The frame field of a 1 GiB leaf, bits 30..51. Its high half is `PTE_PFN_MASK_HI`. */
export const PUD_PFN_MASK_LO: number = 0xc000_0000

/**
 * What `pte_modify` keeps (`_PAGE_CHG_MASK`): frame, PCD, PWT, PAT, SPECIAL, A, D, SOFT_DIRTY, UFFD_WP, DEVMAP.
 * Everything else (P, RW, US, G, NX, protection key, the ignored bits 52..57) comes from the new protection.
 * `_HPAGE_CHG_MASK`, what `pmd_modify` keeps, is the same number: PSE is PAT's bit, PAT_LARGE lies in the frame field.
 */
export const CHG_MASK_LO: number = 0xffff_fef8
export const CHG_MASK_HI: number = 0x040f_ffff
