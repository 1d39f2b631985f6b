/**
 * Entries of the radix tree, 4.5. Each change is one step under `tree_lock`; no entry is ever locked.
 * @module
 */

import {
  STEP_FLAG,
  type Steps,
  type Task,
  TOUCH_ENTRIES,
  TOUCH_READ,
  TOUCH_WRITE,
  touches,
  touchesFaultDeed,
} from '@mm-model/core'
import { PG_PMD_NR } from '../entry.ts'
import { touchesDropsEntry } from '../events.ts'
import { daxContext } from '../fault-context.ts'
import type { DaxInode } from '../inode.ts'
import { radixDaxEntry, radixDaxIsPmd } from '../radix-entry.ts'
import { PAGECACHE_TAG_DIRTY, type XaState } from '../xarray.ts'

/** For {@link daxRadixEntry}: only mark what is there. */
export const NO_SECTOR: number = -1

const EIO = 5

/** The entry at the index, or 0; the place is then there. The caller says what it touches (lib/radix-tree.c: radix_tree_lookup, 4.5). */
export function radixTreeLookup(t: Task, inode: DaxInode, index: number): number {
  return placeAt(t, inode, index).load()
}

function placeAt(t: Task, inode: DaxInode, index: number): XaState {
  return daxContext(t).xas.bind(inode.entries).set(index, 0)
}

/**
 * Makes an entry for the sector where there is none, and tags it dirty if asked; 0 or a negative error number. An entry of
 * 2 MiB at the aligned index stands for all its pages; making one deletes only the entry at its own index. Without a
 * sector nothing is made, and finding nothing is success (fs/dax.c: dax_radix_entry, 4.5).
 */
export function* daxRadixEntry(
  t: Task,
  inode: DaxInode,
  index: number,
  sector: number,
  pmd: boolean,
  dirty: boolean,
): Steps<number> {
  yield STEP_FLAG
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
  const pmdIndex = index - (index % PG_PMD_NR)
  let entry = radixTreeLookup(t, inode, pmdIndex)
  let at = pmdIndex
  if (entry === 0 || !radixDaxIsPmd(entry)) {
    at = index
    // A page that a load left in the meantime: the store that comes second gets an error.
    if (inode.mapping.pages.find(index) !== null) return -EIO
    entry = radixTreeLookup(t, inode, index)
    if (entry === 0 || (pmd && !radixDaxIsPmd(entry))) {
      const { xas } = daxContext(t)
      touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
      if (entry !== 0) xas.store(0)
      if (sector === NO_SECTOR) return 0
      xas.set(index, 0)
      xas.store(radixDaxEntry(sector, pmd))
    }
  }
  if (dirty) {
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
    touchesFaultDeed(t, 'dirty')
    const xas = placeAt(t, inode, at)
    xas.load()
    xas.setMark(PAGECACHE_TAG_DIRTY)
  }
  return 0
}

/**
 * Deletes the entries at indices `first … last`, whatever their tags (mm/truncate.c: clear_exceptional_entry, 4.5).
 * `truncating`: because the pages are no longer the file's.
 */
export function* clearExceptionalEntries(
  t: Task,
  inode: DaxInode,
  first: number,
  last: number,
  truncating: boolean,
): Steps<void> {
  for (let index = first; index <= last; ) {
    const xas = placeAt(t, inode, index)
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
    const entry = xas.find(last)
    if (entry === 0) return
    index = xas.index
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
    touchesDropsEntry(t, inode, xas, entry, truncating, true)
    xas.store(0)
    index++
    yield STEP_FLAG
  }
}
