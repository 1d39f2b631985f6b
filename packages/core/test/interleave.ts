/**
 * Two computations side by side, by hand.
 */

import { STEP_BLOCKED, type Steps, type Task } from '@mm-model/core'

/** One computation that is run a few steps at a time. */
export class Run<T> {
  readonly #steps: Steps<T>
  /** What it ended with. */
  result: T | undefined
  done = false
  /** The step it stopped at. */
  at = 0

  constructor(steps: Steps<T>) {
    this.#steps = steps
  }

  /** One step on. */
  step(): this {
    const next = this.#steps.next()
    if (next.done === true) {
      this.done = true
      this.result = next.value
    } else this.at = next.value
    return this
  }

  /** On until it is about to make a step of this kind, or has ended. */
  to(step: number): this {
    do this.step()
    while (!this.done && this.at !== step)
    return this
  }

  /** On until it ends, or cannot go on. */
  on(): this {
    while (!this.done) {
      this.step()
      if (!this.done && this.at === STEP_BLOCKED) break
    }
    return this
  }

  get isBlocked(): boolean {
    return !this.done && this.at === STEP_BLOCKED
  }
}

/** Name of what the task waits for. */
export const waitsFor = (t: Task): string => t.waitsFor?.name ?? 'nothing'
