/**
 * Sets of elements of footprints, each kept once and known by a number: what is still to be touched from a state on.
 * @module
 */

import type { Footprint } from './footprint.ts'
import { SharedLog } from './shared-memory.ts'

/** The number of the empty set. */
export const EMPTY_SET = 0

export class ElementSets {
  readonly #sets: Int32Array[] = [new Int32Array(0)]
  readonly #numbers: Map<string, number> = new Map([['', EMPTY_SET]])
  readonly #unions: Map<number, number> = new Map()
  /** Of footprints as they come: a step that is known has the same each time. */
  readonly #footprints: WeakMap<Footprint, number> = new WeakMap()
  readonly #log: SharedLog | null

  /** `memory`: of the numbers that other searches give, too; null for one's own. */
  constructor(memory: SharedArrayBuffer | null) {
    this.#log = memory === null ? null : new SharedLog(memory, (elements) => this.#append(elements))
  }

  /** Its elements, ascending. */
  of(set: number): Int32Array {
    // Another search has given the number, and this one has not heard of it.
    if (set >= this.#sets.length) this.#log?.pull()
    return this.#sets[set]!
  }

  /** The set of the elements of a footprint. */
  ofFootprint(footprint: Footprint): number {
    const known = this.#footprints.get(footprint)
    if (known !== undefined) return known
    const number = this.#number(footprint.slice().sort())
    this.#footprints.set(footprint, number)
    return number
  }

  union(a: number, b: number): number {
    if (a === b || b === EMPTY_SET) return a
    if (a === EMPTY_SET) return b
    const pair = Math.min(a, b) * 0x2000000 + Math.max(a, b)
    const known = this.#unions.get(pair)
    if (known !== undefined) return known
    const union = this.#number(merged(this.of(a), this.of(b)))
    this.#unions.set(pair, union)
    return union
  }

  #number(elements: Int32Array): number {
    const name = elements.join()
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    if (this.#log === null) return this.#append(elements)
    this.#log.add(elements, () => this.#numbers.has(name))
    return this.#numbers.get(name)!
  }

  #append(elements: Int32Array): number {
    this.#sets.push(elements)
    this.#numbers.set(elements.join(), this.#sets.length - 1)
    return this.#sets.length - 1
  }
}

function merged(a: Int32Array, b: Int32Array): Int32Array {
  const all = new Int32Array(a.length + b.length)
  let length = 0
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const x = i < a.length ? a[i]! : Infinity
    const y = j < b.length ? b[j]! : Infinity
    all[length++] = Math.min(x, y)
    if (x <= y) i++
    if (y <= x) j++
  }
  return all.slice(0, length)
}
