/**
 * arm64 swap entries: what a page-table entry holds while the page is elsewhere.
 *
 * | 58 | 57..8 | 7..3 | 2 | 1..0 |
 * |---|---|---|---|---|
 * | 0 (PROT_NONE) | offset | type | exclusive | 0 |
 *
 * There is no soft-dirty and no uffd-wp bit in 6.1.
 * Kernel: `__swp_entry`, `__swp_type`, `__swp_offset`, `pte_swp_*` in `arch/arm64/include/asm/pgtable.h` [6.1].
 * @module
 */

/** Highest swap type: five bits. */
export const MAX_SWAP_TYPE: number = 31
/** Highest swap offset: fifty bits. */
export const MAX_SWAP_OFFSET: number = 2 ** 50 - 1

const PTE_SWP_EXCLUSIVE = 0x4

/** Stores the swap entry for `type` (0..31) and `offset` (an integer, 0..2^50 − 1). Kernel: `__swp_entry`. */
export function mkSwapEntry(lo: Uint32Array, hi: Uint32Array, i: number, type: number, offset: number): void {
  lo[i] = (type << 3) | (offset << 8)
  hi[i] = offset / 0x100_0000
}

/** Kernel: `__swp_type`. */
export function swpType(lo: Uint32Array, _hi: Uint32Array, i: number): number {
  return (lo[i]! >>> 3) & 31
}

/** Exact, up to 2^50 − 1. Kernel: `__swp_offset`. */
export function swpOffset(lo: Uint32Array, hi: Uint32Array, i: number): number {
  return (hi[i]! & 0x03ff_ffff) * 0x100_0000 + (lo[i]! >>> 8)
}

/** Kernel: `pte_swp_exclusive`. */
export function pteSwpExclusive(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & PTE_SWP_EXCLUSIVE) !== 0
}

/** Kernel: `pte_swp_mkexclusive`. */
export function pteSwpMkexclusive(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= PTE_SWP_EXCLUSIVE
}

/** Kernel: `pte_swp_clear_exclusive`. */
export function pteSwpClearExclusive(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~PTE_SWP_EXCLUSIVE
}
