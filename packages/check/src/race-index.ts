/**
 * Who touched each object last on the way to the state at hand: what a step happens after, and what it is in a race with.
 * @module
 */

import { acquires, changes, type Footprint, HOW_MASK, HOW_SHIFT, isPlain } from './footprint.ts'

/** Per key, before what is kept of each thread: the last step that changed it; that took it for itself; that changed it otherwise. */
const CHANGED = 0
const ACQUIRED = 1
const WRITTEN = 2
const FIRST = 3
/** Of each thread: its last step that only looked, or took it with others, or gave it back; that took it so; that looked. */
const SHARED = 0
const ACQUIRED_SHARED = 1
const READ = 2
const A_THREAD = 3

/** Numbers of steps; the room for them is kept. */
class Steps {
  readonly at: number[] = []
  count = 0

  /** One, if it is any. */
  add(step: number): void {
    if (step >= 0) this.at[this.count++] = step
  }
}

/** Who touched each object last, and how: what a step happens after, and what it is in a race with. */
export class RaceIndex {
  #threads = 0
  /** Numbers a key; each is a step, or -1 for none. */
  #width = FIRST
  #slots: Int32Array = new Int32Array(0)
  readonly #clocks: Int32Array[] = []
  #last: Int32Array = new Int32Array(0)
  /** What steps have replaced: where, and what was there; for {@link #last}, -1 - the thread. */
  readonly #undo: number[] = []
  /** Per step where its part of {@link #undo} begins. */
  readonly #marks: number[] = []
  /** Steps that took a lock, which the one looked for takes, too. */
  readonly takers: Steps = new Steps()
  /** Steps that touched what the one looked for touches, in another way. */
  readonly rivals: Steps = new Steps()
  /** Steps that the one looked for comes after. */
  readonly #sources: Steps = new Steps()
  #zero: Int32Array = new Int32Array(0)

  begin(threads: number): void {
    this.#threads = threads
    this.#width = FIRST + A_THREAD * threads
    this.#slots = new Int32Array(64 * this.#width).fill(-1)
    this.#last = new Int32Array(threads).fill(-1)
    this.#zero = new Int32Array(threads)
    this.#undo.length = 0
    this.#marks.length = 0
  }

  /** Forgets all steps from `at` on. */
  back(at: number): void {
    if (at >= this.#marks.length) return
    const undo = this.#undo
    for (const mark = this.#marks[at]!; undo.length > mark; ) {
      const value = undo.pop()!
      const slot = undo.pop()!
      if (slot < 0) this.#last[-1 - slot] = value
      else this.#slots[slot] = value
    }
    this.#marks.length = at
  }

  /** The clock of the thread's last step. */
  clockOf(thread: number): Int32Array {
    const at = this.#last[thread]!
    return at < 0 ? this.#zero : this.#clocks[at]!
  }

  /** What the thread's clock is once it has run a step with this footprint, but for that step. */
  clockWith(thread: number, footprint: Footprint): Int32Array {
    const clock = this.clockOf(thread).slice()
    for (const element of footprint) {
      const base = (element >> HOW_SHIFT) * this.#width
      if (base >= this.#slots.length) continue
      this.#join(clock, this.#slots[base + CHANGED]!)
      if (!changes(element & HOW_MASK)) continue
      for (let at = base + FIRST + SHARED; at < base + this.#width; at += A_THREAD)
        this.#join(clock, this.#slots[at]!)
    }
    return clock
  }

  /** The step `at` has run, the next after those that were added; its clock. */
  add(at: number, thread: number, footprint: Footprint): Int32Array {
    const clock = this.clockWith(thread, footprint)
    clock[thread] = at + 1
    this.#clocks[at] = clock
    this.#marks[at] = this.#undo.length
    this.#undo.push(-1 - thread, this.#last[thread]!)
    this.#last[thread] = at
    for (const element of footprint) {
      const base = (element >> HOW_SHIFT) * this.#width
      const how = element & HOW_MASK
      if (base >= this.#slots.length) this.#grow(base + this.#width)
      if (changes(how)) {
        this.#put(base + CHANGED, at)
        if (isPlain(how)) this.#put(base + WRITTEN, at)
        else if (acquires(how)) this.#put(base + ACQUIRED, at)
      } else {
        const mine = base + FIRST + A_THREAD * thread
        this.#put(mine + SHARED, at)
        if (isPlain(how)) this.#put(mine + READ, at)
        else if (acquires(how)) this.#put(mine + ACQUIRED_SHARED, at)
      }
    }
    return clock
  }

  /**
   * Finds what a step with this footprint may be in a race with: {@link takers} and {@link rivals}. Of a step that waits only
   * what may make it wait counts.
   */
  look(thread: number, footprint: Footprint, waits: boolean): void {
    const { takers, rivals } = this
    const sources = this.#sources
    const slots = this.#slots
    takers.count = 0
    rivals.count = 0
    sources.count = 0
    for (const element of footprint) {
      const base = (element >> HOW_SHIFT) * this.#width
      const how = element & HOW_MASK
      if (base >= slots.length || (waits && !acquires(how))) continue
      sources.add(slots[base + CHANGED]!)
      if (changes(how)) this.#others(sources, base, thread, SHARED)
      if (isPlain(how)) {
        rivals.add(slots[base + CHANGED]!)
        if (changes(how)) this.#others(rivals, base, thread, SHARED)
        continue
      }
      // Not with what only takes or releases, unless both take.
      rivals.add(slots[base + WRITTEN]!)
      if (acquires(how)) takers.add(slots[base + ACQUIRED]!)
      if (!changes(how)) continue
      this.#others(rivals, base, thread, READ)
      if (acquires(how)) this.#others(takers, base, thread, ACQUIRED_SHARED)
    }
  }

  /** The steps of the other threads. */
  #others(found: Steps, base: number, thread: number, what: number): void {
    for (let i = 0; i < this.#threads; i++)
      if (i !== thread) found.add(this.#slots[base + FIRST + A_THREAD * i + what]!)
  }

  /** Whether the step `at`, of `thread`, happened before another that the step looked for comes after. */
  isBefore(at: number, thread: number): boolean {
    const { at: sources, count } = this.#sources
    for (let i = 0; i < count; i++)
      if (sources[i] !== at && this.#clocks[sources[i]!]![thread]! > at) return true
    return false
  }

  #join(clock: Int32Array, at: number): void {
    if (at < 0) return
    const other = this.#clocks[at]!
    for (let i = 0; i < clock.length; i++) if (other[i]! > clock[i]!) clock[i] = other[i]!
  }

  #put(slot: number, at: number): void {
    this.#undo.push(slot, this.#slots[slot]!)
    this.#slots[slot] = at
  }

  #grow(length: number): void {
    const more = new Int32Array(Math.max(length, this.#slots.length * 2)).fill(-1)
    more.set(this.#slots)
    this.#slots = more
  }
}
