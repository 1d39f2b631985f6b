// Derived from ../steps/linux-4.5-writeback.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Writeback of a DAX mapping, 4.5: flush what is dirty, and leave it dirty and mapped as it is.
 * @module
 */

import { type Task } from '@mm-model/core'
import { PG_PMD_NR } from '../entry.ts'
import type { DaxInode } from '../inode.ts'
import { radixDaxIsPmd } from '../radix-entry.ts'
import { PAGECACHE_TAG_DIRTY, PAGECACHE_TAG_TOWRITE, XaState } from '../xarray.ts'
import { mappingFlushCmtime } from './times.ts'
import { MAX_PAGE_INDEX } from './writeback.ts'

/** Bytes `start … end`, if the inode has entries (mm/filemap.c: filemap_write_and_wait_range, 4.5); 0. */
export function filemapWriteAndWaitRange(
  t: Task,
  inode: DaxInode,
  start: number,
  end: number,
): number {
  if (inode.entries.isEmpty) return 0
  const ret = daxWritebackMappingRange(t, inode, start, end)
  mappingFlushCmtime(inode)
  return ret
}

/**
 * Tags what is dirty for this pass and flushes it, beginning with an entry of 2 MiB that covers the start (fs/dax.c:
 * dax_writeback_mapping_range, 4.5). `end` `Infinity`: to the end.
 */
export function daxWritebackMappingRange(
  t: Task,
  inode: DaxInode,
  start: number,
  end: number,
): number {
  const m = t.machine
  if (m.trace !== null) m.trace('dax_writeback_mapping_range', t, 0, 0, 0)
  if (inode.entries.isEmpty) return 0
  let first = Math.floor(start / 4096)
  const last = end === Infinity ? MAX_PAGE_INDEX : Math.floor(end / 4096)
  const xas = new XaState(inode.entries)
  const pmdIndex = first - (first % PG_PMD_NR)
  const covering = xas.set(pmdIndex, 0).load()
  if (covering !== 0 && radixDaxIsPmd(covering)) first = pmdIndex
  // mm/page-writeback.c: tag_pages_for_writeback
  xas.set(first, 0)
  while (xas.findMarked(last, PAGECACHE_TAG_DIRTY) !== 0) xas.setMark(PAGECACHE_TAG_TOWRITE)
  for (;;) {
    const entry = xas.set(first, 0).findMarked(last, PAGECACHE_TAG_TOWRITE)
    if (entry === 0) return 0
    daxWritebackOne(t, inode, xas.index, entry)
  }
}

/**
 * Flushes one entry if it is still there and nobody else has. DIRTY stays: a store that came meanwhile would be lost
 * (fs/dax.c: dax_writeback_one, 4.5).
 */
function daxWritebackOne(t: Task, inode: DaxInode, index: number, entry: number): void {
  const xas = new XaState(inode.entries).set(index, 0)
  if (xas.load() !== entry || !xas.getMark(PAGECACHE_TAG_TOWRITE)) return
  // wb_cache_pmem: what was stored before is durable from here on
  xas.set(index, 0)
  if (xas.load() !== 0) xas.clearMark(PAGECACHE_TAG_TOWRITE)
}
