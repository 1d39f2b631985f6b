/**
 * arm64 protections: the map from VM flags, changing one, memory attributes. The same for every granule.
 *
 * A protection (`pgprot_t`) is stored as an entry is: two unsigned halves at index `i`. Nothing throws.
 * Kernel: `arch/arm64/mm/mmap.c`, `arch/arm64/include/asm/pgtable.h`, `include/linux/pgtable.h` [6.1].
 * @module
 */
import { type PgprotWarning, writableWarning } from '../warning.ts'
import {
  MT_DEVICE_nGnRE,
  MT_DEVICE_nGnRnE,
  MT_NORMAL_NC,
  MT_NORMAL_TAGGED,
  PTE_ATTRINDX_MASK,
  PTE_GP_HI,
  PTE_PXN_HI,
  PTE_USER,
  PTE_UXN_HI,
  PTE_WRITE_HI,
} from './bits.ts'

const VM_ARM64_BTI = 0x0100_0000
const NONE = 0x0460_0000
const RO = 0x0060_0000
const ROX = 0x0020_0000
const RW = 0x0068_0000
const RWX = 0x0028_0000

/**
 * Low halves of the protection map. Index: VM_READ 1, VM_WRITE 2, VM_EXEC 4, VM_SHARED 8. No private protection is
 * writable. Kernel: `protection_map`.
 */
// biome-ignore format: eight private, eight shared
export const protectionMapLo: readonly number[] = /*#__PURE__*/ Object.freeze([
  0xf82, 0xfc3, 0xfc3, 0xfc3, 0xfc3, 0xfc3, 0xfc3, 0xfc3,
  0xf82, 0xfc3, 0xfc3, 0xfc3, 0xfc3, 0xfc3, 0xfc3, 0xfc3,
])

/** Low halves on a CPU with Enhanced PAN: 4 and 12 become execute-only. Kernel: `adjust_protection_map`. */
export const protectionMapLoEpan: readonly number[] = /*#__PURE__*/ Object.freeze(
  /*#__PURE__*/ protectionMapLo.map((lo, i) => ((i & 7) === 4 ? lo & ~PTE_USER : lo)),
)

/** High halves of the protection map. Kernel: `protection_map`. */
// biome-ignore format: eight private, eight shared
export const protectionMapHi: readonly number[] = /*#__PURE__*/ Object.freeze([
  NONE, RO, RO, RO, ROX, ROX, ROX, ROX,
  NONE, RO, RW, RW, ROX, ROX, RWX, RWX,
])

/**
 * Stores the protection for `vmFlags` (an integer, 0..2^53 − 1): bits 0..3 choose from the map, VM_ARM64_BTI (bit 24)
 * adds GP, VM_MTE (bit 32) makes the memory Normal Tagged. Kernel: `vm_get_page_prot`.
 */
export function vmGetPageProt(vmFlags: number, lo: Uint32Array, hi: Uint32Array, i: number): void {
  const xwr = vmFlags & 15
  const mte = (vmFlags / 0x1_0000_0000) & 1
  lo[i] = protectionMapLo[xwr]! | (mte * (MT_NORMAL_TAGGED << 2))
  hi[i] = protectionMapHi[xwr]! | ((vmFlags & VM_ARM64_BTI) !== 0 ? PTE_GP_HI : 0)
}

/** The same on a CPU with Enhanced PAN. */
export function vmGetPageProtEpan(vmFlags: number, lo: Uint32Array, hi: Uint32Array, i: number): void {
  vmGetPageProt(vmFlags, lo, hi, i)
  if ((vmFlags & 7) === 4) lo[i]! &= ~PTE_USER
}

const XN_HI = PTE_PXN_HI | PTE_UXN_HI

/** Device nGnRnE, never executable. Kernel: `pgprot_noncached`. */
export function pgprotNoncached(lo: Uint32Array, hi: Uint32Array, i: number): void {
  setAttribute(lo, hi, i, MT_DEVICE_nGnRnE)
}

/** Normal non-cacheable, never executable. Kernel: `pgprot_writecombine`. */
export function pgprotWritecombine(lo: Uint32Array, hi: Uint32Array, i: number): void {
  setAttribute(lo, hi, i, MT_NORMAL_NC)
}

/** Device nGnRE, never executable. Kernel: `pgprot_device`. */
export function pgprotDevice(lo: Uint32Array, hi: Uint32Array, i: number): void {
  setAttribute(lo, hi, i, MT_DEVICE_nGnRE)
}

/** Normal Tagged (MTE); executability stays. Kernel: `pgprot_tagged`. */
export function pgprotTagged(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i] = (lo[i]! & ~PTE_ATTRINDX_MASK) | (MT_NORMAL_TAGGED << 2)
}

function setAttribute(lo: Uint32Array, hi: Uint32Array, i: number, index: number): void {
  lo[i] = (lo[i]! & ~PTE_ATTRINDX_MASK) | (index << 2)
  hi[i]! |= XN_HI
}

/**
 * Changes the protection at `i` to the new one; if the old one was exactly non-cached, write-combining or device
 * memory, so is the result. Kernel: the generic `pgprot_modify`.
 */
export function pgprotModify(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  newLo: number,
  newHi: number,
): void {
  const index = (lo[i]! & PTE_ATTRINDX_MASK) >>> 2
  const neverExecutable = (hi[i]! & XN_HI) === XN_HI
  lo[i] = newLo
  hi[i] = newHi
  if (neverExecutable && index >= MT_NORMAL_NC && index <= MT_DEVICE_nGnRE) setAttribute(lo, hi, i, index)
}

/** An entry made from this protection is writable for software. No kernel function; `pte_write` of such an entry. */
export function pgprotWritable(_lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (hi[i]! & PTE_WRITE_HI) !== 0
}

const WRITABLE: PgprotWarning = /*#__PURE__*/ writableWarning(51, 'PTE_WRITE')

/** `null` for a read-only protection, else the warning, always the same frozen object. */
export function assertPgprotReadOnly(lo: Uint32Array, hi: Uint32Array, i: number): PgprotWarning | null {
  return pgprotWritable(lo, hi, i) ? WRITABLE : null
}
