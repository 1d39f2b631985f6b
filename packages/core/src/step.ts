/**
 * Visible steps: the points at which a stepped run can stop and another task can go on.
 *
 * The fault path and the system calls are written once, as generator functions in `src/steps/` that yield one of these
 * at every visible step; `src/plain/` is derived from them and yields nothing.
 * @module
 */

/** About to take a lock. */
export const STEP_LOCK: number = 1
/** About to release a lock. */
export const STEP_UNLOCK: number = 2
/** The task cannot go on until somebody releases what `task.waitsFor` names. */
export const STEP_BLOCKED: number = 3
/** About to read an entry without its lock. */
export const STEP_ENTRY_READ: number = 4
/** About to write an entry. */
export const STEP_ENTRY_WRITE: number = 5
/** About to flush translations. */
export const STEP_TLB_FLUSH: number = 6
/** About to test or set state that other tasks change (marks, times, sizes). */
export const STEP_FLAG: number = 7
/** The hardware is about to access memory through a translation. */
export const STEP_ACCESS: number = 8
/** About to wait for what another task or CPU has yet to do: it was asked, or knows who sleeps. */
export const STEP_WAIT: number = 9

/** One of the `STEP_*` numbers. */
export type Step = number

/** A computation that may stop at visible steps and ends with a `T`; in `src/plain/` it is the `T` itself. */
export type Steps<T> = Generator<Step, T, void>

/** Runs a stepped computation to its end without ever switching task. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const next = steps.next()
    if (next.done === true) return next.value
  }
}
