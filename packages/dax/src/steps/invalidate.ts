/**
 * Taking entries out of a mapping: for truncation and hole punch, and for writes that allocate.
 * @module
 */

import {
  STEP_FLAG,
  type Steps,
  type Task,
  TOUCH_ENTRIES,
  TOUCH_I_MMAP,
  TOUCH_READ,
  TOUCH_WRITE,
  touches,
} from '@mm-model/core'
import { unmapMappingPages, unmapMappingRange } from '@mm-model/core/steps'
import { daxEntryOrder, daxIsLocked } from '../entry.ts'
import { WAKE_ALL, WAKE_NEXT } from '../entry-waiters.ts'
import { touchesCut, touchesDropsEntry, touchesInvalidated } from '../events.ts'
import type { DaxInode } from '../inode.ts'
import type { SuperBlock } from '../super-block.ts'
import { touchesEntry } from '../touch.ts'
import { PAGECACHE_TAG_DIRTY, PAGECACHE_TAG_TOWRITE, XaState } from '../xarray.ts'
import { getUnlockedEntry } from './entries.ts'
import { putUnlockedEntry } from './entry-wait.ts'
import { MAX_PAGE_INDEX } from './writeback.ts'

/** fs/dax.c: __dax_invalidate_entry, 6.1: removes the entry at `index` unless it is dirty and `truncating` is false. */
function* daxInvalidateEntry(t: Task, inode: DaxInode, index: number, truncating: boolean): Steps<void> {
  const xas = new XaState(inode.entries).set(index, 0)
  const entry = yield* getUnlockedEntry(t, inode, xas, 0)
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
  const keeps = !truncating && !t.machine.defects['invalidation-drops-dirty']
  const stays =
    entry <= 0 || (keeps && (xas.getMark(PAGECACHE_TAG_DIRTY) || xas.getMark(PAGECACHE_TAG_TOWRITE)))
  touchesDropsEntry(t, inode, xas, entry, truncating, !stays)
  if (!stays) xas.store(0)
  // Those who wait would each find no entry, or one of another size, and not come to wake the next.
  putUnlockedEntry(t, inode, xas, entry, t.machine.defects['invalidate-wakes-one'] ? WAKE_NEXT : WAKE_ALL)
  if (!stays) {
    touchesEntry(t, inode.name, xas, entry, TOUCH_WRITE)
    yield STEP_FLAG
  }
}

/** Removes the entries of pages `first … last`; a 2 MiB entry goes whole (mm/truncate.c: truncate_inode_pages_range, 6.1). */
function* removeEntries(
  t: Task,
  inode: DaxInode,
  first: number,
  last: number,
  truncating: boolean,
): Steps<void> {
  const xas = new XaState(inode.entries)
  for (let index = first; index <= last; ) {
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
    const entry = xas.set(index, 0).find(last)
    if (entry === 0) return
    const start = xas.entryStart
    yield* daxInvalidateEntry(t, inode, xas.index, truncating)
    index = start + 2 ** daxEntryOrder(entry)
  }
}

/**
 * Before a write that allocated: clean entries of the pages go, and every mapping of them is unmapped, so that a zero
 * page is not seen any more (mm/truncate.c: invalidate_inode_pages2_range, 6.1).
 */
export function* invalidateInodePages2Range(
  t: Task,
  inode: DaxInode,
  first: number,
  last: number,
): Steps<void> {
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
  if (inode.entries.isEmpty) return
  yield* removeEntries(t, inode, first, last, false)
  if (!t.machine.defects['write-leaves-zero-page-mapped'])
    yield* unmapMappingPages(t, inode.mapping, first, last - first + 1, false)
  touchesInvalidated(t, inode, first, last)
}

/**
 * `echo 1 > /proc/sys/vm/drop_caches`: goes through the pages that nobody needs, and leaves entries of DAX alone
 * (fs/drop_caches.c: drop_pagecache_sb; mm/truncate.c: invalidate_mapping_pagevec, 6.1).
 */
export function* dropCaches(t: Task, sb: SuperBlock): Steps<number> {
  for (const inode of sb.inodes) {
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
    if (t.machine.defects['clean-entry-evicted']) {
      yield* removeEntries(t, inode, 0, MAX_PAGE_INDEX, false)
      touchesInvalidated(t, inode, 0, MAX_PAGE_INDEX)
    }
  }
  return 0
}

/** Unmaps and removes everything from `newSize` on, private copies too (mm/truncate.c: truncate_pagecache, 6.1). */
export function* truncatePagecache(t: Task, inode: DaxInode, newSize: number): Steps<void> {
  const hole = Math.ceil(newSize / 4096) * 4096
  const evenCows = !t.machine.defects['truncate-keeps-copies']
  yield* unmapMappingRange(t, inode.mapping, hole, 0, evenCows)
  yield* truncateInodePages(t, inode, newSize)
  yield* unmapMappingRange(t, inode.mapping, hole, 0, evenCows)
  touchesCut(t, inode, hole / 4096)
}

/** Removes the entries of every whole page from `start` on (mm/truncate.c: truncate_inode_pages, 6.1). */
export function* truncateInodePages(t: Task, inode: DaxInode, start: number): Steps<void> {
  yield* removeEntries(t, inode, Math.ceil(start / 4096), MAX_PAGE_INDEX, true)
}

/** The whole pages of bytes `start … end`; private copies stay (mm/truncate.c: truncate_pagecache_range, 6.1). */
export function* truncatePagecacheRange(t: Task, inode: DaxInode, start: number, end: number): Steps<void> {
  const first = Math.ceil(start / 4096) * 4096
  const stop = Math.floor((end + 1) / 4096) * 4096
  const evenCows = t.machine.defects['punch-takes-copies']
  if (stop - 1 > first) yield* unmapMappingRange(t, inode.mapping, first, stop - first, evenCows)
  yield* removeEntries(t, inode, first / 4096, stop / 4096 - 1, true)
}

/**
 * Unmaps the whole file, and would wait for pages that somebody holds; nothing in this model holds DAX pages
 * (fs/ext4/inode.c: ext4_break_layouts; fs/dax.c: dax_layout_busy_page_range, 6.1).
 */
export function* breakLayouts(t: Task, inode: DaxInode): Steps<void> {
  const m = t.machine
  if (m.trace !== null) m.trace('dax_layout_busy', t, 0, 0, 0)
  touches(t, TOUCH_I_MMAP, inode.mapping.iMmapRwsem.name, TOUCH_READ)
  if (!inode.mapping.isMapped) return
  yield* unmapMappingPages(t, inode.mapping, 0, 0, false)
  const xas = new XaState(inode.entries)
  for (let index = 0; ; ) {
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
    const entry = xas.set(index, 0).find(MAX_PAGE_INDEX)
    if (entry === 0) return
    const start = xas.entryStart
    touchesEntry(t, inode.name, xas, entry, TOUCH_READ)
    let unlocked = entry
    if (daxIsLocked(entry)) {
      // Nobody is waited for: see daxWritebackOne.
      unlocked = yield* getUnlockedEntry(t, inode, xas, 0)
    }
    putUnlockedEntry(t, inode, xas, unlocked, WAKE_NEXT)
    index = start + 2 ** daxEntryOrder(entry)
  }
}
