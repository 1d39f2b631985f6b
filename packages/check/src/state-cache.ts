/**
 * What a search remembers of the states that it has searched from: that it has, and what is touched from there on, so that
 * whoever comes there by other steps learns which of them to take in another order, without going on.
 *
 * After Y. Yang, X. Chen, G. Gopalakrishnan, R. Kirby: Efficient Stateful Dynamic Partial Order Reduction, SPIN 2008. A state
 * that was searched from with some threads asleep is known only to who comes there with all of these asleep, too (P. Godefroid:
 * Partial-Order Methods for the Verification of Concurrent Systems, 1996).
 * @module
 */

import { ElementSets, EMPTY_SET } from './element-sets.ts'
import type { Footprint } from './footprint.ts'
import { bits } from './level.ts'
import type { Search } from './search.ts'
import { SharedStates } from './shared-memory.ts'
import type { StateHash } from './state-hash.ts'
import { StateTable } from './state-table.ts'

/** Of a search that remembers nothing. */
export const NO_FUTURE: Int32Array = /*#__PURE__*/ new Int32Array(0)

export class StateCache {
  readonly #hash: StateHash
  readonly #table: StateTable
  readonly #sets: ElementSets
  /** Where states are kept that other searches know, too. */
  readonly #shared: SharedStates | null
  readonly #search: Search

  /** Of a search of so many threads and interrupts; `hash` is that of the state at hand. */
  constructor(search: Search, hash: StateHash, size: number) {
    this.#search = search
    this.#hash = hash
    this.#table = new StateTable(size + 1, search.limits.states)
    const memory = search.together?.memory ?? null
    this.#sets = new ElementSets(memory?.sets ?? null)
    this.#shared = memory === null ? null : new SharedStates(memory, size)
  }

  /** Whether the state at hand is known to who comes there with these asleep; `future` is then what is touched from there on. */
  find(sleep: number, future: Int32Array): boolean {
    const { lanes } = this.#hash
    if (this.#shared !== null) return this.#shared.find(lanes[0]!, lanes[1]!, sleep, future)
    const at = this.#table.find(lanes[0]!, lanes[1]!)
    if (at < 0) return false
    const { numbers } = this.#table
    if ((numbers[at]! & ~sleep) !== 0) return false
    for (let i = 0; i < future.length; i++) future[i] = numbers[at + 1 + i]!
    return true
  }

  /** All that comes after a state is known. */
  remember(a: number, b: number, sleep: number, future: Int32Array): void {
    if (this.#shared !== null) {
      this.#shared.add(a, b, sleep, future)
      this.#search.states = this.#shared.size
      return
    }
    const known = this.#table.find(a, b)
    // What was known with fewer asleep stays.
    if (known >= 0 && bits(this.#table.numbers[known]!) <= bits(sleep)) return
    const at = this.#table.add(a, b)
    if (at < 0) return
    const { numbers } = this.#table
    numbers[at] = sleep
    for (let i = 0; i < future.length; i++) numbers[at + 1 + i] = future[i]!
    this.#search.states = this.#table.size
  }

  /** The thread touches what is in the footprint, some time from a state with this future on. */
  willTouch(future: Int32Array, thread: number, footprint: Footprint): void {
    if (footprint.length > 0)
      future[thread] = this.#sets.union(future[thread]!, this.#sets.ofFootprint(footprint))
  }

  /** What is touched from a later state on is touched from an earlier one on. */
  join(earlier: Int32Array, later: Int32Array): void {
    for (let i = 0; i < earlier.length; i++) {
      if (later[i] !== EMPTY_SET) earlier[i] = this.#sets.union(earlier[i]!, later[i]!)
    }
  }

  /** The elements of a set of a future. */
  elementsOf(set: number): Int32Array {
    return this.#sets.of(set)
  }
}
