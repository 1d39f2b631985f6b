/**
 * Writeback of a DAX mapping: write-protect, flush, untag, entry by entry under its lock.
 * @module
 */

import {
  STEP_FLAG,
  type Steps,
  type Task,
  TOUCH_ACQUIRE,
  TOUCH_AREAS,
  TOUCH_ENTRIES,
  TOUCH_I_MMAP,
  TOUCH_READ,
  TOUCH_RELEASE,
  TOUCH_WRITE,
  touches,
} from '@mm-model/core'
import { downRead, pfnMkcleanRange, upRead } from '@mm-model/core/steps'
import { daxEntryOrder, daxIsEmptyEntry, daxIsLocked, daxIsZeroEntry, daxToPfn } from '../entry.ts'
import { WAKE_NEXT } from '../entry-waiters.ts'
import { touchesFlushes, touchesUntags } from '../events.ts'
import type { DaxInode } from '../inode.ts'
import { touchesCmtime, touchesEntry, touchesFlushed } from '../touch.ts'
import { PAGECACHE_TAG_DIRTY, PAGECACHE_TAG_TOWRITE, XaState } from '../xarray.ts'
import { getUnlockedEntry, lockedEntry } from './entries.ts'
import { daxWakeEntry, putUnlockedEntry } from './entry-wait.ts'
import { mappingFlushCmtime } from './times.ts'

/** Last page of the longest file: LLONG_MAX >> PAGE_SHIFT. */
export const MAX_PAGE_INDEX: number = 0x7ffffffffffff

const EIO = 5

/**
 * Writes back bytes `start … end`, if any entry of the inode is dirty (mm/filemap.c: filemap_fdatawrite_wbc, 6.1: the
 * whole mapping is asked, not the range). 0 or a negative error number.
 */
export function* fileWriteAndWaitRange(t: Task, inode: DaxInode, start: number, end: number): Steps<number> {
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
  if (inode.entries.isEmpty || !inode.entries.marked(PAGECACHE_TAG_DIRTY)) return 0
  return yield* doWritepages(t, inode, start, end)
}

/** Writeback, and times that faults deferred (mm/page-writeback.c: do_writepages, 6.1). */
function* doWritepages(t: Task, inode: DaxInode, start: number, end: number): Steps<number> {
  const ret = yield* daxWritepages(t, inode, start, end)
  touchesCmtime(t, inode)
  mappingFlushCmtime(inode)
  return ret
}

/** fs/ext4/inode.c: ext4_dax_writepages; fs/dax.c: dax_writeback_mapping_range, 6.1. `end` `Infinity`: to the end. */
export function* daxWritepages(t: Task, inode: DaxInode, start: number, end: number): Steps<number> {
  const m = t.machine
  if (m.trace !== null) m.trace('dax_writeback', t, 0, 0, 0)
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
  if (inode.entries.isEmpty) return 0
  const first = Math.floor(start / 4096)
  const last = end === Infinity ? MAX_PAGE_INDEX : Math.floor(end / 4096)
  const xas = new XaState(inode.entries)
  if (m.trace !== null) m.trace('dax_writeback_range', t, first, last, 0)
  // mm/page-writeback.c: tag_pages_for_writeback
  xas.set(first, 0)
  while (xas.findMarked(last, PAGECACHE_TAG_DIRTY) !== 0) xas.setMark(PAGECACHE_TAG_TOWRITE)
  yield STEP_FLAG
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
  xas.set(first, 0)
  let ret = 0
  for (
    let entry = xas.findMarked(last, PAGECACHE_TAG_TOWRITE);
    entry !== 0;
    entry = xas.findMarked(last, PAGECACHE_TAG_TOWRITE)
  ) {
    ret = yield* daxWritebackOne(t, inode, xas, entry)
    if (ret < 0) break
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
  }
  if (m.trace !== null) m.trace('dax_writeback_range_done', t, xas.index, last, 0)
  return ret
}

