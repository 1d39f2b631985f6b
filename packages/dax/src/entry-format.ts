/**
 * What the entries of an inode's array mean: each generation of fs/dax.c has its own encoding.
 * @module
 */

import {
  daxEntryOrder,
  daxIsEmptyEntry,
  daxIsLocked,
  daxIsZeroEntry,
  daxToPfn,
  describeEntry,
} from './entry.ts'

/** One entry, read. */
export interface DecodedEntry {
  /** Pages that it stands for: 1 or 512. */
  readonly pages: number
  /** Indices of the array that it takes. */
  readonly slots: number
  readonly kind: 'block' | 'zero' | 'empty'
  /** Its first frame; meaningless unless it stands for a block. */
  readonly pfn: number
  readonly locked: boolean
  /** `frame 0x40000, 2 MiB`. */
  readonly text: string
}

/** An encoding. */
export interface EntryFormat {
  decode(value: number): DecodedEntry
}

/** The entries with a lock, of 6.1: frames and flags. */
export const lockedEntries: EntryFormat = Object.freeze<EntryFormat>({
  decode(value) {
    const pages = 2 ** daxEntryOrder(value)
    return {
      pages,
      slots: pages,
      kind: daxIsEmptyEntry(value) ? 'empty' : daxIsZeroEntry(value) ? 'zero' : 'block',
      pfn: daxToPfn(value),
      locked: daxIsLocked(value),
      get text() {
        return describeEntry(value)
      },
    }
  },
})
