/**
 * What several searches of one program have in common, each in a thread of its own: the states that one of them has searched from, so
 * that no other goes on from there. Each runs all interleavings, in another order; the first that is through has, with what the others
 * have done, been through all.
 *
 * States are known by hashes, and what is touched from them on by sets of elements, so objects and sets must have the same numbers in
 * all searches: these are given out through logs that all of them read.
 * @module
 */

import { Execution } from './execution.ts'
import type { Program } from './program.ts'
import { Stop } from './stop.ts'

/** Memory of several searches; plain data, to be handed to other threads. */
export interface SharedMemory {
  /** Objects, in the order of their keys. */
  readonly keys: SharedArrayBuffer
  /** Sets of elements, in the order of their numbers. */
  readonly sets: SharedArrayBuffer
  /** States: where each is, by hash, and what is known of them. */
  readonly slots: SharedArrayBuffer
  readonly states: SharedArrayBuffer
}

/** Words of each log. Memory that nobody writes to is not taken from the system. */
const KEY_WORDS = 2 ** 20
const SET_WORDS = 2 ** 26
/** Words of an entry before those of each that can run: two lanes of its hash, and those that were asleep. */
const HEAD = 3

/**
 * Memory for searches that remember at most so many states together, 1 … 2^24.
 * @throws MachineError BAD_CONFIGURATION as `explore` for a program that cannot be explored
 */
export function sharedMemory(program: Program, maxStates: number = 2 ** 21): SharedMemory {
  const words = (count: number): SharedArrayBuffer => new SharedArrayBuffer(count * 4)
  const { size } = new Execution(program)
  return {
    keys: words(KEY_WORDS),
    sets: words(SET_WORDS),
    slots: words(2 ** Math.ceil(Math.log2(maxStates * 1.5))),
    states: words(1 + maxStates * (HEAD + size)),
  }
}

const LOCK = 0
const LENGTH = 1
const FIRST_WORD = 2

/** Entries that several searches add to, and that all take in in the same order. */
export class SharedLog {
  readonly #words: Int32Array
  readonly #hear: (entry: Int32Array) => void
  #at = FIRST_WORD

  constructor(memory: SharedArrayBuffer, hear: (entry: Int32Array) => void) {
    this.#words = new Int32Array(memory)
    this.#hear = hear
  }

  /** Adds an entry, unless it is known once all that others have added is taken in. @throws Stop when the log is full */
  add(entry: ArrayLike<number>, isKnown: () => boolean): void {
    const words = this.#words
    // It is held for as long as it takes to copy a few words.
    while (Atomics.compareExchange(words, LOCK, 0, 1) !== 0) {}
    try {
      this.pull()
      if (isKnown()) return
      const end = this.#at + 1 + entry.length
      if (end > words.length) throw new Stop('the memory that the searches share is full')
      words[this.#at] = entry.length
      words.set(entry, this.#at + 1)
      Atomics.store(words, LENGTH, end - FIRST_WORD)
      this.pull()
    } finally {
      Atomics.store(words, LOCK, 0)
    }
  }

  /** Takes in what others have added. */
  pull(): void {
    const words = this.#words
    const end = FIRST_WORD + Atomics.load(words, LENGTH)
    while (this.#at < end) {
      const length = words[this.#at]!
      this.#hear(words.slice(this.#at + 1, this.#at + 1 + length))
      this.#at += 1 + length
    }
  }
}

/** States that one of the searches has searched from. An entry never changes; a state has one for each set of threads asleep. */
export class SharedStates {
  readonly #slots: Int32Array
  /** How many there are, then the entries. */
  readonly #states: Int32Array
  readonly #width: number
  readonly #most: number

  /** `size`: how many can run, threads and interrupts. */
  constructor({ slots, states }: SharedMemory, size: number) {
    this.#slots = new Int32Array(slots)
    this.#states = new Int32Array(states)
    this.#width = HEAD + size
    this.#most = Math.floor((this.#states.length - 1) / this.#width)
  }

  /** Entries that there are. */
  get size(): number {
    return Math.min(Atomics.load(this.#states, 0), this.#most)
  }

  /** Whether the state is known to who comes there with these asleep; `future` is then what is touched from there on. */
  find(a: number, b: number, sleep: number, future: Int32Array): boolean {
    const states = this.#states
    for (let slot = this.#slotOf(a, b); ; slot = this.#after(slot)) {
      const number = Atomics.load(this.#slots, slot)
      if (number === 0) return false
      const at = this.#entry(number)
      if (states[at] !== a || states[at + 1] !== b || (states[at + 2]! & ~sleep) !== 0) continue
      for (let i = 0; i < future.length; i++) future[i] = states[at + HEAD + i]!
      return true
    }
  }

  /** All that comes after the state is known, to who comes there with these asleep, unless the memory is full. */
  add(a: number, b: number, sleep: number, future: Int32Array): void {
    const states = this.#states
    // Counted on past the end, so that it never comes round: 2^31 states take longer than anybody waits.
    if (this.size >= this.#most) return
    const number = Atomics.add(states, 0, 1) + 1
    if (number > this.#most) return
    const at = this.#entry(number)
    states[at] = a
    states[at + 1] = b
    states[at + 2] = sleep
    states.set(future, at + HEAD)
    // Others see the entry once it is in a slot, and then all of it.
    let slot = this.#slotOf(a, b)
    while (Atomics.compareExchange(this.#slots, slot, 0, number) !== 0) slot = this.#after(slot)
  }

  #entry(number: number): number {
    return 1 + (number - 1) * this.#width
  }

  #slotOf(a: number, b: number): number {
    return (a ^ (b >>> 16)) & (this.#slots.length - 1)
  }

  #after(slot: number): number {
    return (slot + 1) & (this.#slots.length - 1)
  }
}
