/**
 * What depends on the arm64 granule: where the frame number lies, and which levels may hold blocks.
 *
 * | granule | frame field | PTE pages | PMD block | PUD block |
 * |---|---|---|---|---|
 * | 4K | bits 12..47 | 4 KiB | 2 MiB | 1 GiB |
 * | 16K | bits 14..47 | 16 KiB | 32 MiB | no |
 * | 64K | bits 16..47, and address bits 48..51 in 12..15 | 64 KiB | 512 MiB | no |
 *
 * A frame number counts pages of the granule. As in the kernel, the 4K and 16K stores do not cut a frame number that
 * is too wide: it runs into the attribute bits. Kernel: `arch/arm64/include/asm/pgtable.h` [6.1], `pte_pfn`, `pfn_pte`
 * and the same at the other levels, CONFIG_ARM64_PA_BITS 48 (4K, 16K) and 52 (64K).
 * @module
 */
import { pmdBad, pudPresent } from './pmd.ts'

/** 4K: the frame number of a page, or of the table that a table pointer of any level names; 0..2^36 − 1. */
export function ptePfn(lo: Uint32Array, hi: Uint32Array, i: number): number {
  return (hi[i]! & 0xffff) * 0x10_0000 + (lo[i]! >>> 12)
}

/** 4K: the first frame of a 2 MiB block. Kernel: `pmd_pfn`. */
export function pmdPfn(lo: Uint32Array, hi: Uint32Array, i: number): number {
  return (hi[i]! & 0xffff) * 0x10_0000 + ((lo[i]! & 0xffe0_0000) >>> 12)
}

/** 4K: the first frame of a 1 GiB block. Kernel: `pud_pfn`. */
export function pudPfn(lo: Uint32Array, hi: Uint32Array, i: number): number {
  return (hi[i]! & 0xffff) * 0x10_0000 + ((lo[i]! & 0xc000_0000) >>> 12)
}

/** 4K: stores the entry for frame `pfn` (an integer, 0..2^36 − 1) and a protection. Kernel: `pfn_pte`. */
export function pfnPte(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  pfn: number,
  protLo: number,
  protHi: number,
): void {
  lo[i] = (pfn << 12) | protLo
  hi[i] = (pfn / 0x10_0000) | protHi
}

/** 4K and 16K: present and not a table pointer. Kernel: `pud_leaf`. */
export function pudLeaf(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return pudPresent(lo, hi, i) && pmdBad(lo, hi, i)
}

/** 16K: the frame number of a page or table, 0..2^34 − 1. Kernel: `pte_pfn`. */
export function ptePfn16k(lo: Uint32Array, hi: Uint32Array, i: number): number {
  return (hi[i]! & 0xffff) * 0x4_0000 + (lo[i]! >>> 14)
}

/** 16K: the first frame of a 32 MiB block. Kernel: `pmd_pfn`. */
export function pmdPfn16k(lo: Uint32Array, hi: Uint32Array, i: number): number {
  return (hi[i]! & 0xffff) * 0x4_0000 + ((lo[i]! & 0xfe00_0000) >>> 14)
}

/** 16K: the frame number aligned to 64 GiB. Kernel: `pud_pfn`. */
export function pudPfn16k(_lo: Uint32Array, hi: Uint32Array, i: number): number {
  return (hi[i]! & 0xfff0) * 0x4_0000
}

/** 16K: stores the entry for frame `pfn` (an integer, 0..2^34 − 1) and a protection. Kernel: `pfn_pte`. */
export function pfnPte16k(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  pfn: number,
  protLo: number,
  protHi: number,
): void {
  lo[i] = (pfn << 14) | protLo
  hi[i] = (pfn / 0x4_0000) | protHi
}

/** 64K: the frame number of a page or table, 0..2^36 − 1. Kernel: `pte_pfn`, CONFIG_ARM64_PA_BITS_52. */
export function ptePfn64k(lo: Uint32Array, hi: Uint32Array, i: number): number {
  const l = lo[i]!
  return ((l >>> 12) & 15) * 0x1_0000_0000 + (((hi[i]! << 16) | (l >>> 16)) >>> 0)
}

/** 64K: the first frame of a 512 MiB block. Kernel: `pmd_pfn`, CONFIG_ARM64_PA_BITS_52. */
export function pmdPfn64k(lo: Uint32Array, hi: Uint32Array, i: number): number {
  const l = lo[i]!
  return ((l >>> 12) & 15) * 0x1_0000_0000 + (((hi[i]! << 16) | ((l >>> 16) & 0xe000)) >>> 0)
}

/** 64K: the frame number aligned to 4 TiB. Kernel: `pud_pfn`, CONFIG_ARM64_PA_BITS_52. */
export function pudPfn64k(lo: Uint32Array, hi: Uint32Array, i: number): number {
  return ((lo[i]! >>> 12) & 15) * 0x1_0000_0000 + (((hi[i]! & 0xfc00) << 16) >>> 0)
}

/**
 * 64K: stores the entry for frame `pfn` (an integer, 0..2^36 − 1) and a protection.
 * Kernel: `pfn_pte`, CONFIG_ARM64_PA_BITS_52.
 */
export function pfnPte64k(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  pfn: number,
  protLo: number,
  protHi: number,
): void {
  lo[i] = (pfn << 16) | (((pfn / 0x1_0000_0000) & 15) << 12) | protLo
  hi[i] = ((pfn >>> 16) & 0xffff) | protHi
}

export {
  /** 4K: as `pfnPte`; `pmdMkhuge` makes it a block. Kernel: `pfn_pmd`. */
  pfnPte as pfnPmd,
  /** 4K: as `pfnPte`; `pudMkhuge` makes it a block. Kernel: `pfn_pud`. */
  pfnPte as pfnPud,
}
