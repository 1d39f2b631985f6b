// Derived from ../steps/locking.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Taking and releasing locks: where another task can get in between.
 * @module
 */

import { MachineError } from '../errors.ts'
import type { RwSem } from '../locks.ts'
import { PTL_FREE } from '../page-tables.ts'
import type { Task } from '../task.ts'
import { blocked } from './blocked.ts'

/** kernel/locking/rwsem.c: down_read, 6.1. */
export function downRead(t: Task, sem: RwSem): void {
  while (sem.writer !== null) {
    blocked(t, sem)
  }
  sem.readers++
}

/** kernel/locking/rwsem.c: up_read, 6.1. */
export function upRead(_t: Task, sem: RwSem): void {
  if (sem.readers === 0) throw notHeld(sem)
  sem.readers--
}

/** kernel/locking/rwsem.c: down_write, 6.1. */
export function downWrite(t: Task, sem: RwSem): void {
  while (sem.writer !== null || sem.readers > 0) {
    blocked(t, sem)
  }
  sem.writer = t
}

/** kernel/locking/rwsem.c: up_write, 6.1. */
export function upWrite(t: Task, sem: RwSem): void {
  if (sem.writer !== t) throw notHeld(sem)
  sem.writer = null
}

/** kernel/locking/rwsem.c: downgrade_write, 6.1. */
export function downgradeWrite(t: Task, sem: RwSem): void {
  if (sem.writer !== t) throw notHeld(sem)
  sem.writer = null
  sem.readers++
}

/** Takes the lock of a page-table page (include/linux/mm.h: pte_lockptr, spin_lock, 6.1). */
export function lockTable(t: Task, table: number): void {
  while (t.machine.pageTables.ptl[table] !== PTL_FREE) {
    blocked(t, { name: `page-table lock of table ${table}` })
  }
  t.machine.pageTables.ptl[table] = t.id
}

export function unlockTable(t: Task, table: number): void {
  t.machine.pageTables.ptl[table] = PTL_FREE
}

function notHeld(sem: RwSem): MachineError {
  return new MachineError('LOCK_NOT_HELD', {
    found: `a release of ${sem.name}, which this task does not hold`,
    expected: 'that locks are released by who took them',
    remedy: 'this is a defect of the model or of a plugin: report the schedule',
  })
}
