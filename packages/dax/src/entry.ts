/**
 * DAX entries: the values that an inode's array holds for its pages (fs/dax.c, 6.1). A value is flags and, above them,
 * a frame number: `flags | pfn << 4`, as a number below 2^53.
 * @module
 */

import { PTRS_PER_PMD_LEAF, ZERO_PFN } from '@mm-model/core'

export const DAX_LOCKED: number = 0x1
export const DAX_PMD: number = 0x2
export const DAX_ZERO_PAGE: number = 0x4
export const DAX_EMPTY: number = 0x8
const DAX_SHIFT_FACTOR = 16

export const PG_PMD_NR: number = PTRS_PER_PMD_LEAF
export const PMD_ORDER: number = 9

/** fs/dax.c: dax_make_entry, 6.1; `pfn` below 2^40. */
export function daxMakeEntry(pfn: number, flags: number): number {
  return pfn * DAX_SHIFT_FACTOR + flags
}

export function daxToPfn(entry: number): number {
  return Math.floor(entry / DAX_SHIFT_FACTOR)
}

/**
 * The flags alone; bit tests on the whole value would lose frames above 2^28, and `%` on doubles is a call into the C
 * library.
 */
function flagsOf(entry: number): number {
  return entry - Math.floor(entry / DAX_SHIFT_FACTOR) * DAX_SHIFT_FACTOR
}

export function daxIsLocked(entry: number): boolean {
  return (flagsOf(entry) & DAX_LOCKED) !== 0
}

export function daxIsPmdEntry(entry: number): boolean {
  return (flagsOf(entry) & DAX_PMD) !== 0
}

export function daxIsZeroEntry(entry: number): boolean {
  return (flagsOf(entry) & DAX_ZERO_PAGE) !== 0
}

export function daxIsEmptyEntry(entry: number): boolean {
  return (flagsOf(entry) & DAX_EMPTY) !== 0
}

/** 9 for a PMD entry, else 0 (fs/dax.c: dax_entry_order, 6.1). */
export function daxEntryOrder(entry: number): number {
  return daxIsPmdEntry(entry) ? PMD_ORDER : 0
}

/** The entry with its lock bit on. */
export function daxLocked(entry: number): number {
  return daxIsLocked(entry) ? entry : entry + DAX_LOCKED
}

/** The entry as a sentence fragment, for messages: `zero page, locked`. */
export function describeEntry(entry: number): string {
  const words = daxIsEmptyEntry(entry)
    ? ['empty']
    : daxIsZeroEntry(entry)
      ? ['zero page']
      : [`frame 0x${daxToPfn(entry).toString(16)}`]
  if (daxToPfn(entry) === ZERO_PFN && !daxIsZeroEntry(entry)) words.push('(the zero page without its flag)')
  if (daxIsPmdEntry(entry)) words.push('2 MiB')
  if (daxIsLocked(entry)) words.push('locked')
  return words.join(', ')
}
