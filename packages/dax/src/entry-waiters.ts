/**
 * Who sleeps until an entry is unlocked: the wait queues of fs/dax.c.
 *
 * The kernel has 4096 queues for all files, and a waiter is woken only by who names the same array and the same first page
 * (wake_exceptional_entry_func), so that each key has in effect a queue of its own; here it has one.
 * @module
 */

import type { Task } from '@mm-model/core'
import { daxIsLocked } from './entry.ts'
import type { DaxInode } from './inode.ts'
import { XaState } from './xarray.ts'

/** Wake everybody: the entry is gone, or of another size (fs/dax.c: enum dax_wake_mode, 6.1). */
export const WAKE_ALL: number = 0
/** Wake the one who has slept longest, who takes the entry or passes the wake-up on. */
export const WAKE_NEXT: number = 1

/** A task asleep on a queue, exclusively: it counts as the one that `WAKE_NEXT` wakes (struct wait_exceptional_entry_queue). */
export class EntryWaiter {
  readonly task: Task
  readonly inode: DaxInode
  /** First page of the entry that it found locked (`key.entry_start`). */
  readonly start: number
  /** Off the queue, and free to go on (autoremove_wake_function). */
  woken = false

  constructor(task: Task, inode: DaxInode, start: number) {
    this.task = task
    this.inode = inode
    this.start = start
  }

  /** What it waits for, as things are now: a deadlock that names an entry which nobody holds is a lost wake-up. */
  get name(): string {
    const { inode, start } = this
    const entry = new XaState(inode.entries).set(start, 0).load()
    const name = `the entry of ${inode.name} at page ${start}`
    return daxIsLocked(entry) ? name : `${name}, which nobody holds (a lost wake-up)`
  }
}

/** The queues of one inode. */
export class EntryWaiters {
  /** Sleeping tasks by the first page of the entry, longest first. */
  readonly queues: Map<number, EntryWaiter[]> = new Map()

  /** Nobody sleeps on any of them. */
  get isEmpty(): boolean {
    return this.queues.size === 0
  }

  /** kernel/sched/wait.c: __add_wait_queue_entry_tail, 6.1. */
  add(waiter: EntryWaiter): void {
    const queue = this.queues.get(waiter.start)
    if (queue === undefined) this.queues.set(waiter.start, [waiter])
    else queue.push(waiter)
  }

  /** Takes a waiter off its queue, if it is on one. */
  remove(waiter: EntryWaiter): void {
    const queue = this.queues.get(waiter.start)
    const at = queue?.indexOf(waiter) ?? -1
    if (queue === undefined || at < 0) return
    queue.splice(at, 1)
    if (queue.length === 0) this.queues.delete(waiter.start)
  }
}
