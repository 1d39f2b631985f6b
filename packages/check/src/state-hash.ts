/**
 * A number for a state: what every thread has seen since its call began, and what every object that was touched holds.
 *
 * A thread's own variables cannot be looked at, but what they hold follows from what its steps have read: so that is hashed, from
 * step to step, until the call ends and leaves nothing but its answer. Who holds a lock follows from where the threads are.
 * Objects that {@link addContent} can read are what they hold; others what was done to them, by whom who had seen what.
 *
 * Two states with equal hashes are taken for one. With 64 bits that is wrong once in 2^24 searches of a million states.
 * @module
 */

import { TOUCH_LOCK, TOUCH_USER_MODE } from '@mm-model/core'
import { addContent } from './contents.ts'
import type { Execution } from './execution.ts'
import { changes, type Footprint, HOW_MASK, HOW_SHIFT, isPlain, type Recorder } from './footprint.ts'
import { Mix } from './mix.ts'
import type { Instance, Program } from './program.ts'
import type { Past } from './search.ts'

export class StateHash {
  readonly #recorder: Recorder
  /** Whether rules look at the past. */
  readonly #remembers: boolean
  /** Set up and never run: what objects hold before anybody touches them. */
  readonly #pristine: Instance
  readonly #mix: Mix = new Mix()
  /** Per key: what the object holds, and held in the beginning; and whether its content can be read. */
  #contents: Int32Array = new Int32Array(256)
  #initial: Int32Array = new Int32Array(256)
  readonly #readable: boolean[] = []
  /** The sum over all objects that are not as in the beginning. */
  #sumA = 0
  #sumB = 0
  /** Per thread what it has seen, and the past. */
  readonly #locals: Int32Array
  readonly #past: number
  /** What to put back: an index of {@link #contents}, or -1 - an index of {@link #locals}, and the two lanes. */
  readonly #undo: number[] = []
  constructor(program: Program, recorder: Recorder, remembers: boolean, size: number) {
    this.#pristine = program()
    this.#recorder = recorder
    this.#remembers = remembers
    this.#locals = new Int32Array(size * 2 + 2)
    this.#past = size
  }

  /** A place to {@link unwind} to. */
  get mark(): number {
    return this.#undo.length
  }

  /** The lanes of the state. */
  readonly lanes: Int32Array = new Int32Array(2)

