/**
 * x86-64 page-table entries of the last level (4 KiB pages), in place on two `Uint32Array`s.
 *
 * Every function takes the two halves `lo`, `hi` and the index `i` of the entry; `i` must be in range of both, and
 * nothing is validated. Any 64-bit value is accepted; results are stored unsigned. Nothing throws.
 * Kernel: `arch/x86/include/asm/pgtable.h` [6.1], the function of the same name in snake case, bit for bit.
 * @module
 */
import {
  _PAGE_ACCESSED,
  _PAGE_DEVMAP_HI,
  _PAGE_DIRTY,
  _PAGE_GLOBAL,
  _PAGE_NX_HI,
  _PAGE_PRESENT,
  _PAGE_PROTNONE,
  _PAGE_PSE,
  _PAGE_RW,
  _PAGE_SOFT_DIRTY,
  _PAGE_SPECIAL,
  _PAGE_UFFD_WP,
  _PAGE_USER,
  CHG_MASK_HI,
  CHG_MASK_LO,
  PTE_PFN_MASK_HI,
  PTE_PFN_MASK_LO,
} from './bits.ts'

/**
 * The mask to XOR with an entry to read its frame: −1 for a nonzero entry that is not present, else 0.
 * Linux stores the frame of such an entry inverted, so that a speculative load cannot reach real memory (L1TF).
 * Kernel: `protnone_mask`, `arch/x86/include/asm/pgtable-invert.h` [6.1].
 */
export function protnoneMask(lo: number, hi: number): number {
  return (lo & _PAGE_PRESENT) === 0 && (lo | hi) !== 0 ? -1 : 0
}

/** No entry: zero apart from A and D, which some CPUs set by mistake (`_PAGE_KNL_ERRATUM_MASK`). Kernel: `pte_none`. */
export function pteNone(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return ((lo[i]! & ~(_PAGE_ACCESSED | _PAGE_DIRTY)) | hi[i]!) === 0
}

/** Maps a page, PROT_NONE mappings included. Kernel: `pte_present`. */
export function ptePresent(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & (_PAGE_PRESENT | _PAGE_PROTNONE)) !== 0
}

/** Present for software, not for the hardware: PROT_NONE or NUMA hinting. Kernel: `pte_protnone`. */
export function pteProtnone(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & (_PAGE_PRESENT | _PAGE_PROTNONE)) === _PAGE_PROTNONE
}

/** Kernel: `pte_write`. */
export function pteWrite(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_RW) !== 0
}

/** Kernel: `pte_dirty`. Software's own dirty bit is `pteSoftDirty`. */
export function pteDirty(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_DIRTY) !== 0
}

/** Kernel: `pte_young`. */
export function pteYoung(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_ACCESSED) !== 0
}

/** NX is clear. Kernel: `pte_exec`. */
export function pteExec(_lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (hi[i]! & _PAGE_NX_HI) === 0
}

/** `_PAGE_USER` is set. The 6.1 kernel names the bit, but has no `pte_user()` on x86. */
export function pteUser(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_USER) !== 0
}

/** Kernel: `pte_global`. On an entry that is not present the bit means PROT_NONE. */
export function pteGlobal(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_GLOBAL) !== 0
}

/** No struct page to be used behind this entry. Kernel: `pte_special`. */
export function pteSpecial(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_SPECIAL) !== 0
}

/** Device memory with struct pages (DAX). Kernel: `pte_devmap`. */
export function pteDevmap(_lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (hi[i]! & _PAGE_DEVMAP_HI) !== 0
}

/** Written since soft-dirty bits were last cleared. Kernel: `pte_soft_dirty`, CONFIG_MEM_SOFT_DIRTY=y. */
export function pteSoftDirty(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_SOFT_DIRTY) !== 0
}

/** Write-protected by userfaultfd. Kernel: `pte_uffd_wp`. */
export function pteUffdWp(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_UFFD_WP) !== 0
}

/** Bit 7, which is PAT in a 4 KiB entry and PSE in a hugetlb one. Kernel: `pte_huge`. */
export function pteHuge(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_PSE) !== 0
}

/** A nonzero entry that is neither none nor present: swap, migration and the like. Kernel: `is_swap_pte`. */
export function isSwapPte(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return !pteNone(lo, hi, i) && !ptePresent(lo, hi, i)
}

/** Kernel: `pte_accessible`; `flushPending` stands for `mm->tlb_flush_pending`. */
export function pteAccessible(lo: Uint32Array, hi: Uint32Array, i: number, flushPending: boolean): boolean {
  return (lo[i]! & _PAGE_PRESENT) !== 0 || (flushPending && pteProtnone(lo, hi, i))
}

/** Kernel: `pte_mkwrite`. */
export function pteMkwrite(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_RW
}

/** Kernel: `pte_wrprotect`. */
export function pteWrprotect(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~_PAGE_RW
}

/** Sets D and, as CONFIG_MEM_SOFT_DIRTY=y does, the soft-dirty bit. Kernel: `pte_mkdirty`. */
export function pteMkdirty(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_DIRTY | _PAGE_SOFT_DIRTY
}

