/**
 * Locks of mapping entries, and what `grab_mapping_entry` finds or makes.
 * @module
 */

import {
  STEP_FLAG,
  STEP_LOCK,
  STEP_UNLOCK,
  type Steps,
  type Task,
  TOUCH_ACQUIRE,
  TOUCH_ACQUIRE_SHARED,
  TOUCH_ENTRIES,
  TOUCH_READ,
  TOUCH_RELEASE,
  TOUCH_WRITE,
  touches,
  VM_FAULT_FALLBACK,
} from '@mm-model/core'
import { unmapMappingPages } from '@mm-model/core/steps'
import {
  DAX_EMPTY,
  DAX_PMD,
  daxEntryOrder,
  daxIsEmptyEntry,
  daxIsLocked,
  daxIsPmdEntry,
  daxIsZeroEntry,
  daxLocked,
  daxMakeEntry,
  PG_PMD_NR,
} from '../entry.ts'
import { WAKE_ALL, WAKE_NEXT } from '../entry-waiters.ts'
import type { DaxInode } from '../inode.ts'
import { touchesEntry } from '../touch.ts'
import type { XaState } from '../xarray.ts'
import { daxWakeEntry, putUnlockedEntry, waitEntryExclusive } from './entry-wait.ts'

/** What {@link getUnlockedEntry} answers when a smaller entry is in the way (`dax_is_conflict`). */
export const ENTRY_CONFLICT: number = -1

/**
 * The entry in the range of `xas`, once nobody holds its lock: 0 for none, {@link ENTRY_CONFLICT} for one smaller than
 * `order`. Who gets one locks it or puts it (`putUnlockedEntry`), in the same step (fs/dax.c: get_unlocked_entry, 6.1).
 */
export function* getUnlockedEntry(t: Task, inode: DaxInode, xas: XaState, order: number): Steps<number> {
  yield STEP_LOCK
  for (;;) {
    const entry = xas.findConflict()
    const smaller = daxEntryOrder(entry) < order
    const waits = !smaller || t.machine.defects['pmd-fault-waits-for-page']
    if (entry > 0 && daxIsLocked(entry) && waits) {
      // Which entry is there, how large it is and that it is locked only its owner changes.
      touchesEntry(t, inode.name, xas, entry, TOUCH_READ)
      yield* waitEntryExclusive(t, inode, xas, entry)
      xas.reset()
      continue
    }
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
    if (entry === 0) return 0
    if (smaller) {
      if (waits) putUnlockedEntry(t, inode, xas, entry, WAKE_NEXT)
      return ENTRY_CONFLICT
    }
    touchesEntry(t, inode.name, xas, entry, TOUCH_ACQUIRE_SHARED)
    return entry
  }
}

/** fs/dax.c: dax_unlock_entry, 6.1: puts the entry back without its lock, and wakes who has waited longest. */
export function* daxUnlockEntry(t: Task, inode: DaxInode, xas: XaState, entry: number): Steps<void> {
  touchesEntry(t, inode.name, xas, entry, TOUCH_RELEASE)
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
  xas.reset()
  // Where nobody kept others from changing it, what is there stays.
  if (!t.machine.defects['no-entry-lock']) xas.store(entry)
  daxWakeEntry(t, inode, xas, entry, WAKE_NEXT)
  yield STEP_UNLOCK
}

/** The entry as whoever locks it stores it; one that no kernel with locks had has none. */
export function lockedEntry(t: Task, entry: number): number {
  return t.machine.defects['no-entry-lock'] ? entry : daxLocked(entry)
}

/**
 * Locks the entry for `index`, making an empty one where there is none; a 2 MiB entry without block is broken up for a
 * page-sized request. The entry without its lock bit, or `-VM_FAULT_FALLBACK` (fs/dax.c: grab_mapping_entry, 6.1).
 */
export function* grabMappingEntry(
  t: Task,
  inode: DaxInode,
  xas: XaState,
  index: number,
  order: number,
): Steps<number> {
  xas.set(index, order)
  const entry = yield* getUnlockedEntry(t, inode, xas, order)
  if (entry === ENTRY_CONFLICT) {
    if (!t.machine.defects['pmd-entry-over-ptes']) return -VM_FAULT_FALLBACK
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
    const start = index - (index % PG_PMD_NR)
    for (let page = start; page < start + PG_PMD_NR; page++) xas.set(page, 0).store(0)
    xas.set(index, order)
  } else if (entry > 0) {
    const downgrade = order === 0 && daxIsPmdEntry(entry) && (daxIsZeroEntry(entry) || daxIsEmptyEntry(entry))
    touchesEntry(t, inode.name, xas, entry, TOUCH_ACQUIRE)
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
    xas.store(lockedEntry(t, entry))
    if (!downgrade) return entry
    if (daxIsZeroEntry(entry)) {
      yield* unmapMappingPages(t, inode.mapping, index - (index % PG_PMD_NR), PG_PMD_NR, false)
      xas.reset()
    }
    touchesEntry(t, inode.name, xas, entry, TOUCH_RELEASE)
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
    xas.store(0)
    daxWakeEntry(t, inode, xas, entry, WAKE_ALL)
    xas.set(index, order)
  }
  const made = daxMakeEntry(0, order > 0 ? DAX_EMPTY | DAX_PMD : DAX_EMPTY)
  touchesEntry(t, inode.name, xas, made, TOUCH_ACQUIRE)
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
  xas.store(lockedEntry(t, made))
  yield STEP_FLAG
  return made
}
