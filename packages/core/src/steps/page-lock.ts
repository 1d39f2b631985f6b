/**
 * The lock of a page of a page cache, and what waiting for it means in a fault.
 * @module
 */

import { FAULT_FLAG_ALLOW_RETRY, FAULT_FLAG_RETRY_NOWAIT } from '../fault-flags.ts'
import type { CachedPage } from '../page-cache.ts'
import { STEP_LOCK, type Steps } from '../step.ts'
import type { Task } from '../task.ts'
import {
  TOUCH_ACQUIRE,
  TOUCH_ACQUIRE_SHARED,
  TOUCH_LOCK,
  TOUCH_READ,
  TOUCH_RELEASE_SHARED,
  touches,
} from '../touch.ts'
import { blocked } from './blocked.ts'
import { downWrite, upRead } from './locking.ts'

/**
 * Locks the page; `false` when a fault that may try again let go of `mmap_lock` and waited instead: the handler answers
 * `VM_FAULT_RETRY` (mm/filemap.c: __lock_page_or_retry, 4.5).
 */
export function* lockPageOrRetry(t: Task, page: CachedPage, flags: number): Steps<boolean> {
  yield STEP_LOCK
  touches(t, TOUCH_LOCK, page.lock.name, TOUCH_READ)
  if (page.lock.writer === null) {
    touches(t, TOUCH_LOCK, page.lock.name, TOUCH_ACQUIRE)
    page.lock.writer = t
    return true
  }
  if ((flags & FAULT_FLAG_ALLOW_RETRY) === 0) {
    yield* downWrite(t, page.lock)
    return true
  }
  if ((flags & FAULT_FLAG_RETRY_NOWAIT) !== 0) return false
  yield* upRead(t, t.mm.mmapLock)
  while (page.lock.writer !== null) {
    touches(t, TOUCH_LOCK, page.lock.name, TOUCH_ACQUIRE_SHARED)
    yield blocked(t, page.lock)
  }
  // It is seen to be free, and left.
  touches(t, TOUCH_LOCK, page.lock.name, TOUCH_ACQUIRE_SHARED)
  touches(t, TOUCH_LOCK, page.lock.name, TOUCH_RELEASE_SHARED)
  return false
}
