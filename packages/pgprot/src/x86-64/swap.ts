/**
 * x86-64 swap entries: what a page-table entry holds while the page is elsewhere.
 *
 * | 63..59 | 58..9 | 8 | 7 | 3 | 2 | 1 | 0 |
 * |---|---|---|---|---|---|---|---|
 * | type | inverted offset | 0 (PROTNONE) | 0 (PSE) | exclusive | uffd-wp | soft-dirty | 0 (P) |
 *
 * Kernel: `__swp_entry`, `__swp_type`, `__swp_offset` in `arch/x86/include/asm/pgtable_64.h`, and the `pte_swp_*`
 * functions of `pgtable.h` [6.1].
 * @module
 */
import { _PAGE_PWT, _PAGE_RW, _PAGE_USER } from './bits.ts'

/** Highest swap type: five bits. */
export const MAX_SWAP_TYPE: number = 31
/** Highest swap offset: fifty bits. */
export const MAX_SWAP_OFFSET: number = 2 ** 50 - 1

/**
 * Stores the swap entry for `type` (0..31, five bits) and `offset` (an integer, 0..2^50 − 1, higher bits cut); the
 * software bits start clear. Kernel: `__swp_entry`.
 */
export function mkSwapEntry(lo: Uint32Array, hi: Uint32Array, i: number, type: number, offset: number): void {
  const low = ~offset
  const high = ~(offset / 0x1_0000_0000)
  lo[i] = low << 9
  hi[i] = (((low >>> 23) | (high << 9)) & 0x07ff_ffff) | (type << 27)
}

/** Kernel: `__swp_type`. */
export function swpType(_lo: Uint32Array, hi: Uint32Array, i: number): number {
  return hi[i]! >>> 27
}

/** Exact, up to 2^50 − 1. Kernel: `__swp_offset`. */
export function swpOffset(lo: Uint32Array, hi: Uint32Array, i: number): number {
  return (~hi[i]! & 0x07ff_ffff) * 0x80_0000 + (~lo[i]! >>> 9)
}

/** Kernel: `pte_swp_soft_dirty`. */
export function pteSwpSoftDirty(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_RW) !== 0
}

/** Kernel: `pte_swp_mksoft_dirty`. */
export function pteSwpMksoftDirty(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_RW
}

/** Kernel: `pte_swp_clear_soft_dirty`. */
export function pteSwpClearSoftDirty(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~_PAGE_RW
}

/** Kernel: `pte_swp_uffd_wp`. */
export function pteSwpUffdWp(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_USER) !== 0
}

/** Kernel: `pte_swp_mkuffd_wp`. */
export function pteSwpMkuffdWp(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_USER
}

/** Kernel: `pte_swp_clear_uffd_wp`. */
export function pteSwpClearUffdWp(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~_PAGE_USER
}

/** Kernel: `pte_swp_exclusive`. */
export function pteSwpExclusive(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_PWT) !== 0
}

/** Kernel: `pte_swp_mkexclusive`. */
export function pteSwpMkexclusive(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_PWT
}

/** Kernel: `pte_swp_clear_exclusive`. */
export function pteSwpClearExclusive(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~_PAGE_PWT
}
