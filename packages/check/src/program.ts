/**
 * What is explored: a few threads on a machine, built afresh for every execution.
 * @module
 */

import type { Machine, Steps, Task } from '@mm-model/core'
import type { DaxFile } from '@mm-model/dax'
import type { RunHistory } from './history.ts'

/** A thread of a program: calls that it makes one after the other. */
export interface Thread {
  /** As schedules and results name it. */
  readonly name: string
  /** Who runs it; no two threads share a task, and threads that run at the same time have CPUs of their own. */
  readonly task: Task
  /** Its calls, in the stepped form: `() => store(task, address, 7)` of `@mm-model/core/steps`. */
  readonly calls: readonly (() => Steps<unknown>)[]
  /** What timelines call each of them; left out, by its number. */
  readonly labels?: readonly string[] | undefined
}

/** A machine that has been set up, and what is to run on it. */
export interface Instance {
  readonly machine: Machine
  /** 1 … 5 of them. */
  readonly threads: readonly Thread[]
  /** Files whose state is part of what an execution ends in. */
  readonly files?: readonly DaxFile[] | undefined
  /** What messages and timelines call an address of a program; left out, a number. */
  readonly placeOf?: ((address: number) => string) | undefined
  /**
   * Called once when all threads have ended, before rules look at the end: what is to happen then. In the stepped form, so that
   * what it stores, flushes and commits is known; in the plain one it is not.
   */
  readonly after?: ((told?: (line: string, answer: string) => void) => void) | undefined
}

/**
 * Builds the machine, sets it up in the plain form and answers what is to run. It is called once for every execution and
 * must build the same each time; it gets nothing, so that nothing can leak from one execution into the next.
 */
export type Program = () => Instance

/** What can be wrong in a state, or at the end. */
export interface StateInvariant {
  /** A word or two, with the number of the rule if it has one: `I19 writable leaf, clean entry`. */
  readonly name: string
  /** The rule in a sentence. */
  readonly rule: string
  /** Where it comes from. */
  readonly source: string
  /** What it means when it is broken, for a program or for the kernel, in a sentence. */
  readonly explains?: string | undefined
  /**
   * The `TOUCH_*` and `EVENT_*` kinds of what {@link check} looks at. It is called after steps that change such a thing, and
   * these are never reordered without both orders being tried, so that no state is missed; left out, that holds for all
   * steps that change anything.
   */
  readonly reads?: readonly number[] | undefined
  /**
   * `EVENT_*` kinds after which it is called, too, though nothing is reordered because of them: what it makes of them must follow from
   * what their thread has done and seen. In `history.happened.facts`.
   */
  readonly hears?: readonly number[] | undefined
  /** When it must hold: after every step, or (left out) when all threads have ended. */
  readonly everyStep?: boolean | undefined
  /** What is wrong, in a sentence, or null. Changes nothing. */
  check(instance: Instance, history: RunHistory): string | null
}
