/**
 * x86-64 entries of the PMD level: 2 MiB leaves, and pointers to page tables.
 *
 * Same shape and same promises as `pte.ts`: in place, any 64-bit value, nothing throws. Where the kernel tests or
 * changes the bit that a PTE has too, the function is the PTE one under the kernel's name for this level.
 * Kernel: `arch/x86/include/asm/pgtable.h` [6.1].
 * @module
 */
import {
  _KERNPG_TABLE,
  _PAGE_ACCESSED,
  _PAGE_DEVMAP_HI,
  _PAGE_PRESENT,
  _PAGE_PROTNONE,
  _PAGE_PSE,
  _PAGE_USER,
  PMD_PFN_MASK_LO,
  PTE_PFN_MASK_HI,
  PTE_PFN_MASK_LO,
} from './bits.ts'
import { modify, protnoneMask, storeFrame } from './pte.ts'

/** Present, or a leaf that is being split (P clear, PSE set). Kernel: `pmd_present`. */
export function pmdPresent(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_PSE)) !== 0
}

/** PSE is set: maps 2 MiB itself. Kernel: `pmd_leaf`, `pmd_large`. */
export function pmdLeaf(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_PSE) !== 0
}

/** A leaf that is not device memory. Kernel: `pmd_trans_huge`. */
export function pmdTransHuge(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_PSE) !== 0 && (hi[i]! & _PAGE_DEVMAP_HI) === 0
}

/** Not a well-formed pointer to a page table; a leaf is bad too. Kernel: `pmd_bad`. */
export function pmdBad(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  const l = lo[i]!
  const flags = l & ~((l & _PAGE_PSE) !== 0 ? PMD_PFN_MASK_LO : PTE_PFN_MASK_LO)
  const expected = _KERNPG_TABLE & ~_PAGE_ACCESSED
  return (flags & ~(_PAGE_USER | _PAGE_ACCESSED)) !== expected || (hi[i]! & ~PTE_PFN_MASK_HI) !== 0
}

/** Sets DEVMAP alone: a devmap PMD is not special. Kernel: `pmd_mkdevmap`. */
export function pmdMkdevmap(_lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i]! |= _PAGE_DEVMAP_HI
}

/** Makes a leaf not present for the hardware, its frame inverted, while it is split. Kernel: `pmd_mkinvalid`. */
export function pmdMkinvalid(lo: Uint32Array, hi: Uint32Array, i: number): void {
  const l = lo[i]!
  const flagsLo = l & ~((l & _PAGE_PSE) !== 0 ? PMD_PFN_MASK_LO : PTE_PFN_MASK_LO)
  pfnPmd(lo, hi, i, pmdPfn(lo, hi, i), flagsLo & ~(_PAGE_PRESENT | _PAGE_PROTNONE), hi[i]! & ~PTE_PFN_MASK_HI)
}

/**
 * The frame number, in 4 KiB units, exact: of the 2 MiB mapped by a leaf (PSE set), else of the table pointed to.
 * Kernel: `pmd_pfn`.
 */
export function pmdPfn(lo: Uint32Array, hi: Uint32Array, i: number): number {
  const l = lo[i]!
  const h = hi[i]!
  const flip = protnoneMask(l, h)
  const maskLo = (l & _PAGE_PSE) !== 0 ? PMD_PFN_MASK_LO : PTE_PFN_MASK_LO
  return ((h ^ flip) & PTE_PFN_MASK_HI) * 0x10_0000 + (((l ^ flip) & maskLo) >>> 12)
}

/**
 * Stores the entry for frame `pfn` (an integer in 4 KiB units, cut to bits 9..39) and a protection; PSE is not set by
 * this (see `pmdMkhuge`). Kernel: `pfn_pmd`.
 */
export function pfnPmd(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  pfn: number,
  protLo: number,
  protHi: number,
): void {
  storeFrame(lo, hi, i, pfn, protLo, protHi, PMD_PFN_MASK_LO)
}

/** As `pteModify`, keeping PSE and PAT_LARGE (`_HPAGE_CHG_MASK`). Kernel: `pmd_modify`. */
export function pmdModify(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  newprotLo: number,
  newprotHi: number,
): void {
  modify(lo, hi, i, newprotLo, newprotHi, PMD_PFN_MASK_LO)
}

export {
  /** Kernel: `pmd_clear_soft_dirty`. */
  pteClearSoftDirty as pmdClearSoftDirty,
  /** Kernel: `pmd_clear_uffd_wp`. */
  pteClearUffdWp as pmdClearUffdWp,
  /** Device memory with struct pages (DAX). Kernel: `pmd_devmap`. */
  pteDevmap as pmdDevmap,
  /** Kernel: `pmd_dirty`. */
  pteDirty as pmdDirty,
  /** NX is clear. The 6.1 kernel has no such test at this level. */
  pteExec as pmdExec,
  /** Clears D only. Kernel: `pmd_mkclean`. */
  pteMkclean as pmdMkclean,
  /** Sets D and the soft-dirty bit. Kernel: `pmd_mkdirty`. */
  pteMkdirty as pmdMkdirty,
  /** Sets PSE: a leaf. Kernel: `pmd_mkhuge`. */
  pteMkhuge as pmdMkhuge,
  /** Kernel: `pmd_mkold`. */
  pteMkold as pmdMkold,
  /** Kernel: `pmd_mksoft_dirty`. */
  pteMksoftDirty as pmdMksoftDirty,
  /** Kernel: `pmd_mkuffd_wp`. */
  pteMkuffdWp as pmdMkuffdWp,
  /** Kernel: `pmd_mkwrite`. */
  pteMkwrite as pmdMkwrite,
  /** Kernel: `pmd_mkyoung`. */
  pteMkyoung as pmdMkyoung,
  /** No entry, apart from stray A and D bits. Kernel: `pmd_none`. */
  pteNone as pmdNone,
  /** Kernel: `pmd_protnone`. */
  pteProtnone as pmdProtnone,
  /** All 64 bits equal. Kernel: `pmd_same`. */
  pteSame as pmdSame,
  /** Kernel: `pmd_soft_dirty`, CONFIG_MEM_SOFT_DIRTY=y. */
  pteSoftDirty as pmdSoftDirty,
  /** Kernel: `pmd_uffd_wp`. */
  pteUffdWp as pmdUffdWp,
  /** `_PAGE_USER` is set. The 6.1 kernel has no such test on x86. */
  pteUser as pmdUser,
  /** Kernel: `pmd_write`. */
  pteWrite as pmdWrite,
  /** Kernel: `pmd_wrprotect`. */
  pteWrprotect as pmdWrprotect,
  /** Kernel: `pmd_young`. */
  pteYoung as pmdYoung,
} from './pte.ts'
