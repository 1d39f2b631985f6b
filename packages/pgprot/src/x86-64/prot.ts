/**
 * x86-64 protections: the map from VM flags, changing one, cache attributes.
 *
 * A protection (`pgprot_t`) is stored as an entry is: two unsigned halves at index `i`. Nothing throws.
 * Kernel: `arch/x86/mm/pgprot.c`, `arch/x86/include/asm/pgtable.h`, `arch/x86/mm/pat/memtype.c` [6.1], on a CPU with
 * NX, all PTE bits supported, PAT usable in full (no erratum) and no memory encryption.
 * @module
 */
import { type PgprotWarning, writableWarning } from '../warning.ts'
import {
  _PAGE_NX_HI,
  _PAGE_PAT,
  _PAGE_PAT_LARGE,
  _PAGE_PCD,
  _PAGE_PKEY_MASK_HI,
  _PAGE_PWT,
  _PAGE_RW,
  CHG_MASK_HI,
  CHG_MASK_LO,
} from './bits.ts'

/** NX, short enough for the table below. */
const NX = _PAGE_NX_HI

/**
 * Low halves of the protection map. Index: VM_READ 1, VM_WRITE 2, VM_EXEC 4, VM_SHARED 8. No private protection is
 * writable. Kernel: `protection_map`.
 */
// biome-ignore format: eight private, eight shared
export const protectionMapLo: readonly number[] = /*#__PURE__*/ Object.freeze([
  0x120, 0x25, 0x25, 0x25, 0x25, 0x25, 0x25, 0x25,
  0x120, 0x25, 0x27, 0x27, 0x25, 0x25, 0x27, 0x27,
])

/** High halves of the protection map, which hold NX. Kernel: `protection_map`. */
// biome-ignore format: eight private, eight shared
export const protectionMapHi: readonly number[] = /*#__PURE__*/ Object.freeze([
  0, NX, NX, NX, 0, 0, 0, 0,
  0, NX, NX, NX, 0, 0, 0, 0,
])

/**
 * Stores the protection for `vmFlags` (an integer, 0..2^53 − 1): bits 0..3 choose from the map, bits 32..35 are the
 * protection key. Kernel: `vm_get_page_prot`.
 */
export function vmGetPageProt(vmFlags: number, lo: Uint32Array, hi: Uint32Array, i: number): void {
  const xwr = vmFlags & 15
  lo[i] = protectionMapLo[xwr]!
  hi[i] = protectionMapHi[xwr]! | (((vmFlags / 0x1_0000_0000) << 27) & _PAGE_PKEY_MASK_HI)
}

/**
 * Changes the protection at `i` to the new one, keeping what `_PAGE_CHG_MASK` names (cache attribute, software bits).
 * Kernel: `pgprot_modify`.
 */
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

/** An entry made from this protection is writable. No kernel function; `pte_write` of such an entry. */
export function pgprotWritable(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_RW) !== 0
}

const WRITABLE: PgprotWarning = /*#__PURE__*/ writableWarning(1, '_PAGE_RW')

/** `null` for a read-only protection, else the warning, always the same frozen object. */
export function assertPgprotReadOnly(lo: Uint32Array, hi: Uint32Array, i: number): PgprotWarning | null {
  return pgprotWritable(lo, hi, i) ? WRITABLE : null
}

/** Adds UC−. Bits of another attribute stay, as in the kernel. Kernel: `pgprot_noncached`. */
export function pgprotNoncached(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_PCD
}

/** Adds WC. Kernel: `pgprot_writecombine`. */
export function pgprotWritecombine(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_PWT
}

/** Adds WT, which is PAT entry 7. Kernel: `pgprot_writethrough`. */
export function pgprotWritethrough(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! |= _PAGE_PAT | _PAGE_PCD | _PAGE_PWT
}

/** A protection for a 4 KiB page turned into one for a large leaf: PAT moves from bit 7 to 12. Kernel: `pgprot_4k_2_large`. */
export function pgprot4kToLarge(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  const l = lo[i]!
  lo[i] = (l & ~(_PAGE_PAT | _PAGE_PAT_LARGE)) | ((l & _PAGE_PAT) << 5)
}

/** The way back. Kernel: `pgprot_large_2_4k`. */
export function pgprotLargeTo4k(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  const l = lo[i]!
  lo[i] = (l & ~(_PAGE_PAT | _PAGE_PAT_LARGE)) | ((l & _PAGE_PAT_LARGE) >>> 5)
}
