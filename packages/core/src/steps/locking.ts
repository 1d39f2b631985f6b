/**
 * Taking and releasing locks: where another task can get in between.
 * @module
 */

import { MachineError } from '../errors.ts'
import type { RwSem } from '../locks.ts'
import { PTL_FREE } from '../page-tables.ts'
import { STEP_LOCK, STEP_UNLOCK, type Steps } from '../step.ts'
import type { Task } from '../task.ts'
import {
  TOUCH_ACQUIRE,
  TOUCH_ACQUIRE_SHARED,
  TOUCH_LOCK,
  TOUCH_READ,
  TOUCH_RELEASE,
  TOUCH_RELEASE_SHARED,
  TOUCH_TABLE,
  TOUCH_TABLE_LOCK,
  touches,
} from '../touch.ts'
import { blocked } from './blocked.ts'

/** kernel/locking/rwsem.c: down_read, 6.1. */
export function* downRead(t: Task, sem: RwSem): Steps<void> {
  yield STEP_LOCK
  while (sem.writer !== null) {
    touches(t, TOUCH_LOCK, sem.name, TOUCH_ACQUIRE_SHARED)
    yield blocked(t, sem)
  }
  touches(t, TOUCH_LOCK, sem.name, TOUCH_ACQUIRE_SHARED)
  sem.readers++
}

/** kernel/locking/rwsem.c: up_read, 6.1. */
export function* upRead(_t: Task, sem: RwSem): Steps<void> {
  if (sem.readers === 0) throw notHeld(sem)
  sem.readers--
  touches(_t, TOUCH_LOCK, sem.name, TOUCH_RELEASE_SHARED)
  yield STEP_UNLOCK
}

/** kernel/locking/rwsem.c: down_write, 6.1. */
export function* downWrite(t: Task, sem: RwSem): Steps<void> {
  yield STEP_LOCK
  while (sem.writer !== null || sem.readers > 0) {
    touches(t, TOUCH_LOCK, sem.name, TOUCH_ACQUIRE)
    yield blocked(t, sem)
  }
  touches(t, TOUCH_LOCK, sem.name, TOUCH_ACQUIRE)
  sem.writer = t
}

/** kernel/locking/rwsem.c: up_write, 6.1. */
export function* upWrite(t: Task, sem: RwSem): Steps<void> {
  if (sem.writer !== t) throw notHeld(sem)
  sem.writer = null
  touches(t, TOUCH_LOCK, sem.name, TOUCH_RELEASE)
  yield STEP_UNLOCK
}

/** kernel/locking/rwsem.c: downgrade_write, 6.1. */
export function* downgradeWrite(t: Task, sem: RwSem): Steps<void> {
  if (sem.writer !== t) throw notHeld(sem)
  sem.writer = null
  sem.readers++
  touches(t, TOUCH_LOCK, sem.name, TOUCH_RELEASE)
  touches(t, TOUCH_LOCK, sem.name, TOUCH_READ)
  touches(t, TOUCH_LOCK, sem.name, TOUCH_ACQUIRE_SHARED)
  yield STEP_UNLOCK
}

/** Takes the lock of a page-table page (include/linux/mm.h: pte_lockptr, spin_lock, 6.1). */
export function* lockTable(t: Task, table: number): Steps<void> {
  yield STEP_LOCK
  while (t.machine.pageTables.ptl[table] !== PTL_FREE) {
    touches(t, TOUCH_TABLE_LOCK, table, TOUCH_ACQUIRE)
    yield blocked(t, { name: `page-table lock of table ${table}` })
  }
  touches(t, TOUCH_TABLE_LOCK, table, TOUCH_ACQUIRE)
  touches(t, TOUCH_TABLE, table, TOUCH_READ)
  t.machine.pageTables.ptl[table] = t.id
}

export function* unlockTable(t: Task, table: number): Steps<void> {
  t.machine.pageTables.ptl[table] = PTL_FREE
  touches(t, TOUCH_TABLE_LOCK, table, TOUCH_RELEASE)
  yield STEP_UNLOCK
}

function notHeld(sem: RwSem): MachineError {
  return new MachineError('LOCK_NOT_HELD', {
    found: `a release of ${sem.name}, which this task does not hold`,
    expected: 'that locks are released by who took them',
    remedy: 'this is a defect of the model or of a plugin: report the schedule',
  })
}
