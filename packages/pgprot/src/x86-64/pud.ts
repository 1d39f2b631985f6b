/**
 * x86-64 entries of the PUD level: 1 GiB leaves, and pointers to PMD tables.
 *
 * Same shape and same promises as `pte.ts`: in place, any 64-bit value, nothing throws. Where the kernel tests or
 * changes the bit that a PTE has too, the function is the PTE one under the kernel's name for this level.
 * Kernel: `arch/x86/include/asm/pgtable.h` [6.1].
 * @module
 */
import {
  _KERNPG_TABLE,
  _PAGE_PRESENT,
  _PAGE_PSE,
  _PAGE_USER,
  PTE_PFN_MASK_HI,
  PTE_PFN_MASK_LO,
  PUD_PFN_MASK_LO,
} from './bits.ts'
import { protnoneMask, storeFrame } from './pte.ts'

/** P is set; unlike a PMD, nothing else counts. Kernel: `pud_present`. */
export function pudPresent(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_PRESENT) !== 0
}

/** PSE and P are set: maps 1 GiB itself. Kernel: `pud_leaf`, `pud_large`. */
export function pudLeaf(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (~lo[i]! & (_PAGE_PSE | _PAGE_PRESENT)) === 0
}

/** Flags beyond those of a page-table pointer. Kernel: `pud_bad`. */
export function pudBad(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  const l = lo[i]!
  const flags = l & ~((l & _PAGE_PSE) !== 0 ? PUD_PFN_MASK_LO : PTE_PFN_MASK_LO)
  return (flags & ~(_KERNPG_TABLE | _PAGE_USER)) !== 0 || (hi[i]! & ~PTE_PFN_MASK_HI) !== 0
}

/**
 * The frame number, in 4 KiB units, exact: of the 1 GiB mapped when PSE is set, else of the table pointed to.
 * Kernel: `pud_pfn`.
 */
export function pudPfn(lo: Uint32Array, hi: Uint32Array, i: number): number {
  const l = lo[i]!
  const h = hi[i]!
  const flip = protnoneMask(l, h)
  const maskLo = (l & _PAGE_PSE) !== 0 ? PUD_PFN_MASK_LO : PTE_PFN_MASK_LO
  return ((h ^ flip) & PTE_PFN_MASK_HI) * 0x10_0000 + (((l ^ flip) & maskLo) >>> 12)
}

/**
 * Stores the entry for frame `pfn` (an integer in 4 KiB units, cut to bits 18..39) and a protection; PSE is not set by
 * this (see `pudMkhuge`). Kernel: `pfn_pud`.
 */
export function pfnPud(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  pfn: number,
  protLo: number,
  protHi: number,
): void {
  storeFrame(lo, hi, i, pfn, protLo, protHi, PUD_PFN_MASK_LO)
}

export {
  /** Sets DEVMAP alone. Kernel: `pud_mkdevmap`. */
  pmdMkdevmap as pudMkdevmap,
  /** PSE is set and DEVMAP is not. Kernel: `pud_trans_huge`. */
  pmdTransHuge as pudTransHuge,
} from './pmd.ts'

export {
  /** Kernel: `pud_clear_soft_dirty`. */
  pteClearSoftDirty as pudClearSoftDirty,
  /** Device memory with struct pages (DAX). Kernel: `pud_devmap`. */
  pteDevmap as pudDevmap,
  /** Kernel: `pud_dirty`. */
  pteDirty as pudDirty,
  /** NX is clear. The 6.1 kernel has no such test at this level. */
  pteExec as pudExec,
  /** Clears D only. Kernel: `pud_mkclean`. */
  pteMkclean as pudMkclean,
  /** Sets D and the soft-dirty bit. Kernel: `pud_mkdirty`. */
  pteMkdirty as pudMkdirty,
  /** Sets PSE: a leaf. Kernel: `pud_mkhuge`. */
  pteMkhuge as pudMkhuge,
  /** Kernel: `pud_mkold`. */
  pteMkold as pudMkold,
  /** Kernel: `pud_mksoft_dirty`. */
  pteMksoftDirty as pudMksoftDirty,
  /** Kernel: `pud_mkwrite`. */
  pteMkwrite as pudMkwrite,
  /** Kernel: `pud_mkyoung`. */
  pteMkyoung as pudMkyoung,
  /** No entry, apart from stray A and D bits. Kernel: `pud_none`. */
  pteNone as pudNone,
  /** Kernel: `pud_soft_dirty`, CONFIG_MEM_SOFT_DIRTY=y. */
  pteSoftDirty as pudSoftDirty,
  /** `_PAGE_USER` is set. The 6.1 kernel has no such test on x86. */
  pteUser as pudUser,
  /** Kernel: `pud_write`. */
  pteWrite as pudWrite,
  /** Kernel: `pud_wrprotect`. */
  pteWrprotect as pudWrprotect,
  /** Kernel: `pud_young`. */
  pteYoung as pudYoung,
} from './pte.ts'
