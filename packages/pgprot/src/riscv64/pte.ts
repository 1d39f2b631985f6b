/**
 * riscv64 page-table entries, in place on two `Uint32Array`s. All levels have one format.
 *
 * Every function takes the two halves `lo`, `hi` and the index `i` of the entry; `i` must be in range of both, and
 * nothing is validated. Any 64-bit value is accepted; results are stored unsigned. Nothing throws.
 *
 * Where the memory type matters there are three functions: the plain name is for CPUs with Svpbmt, `…NoPbmt` for CPUs
 * with no page-based memory types, `…Thead` for T-Head's own ones.
 * Kernel: `arch/riscv/include/asm/pgtable.h`, `pgtable-64.h` [6.1], the function of the same name in snake case.
 * @module
 */
import { zeroEntry } from '../generic.ts'
import {
  _PAGE_ACCESSED,
  _PAGE_DIRTY,
  _PAGE_EXEC,
  _PAGE_LEAF,
  _PAGE_MTMASK_SVPBMT_HI,
  _PAGE_MTMASK_THEAD_HI,
  _PAGE_PMA_THEAD_HI,
  _PAGE_PRESENT,
  _PAGE_PROT_NONE,
  _PAGE_READ,
  _PAGE_SPECIAL,
  _PAGE_USER,
  _PAGE_WRITE,
  PROT_MASK,
} from './bits.ts'

/** Maps a page, PROT_NONE mappings included. Kernel: `pte_present`. */
export function ptePresent(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & (_PAGE_PRESENT | _PAGE_PROT_NONE)) !== 0
}

/** Present for software, not for the hardware: PROT_NONE or NUMA hinting. Kernel: `pte_protnone`. */
export function pteProtnone(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & (_PAGE_PRESENT | _PAGE_PROT_NONE)) === _PAGE_PROT_NONE
}

/** `_PAGE_READ` is set. The 6.1 kernel names the bit, but has no `pte_read()` here. */
export function pteRead(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_READ) !== 0
}

/** Kernel: `pte_write`. */
export function pteWrite(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_WRITE) !== 0
}

/** Kernel: `pte_dirty`. */
export function pteDirty(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_DIRTY) !== 0
}

/** Kernel: `pte_young`. */
export function pteYoung(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_ACCESSED) !== 0
}

/** Kernel: `pte_exec`. */
export function pteExec(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_EXEC) !== 0
}

/** Kernel: `pte_user`. */
export function pteUser(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_USER) !== 0
}

/** Kernel: `pte_special`. */
export function pteSpecial(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_SPECIAL) !== 0
}

/** Present and a leaf, whatever the level. Kernel: `pte_huge`. */
export function pteHuge(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return ptePresent(lo, hi, i) && (lo[i]! & _PAGE_LEAF) !== 0
}

/** A nonzero entry that is not present: swap, migration and the like. Kernel: `is_swap_pte`. */
export function isSwapPte(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return !zeroEntry(lo, hi, i) && !ptePresent(lo, hi, i)
}

/** Kernel: `pte_mkwrite`. */
export function pteMkwrite(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_WRITE
}

/** Kernel: `pte_wrprotect`. */
export function pteWrprotect(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~_PAGE_WRITE
}

/** Kernel: `pte_mkdirty`. */
export function pteMkdirty(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_DIRTY
}

/** Kernel: `pte_mkclean`. */
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

/** Sets X. The 6.1 kernel has no such helper. */
export function pteMkexec(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_EXEC
}

/** Clears X. The 6.1 kernel has no such helper. */
export function pteExprotect(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~_PAGE_EXEC
}

/** Kernel: `pte_mkspecial`. */
export function pteMkspecial(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_SPECIAL
}

/** Changes nothing: a leaf looks alike at every level. Kernel: `pte_mkhuge`. */
export function pteMkhuge(_lo: Uint32Array, _hi: Uint32Array, _i: number): void {}

/** The frame number, 0..2^44 − 1, exact; at every level, for pages and tables. Kernel: `pte_pfn`. */
export function ptePfn(lo: Uint32Array, hi: Uint32Array, i: number): number {
  return (hi[i]! & 0x3f_ffff) * 0x40_0000 + (lo[i]! >>> 10)
}

/**
 * Stores the entry for frame `pfn` (an integer, 0..2^44 − 1) and a protection. As in the kernel, a frame number that
 * is too wide is not cut: it runs into bits 54..63. Kernel: `pfn_pte`, on anything but T-Head.
 */
export function pfnPte(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  pfn: number,
  protLo: number,
  protHi: number,
): void {
  lo[i] = (pfn << 10) | protLo
  hi[i] = (pfn / 0x40_0000) | protHi
}

/** A protection without memory type becomes ordinary cacheable memory. Kernel: `pfn_pte` on T-Head. */
export function pfnPteThead(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  pfn: number,
  protLo: number,
  protHi: number,
): void {
  pfnPte(lo, hi, i, pfn, protLo, theadPma(protHi))
}

/** Kernel: `ALT_THEAD_PMA`, `arch/riscv/include/asm/errata_list.h`. */
function theadPma(protHi: number): number {
  return (protHi & _PAGE_MTMASK_THEAD_HI) === 0 ? protHi | _PAGE_PMA_THEAD_HI : protHi
}

/**
 * Gives the entry a new protection: V, R, W, X, U, G and the memory type are cleared and every bit of the new
 * protection is OR-ed in; A, D, SPECIAL and the frame stay. Kernel: `pte_modify` with Svpbmt.
 */
export function pteModify(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  newprotLo: number,
  newprotHi: number,
): void {
  lo[i] = (lo[i]! & ~PROT_MASK) | newprotLo
  hi[i] = (hi[i]! & ~_PAGE_MTMASK_SVPBMT_HI) | newprotHi
}

/** The same, keeping bits 61..62. Kernel: `pte_modify` without Svpbmt. */
export function pteModifyNoPbmt(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  newprotLo: number,
  newprotHi: number,
): void {
  lo[i] = (lo[i]! & ~PROT_MASK) | newprotLo
  hi[i]! |= newprotHi
}

/** The same with bits 59..63 as memory type. Kernel: `pte_modify` on T-Head. */
export function pteModifyThead(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  newprotLo: number,
  newprotHi: number,
): void {
  lo[i] = (lo[i]! & ~PROT_MASK) | newprotLo
  hi[i] = (hi[i]! & ~_PAGE_MTMASK_THEAD_HI) | theadPma(newprotHi)
}

export {
  /** All 64 bits equal. Kernel: `pte_same`. */
  sameEntry as pteSame,
  /** No entry: zero. Kernel: `pte_none`. */
  zeroEntry as pteNone,
} from '../generic.ts'
