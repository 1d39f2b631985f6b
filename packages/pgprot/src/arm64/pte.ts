/**
 * arm64 page-table entries of the last level, in place on two `Uint32Array`s; the same for every granule, except for
 * the frame number, which `granule.ts` has.
 *
 * Every function takes the two halves `lo`, `hi` and the index `i` of the entry; `i` must be in range of both, and
 * nothing is validated. Any 64-bit value is accepted; results are stored unsigned. Nothing throws.
 *
 * | dirty | writable | RDONLY (7) | WRITE (51) | DIRTY (55) |
 * |---|---|---|---|---|
 * | 0 | 0 | 1 | 0 | 0 |
 * | 0 | 1 | 1 | 1 | 0 |
 * | 1 | 0 | 1 | 0 | 1 |
 * | 1 | 1 | 0 | 1 | any |
 *
 * Kernel: `arch/arm64/include/asm/pgtable.h` [6.1], the function of the same name in snake case, bit for bit.
 * @module
 */
import { zeroEntry } from '../generic.ts'
import {
  MODIFY_MASK_HI,
  MODIFY_MASK_LO,
  PTE_AF,
  PTE_DEVMAP_HI,
  PTE_DIRTY_HI,
  PTE_PROT_NONE_HI,
  PTE_RDONLY,
  PTE_SPECIAL_HI,
  PTE_TABLE_BIT,
  PTE_USER,
  PTE_UXN_HI,
  PTE_VALID,
  PTE_WRITE_HI,
} from './bits.ts'

/** Maps a page, PROT_NONE mappings included. Kernel: `pte_present`. */
export function ptePresent(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return ((lo[i]! & PTE_VALID) | (hi[i]! & PTE_PROT_NONE_HI)) !== 0
}

/** The hardware may use it. Kernel: `pte_valid`. */
export function pteValid(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & PTE_VALID) !== 0
}

/** Present for software, not for the hardware: PROT_NONE or NUMA hinting. Kernel: `pte_protnone`. */
export function pteProtnone(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (lo[i]! & PTE_VALID) === 0 && (hi[i]! & PTE_PROT_NONE_HI) !== 0
}

/** Writable for software: DBM is set. Kernel: `pte_write`. */
export function pteWrite(_lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (hi[i]! & PTE_WRITE_HI) !== 0
}

/** Written by hardware or through an already dirty writable entry: WRITE without RDONLY. Kernel: `pte_hw_dirty`. */
export function pteHwDirty(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (hi[i]! & PTE_WRITE_HI) !== 0 && (lo[i]! & PTE_RDONLY) === 0
}

/** The software dirty bit. Kernel: `pte_sw_dirty`. */
export function pteSwDirty(_lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (hi[i]! & PTE_DIRTY_HI) !== 0
}

/** Dirty by hardware or software. Kernel: `pte_dirty`. */
export function pteDirty(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return pteSwDirty(lo, hi, i) || pteHwDirty(lo, hi, i)
}

/** Kernel: `pte_young`. */
export function pteYoung(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & PTE_AF) !== 0
}

/** User space may execute: UXN is clear. Kernel: `pte_user_exec`. */
export function pteExec(_lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (hi[i]! & PTE_UXN_HI) === 0
}

/** User space may load. Kernel: `pte_user`. */
export function pteUser(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & PTE_USER) !== 0
}

/** Kernel: `pte_special`. */
export function pteSpecial(_lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (hi[i]! & PTE_SPECIAL_HI) !== 0
}

/** Device memory with struct pages (DAX). Kernel: `pte_devmap`. */
export function pteDevmap(_lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (hi[i]! & PTE_DEVMAP_HI) !== 0
}

/** A block: nonzero, TABLE bit clear. The test of `pmd_huge`, `arch/arm64/mm/hugetlbpage.c`; 6.1 has no `pte_huge`. */
export function pteHuge(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (lo[i]! & PTE_TABLE_BIT) === 0 && !zeroEntry(lo, hi, i)
}

