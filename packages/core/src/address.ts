/**
 * Rounding addresses. Written with `Math.floor` and not `%`: the remainder of two doubles is a call into the C library,
 * which cost a third of a fault.
 * @module
 */

import { PAGE_SIZE, PMD_SIZE, PUD_SIZE } from './physical-memory.ts'

/** `address & PAGE_MASK`; `address` is below 2^53. */
export function pageStart(address: number): number {
  return Math.floor(address / PAGE_SIZE) * PAGE_SIZE
}

/** Byte in the page: 0 … 4095. */
export function pageOffset(address: number): number {
  return address - Math.floor(address / PAGE_SIZE) * PAGE_SIZE
}

/** `address & PMD_MASK`. */
export function pmdStart(address: number): number {
  return Math.floor(address / PMD_SIZE) * PMD_SIZE
}

/** `address & PUD_MASK`. */
export function pudStart(address: number): number {
  return Math.floor(address / PUD_SIZE) * PUD_SIZE
}
