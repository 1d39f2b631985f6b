/**
 * One schedule, run from the beginning: who waits meanwhile, and what is known.
 * @module
 */

import { type Execution, WAITS } from './execution.ts'
import { conflict, type Footprint } from './footprint.ts'
import { type Found, type Past, preemptionsOf, type Search, type Wrong } from './search.ts'

export class Walk {
  readonly execution: Execution
  /** The steps that ran. */
  readonly schedule: number[] = []
  readonly #search: Search
  #past: Past
  /** Per step who could not go on before it; a bit each. */
  readonly #unable: number[] = []
  #waiting = 0
  /** What those that wait touched when they tried. */
  readonly #pending: Footprint[] = []

  constructor(search: Search) {
    this.#search = search
    search.begins()
    this.execution = search.replay([], 0)
    this.#past = search.begin(this.execution)
  }

  /** Who can run, or is not known to wait. */
  get able(): number {
    return this.execution.all & ~this.execution.done & ~this.#waiting
  }

  /** Lets one that is {@link able} run, which may turn out to wait; what is then wrong, or null. @throws Stop */
  step(who: number): Wrong | null {
    const search = this.#search
    const unable = this.#waiting | this.execution.done
    const result = search.step(this.execution, who, this.#past)
    const { footprint } = search
    if (result === WAITS) {
      this.#waiting |= 1 << who
      this.#pending[who] = footprint
      return null
    }
    this.schedule.push(who)
    this.#unable.push(unable)
    this.#past = search.past
    const wrong = search.wrongAfter(this.execution, result)
    if (wrong !== null) return wrong
    for (let i = 0; i < this.#pending.length; i++) {
      if ((this.#waiting & (1 << i)) !== 0 && conflict(this.#pending[i]!, footprint))
        this.#waiting &= ~(1 << i)
    }
    return null
  }

  /** What is wrong when none is able. */
  end(): Wrong | null {
    const { execution } = this
    return this.#search.wrongAtEnd(execution, execution.threads & ~execution.done, this.#past)
  }

  /** The schedule, which ends in that; null for nothing. */
  found(wrong: Wrong | null): Found | null {
    if (wrong === null) return null
    const { schedule, execution } = this
    const couldGoOn = (at: number, thread: number): boolean => (this.#unable[at]! & (1 << thread)) === 0
    return { wrong, schedule, preemptions: preemptionsOf(schedule, execution.threads, couldGoOn) }
  }
}
