/**
 * x86-64 entries as Linux has them since 6.6, checked against 6.12: what differs from 6.1.
 *
 * Hardware with shadow stacks reads a dirty entry without the write bit as shadow stack. So Linux keeps "dirty" of a
 * read-only entry in a software bit, `_PAGE_SAVED_DIRTY` (58), and moves it there and back as the write bit changes;
 * `_PAGE_DEVMAP` made room and went to bit 57. These functions are for tasks without a shadow stack of their own.
 * Same shape and same promises as `pte.ts`.
 * Kernel: `arch/x86/include/asm/pgtable.h`, `pgtable_types.h`, `arch/x86/mm/pgtable.c` [6.12].
 * @module
 */
import {
  _PAGE_DIRTY,
  _PAGE_PSE,
  _PAGE_RW,
  _PAGE_SOFT_DIRTY,
  _PAGE_SPECIAL,
  _PAGE_UFFD_WP,
  CHG_MASK_LO,
  PMD_PFN_MASK_LO,
  PTE_PFN_MASK_HI,
  PTE_PFN_MASK_LO,
} from './bits.ts'
import { protnoneMask } from './pte.ts'

const _PAGE_DEVMAP_HI = 0x0200_0000
const _PAGE_SAVED_DIRTY_HI = 0x0400_0000
/** As `CHG_MASK_HI`, with SAVED_DIRTY. */
const CHG_MASK_HI = 0x060f_ffff

/** Read-only and dirty becomes read-only and saved-dirty. Kernel: `mksaveddirty_shift`. */
function saveDirty(lo: Uint32Array, hi: Uint32Array, i: number): void {
  const l = lo[i]!
  if ((l & (_PAGE_RW | _PAGE_DIRTY)) !== _PAGE_DIRTY) return
  lo[i] = l & ~_PAGE_DIRTY
  hi[i]! |= _PAGE_SAVED_DIRTY_HI
}

/** Writable and saved-dirty becomes writable and dirty. Kernel: `clear_saveddirty_shift`. */
function restoreDirty(lo: Uint32Array, hi: Uint32Array, i: number): void {
  const h = hi[i]!
  if ((lo[i]! & _PAGE_RW) === 0 || (h & _PAGE_SAVED_DIRTY_HI) === 0) return
  lo[i]! |= _PAGE_DIRTY
  hi[i] = h & ~_PAGE_SAVED_DIRTY_HI
}

/** Dirty, by the hardware's bit or the saved one. Kernel: `pte_dirty`, `pmd_dirty`, `pud_dirty`. */
export function pteDirty(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return ((lo[i]! & _PAGE_DIRTY) | (hi[i]! & _PAGE_SAVED_DIRTY_HI)) !== 0
}

/** Kernel: `pte_devmap`, `pmd_devmap`, `pud_devmap`. */
export function pteDevmap(_lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (hi[i]! & _PAGE_DEVMAP_HI) !== 0
}

/** PSE is set and DEVMAP is not. Kernel: `pmd_trans_huge`, `pud_trans_huge`. */
export function pmdTransHuge(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_PSE) !== 0 && (hi[i]! & _PAGE_DEVMAP_HI) === 0
}

/** Kernel: `pte_mkwrite`, `pmd_mkwrite`, `pud_mkwrite`, in an area that is not a shadow stack. */
export function pteMkwrite(lo: Uint32Array, hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_RW
  restoreDirty(lo, hi, i)
}

/** Kernel: `pte_wrprotect`, `pmd_wrprotect`, `pud_wrprotect`. */
export function pteWrprotect(lo: Uint32Array, hi: Uint32Array, i: number): void {
  lo[i]! &= ~_PAGE_RW
  saveDirty(lo, hi, i)
}

/** Kernel: `pte_mkdirty`, `pmd_mkdirty`, `pud_mkdirty`. */
export function pteMkdirty(lo: Uint32Array, hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_DIRTY | _PAGE_SOFT_DIRTY
  saveDirty(lo, hi, i)
}

/** Kernel: `pte_mkclean`, `pmd_mkclean`, `pud_mkclean`. */
export function pteMkclean(lo: Uint32Array, hi: Uint32Array, i: number): void {
  lo[i]! &= ~_PAGE_DIRTY
  hi[i]! &= ~_PAGE_SAVED_DIRTY_HI
}

/** Marks and write-protects. Kernel: `pte_mkuffd_wp`, `pmd_mkuffd_wp`. */
export function pteMkuffdWp(lo: Uint32Array, hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_UFFD_WP
  pteWrprotect(lo, hi, i)
}

/** Sets SPECIAL and DEVMAP. Kernel: `pte_mkdevmap`. */
export function pteMkdevmap(lo: Uint32Array, hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_SPECIAL
  hi[i]! |= _PAGE_DEVMAP_HI
}

/** Sets DEVMAP alone. Kernel: `pmd_mkdevmap`, `pud_mkdevmap`. */
export function pmdMkdevmap(_lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i]! |= _PAGE_DEVMAP_HI
}

/** As in 6.1, with the dirty bit where the new write bit wants it. Kernel: `pte_modify`. */
export function pteModify(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  newprotLo: number,
  newprotHi: number,
): void {
  modify(lo, hi, i, newprotLo, newprotHi, PTE_PFN_MASK_LO)
}

/** The same on a leaf of 2 MiB. Kernel: `pmd_modify`. */
export function pmdModify(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  newprotLo: number,
  newprotHi: number,
): void {
  modify(lo, hi, i, newprotLo, newprotHi, PMD_PFN_MASK_LO)
}

function modify(
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
  if ((oldLo & _PAGE_RW) !== 0) saveDirty(lo, hi, i)
  else restoreDirty(lo, hi, i)
}

/** Kernel: `pgprot_modify`. */
export function pgprotModify(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  newLo: number,
  newHi: number,
): void {
  lo[i] = (lo[i]! & CHG_MASK_LO) | (newLo & ~CHG_MASK_LO)
  hi[i] = (hi[i]! & CHG_MASK_HI) | (newHi & ~CHG_MASK_HI)
}
