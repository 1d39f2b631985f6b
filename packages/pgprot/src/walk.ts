/**
 * What the walks of all architectures share: the tables they read, the access they serve, the result they fill in.
 * @module
 */
import type { Geometry } from './arch.ts'

/**
 * The tables that a walk reads and, for accessed and dirty bits, writes. Where the entries live is the caller's
 * choice; the two arrays must be equally long.
 */
export interface WalkTables {
  readonly lo: Uint32Array
  readonly hi: Uint32Array
  /** Where in `lo` and `hi` entry `index` of the table in frame `pfn` is, or −1 for memory that reads as zero. */
  slot(pfn: number, index: number): number
}

/** Bits of an access: a user load is `ACCESS_USER`, a user store `ACCESS_USER | ACCESS_WRITE`. */
export type Access = number
export const ACCESS_WRITE: Access = 1
/** An instruction fetch; not together with `ACCESS_WRITE`. */
export const ACCESS_FETCH: Access = 2
/** At user privilege (ring 3, EL0, U mode). */
export const ACCESS_USER: Access = 4

/** `vector` of a walk that succeeded. */
export const NO_FAULT: number = 0

/**
 * The outcome of a walk. One object may serve any number of walks: each fills in every field.
 *
 * `vector` and `code` are the architecture's own: x86-64 vector 14 (#PF) with its error code, or 13 (#GP) with code 0
 * for an address that is not canonical; arm64 the exception class with the syndrome register (ESR); riscv64 the cause
 * 12, 13 or 15 in both. `vector` is `NO_FAULT` and `code` 0 when the access succeeds.
 */
export interface Walk {
  vector: number
  code: number
  /** The level where the walk ended: 0 PTE, 1 PMD, … −1 if it did not begin. */
  level: number
  /** Index in `lo` and `hi` of the entry where the walk ended, or −1 if it did not begin. */
  slot: number
  /** On success the frame of the page accessed, large leaves resolved to the page within; else −1. */
  pfn: number
  /** On success: did the hardware write an entry (accessed or dirty bit)? */
  updated: boolean
}

/** A fresh result object for walks. */
export function createWalk(): Walk {
  return { vector: NO_FAULT, code: 0, level: -1, slot: -1, pfn: -1, updated: false }
}

/**
 * The index at `level` (0 = PTE level) for an address in unsigned or signed halves. Kernel: `pte_index` … `pgd_index`.
 */
export function tableIndex(geometry: Geometry, level: number, addressLo: number, addressHi: number): number {
  const shift = geometry.shifts[level]!
  const bits = shift < 32 ? (addressLo >>> shift) | (addressHi << (32 - shift)) : addressHi >>> (shift - 32)
  return bits & (geometry.entries[level]! - 1)
}

/** The index at every level for an address, the PTE level first. `address` is taken modulo 2^64. */
export function tableIndices(geometry: Geometry, address: bigint): number[] {
  const lo = Number(BigInt.asUintN(32, address))
  const hi = Number(BigInt.asUintN(32, address >> 32n))
  return geometry.shifts.map((_, level) => tableIndex(geometry, level, lo, hi))
}

/**
 * The part of the frame number that a large leaf at `level` leaves to the address: the pages between the leaf's first
 * page and the one accessed.
 */
export function pageWithin(geometry: Geometry, level: number, addressLo: number, addressHi: number): number {
  const { pageShift, shifts } = geometry
  const page = (addressHi >>> 0) * 2 ** (32 - pageShift) + (addressLo >>> pageShift)
  return page % 2 ** (shifts[level]! - pageShift)
}

/**
 * The bits of an address above the user half, from the high half alone: 0 for a user address, −1 for a kernel
 * address, anything else for one that is not canonical.
 */
export function addressHalf(geometry: Geometry, addressHi: number): number {
  return (addressHi | 0) >> (geometry.userBits - 32)
}

/** The words of `addressHalf`. `address` is taken modulo 2^64. */
export function canonicalHalf(geometry: Geometry, address: bigint): 'user' | 'kernel' | 'not canonical' {
  const half = addressHalf(geometry, Number(BigInt.asUintN(32, address >> 32n)))
  return half === 0 ? 'user' : half === -1 ? 'kernel' : 'not canonical'
}

/** Fills in a fault, its code unsigned, and returns false. */
export function fault(out: Walk, vector: number, code: number, level: number, slot: number): false {
  out.vector = vector
  out.code = code >>> 0
  out.level = level
  out.slot = slot
  out.pfn = -1
  out.updated = false
  return false
}

/** Fills in a success and returns true. */
export function success(out: Walk, level: number, slot: number, pfn: number, updated: boolean): true {
  out.vector = NO_FAULT
  out.code = 0
  out.level = level
  out.slot = slot
  out.pfn = pfn
  out.updated = updated
  return true
}
