/**
 * Taking and releasing locks: where another task can get in between.
 * @module
 */

import { MachineError } from '../errors.ts'
import type { RwSem } from '../locks.ts'
import { PTL_FREE } from '../page-tables.ts'
import { STEP_LOCK, STEP_UNLOCK, type Steps } from '../step.ts'
import type { Task } from '../task.ts'
import { blocked } from './blocked.ts'

/** kernel/locking/rwsem.c: down_read, 6.1. */
export function* downRead(t: Task, sem: RwSem): Steps<void> {
  yield STEP_LOCK
  while (sem.writer !== null) yield blocked(t, sem)
  sem.readers++
}

/** kernel/locking/rwsem.c: up_read, 6.1. */
export function* upRead(_t: Task, sem: RwSem): Steps<void> {
  if (sem.readers === 0) throw notHeld(sem)
  sem.readers--
  yield STEP_UNLOCK
}

/** kernel/locking/rwsem.c: down_write, 6.1. */
export function* downWrite(t: Task, sem: RwSem): Steps<void> {
  yield STEP_LOCK
  while (sem.writer !== null || sem.readers > 0) yield blocked(t, sem)
  sem.writer = t
}

/** kernel/locking/rwsem.c: up_write, 6.1. */
export function* upWrite(t: Task, sem: RwSem): Steps<void> {
  if (sem.writer !== t) throw notHeld(sem)
  sem.writer = null
  yield STEP_UNLOCK
}

/** kernel/locking/rwsem.c: downgrade_write, 6.1. */
export function* downgradeWrite(t: Task, sem: RwSem): Steps<void> {
  if (sem.writer !== t) throw notHeld(sem)
  sem.writer = null
  sem.readers++
  yield STEP_UNLOCK
}

/** Takes the lock of a page-table page (include/linux/mm.h: pte_lockptr, spin_lock, 6.1). */
export function* lockTable(t: Task, table: number): Steps<void> {
  yield STEP_LOCK
  while (t.machine.pageTables.ptl[table] !== PTL_FREE)
    yield blocked(t, { name: `page-table lock of table ${table}` })
  t.machine.pageTables.ptl[table] = t.id
}

export function* unlockTable(t: Task, table: number): Steps<void> {
  t.machine.pageTables.ptl[table] = PTL_FREE
  yield STEP_UNLOCK
}

function notHeld(sem: RwSem): MachineError {
  return new MachineError('LOCK_NOT_HELD', {
    found: `a release of ${sem.name}, which this task does not hold`,
    expected: 'that locks are released by who took them',
    remedy: 'this is a defect of the model or of a plugin: report the schedule',
  })
}
