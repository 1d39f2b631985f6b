/**
 * Steps that were run before, by what the thread had seen and what the objects that it touched held: where both are so again,
 * the step does again what it did, and need not be run.
 * @module
 */

import type { Said } from './facts.ts'
import type { Footprint } from './footprint.ts'
import { Mix } from './mix.ts'

/** What a step does, wherever the thread has seen the same and its objects hold the same. */
export interface Transition {
  /** `RAN` or `WAITS`. */
  readonly result: number
  readonly footprint: Footprint
  /** Kinds of what it changes; a bit each. */
  readonly changed: number
  /** Whether it is the thread's last. */
  readonly isLast: boolean
  /** What the thread has seen then. */
  readonly a: number
  readonly b: number
  /** What it says of its fault. */
  readonly facts: readonly Said[]
  /** Objects that hold something else then: for each its key, and two lanes of what. */
  readonly effects: Int32Array
}

/** Of a thread that has seen something: a set of objects that its next step may touch, and what it did for what these held. */
interface Shape {
  readonly thread: number
  readonly b: number
  readonly keys: Int32Array
  readonly known: Map<number, Known>
}

interface Known {
  readonly b: number
  readonly transition: Transition
}

/** No more are kept: some hundred megabytes. */
const MOST = 2 ** 18

export class Transitions {
  readonly #shapes: Map<number, Shape[]> = new Map()
  readonly #mix: Mix = new Mix()
  /** How many are kept. */
  size = 0
  #last: readonly [known: Map<number, Known>, at: number] | null = null

  /**
   * What the next step does of a thread that has seen `a` and `b`; null if that is not known. `contents` has two lanes for each
   * key.
   */
  find(thread: number, a: number, b: number, contents: Int32Array): Transition | null {
    const shapes = this.#shapes.get(nameOf(thread, a))
    if (shapes === undefined) return null
    for (const shape of shapes) {
      if (shape.thread !== thread || shape.b !== b) continue
      const mix = this.#mix.begin(shape.keys.length, 0)
      for (const key of shape.keys) mix.add(contents[key * 2]!).add(contents[key * 2 + 1]!)
      const known = shape.known.get(mix.a)
      if (known !== undefined && known.b === mix.b) return known.transition
    }
    return null
  }

  /** Notes what it did; `held` has two lanes for each of `keys`: what these objects held before. */
  add(
    thread: number,
    a: number,
    b: number,
    keys: Int32Array,
    held: Int32Array,
    transition: Transition,
  ): void {
    if (this.size >= MOST) return
    const name = nameOf(thread, a)
    let shapes = this.#shapes.get(name)
    if (shapes === undefined) {
      shapes = []
      this.#shapes.set(name, shapes)
    }
    let shape = shapes.find((one) => one.thread === thread && one.b === b && isSame(one.keys, keys))
    if (shape === undefined) {
      shape = { thread, b, keys, known: new Map() }
      shapes.push(shape)
    }
    const mix = this.#mix.begin(keys.length, 0)
    for (const lane of held) mix.add(lane)
    if (!shape.known.has(mix.a)) this.size++
    shape.known.set(mix.a, { b: mix.b, transition })
    this.#last = [shape.known, mix.a]
  }

  /** Forgets the last that was added: something is wrong about it, which is to be seen each time. */
  forget(): void {
    if (this.#last?.[0].delete(this.#last[1]) === true) this.size--
  }
}

function nameOf(thread: number, a: number): number {
  return (a ^ Math.imul(thread + 1, 0x9e3779b1)) | 0
}

function isSame(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((key, i) => key === b[i])
}