  /** Takes in a step of thread `i` that has run, and gives its state's {@link lanes}. */
  step(execution: Execution, i: number, footprint: Footprint, before: Past, after: Past): void {
    const mix = this.#mix
    const local = i * 2
    mix.begin(this.#locals[local]!, this.#locals[local + 1]!)
    for (const element of footprint) this.#see(execution, i, element, before)
    // A step that has touched nothing has come somewhere, too.
    mix.add(execution.next[i] ?? -1)
    this.#setLocal(local, mix.a, mix.b)
    for (const element of footprint) {
      const how = element & HOW_MASK
      if (isPlain(how) && changes(how)) this.#change(execution.instance, element >> HOW_SHIFT, local)
      else if (!isPlain(how)) this.#refresh(execution.instance, element >> HOW_SHIFT)
    }
    const answers = execution.answers[i]
    if (answers === undefined) this.#setLocal(local, 0, 0)
    else if (execution.isBetweenCalls(i)) {
      // Nothing is left of the call but what it answered, and nothing at all of an interrupt.
      this.#beginCall(execution, i)
      this.#setLocal(local, mix.a, mix.b)
    }
    if (this.#remembers && !after.history.isAs(before.history)) {
      after.history.add(mix.begin(1, 2))
      this.#setLocal(this.#past * 2, mix.a, mix.b)
    }
    mix.begin(this.#sumA, this.#sumB)
    for (const lane of this.#locals) mix.add(lane)
    this.lanes[0] = mix.a
    this.lanes[1] = mix.b
  }

  /** All that is left of the calls of thread `i` so far. */
  #beginCall(execution: Execution, i: number): void {
    const answers = execution.answers[i]!
    this.#mix.begin(answers.length, i)
    for (const answer of answers) this.#mix.text(answer)
  }

  /** Back to what was so at the mark. */
  unwind(mark: number): void {
    const undo = this.#undo
    while (undo.length > mark) {
      const b = undo.pop()!
      const a = undo.pop()!
      const at = undo.pop()!
      if (at < 0) {
        this.#locals[-1 - at] = a
        this.#locals[-at] = b
      } else this.#put(at >> 1, a, b)
    }
  }

  /** What the step learns by touching an object. */
  #see(execution: Execution, i: number, element: number, before: Past): void {
    const mix = this.#mix
    const key = element >> HOW_SHIFT
    const kind = this.#recorder.kindOf(key)
    if (kind < 0) return
    this.#know(key)
    if (kind === TOUCH_USER_MODE) this.#beginCall(execution, i)
    mix.add(element)
    if (this.#readable[key] === true || isPlain(element & HOW_MASK))
      mix.add(this.#contents[key * 2]!).add(this.#contents[key * 2 + 1]!)
    if (kind === TOUCH_LOCK && isPlain(element & HOW_MASK)) {
      // A try: what comes of it is who has the lock.
      for (const [thread, held] of before.held.entries()) if (held.includes(key)) mix.add(thread)
    }
  }

  /** The step has changed what the object holds. */
  #change(instance: Instance, key: number, local: number): void {
    const kind = this.#recorder.kindOf(key)
    if (kind < 0) return
    if (this.#readable[key] === true) {
      this.#refresh(instance, key)
      return
    }
    const mix = this.#mix.begin(this.#contents[key * 2]!, this.#contents[key * 2 + 1]!)
    mix.add(this.#locals[local]!).add(this.#locals[local + 1]!)
    this.#set(key, mix.a, mix.b)
  }

  #refresh(instance: Instance, key: number): void {
    if (this.#readable[key] !== true) return
    const mix = this.#mix.begin(0, 0)
    addContent(mix, instance, this.#recorder.kindOf(key), this.#recorder.idOf(key))
    this.#set(key, mix.a, mix.b)
  }

  #set(key: number, a: number, b: number): void {
    const at = key * 2
    if (this.#contents[at] === a && this.#contents[at + 1] === b) return
    this.#undo.push(at, this.#contents[at]!, this.#contents[at + 1]!)
    this.#put(key, a, b)
  }

  #put(key: number, a: number, b: number): void {
    this.#count(key, -1)
    this.#contents[key * 2] = a
    this.#contents[key * 2 + 1] = b
    this.#count(key, 1)
  }

  #count(key: number, sign: number): void {
    const at = key * 2
    const a = this.#contents[at]!
    const b = this.#contents[at + 1]!
    if (a === this.#initial[at] && b === this.#initial[at + 1]) return
    const x = Math.imul(a ^ Math.imul(key + 1, 0x9e3779b1), 0x85ebca6b)
    const y = Math.imul(b ^ Math.imul(key + 1, 0x27d4eb2f), 0xc2b2ae35)
    this.#sumA = (this.#sumA + sign * (x ^ (x >>> 15) ^ Math.imul(b, 0x165667b1))) | 0
    this.#sumB = (this.#sumB + sign * (y ^ (y >>> 13) ^ Math.imul(a, 0x2c1b3c6d))) | 0
  }

  #setLocal(at: number, a: number, b: number): void {
    this.#undo.push(-1 - at, this.#locals[at]!, this.#locals[at + 1]!)
    this.#locals[at] = a
    this.#locals[at + 1] = b
  }

  /** Makes room for keys up to this one, and notes what such an object held in the beginning. */
  #know(key: number): void {
    for (let next = this.#readable.length; next <= key; next++) {
      if (next * 2 + 2 > this.#contents.length) {
        this.#contents = doubled(this.#contents)
        this.#initial = doubled(this.#initial)
      }
      const kind = this.#recorder.kindOf(next)
      const mix = new Mix()
      this.#readable.push(kind >= 0 && addContent(mix, this.#pristine, kind, this.#recorder.idOf(next)))
      this.#contents[next * 2] = mix.a
      this.#contents[next * 2 + 1] = mix.b
      this.#initial[next * 2] = mix.a
      this.#initial[next * 2 + 1] = mix.b
    }
  }
}

function doubled(array: Int32Array): Int32Array {
  const more = new Int32Array(array.length * 2)
  more.set(array)
  return more
}
