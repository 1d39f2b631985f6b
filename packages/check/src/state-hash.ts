/**
 * A number for a state: what every thread has seen since its call began, and what every object that was touched holds.
 *
 * A thread's own variables cannot be looked at, but what they hold follows from what its steps have read: so that is hashed, from
 * step to step, until the call ends and leaves nothing but its answer. Who holds a lock follows from where the threads are.
 * Objects that {@link addContent} can read are what they hold; others what was done to them, by whom who had seen what.
 * Of a lock it is known besides how it is held, which decides whether a step that takes it goes on.
 *
 * For the same reason a step is known beforehand, if one was run by a thread that had seen the same, on objects that held the same:
 * see {@link StateHash.known}.
 *
 * Two states with equal hashes are taken for one. With 64 bits that is wrong once in 2^24 searches of a million states.
 * @module
 */

import {
  type Task,
  TOUCH_ACQUIRE,
  TOUCH_ACQUIRE_SHARED,
  TOUCH_LOCK,
  TOUCH_RELEASE,
  TOUCH_TABLE_LOCK,
  TOUCH_USER_MODE,
} from '@mm-model/core'
import { addContent } from './contents.ts'
import { type Execution, RAN, WAITS } from './execution.ts'
import type { Said } from './facts.ts'
import { changes, FAULTS, type Footprint, HOW_MASK, HOW_SHIFT, isPlain } from './footprint.ts'
import { Mix } from './mix.ts'
import type { Instance } from './program.ts'
import type { Past, Search } from './search.ts'
import type { Transition } from './transitions.ts'

/** Kinds of locks that are known by how they are held; a bit each. */
export const LOCKS: number = (1 << TOUCH_LOCK) | (1 << TOUCH_TABLE_LOCK)

/** What an object is known by. */
const READABLE = 0
const HISTORY = 1
/** A lock, by how it is held: by one, and by how many others. That follows from the threads, and is no part of the sum. */
const LOCK = 2

export class StateHash {
  readonly #search: Search
  /** Set up and never run: what objects hold before anybody touches them. */
  readonly #pristine: Instance
  readonly #mix: Mix = new Mix()
  /** Per key: what the object holds, and held in the beginning; and what it is known by. */
  #contents: Int32Array = new Int32Array(256)
  #initial: Int32Array = new Int32Array(256)
  readonly #kinds: number[] = []
  /** The sum over all objects that are not as in the beginning. */
  #sumA = 0
  #sumB = 0
  /** Per thread what it has seen, and the past. */
  readonly #locals: Int32Array
  readonly #past: number
  /** What to put back: an index of {@link #contents}, or -1 - an index of {@link #locals}, and the two lanes. */
  readonly #undo: number[] = []
  /** Of the last step: the objects that it touched, and what they held before. */
  #keys: Int32Array = new Int32Array(64)
  #held: Int32Array = new Int32Array(128)
  #touched = 0

  constructor(search: Search, size: number) {
    this.#pristine = search.program()
    this.#search = search
    this.#locals = new Int32Array(size * 2 + 2)
    // Nobody has seen anything, and what two do who have seen the same is not the same.
    for (let i = 0; i < size; i++) this.#locals[i * 2 + 1] = i
    this.#past = size
  }

  /** A place to {@link unwind} to. */
  get mark(): number {
    return this.#undo.length
  }

  /** The lanes of the state. */
  readonly lanes: Int32Array = new Int32Array(2)

  /** What the next step of thread `i` does; null if nothing like it was run so far. */
  known(i: number): Transition | null {
    this.#know(this.#search.recorder.size - 1)
    return this.#search.transitions.find(i, this.#locals[i * 2]!, this.#locals[i * 2 + 1]!, this.#contents)
  }

  /** Takes in a step of thread `i` that is {@link known}, as {@link step} does one that has run. */
  recall(i: number, { a, b, effects }: Transition, before: Past, after: Past): void {
    for (let at = 0; at < effects.length; at += 3) this.#set(effects[at]!, effects[at + 1]!, effects[at + 2]!)
    this.#setLocal(i * 2, a, b)
    this.#end(before, after)
  }

