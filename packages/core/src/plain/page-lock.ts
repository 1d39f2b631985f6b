// Derived from ../steps/page-lock.ts by `pnpm straighten`; edit that file, not this one.
/**
 * The lock of a page of a page cache, and what waiting for it means in a fault.
 * @module
 */

import { FAULT_FLAG_ALLOW_RETRY, FAULT_FLAG_RETRY_NOWAIT } from '../fault-flags.ts'
import type { CachedPage } from '../page-cache.ts'
import type { Task } from '../task.ts'
import { blocked } from './blocked.ts'
import { downWrite, upRead } from './locking.ts'

/**
 * Locks the page; `false` when a fault that may try again let go of `mmap_lock` and waited instead: the handler answers
 * `VM_FAULT_RETRY` (mm/filemap.c: __lock_page_or_retry, 4.5).
 */
export function lockPageOrRetry(t: Task, page: CachedPage, flags: number): boolean {
  if (page.lock.writer === null) {
    page.lock.writer = t
    return true
  }
  if ((flags & FAULT_FLAG_ALLOW_RETRY) === 0) {
    downWrite(t, page.lock)
    return true
  }
  if ((flags & FAULT_FLAG_RETRY_NOWAIT) !== 0) return false
  upRead(t, t.mm.mmapLock)
  while (page.lock.writer !== null) {
    blocked(t, page.lock)
  }
  // It is seen to be free, and left.
  return false
}