/** A nonzero entry that is not present: swap, migration and the like. Kernel: `is_swap_pte`. */
export function isSwapPte(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return !zeroEntry(lo, hi, i) && !ptePresent(lo, hi, i)
}

/** Kernel: `pte_accessible`; `flushPending` stands for `mm_tlb_flush_pending(mm)`. */
export function pteAccessible(lo: Uint32Array, hi: Uint32Array, i: number, flushPending: boolean): boolean {
  return flushPending ? ptePresent(lo, hi, i) : pteValid(lo, hi, i)
}

/** Sets WRITE; a software-dirty entry loses RDONLY too. Kernel: `pte_mkwrite`. */
export function pteMkwrite(lo: Uint32Array, hi: Uint32Array, i: number): void {
  const h = hi[i]! | PTE_WRITE_HI
  hi[i] = h
  if ((h & PTE_DIRTY_HI) !== 0) lo[i]! &= ~PTE_RDONLY
}

/** Clears WRITE and sets RDONLY; hardware dirtiness moves to the software bit. Kernel: `pte_wrprotect`. */
export function pteWrprotect(lo: Uint32Array, hi: Uint32Array, i: number): void {
  if (pteHwDirty(lo, hi, i)) hi[i]! |= PTE_DIRTY_HI
  hi[i]! &= ~PTE_WRITE_HI
  lo[i]! |= PTE_RDONLY
}

/** Sets the software dirty bit; a writable entry loses RDONLY. Kernel: `pte_mkdirty`. */
export function pteMkdirty(lo: Uint32Array, hi: Uint32Array, i: number): void {
  const h = hi[i]! | PTE_DIRTY_HI
  hi[i] = h
  if ((h & PTE_WRITE_HI) !== 0) lo[i]! &= ~PTE_RDONLY
}

/** Clears the software dirty bit and sets RDONLY; WRITE stays. Kernel: `pte_mkclean`. */
export function pteMkclean(lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i]! &= ~PTE_DIRTY_HI
  lo[i]! |= PTE_RDONLY
}

/** Kernel: `pte_mkyoung`. */
export function pteMkyoung(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= PTE_AF
}

/** Kernel: `pte_mkold`. */
export function pteMkold(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~PTE_AF
}

/** Clears UXN. The 6.1 kernel has no such helper. */
export function pteMkexec(_lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i]! &= ~PTE_UXN_HI
}

/** Sets UXN. The 6.1 kernel has no such helper. */
export function pteExprotect(_lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i]! |= PTE_UXN_HI
}

/** Kernel: `pte_mkspecial`. */
export function pteMkspecial(_lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i]! |= PTE_SPECIAL_HI
}

/** Sets DEVMAP and SPECIAL: a devmap PTE is special too (a devmap PMD is not). Kernel: `pte_mkdevmap`. */
export function pteMkdevmap(_lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i]! |= PTE_DEVMAP_HI | PTE_SPECIAL_HI
}

/** Clears the TABLE bit: a block. Kernel: `pte_mkhuge`. */
export function pteMkhuge(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~PTE_TABLE_BIT
}

/**
 * Gives the entry a new protection: USER, PXN, UXN, RDONLY, PROT_NONE, VALID, WRITE, GP and the attribute index are
 * replaced, everything else stays; hardware dirtiness moves to the software bit first. Kernel: `pte_modify`.
 */
export function pteModify(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  newprotLo: number,
  newprotHi: number,
): void {
  if (pteHwDirty(lo, hi, i)) hi[i]! |= PTE_DIRTY_HI
  lo[i] = (lo[i]! & ~MODIFY_MASK_LO) | (newprotLo & MODIFY_MASK_LO)
  hi[i] = (hi[i]! & ~MODIFY_MASK_HI) | (newprotHi & MODIFY_MASK_HI)
  if (pteSwDirty(lo, hi, i)) pteMkdirty(lo, hi, i)
}

export {
  /** All 64 bits equal. Kernel: `pte_same`. */
  sameEntry as pteSame,
  /** No entry: zero. Kernel: `pte_none`. */
  zeroEntry as pteNone,
} from '../generic.ts'
