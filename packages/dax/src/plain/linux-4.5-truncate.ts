// Derived from ../steps/linux-4.5-truncate.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Taking pages and entries out of a mapping, 4.5: for truncation, hole punch, and around write(2).
 * @module
 */

import { type CachedPage, type Task } from '@mm-model/core'
import { downWrite, unmapMappingRange, upWrite } from '@mm-model/core/plain'
import type { DaxInode } from '../inode.ts'
import { clearExceptionalEntries } from './linux-4.5-radix.ts'
import { MAX_PAGE_INDEX } from './writeback.ts'

/** The page leaves the file; the caller holds its lock (mm/filemap.c: delete_from_page_cache, 4.5). */
export function deleteFromPageCache(t: Task, inode: DaxInode, page: CachedPage): void {
  inode.mapping.pages.delete(page)
  t.machine.memory.uncache(page.pfn)
}

/** mm/truncate.c: truncate_inode_pages_range, 4.5, over whole pages `first … last`. */
function truncateInodePagesRange(t: Task, inode: DaxInode, first: number, last: number): void {
  clearExceptionalEntries(t, inode, first, last, true)
  for (const page of inode.mapping.pages.between(first, last)) {
    downWrite(t, page.lock)
    if (page.mapping !== null) {
      if (t.machine.memory.mapcount(page.pfn) > 0)
        unmapMappingRange(t, inode.mapping, page.index * 4096, 4096, false)
      deleteFromPageCache(t, inode, page)
    }
    upWrite(t, page.lock)
  }
}

/** Every whole page from byte `start` on (mm/truncate.c: truncate_inode_pages, 4.5). */
export function truncateInodePages(t: Task, inode: DaxInode, start: number): void {
  truncateInodePagesRange(t, inode, Math.ceil(start / 4096), MAX_PAGE_INDEX)
}

/** Unmaps and removes everything from `newSize` on, private copies too (mm/truncate.c: truncate_pagecache, 4.5). */
export function truncatePagecache(t: Task, inode: DaxInode, newSize: number): void {
  const hole = Math.ceil(newSize / 4096) * 4096
  unmapMappingRange(t, inode.mapping, hole, 0, true)
  truncateInodePages(t, inode, newSize)
  unmapMappingRange(t, inode.mapping, hole, 0, true)
}

/** The whole pages of bytes `start … end`; private copies stay (mm/truncate.c: truncate_pagecache_range, 4.5). */
export function truncatePagecacheRange(t: Task, inode: DaxInode, start: number, end: number): void {
  const first = Math.ceil(start / 4096) * 4096
  const stop = Math.floor((end + 1) / 4096) * 4096
  if (stop - 1 > first) unmapMappingRange(t, inode.mapping, first, stop - first, false)
  truncateInodePagesRange(t, inode, first / 4096, stop / 4096 - 1)
}

/**
 * Pages `first … last` leave the file, unmapped; so do entries, dirty or not, whose blocks stay mapped. From the first
 * page that is mapped on, the rest of the range is unmapped with it (mm/truncate.c: invalidate_inode_pages2_range, 4.5).
 */
export function invalidateInodePages2Range(
  t: Task,
  inode: DaxInode,
  first: number,
  last: number,
): void {
  const { mapping } = inode
  clearExceptionalEntries(t, inode, first, last, false)
  let unmapped = false
  for (const page of mapping.pages.between(first, last)) {
    downWrite(t, page.lock)
    if (page.mapping !== null) {
      if (t.machine.memory.mapcount(page.pfn) > 0) {
        const pages = unmapped ? 1 : last - page.index + 1
        unmapMappingRange(t, mapping, page.index * 4096, pages * 4096, false)
        unmapped = true
      }
      deleteFromPageCache(t, inode, page)
    }
    upWrite(t, page.lock)
  }
}
