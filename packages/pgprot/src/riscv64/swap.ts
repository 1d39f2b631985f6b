/**
 * riscv64 swap entries: what a page-table entry holds while the page is elsewhere.
 *
 * | 63..11 | 10..6 | 5 | 4 | 3..0 |
 * |---|---|---|---|---|
 * | offset | type | 0 (PROT_NONE) | 0 | 0 (V, R, W, X) |
 *
 * There is no exclusive, soft-dirty or uffd-wp bit in 6.1.
 * Kernel: `__swp_entry`, `__swp_type`, `__swp_offset` in `arch/riscv/include/asm/pgtable.h` [6.1].
 * @module
 */

/** Highest swap type: five bits. */
export const MAX_SWAP_TYPE: number = 31
/** Highest swap offset: 53 bits. */
export const MAX_SWAP_OFFSET: number = 2 ** 53 - 1

/** Stores the swap entry for `type` (0..31) and `offset` (an integer, 0..2^53 − 1). Kernel: `__swp_entry`. */
export function mkSwapEntry(lo: Uint32Array, hi: Uint32Array, i: number, type: number, offset: number): void {
  lo[i] = (type << 6) | (offset << 11)
  hi[i] = offset / 0x20_0000
}

/** Kernel: `__swp_type`. */
export function swpType(lo: Uint32Array, _hi: Uint32Array, i: number): number {
  return (lo[i]! >>> 6) & 31
}

/** Exact, up to 2^53 − 1. Kernel: `__swp_offset`. */
export function swpOffset(lo: Uint32Array, hi: Uint32Array, i: number): number {
  return hi[i]! * 0x20_0000 + (lo[i]! >>> 11)
}
