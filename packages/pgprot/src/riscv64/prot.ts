/**
 * riscv64 protections: the map from VM flags, changing one, memory types.
 *
 * A protection (`pgprot_t`) is stored as an entry is: two unsigned halves at index `i`. Nothing throws. The plain
 * names are for CPUs with Svpbmt; without page-based memory types both modifiers of the kernel change nothing.
 * Kernel: `arch/riscv/mm/init.c`, `arch/riscv/include/asm/pgtable.h`, `include/linux/pgtable.h` [6.1].
 * @module
 */
import { type PgprotWarning, writableWarning } from '../warning.ts'
import {
  _PAGE_IO_SVPBMT_HI,
  _PAGE_IO_THEAD_HI,
  _PAGE_MTMASK_SVPBMT_HI,
  _PAGE_MTMASK_THEAD_HI,
  _PAGE_NOCACHE_SVPBMT_HI,
  _PAGE_WRITE,
} from './bits.ts'

/**
 * The protection map, whose high halves are 0. Index: VM_READ 1, VM_WRITE 2, VM_EXEC 4, VM_SHARED 8. No private
 * protection is writable, and a writable one is readable. Kernel: `protection_map`.
 */
// biome-ignore format: eight private, eight shared
export const protectionMapLo: readonly number[] = /*#__PURE__*/ Object.freeze([
  0x22, 0x53, 0x53, 0x53, 0x59, 0x5b, 0x5b, 0x5b,
  0x22, 0x53, 0x57, 0x57, 0x59, 0x5b, 0x5f, 0x5f,
])

/** High halves of the protection map: all 0. */
export const protectionMapHi: readonly number[] = /*#__PURE__*/ Object.freeze([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
])

/** Stores the protection for `vmFlags` (an integer, 0..2^53 − 1): bits 0..3 choose. Kernel: `vm_get_page_prot`. */
export function vmGetPageProt(vmFlags: number, lo: Uint32Array, hi: Uint32Array, i: number): void {
  lo[i] = protectionMapLo[vmFlags & 15]!
  hi[i] = 0
}

/** Memory type IO. Kernel: `pgprot_noncached` with Svpbmt. */
export function pgprotNoncached(_lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i] = (hi[i]! & ~_PAGE_MTMASK_SVPBMT_HI) | _PAGE_IO_SVPBMT_HI
}

/** Memory type NC. Kernel: `pgprot_writecombine` with Svpbmt. */
export function pgprotWritecombine(_lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i] = (hi[i]! & ~_PAGE_MTMASK_SVPBMT_HI) | _PAGE_NOCACHE_SVPBMT_HI
}

/** Memory type IO. Kernel: `pgprot_noncached` on T-Head. */
export function pgprotNoncachedThead(_lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i] = (hi[i]! & ~_PAGE_MTMASK_THEAD_HI) | _PAGE_IO_THEAD_HI
}

/** Memory type NC, which is 0. Kernel: `pgprot_writecombine` on T-Head. */
export function pgprotWritecombineThead(_lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i]! &= ~_PAGE_MTMASK_THEAD_HI
}

/**
 * Changes the protection at `i` to the new one; if the old one was non-cached or write-combining, so is the result.
 * Kernel: the generic `pgprot_modify`, with Svpbmt.
 */
export function pgprotModify(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  newLo: number,
  newHi: number,
): void {
  const type = hi[i]! & _PAGE_MTMASK_SVPBMT_HI
  lo[i] = newLo
  hi[i] = newHi
  if (type === _PAGE_IO_SVPBMT_HI) pgprotNoncached(lo, hi, i)
  else if (type === _PAGE_NOCACHE_SVPBMT_HI) pgprotWritecombine(lo, hi, i)
}

/** The new protection, whatever the old one. Kernel: `pgprot_modify` without Svpbmt. */
export function pgprotModifyNoPbmt(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  newLo: number,
  newHi: number,
): void {
  lo[i] = newLo
  hi[i] = newHi
}

/** As `pgprotModify`; ordinary protections carry no type, which T-Head reads as NC, and stay so. Kernel: on T-Head. */
export function pgprotModifyThead(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  newLo: number,
  newHi: number,
): void {
  const type = (hi[i]! & _PAGE_MTMASK_THEAD_HI) >>> 0
  lo[i] = newLo
  hi[i] = newHi
  if (type === _PAGE_IO_THEAD_HI) pgprotNoncachedThead(lo, hi, i)
  else if (type === 0) pgprotWritecombineThead(lo, hi, i)
}

/** An entry made from this protection is writable. No kernel function; `pte_write` of such an entry. */
export function pgprotWritable(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_WRITE) !== 0
}

const WRITABLE: PgprotWarning = /*#__PURE__*/ writableWarning(2, '_PAGE_WRITE')

/** `null` for a read-only protection, else the warning, always the same frozen object. */
export function assertPgprotReadOnly(lo: Uint32Array, hi: Uint32Array, i: number): PgprotWarning | null {
  return pgprotWritable(lo, hi, i) ? WRITABLE : null
}