  /** The task that is thread `i`, of a machine that nothing runs on; none for an interrupt. */
  taskOf(i: number): Task | undefined {
    return this.#pristine.threads[i]?.task
  }

  /** Notes that the next step of thread `i` waits. */
  waits(i: number, footprint: Footprint): void {
    this.#touch(footprint)
    this.#note(i, this.#locals[i * 2]!, this.#locals[i * 2 + 1]!, WAITS, footprint, false, [])
  }

  /** Takes in a step of thread `i` that has run, and gives its state's {@link lanes}. */
  step(execution: Execution, i: number, footprint: Footprint, before: Past, after: Past): void {
    const mix = this.#mix
    const local = i * 2
    const a = this.#locals[local]!
    const b = this.#locals[local + 1]!
    this.#touch(footprint)
    mix.begin(a, b)
    for (const element of footprint) this.#see(execution, i, element)
    // A step that has touched nothing has come somewhere, too.
    mix.add(execution.next[i] ?? -1)
    this.#setLocal(local, mix.a, mix.b)
    for (const element of footprint) {
      const how = element & HOW_MASK
      const key = element >> HOW_SHIFT
      if (this.#kinds[key] === LOCK) this.#hold(key, how)
      else if (isPlain(how) && changes(how)) this.#change(execution.instance, key, local)
      else if (!isPlain(how)) this.#refresh(execution.instance, key)
    }
    if (execution.answers[i] === undefined) this.#setLocal(local, 0, i)
    else if (execution.isBetweenCalls(i)) {
      // Nothing is left of the call but what it answered, and nothing at all of an interrupt.
      this.#beginCall(execution, i)
      this.#setLocal(local, mix.a, mix.b)
    }
    // What rules keep of a step, or look at in it, is not known beforehand, but for what only its thread decides.
    if ((this.#search.recorder.changed & this.#search.heard & ~FAULTS) === 0) {
      const isLast = (execution.done & (1 << i)) !== 0
      this.#note(i, a, b, RAN, footprint, isLast, after.history.happened.facts)
    }
    this.#end(before, after)
  }

  #end({ history: before }: Past, { history }: Past): void {
    if (!history.isAs(before)) {
      const mix = this.#mix.begin(1, 2)
      history.add(mix)
      this.#setLocal(this.#past * 2, mix.a, mix.b)
    }
    this.#sum()
  }

  #sum(): void {
    const mix = this.#objects()
    for (const lane of this.#locals) mix.add(lane)
    this.lanes[0] = mix.a
    this.lanes[1] = mix.b
  }

  /** What all objects hold, and the past, whatever threads have seen; and with `locks` who holds them. */
  ofObjects(locks: boolean): Mix {
    const mix = this.#objects()
    for (let at = locks ? 0 : this.#past * 2; at < this.#locals.length; at++) mix.add(this.#locals[at]!)
    return mix
  }

  #objects(): Mix {
    return this.#mix.begin(this.#sumA, this.#sumB)
  }

  /** Collects the objects of a footprint, and what they hold. */
  #touch(footprint: Footprint): void {
    let count = 0
    for (const element of footprint) {
      const key = element >> HOW_SHIFT
      if (this.#search.recorder.kindOf(key) < 0) continue
      this.#know(key)
      let at = 0
      while (at < count && this.#keys[at] !== key) at++
      if (at < count) continue
      if (count === this.#keys.length) {
        this.#keys = doubled(this.#keys)
        this.#held = doubled(this.#held)
      }
      this.#keys[count] = key
      this.#held[count * 2] = this.#contents[key * 2]!
      this.#held[count * 2 + 1] = this.#contents[key * 2 + 1]!
      count++
    }
    this.#touched = count
  }

  /** Notes what was run by thread `i`, which had seen `a` and `b`, on what {@link #touch} has collected. */
  #note(
    i: number,
    a: number,
    b: number,
    result: number,
    footprint: Footprint,
    isLast: boolean,
    said: readonly Said[],
  ): void {
    const keys = this.#keys.slice(0, this.#touched)
    const held = this.#held.slice(0, this.#touched * 2)
    const effects: number[] = []
    for (const [n, key] of keys.entries()) {
      const x = this.#contents[key * 2]!
      const y = this.#contents[key * 2 + 1]!
      if (x !== held[n * 2] || y !== held[n * 2 + 1]) effects.push(key, x, y)
    }
    this.#search.transitions.add(i, a, b, keys, held, {
      result,
      footprint,
      changed: this.#search.recorder.changed,
      isLast,
      a: this.#locals[i * 2]!,
      b: this.#locals[i * 2 + 1]!,
      // Without the machine that they were said on.
      facts: said.map(({ kind, words }) => ({ kind, words })),
      effects: Int32Array.from(effects),
    })
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
  #see(execution: Execution, i: number, element: number): void {
    const mix = this.#mix
    const key = element >> HOW_SHIFT
    const kind = this.#search.recorder.kindOf(key)
    if (kind < 0) return
    if (kind === TOUCH_USER_MODE) this.#beginCall(execution, i)
    mix.add(element)
    // Who takes a lock has it then; who tries to learns whether others have.
    if (this.#kinds[key] === READABLE || isPlain(element & HOW_MASK))
      mix.add(this.#contents[key * 2]!).add(this.#contents[key * 2 + 1]!)
  }

  /** The step has changed what the object holds. */
  #change(instance: Instance, key: number, local: number): void {
    if (this.#search.recorder.kindOf(key) < 0) return
    if (this.#kinds[key] === READABLE) {
      this.#refresh(instance, key)
      return
    }
    const mix = this.#mix.begin(this.#contents[key * 2]!, this.#contents[key * 2 + 1]!)
    mix.add(this.#locals[local]!).add(this.#locals[local + 1]!)
    this.#set(key, mix.a, mix.b)
  }

  /** The step has taken the lock, or released it. */
  #hold(key: number, how: number): void {
    if (isPlain(how)) return
    const alone = this.#contents[key * 2]!
    const others = this.#contents[key * 2 + 1]!
    if (how === TOUCH_ACQUIRE) this.#set(key, 1, others)
    else if (how === TOUCH_RELEASE) this.#set(key, 0, others)
    else this.#set(key, alone, others + (how === TOUCH_ACQUIRE_SHARED ? 1 : -1))
  }

  #refresh(instance: Instance, key: number): void {
    if (this.#kinds[key] !== READABLE) return
    const { recorder } = this.#search
    const mix = this.#mix.begin(0, 0)
    addContent(mix, instance, recorder.kindOf(key), recorder.idOf(key))
    this.#set(key, mix.a, mix.b)
  }

  #set(key: number, a: number, b: number): void {
    const at = key * 2
    if (this.#contents[at] === a && this.#contents[at + 1] === b) return
    this.#undo.push(at, this.#contents[at]!, this.#contents[at + 1]!)
    this.#put(key, a, b)
  }

  #put(key: number, a: number, b: number): void {
    const isCounted = this.#kinds[key] !== LOCK
    if (isCounted) this.#count(key, -1)
    this.#contents[key * 2] = a
    this.#contents[key * 2 + 1] = b
    if (isCounted) this.#count(key, 1)
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
    for (let next = this.#kinds.length; next <= key; next++) {
      if (next * 2 + 2 > this.#contents.length) {
        this.#contents = doubled(this.#contents)
        this.#initial = doubled(this.#initial)
      }
      const { recorder } = this.#search
      const kind = recorder.kindOf(next)
      const mix = new Mix()
      if (kind >= 0 && (LOCKS & (1 << kind)) !== 0) this.#kinds.push(LOCK)
      else if (kind >= 0 && addContent(mix, this.#pristine, kind, recorder.idOf(next)))
        this.#kinds.push(READABLE)
      else this.#kinds.push(HISTORY)
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
