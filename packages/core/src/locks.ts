/**
 * Sleeping locks as data. Taking and releasing them is in `steps/locking.ts`, where a stepped run can stop.
 * @module
 */

import type { Task } from './task.ts'

/**
 * A reader-writer semaphore with a name and a rank. Ranks follow the kernel's lock order (mmap_lock < the lock of an
 * area < sb_pagefault < invalidate_lock < entry lock < i_mmap_rwsem < page-table lock); a task never waits for a lower
 * rank while it holds a higher one.
 */
export class RwSem {
  readonly name: string
  readonly rank: number
  readers = 0
  writer: Task | null = null

  constructor(name: string, rank: number) {
    this.name = name
    this.rank = rank
  }
}