/** Clears D only; the soft-dirty bit survives. Kernel: `pte_mkclean`. */
export function pteMkclean(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~_PAGE_DIRTY
}

/** Kernel: `pte_mkyoung`. */
export function pteMkyoung(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_ACCESSED
}

/** Kernel: `pte_mkold`. */
export function pteMkold(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~_PAGE_ACCESSED
}

/** Clears NX. Kernel: `pte_mkexec`. */
export function pteMkexec(_lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i]! &= ~_PAGE_NX_HI
}

/** Sets NX. The 6.1 kernel does this to protections only (`pgprot_nx`). */
export function pteExprotect(_lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i]! |= _PAGE_NX_HI
}

/** Kernel: `pte_mkglobal`. */
export function pteMkglobal(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_GLOBAL
}

/** Kernel: `pte_clrglobal`. */
export function pteClrglobal(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~_PAGE_GLOBAL
}

/** Kernel: `pte_mkspecial`. */
export function pteMkspecial(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_SPECIAL
}

/** Sets SPECIAL and DEVMAP: a devmap PTE is special too (a devmap PMD is not). Kernel: `pte_mkdevmap`. */
export function pteMkdevmap(lo: Uint32Array, hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_SPECIAL
  hi[i]! |= _PAGE_DEVMAP_HI
}

/** Kernel: `pte_mkhuge`. */
export function pteMkhuge(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_PSE
}

/** Kernel: `pte_clrhuge`. */
export function pteClrhuge(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~_PAGE_PSE
}

/** Kernel: `pte_mksoft_dirty`. */
export function pteMksoftDirty(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_SOFT_DIRTY
}

/** Kernel: `pte_clear_soft_dirty`. */
export function pteClearSoftDirty(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~_PAGE_SOFT_DIRTY
}

/** Kernel: `pte_mkuffd_wp`. */
export function pteMkuffdWp(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_UFFD_WP
}

/** Kernel: `pte_clear_uffd_wp`. */
export function pteClearUffdWp(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~_PAGE_UFFD_WP
}

/** The frame number, 0..2^40 − 1, exact; an inverted frame is turned back. Kernel: `pte_pfn`. */
export function ptePfn(lo: Uint32Array, hi: Uint32Array, i: number): number {
  const l = lo[i]!
  const h = hi[i]!
  const flip = protnoneMask(l, h)
  return ((h ^ flip) & PTE_PFN_MASK_HI) * 0x10_0000 + ((l ^ flip) >>> 12)
}

/**
 * Stores the entry that maps frame `pfn` with the protection `protHi:protLo`. `pfn` is an integer from 0, cut to its
 * low 40 bits. A protection that is nonzero and not present inverts the frame (L1TF); frame bits inside the
 * protection are OR-ed in, as the kernel does. Kernel: `pfn_pte`, with all PTE bits supported.
 */
export function pfnPte(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  pfn: number,
  protLo: number,
  protHi: number,
): void {
  storeFrame(lo, hi, i, pfn, protLo, protHi, PTE_PFN_MASK_LO)
}

/** The body of `pfnPte`, `pfnPmd` and `pfnPud`, which differ in the low half of the frame field. */
export function storeFrame(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  pfn: number,
  protLo: number,
  protHi: number,
  maskLo: number,
): void {
  const flip = protnoneMask(protLo, protHi)
  lo[i] = (((pfn << 12) ^ flip) & maskLo) | protLo
  hi[i] = (((pfn / 0x10_0000) ^ flip) & PTE_PFN_MASK_HI) | protHi
}

/**
 * Gives the entry a new protection and keeps what `_PAGE_CHG_MASK` names: frame, PCD, PWT, PAT, SPECIAL, A, D,
 * SOFT_DIRTY, UFFD_WP, DEVMAP. The frame is inverted when the entry stops or starts being present (L1TF).
 * Kernel: `pte_modify`.
 */
export function pteModify(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  newprotLo: number,
  newprotHi: number,
): void {
  modify(lo, hi, i, newprotLo, newprotHi, PTE_PFN_MASK_LO)
}

/** The body of `pteModify` and `pmdModify`, which invert different frame fields. */
export function modify(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  newprotLo: number,
  newprotHi: number,
  maskLo: number,
): void {
  const oldLo = lo[i]!
  const oldHi = hi[i]!
  const newLo = (oldLo & CHG_MASK_LO) | (newprotLo & ~CHG_MASK_LO)
  const newHi = (oldHi & CHG_MASK_HI) | (newprotHi & ~CHG_MASK_HI)
  const flip = protnoneMask(oldLo, oldHi) ^ protnoneMask(newLo, newHi)
  lo[i] = newLo ^ (flip & maskLo)
  hi[i] = newHi ^ (flip & PTE_PFN_MASK_HI)
}

export {
  /** All 64 bits equal. Kernel: `pte_same`. */
  sameEntry as pteSame,
} from '../generic.ts'
