// Derived from ../steps/writeback.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Writeback of a DAX mapping: write-protect, flush, untag, entry by entry under its lock.
 * @module
 */

import { type Task } from '@mm-model/core'
import { downRead, pfnMkcleanRange, upRead } from '@mm-model/core/plain'
import { daxEntryOrder, daxIsEmptyEntry, daxIsLocked, daxIsZeroEntry, daxToPfn } from '../entry.ts'
import { WAKE_NEXT } from '../entry-waiters.ts'
import type { DaxInode } from '../inode.ts'
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
export function fileWriteAndWaitRange(t: Task, inode: DaxInode, start: number, end: number): number {
  if (inode.entries.isEmpty || !inode.entries.marked(PAGECACHE_TAG_DIRTY)) return 0
  return doWritepages(t, inode, start, end)
}

/** Writeback, and times that faults deferred (mm/page-writeback.c: do_writepages, 6.1). */
function doWritepages(t: Task, inode: DaxInode, start: number, end: number): number {
  const ret = daxWritepages(t, inode, start, end)
  mappingFlushCmtime(inode)
  return ret
}

/** fs/ext4/inode.c: ext4_dax_writepages; fs/dax.c: dax_writeback_mapping_range, 6.1. `end` `Infinity`: to the end. */
export function daxWritepages(t: Task, inode: DaxInode, start: number, end: number): number {
  const m = t.machine
  if (m.trace !== null) m.trace('dax_writeback', t, 0, 0, 0)
  if (inode.entries.isEmpty) return 0
  const first = Math.floor(start / 4096)
  const last = end === Infinity ? MAX_PAGE_INDEX : Math.floor(end / 4096)
  const xas = new XaState(inode.entries)
  if (m.trace !== null) m.trace('dax_writeback_range', t, first, last, 0)
  // mm/page-writeback.c: tag_pages_for_writeback
  xas.set(first, 0)
  while (xas.findMarked(last, PAGECACHE_TAG_DIRTY) !== 0) xas.setMark(PAGECACHE_TAG_TOWRITE)
  xas.set(first, 0)
  let ret = 0
  for (
    let entry = xas.findMarked(last, PAGECACHE_TAG_TOWRITE);
    entry !== 0;
    entry = xas.findMarked(last, PAGECACHE_TAG_TOWRITE)
  ) {
    ret = daxWritebackOne(t, inode, xas, entry)
    if (ret < 0) break
  }
  if (m.trace !== null) m.trace('dax_writeback_range_done', t, xas.index, last, 0)
  return ret
}

/**
 * One entry: lock it, take the TOWRITE tag, clean every mapping, flush, and only then take the DIRTY tag and unlock. The
 * order is what keeps a store from being lost (fs/dax.c: dax_writeback_one, 6.1).
 */
function daxWritebackOne(t: Task, inode: DaxInode, xas: XaState, found: number): number {
  const m = t.machine
  const { defects } = m
  let entry = found
  if (daxIsLocked(entry)) {
    const old = entry
    // From where the scan stands there is no other entry of this page: so none is what it gets, and it passes by.
    if (defects['writeback-waits-for-locked']) xas.reset()
    entry = getUnlockedEntry(t, inode, xas, 0)
    const gone = entry === 0 || daxToPfn(old) !== daxToPfn(entry)
    const odd = !gone && (daxIsEmptyEntry(entry) || daxIsZeroEntry(entry))
    if (gone || odd || !xas.getMark(PAGECACHE_TAG_TOWRITE)) {
      putUnlockedEntry(t, inode, xas, entry, WAKE_NEXT)
      return odd ? -EIO : 0
    }
  }
  xas.store(lockedEntry(t, entry))
  if (!defects['towrite-cleared-last']) xas.clearMark(PAGECACHE_TAG_TOWRITE)
  const count = 2 ** daxEntryOrder(entry)
  const index = xas.index - (xas.index % count)
  const pfn = daxToPfn(entry)
  if (defects['dirty-cleared-before-flush']) {
    xas.reset()
    xas.load()
    xas.clearMark(PAGECACHE_TAG_DIRTY)
  }
  if (defects['flush-before-mkclean']) {
    daxFlush(t, pfn, count)
  }
  downRead(t, inode.mapping.iMmapRwsem)
  const areas = defects['writeback-only-flushes'] ? [] : inode.mapping.iMmap
  for (const vma of areas) {
    // dax_mapping_entry_mkclean looked for the first page alone.
    const pages = defects['mkclean-misses-areas'] ? 1 : count
    if (vma.vmPgoff > index + pages - 1 || vma.pgoffEnd <= index) continue
    pfnMkcleanRange(t, vma, pfn, pages, index)
  }
  upRead(t, inode.mapping.iMmapRwsem)
  if (!defects['flush-before-mkclean']) {
    daxFlush(t, pfn, count)
  }
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
function daxFlush(t: Task, pfn: number, count: number): void {
}