/**
 * One entry: lock it, take the TOWRITE tag, clean every mapping, flush, and only then take the DIRTY tag and unlock. The
 * order is what keeps a store from being lost (fs/dax.c: dax_writeback_one, 6.1).
 */
function* daxWritebackOne(t: Task, inode: DaxInode, xas: XaState, found: number): Steps<number> {
  const m = t.machine
  const { defects } = m
  let entry = found
  touchesEntry(t, inode.name, xas, found, TOUCH_READ)
  if (daxIsLocked(entry)) {
    const old = entry
    // From where the scan stands there is no other entry of this page: so none is what it gets, and it passes by.
    if (defects['writeback-waits-for-locked']) xas.reset()
    entry = yield* getUnlockedEntry(t, inode, xas, 0)
    const gone = entry === 0 || daxToPfn(old) !== daxToPfn(entry)
    const odd = !gone && (daxIsEmptyEntry(entry) || daxIsZeroEntry(entry))
    if (gone || odd || !xas.getMark(PAGECACHE_TAG_TOWRITE)) {
      putUnlockedEntry(t, inode, xas, entry, WAKE_NEXT)
      return odd ? -EIO : 0
    }
  }
  touchesEntry(t, inode.name, xas, entry, TOUCH_ACQUIRE)
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
  xas.store(lockedEntry(t, entry))
  if (!defects['towrite-cleared-last']) xas.clearMark(PAGECACHE_TAG_TOWRITE)
  yield STEP_FLAG
  const count = 2 ** daxEntryOrder(entry)
  const index = xas.index - (xas.index % count)
  const pfn = daxToPfn(entry)
  if (defects['dirty-cleared-before-flush']) {
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
    touchesUntags(t, inode, index, count, true)
    xas.reset()
    xas.load()
    xas.clearMark(PAGECACHE_TAG_DIRTY)
    yield STEP_FLAG
  }
  if (defects['flush-before-mkclean']) {
    touchesFlushes(t, inode, index, count)
    yield* daxFlush(t, pfn, count)
  }
  yield* downRead(t, inode.mapping.iMmapRwsem)
  touches(t, TOUCH_I_MMAP, inode.mapping.iMmapRwsem.name, TOUCH_READ)
  const areas = defects['writeback-only-flushes'] ? [] : inode.mapping.iMmap
  for (const vma of areas) {
    touches(t, TOUCH_AREAS, vma.vmMm.pgd, TOUCH_READ)
    // dax_mapping_entry_mkclean looked for the first page alone.
    const pages = defects['mkclean-misses-areas'] ? 1 : count
    if (vma.vmPgoff > index + pages - 1 || vma.pgoffEnd <= index) continue
    yield* pfnMkcleanRange(t, vma, pfn, pages, index)
    touches(t, TOUCH_I_MMAP, inode.mapping.iMmapRwsem.name, TOUCH_READ)
  }
  yield* upRead(t, inode.mapping.iMmapRwsem)
  if (!defects['flush-before-mkclean']) {
    touchesFlushes(t, inode, index, count)
    yield* daxFlush(t, pfn, count)
  }
  touchesEntry(t, inode.name, xas, entry, TOUCH_RELEASE)
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
  touchesUntags(t, inode, index, count, !defects['writeback-only-flushes'])
  xas.reset()
  if (defects['no-entry-lock']) xas.load()
  else xas.store(entry)
  if (!defects['writeback-only-flushes']) xas.clearMark(PAGECACHE_TAG_DIRTY)
  if (defects['towrite-cleared-last']) xas.clearMark(PAGECACHE_TAG_TOWRITE)
  daxWakeEntry(t, inode, xas, entry, WAKE_NEXT)
  if (m.trace !== null) m.trace('dax_writeback_one', t, index, count, 0)
  return 0
}

/** What was stored through the mappings is durable from here on (drivers/dax/super.c: dax_flush, 6.1). */
function* daxFlush(t: Task, pfn: number, count: number): Steps<void> {
  touchesFlushed(t, pfn, count)
  yield STEP_FLAG
}
