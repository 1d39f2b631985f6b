/**
 * Taking pages and entries out of a mapping, 4.5: for truncation, hole punch, and around write(2).
 * @module
 */

import {
  type CachedPage,
  STEP_FLAG,
  type Steps,
  type Task,
  TOUCH_ENTRIES,
  TOUCH_FRAMES,
  TOUCH_READ,
  TOUCH_WRITE,
  touches,
} from '@mm-model/core'
import { downWrite, unmapMappingRange, upWrite } from '@mm-model/core/steps'
import { touchesCut, touchesInvalidated } from '../events.ts'
import type { DaxInode } from '../inode.ts'
import { clearExceptionalEntries } from './linux-4.5-radix.ts'
import { MAX_PAGE_INDEX } from './writeback.ts'

/** The page leaves the file; the caller holds its lock (mm/filemap.c: delete_from_page_cache, 4.5). */
export function* deleteFromPageCache(t: Task, inode: DaxInode, page: CachedPage): Steps<void> {
  yield STEP_FLAG
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
  touches(t, TOUCH_FRAMES, 0, TOUCH_WRITE)
  inode.mapping.pages.delete(page)
  t.machine.memory.uncache(page.pfn)
}

/** mm/truncate.c: truncate_inode_pages_range, 4.5, over whole pages `first … last`. */
function* truncateInodePagesRange(t: Task, inode: DaxInode, first: number, last: number): Steps<void> {
  yield* clearExceptionalEntries(t, inode, first, last, true)
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
  for (const page of inode.mapping.pages.between(first, last)) {
    yield* downWrite(t, page.lock)
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
    if (page.mapping !== null) {
      touches(t, TOUCH_FRAMES, 0, TOUCH_READ)
      if (t.machine.memory.mapcount(page.pfn) > 0)
        yield* unmapMappingRange(t, inode.mapping, page.index * 4096, 4096, false)
      yield* deleteFromPageCache(t, inode, page)
    }
    yield* upWrite(t, page.lock)
  }
}

/** Every whole page from byte `start` on (mm/truncate.c: truncate_inode_pages, 4.5). */
export function* truncateInodePages(t: Task, inode: DaxInode, start: number): Steps<void> {
  yield* truncateInodePagesRange(t, inode, Math.ceil(start / 4096), MAX_PAGE_INDEX)
}

/** Unmaps and removes everything from `newSize` on, private copies too (mm/truncate.c: truncate_pagecache, 4.5). */
export function* truncatePagecache(t: Task, inode: DaxInode, newSize: number): Steps<void> {
  const hole = Math.ceil(newSize / 4096) * 4096
  yield* unmapMappingRange(t, inode.mapping, hole, 0, true)
  yield* truncateInodePages(t, inode, newSize)
  yield* unmapMappingRange(t, inode.mapping, hole, 0, true)
  touchesCut(t, inode, hole / 4096)
}

/** The whole pages of bytes `start … end`; private copies stay (mm/truncate.c: truncate_pagecache_range, 4.5). */
export function* truncatePagecacheRange(t: Task, inode: DaxInode, start: number, end: number): Steps<void> {
  const first = Math.ceil(start / 4096) * 4096
  const stop = Math.floor((end + 1) / 4096) * 4096
  if (stop - 1 > first) yield* unmapMappingRange(t, inode.mapping, first, stop - first, false)
  yield* truncateInodePagesRange(t, inode, first / 4096, stop / 4096 - 1)
}

/**
 * Pages `first … last` leave the file, unmapped; so do entries, dirty or not, whose blocks stay mapped. From the first
 * page that is mapped on, the rest of the range is unmapped with it (mm/truncate.c: invalidate_inode_pages2_range, 4.5).
 */
export function* invalidateInodePages2Range(
  t: Task,
  inode: DaxInode,
  first: number,
  last: number,
): Steps<void> {
  const { mapping } = inode
  yield* clearExceptionalEntries(t, inode, first, last, false)
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
  let unmapped = false
  for (const page of mapping.pages.between(first, last)) {
    yield* downWrite(t, page.lock)
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
    if (page.mapping !== null) {
      touches(t, TOUCH_FRAMES, 0, TOUCH_READ)
      if (t.machine.memory.mapcount(page.pfn) > 0) {
        const pages = unmapped ? 1 : last - page.index + 1
        yield* unmapMappingRange(t, mapping, page.index * 4096, pages * 4096, false)
        unmapped = true
      }
      yield* deleteFromPageCache(t, inode, page)
    }
    yield* upWrite(t, page.lock)
  }
  touchesInvalidated(t, inode, first, last)
}
