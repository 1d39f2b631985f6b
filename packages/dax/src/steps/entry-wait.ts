/**
 * Sleeping until an entry is unlocked, and waking who sleeps. Whoever is woken by `WAKE_NEXT` has to lock the entry, or to put
 * it, which wakes the next; otherwise those behind it sleep for ever.
 * @module
 */

import {
  STEP_WAIT,
  type Steps,
  type Task,
  TOUCH_ACQUIRE,
  TOUCH_READ,
  TOUCH_RELEASE,
  TOUCH_WAKE,
  TOUCH_WRITE,
  touches,
} from '@mm-model/core'
import { blocked } from '@mm-model/core/steps'
import { daxIsPmdEntry, PG_PMD_NR } from '../entry.ts'
import { EntryWaiter, WAKE_ALL } from '../entry-waiters.ts'
import type { DaxInode } from '../inode.ts'
import { touchesQueue } from '../touch.ts'
import type { XaState } from '../xarray.ts'

/**
 * The queue of an entry that `xas` is at, as the page that it is keyed by: all pages of a 2 MiB entry share one (fs/dax.c:
 * dax_entry_waitqueue, 6.1).
 */
function daxEntryWaitqueue(xas: XaState, entry: number): number {
  return daxIsPmdEntry(entry) ? xas.index - (xas.index % PG_PMD_NR) : xas.index
}

/**
 * Puts the task at the end of the queue of a locked entry, and to sleep (fs/dax.c: get_unlocked_entry;
 * kernel/sched/wait.c: prepare_to_wait_exclusive, finish_wait, 6.1). It was decided under the lock of the array, and so is
 * unlocking: nobody can unlock in between and find no one to wake.
 */
export function* waitEntryExclusive(t: Task, inode: DaxInode, xas: XaState, entry: number): Steps<void> {
  const waiter = new EntryWaiter(t, inode, daxEntryWaitqueue(xas, entry))
  touchesQueue(t, inode, waiter.start, TOUCH_WRITE)
  touches(t, TOUCH_WAKE, t.id, TOUCH_WRITE)
  inode.entryWaiters.add(waiter)
  try {
    yield STEP_WAIT
    while (!waiter.woken) {
      touches(t, TOUCH_WAKE, t.id, TOUCH_ACQUIRE)
      yield blocked(t, waiter)
    }
    touches(t, TOUCH_WAKE, t.id, TOUCH_ACQUIRE)
  } finally {
    if (!waiter.woken) inode.entryWaiters.remove(waiter)
  }
}

/**
 * Wakes who sleeps until `entry`, which `xas` is at and which need not be there any more, is unlocked: all, or the one who has
 * slept longest (fs/dax.c: dax_wake_entry; kernel/sched/wait.c: __wake_up_common, 6.1).
 */
export function daxWakeEntry(t: Task, inode: DaxInode, xas: XaState, entry: number, mode: number): void {
  const start = daxEntryWaitqueue(xas, entry)
  const queue = inode.entryWaiters.queues.get(start)
  if (queue === undefined) {
    touchesQueue(t, inode, start, TOUCH_READ)
    return
  }
  touchesQueue(t, inode, start, TOUCH_WRITE)
  for (const waiter of mode === WAKE_ALL ? [...queue] : queue.slice(0, 1)) {
    touches(t, TOUCH_WAKE, waiter.task.id, TOUCH_RELEASE)
    inode.entryWaiters.remove(waiter)
    waiter.woken = true
  }
}

/** Leaves an entry alone that was waited for: whoever sleeps behind is woken instead (fs/dax.c: put_unlocked_entry, 6.1). */
export function putUnlockedEntry(t: Task, inode: DaxInode, xas: XaState, entry: number, mode: number): void {
  if (entry > 0 && !t.machine.defects['put-entry-wakes-nobody']) daxWakeEntry(t, inode, xas, entry, mode)
}
