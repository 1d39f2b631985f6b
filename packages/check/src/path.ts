/**
 * The steps from the beginning to the state at hand, and a machine that has run them; where the steps were known beforehand,
 * it has not yet.
 * @module
 */

import { type Execution, RAN, WAITS } from './execution.ts'
import type { Past, Search, Wrong } from './search.ts'
import { StateHash } from './state-hash.ts'

export class Path {
  /** How many can run, as {@link Execution}; bits of all, and of the threads of the program. */
  readonly size: number
  readonly all: number
  readonly threads: number
  /** What is known in the beginning. */
  readonly past: Past
  /** Of the state at hand; null for a search that remembers none. */
  readonly hash: StateHash | null
  /** Bits of those that have ended. */
  done: number
  /** Whether the last step was known, and not run. */
  isRecalled = false
  readonly #search: Search
  readonly #schedule: number[] = []
  #execution: Execution
  /** Steps of the schedule that the machine has run; -1 for one that has run others. */
  #run = 0

  /** The beginning; `remember`: whether states and steps are to be known again. */
  constructor(search: Search, remember: boolean) {
    this.#search = search
    this.#execution = search.replay([], 0)
    const { size, all, threads, done } = this.#execution
    this.size = size
    this.all = all
    this.threads = threads
    this.done = done
    this.past = search.begin(this.#execution)
    this.hash = remember && search.limits.states > 0 ? new StateHash(search, size) : null
  }

  /** A machine in the state at hand. */
  get execution(): Execution {
    const { length } = this.#schedule
    if (this.#run < 0) this.#execution = this.#search.replay(this.#schedule, length)
    else this.#search.follow(this.#execution, this.#schedule, this.#run, length)
    this.#run = length
    return this.#execution
  }

  /**
   * Lets `i` go on from the state at hand, of which `past` is known: as {@link Search.step}, without running what is known.
   * @throws Stop at a limit
   */
  step(i: number, past: Past): number {
    const search = this.#search
    const { hash } = this
    // What a thread that is back in its program has seen does not say so of its last fault.
    const forgets = past.history.remembered.spurious !== ''
    const known = hash === null || forgets ? null : hash.known(i)
    this.isRecalled = known !== null
    if (known !== null) {
      const result = search.recall(i, known, past, hash!.taskOf(i))
      if (result === WAITS) return result
      hash!.recall(i, known, past, search.past)
      if (known.isLast) this.done |= 1 << i
      this.#schedule.push(i)
      return result
    }
    const { execution } = this
    const result = search.step(execution, i, past)
    if (result === WAITS) {
      hash?.waits(i, search.footprint)
      return result
    }
    this.#schedule.push(i)
    this.#run = this.#schedule.length
    this.done = execution.done
    if (result === RAN) hash?.step(execution, i, search.footprint, past, search.past)
    return result
  }

  /** What is wrong after the last {@link step}, which came to `result`, and not to {@link WAITS}. */
  wrong(result: number): Wrong | null {
    const search = this.#search
    const { hash } = this
    if (hash !== null && this.isRecalled && search.isSeen(hash)) return search.locks.wrong
    const wrong = search.wrongAfter(this.execution, result)
    if (hash === null) return wrong
    if (wrong === null) search.see(hash)
    else if (!this.isRecalled) search.transitions.forget()
    return wrong
  }

  /** Back to the state after `length` steps, in which those of `done` had ended; `mark` was that of its hash. */
  back(length: number, done: number, mark: number): void {
    this.#schedule.length = length
    if (this.#run > length) this.#run = -1
    this.done = done
    this.hash?.unwind(mark)
  }
}
