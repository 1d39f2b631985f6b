/**
 * The reduced search: of schedules that differ only in the order of steps that commute, one is run.
 *
 * Source sets and sleep sets over footprints that are found while running (P. Abdulla, S. Aronis, B. Jonsson, K. Sagonas:
 * Source Sets, JACM 64, 2017), with threads that wait treated as in C. Flanagan, P. Godefroid: Dynamic Partial-Order
 * Reduction, POPL 2005: where the thread that should run earlier cannot, every thread that can is tried.
 *
 * A lock that is released and one that is taken are in order, but not in a race: no state lets one thread take what
 * another is about to release. What can be swapped is who takes it first.
 * @module
 */

import { TOUCH_ACQUIRE, TOUCH_ACQUIRE_SHARED, TOUCH_RELEASE, TOUCH_RELEASE_SHARED } from '@mm-model/core'
import { type Execution, firstThread, WAITS } from './execution.ts'
import { acquires, changes, conflict, type Footprint, HOW_MASK, HOW_SHIFT, isPlain } from './footprint.ts'
import { type Found, type Past, preemptionsOf, type Search } from './search.ts'

/** One state on the way: what was run from it, and what must be. */
interface Level {
  /** Thread that ran here last; -1 before. */
  thread: number
  footprint: Footprint
  /** Per thread: index + 1 of its last step that happened before this one, this one included. */
  clock: Int32Array
  /** Threads to run from here, and those that were; a bit each. */
  backtrack: number
  explored: number
  /** Threads known to wait here. */
  waiting: number
  /** What the threads that wait had touched when they tried. */
  pending: readonly Footprint[]
  /** Threads that need not run here before something happens that their next step does not commute with. */
  sleep: number
  /** The next steps of those that sleep or were explored. */
  asleep: readonly Footprint[]
  /** Threads that have ended. */
  done: number
  past: Past
}

const NOTHING: Footprint = new Int32Array(0)

/** Runs the search; answers the first schedule that ends in something wrong. @throws Stop */
export function searchReduced(search: Search): Found | null {
  return new Reduced(search).run()
}

class Reduced {
  readonly #search: Search
  readonly #levels: Level[] = []
  #threads = 0
  #all = 0
  #none: readonly Footprint[] = []
  readonly #index: RaceIndex = new RaceIndex()

  constructor(search: Search) {
    this.#search = search
  }

  run(): Found | null {
    this.#search.restart()
    let execution = this.#search.replay([], 0)
    this.#threads = execution.instance.threads.length
    this.#all = 2 ** this.#threads - 1
    this.#none = Array.from({ length: this.#threads }, () => NOTHING)
    this.#index.begin(this.#threads)
    this.#levels.push(this.#level(execution, null, this.#search.begin(execution)))
    for (;;) {
      const found = this.#runToEnd(execution)
      if (found !== null) return found
      // Back to the last state from which something else must run.
      for (;;) {
        const level = this.#levels.at(-1)
        if (level === undefined) return null
        if (next(level) >= 0) break
        this.#levels.pop()
      }
      const depth = this.#levels.length - 1
      execution = this.#search.replay(
        this.#levels.map(({ thread }) => thread),
        depth,
      )
      this.#index.begin(this.#threads)
      for (let at = 0; at < depth; at++)
        this.#index.add(at, this.#levels[at]!.thread, this.#levels[at]!.footprint)
    }
  }

  /** Runs on from the last level, where something is to be run, until nothing is. */
  #runToEnd(execution: Execution): Found | null {
    const search = this.#search
    for (;;) {
      const depth = this.#levels.length - 1
      const level = this.#levels[depth]!
      const thread = next(level)
      if (thread < 0) {
        const left = this.#all & ~level.done
        if ((left & ~level.waiting) === 0 && level.explored === 0) {
          const wrong = search.wrongAtEnd(execution, left, level.past)
          return wrong === null ? null : this.#found(wrong, depth)
        }
        if (level.explored === 0) search.redundant++
        return null
      }
      const bit = 1 << thread
      const result = search.step(execution, thread, level.past)
      const { footprint } = search
      if (result === WAITS) {
        level.waiting |= bit
        level.backtrack &= ~bit
        level.pending = level.pending.with(thread, footprint)
        // What keeps it waiting could have come later.
        this.#races(depth, thread, footprint, true)
        const able = this.#all & ~level.done & ~level.waiting & ~level.sleep
        level.backtrack |=
          level.explored === 0 && (level.backtrack & ~level.sleep) === 0 ? lowest(able) : able
        continue
      }
      level.thread = thread
      level.footprint = footprint
      level.explored |= bit
      this.#races(depth, thread, footprint, false)
      level.clock = this.#index.add(depth, thread, footprint)
      const wrong = search.wrongAfter(execution, result)
      if (wrong !== null) return this.#found(wrong, depth + 1)
      this.#levels.push(this.#level(execution, level, search.past))
      level.asleep = level.asleep.with(thread, footprint)
    }
  }

  #level(execution: Execution, from: Level | null, past: Past): Level {
    const { done } = execution
    const level: Level = {
      thread: -1,
      footprint: NOTHING,
      clock: NOTHING,
      backtrack: 0,
      explored: 0,
      waiting: 0,
      pending: from?.pending ?? this.#none,
      sleep: 0,
      asleep: from?.asleep ?? this.#none,
      done,
      past,
    }
    let preferred = -1
    if (from !== null) {
      preferred = from.thread
      const ran = 1 << from.thread
      for (let i = 0; i < this.#threads; i++) {
        const bit = 1 << i
        if (((from.sleep | from.explored) & bit & ~ran) !== 0 && !conflict(from.asleep[i]!, from.footprint)) {
          level.sleep |= bit
        }
        if ((from.waiting & bit & ~ran) !== 0 && !conflict(from.pending[i]!, from.footprint))
          level.waiting |= bit
      }
    }
    const able = this.#all & ~done & ~level.waiting & ~level.sleep
    level.backtrack = preferred >= 0 && (able & (1 << preferred)) !== 0 ? 1 << preferred : lowest(able)
    return level
  }

  /**
   * Sees to it that for each earlier step which the next of `thread` is in a race with, some schedule is run in which it
   * comes first.
   */
  #races(depth: number, thread: number, footprint: Footprint, waits: boolean): void {
    const index = this.#index
    const known = index.clockOf(thread)
    index.look(thread, footprint, waits)
    for (const at of index.takers) {
      const other = this.#levels[at]!.thread
      if (other !== thread && at >= known[other]!) this.#reverse(at, depth, thread, footprint)
    }
    for (const at of index.rivals) {
      const level = this.#levels[at]!
      const other = level.thread
      if (other === thread || at < known[other]! || (!waits && index.isBefore(at, other))) continue
      if (!waits && releasesFor(level.footprint, footprint)) continue
      this.#reverse(at, depth, thread, footprint)
    }
  }

  #reverse(at: number, depth: number, thread: number, footprint: Footprint): void {
    const level = this.#levels[at]!
    const first = new Int32Array(this.#threads).fill(-1)
    let initials = 0
    const other = level.thread
    for (let i = at + 1; i < depth; i++) {
      const { thread: who, clock } = this.#levels[i]!
      if (clock[other]! > at || first[who]! >= 0) continue
      first[who] = i
      if (!this.#follows(first, clock, who)) initials |= 1 << who
    }
    if (first[thread]! < 0 && !this.#follows(first, this.#index.clockWith(thread, footprint), thread))
      initials |= 1 << thread
    if ((initials & (level.backtrack | level.sleep)) !== 0) return
    const able = initials & ~level.waiting & ~level.done
    if (able !== 0) level.backtrack |= (able & (1 << thread)) !== 0 ? 1 << thread : lowest(able)
    else level.backtrack |= this.#all & ~level.done & ~level.waiting
  }

  /** Whether a step with this clock happened after the first step of another thread in `first`. */
  #follows(first: Int32Array, clock: Int32Array, who: number): boolean {
    for (let i = 0; i < this.#threads; i++) {
      if (i !== who && first[i]! >= 0 && first[i]! < clock[i]!) return true
    }
    return false
  }

  #found(wrong: Found['wrong'], length: number): Found {
    const schedule = this.#levels.slice(0, length).map(({ thread }) => thread)
    const preemptions = preemptionsOf(schedule, (at, thread) => {
      const { done, waiting } = this.#levels[at]!
      return ((done | waiting) & (1 << thread)) === 0
    })
    return { wrong, schedule, preemptions }
  }
}

/** A thread to run from the level, or -1. */
function next(level: Level): number {
  return firstThread(level.backtrack & ~level.explored & ~level.sleep & ~level.waiting & ~level.done)
}

function lowest(bits: number): number {
  return bits & -bits
}

/** Who touched each object last, and how: what a step happens after, and what it is in a race with. */
class RaceIndex {
  #threads = 0
  #epoch = 0
  /** Per key: the epoch its other fields belong to. */
  #epochs: Int32Array = new Int32Array(0)
  /** Per key: last step that changed it; that took it for itself; that changed it otherwise. -1 for none. */
  #changed: Int32Array = new Int32Array(0)
  #acquired: Int32Array = new Int32Array(0)
  #written: Int32Array = new Int32Array(0)
  /** Per key and thread: its last step that only looked, or took it with others, or gave it back; that took it so; that looked. */
  #shared: Int32Array = new Int32Array(0)
  #acquiredShared: Int32Array = new Int32Array(0)
  #read: Int32Array = new Int32Array(0)
  readonly #clocks: Int32Array[] = []
  #last: Int32Array = new Int32Array(0)
  /** Steps that took a lock, which the one looked for takes, too. */
  readonly takers: number[] = []
  /** Steps that touched what the one looked for touches, in another way. */
  readonly rivals: number[] = []
  /** Steps that the one looked for comes after. */
  readonly #sources: number[] = []
  #zero: Int32Array = new Int32Array(0)

  begin(threads: number): void {
    this.#threads = threads
    this.#epoch++
    this.#last = new Int32Array(threads).fill(-1)
    this.#zero = new Int32Array(threads)
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
      const key = element >> HOW_SHIFT
      if (!this.#has(key)) continue
      this.#join(clock, this.#changed[key]!)
      if (changes(element & HOW_MASK)) {
        for (let i = 0; i < this.#threads; i++) this.#join(clock, this.#shared[key * this.#threads + i]!)
      }
    }
    return clock
  }

  /** The step `at` has run; its clock. */
  add(at: number, thread: number, footprint: Footprint): Int32Array {
    const clock = this.clockWith(thread, footprint)
    clock[thread] = at + 1
    this.#clocks[at] = clock
    this.#last[thread] = at
    for (const element of footprint) {
      const key = element >> HOW_SHIFT
      const how = element & HOW_MASK
      this.#make(key)
      const mine = key * this.#threads + thread
      if (changes(how)) {
        this.#changed[key] = at
        if (isPlain(how)) this.#written[key] = at
        else if (acquires(how)) this.#acquired[key] = at
      } else {
        this.#shared[mine] = at
        if (isPlain(how)) this.#read[mine] = at
        else if (acquires(how)) this.#acquiredShared[mine] = at
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
    takers.length = 0
    rivals.length = 0
    sources.length = 0
    for (const element of footprint) {
      const key = element >> HOW_SHIFT
      const how = element & HOW_MASK
      if (!this.#has(key) || (waits && !acquires(how))) continue
      const base = key * this.#threads
      note(sources, this.#changed[key]!)
      if (changes(how))
        for (let i = 0; i < this.#threads; i++) if (i !== thread) note(sources, this.#shared[base + i]!)
      if (isPlain(how)) {
        note(rivals, this.#changed[key]!)
        if (!changes(how)) continue
        for (let i = 0; i < this.#threads; i++) if (i !== thread) note(rivals, this.#shared[base + i]!)
        continue
      }
      // Not with what only takes or releases, unless both take.
      note(rivals, this.#written[key]!)
      if (acquires(how)) note(takers, this.#acquired[key]!)
      if (!changes(how)) continue
      for (let i = 0; i < this.#threads; i++) {
        if (i === thread) continue
        note(rivals, this.#read[base + i]!)
        if (acquires(how)) note(takers, this.#acquiredShared[base + i]!)
      }
    }
  }

  /** Whether the step `at`, of `thread`, happened before another that the step looked for comes after. */
  isBefore(at: number, thread: number): boolean {
    for (const source of this.#sources) if (source !== at && this.#clocks[source]![thread]! > at) return true
    return false
  }

  #join(clock: Int32Array, at: number): void {
    if (at < 0) return
    const other = this.#clocks[at]!
    for (let i = 0; i < clock.length; i++) if (other[i]! > clock[i]!) clock[i] = other[i]!
  }

  #has(key: number): boolean {
    return key < this.#epochs.length && this.#epochs[key] === this.#epoch
  }

  #make(key: number): void {
    if (this.#has(key)) return
    if (key >= this.#epochs.length) this.#grow(Math.max(64, key * 2))
    this.#epochs[key] = this.#epoch
    this.#changed[key] = -1
    this.#acquired[key] = -1
    this.#written[key] = -1
    for (let i = key * this.#threads; i < (key + 1) * this.#threads; i++) {
      this.#shared[i] = -1
      this.#acquiredShared[i] = -1
      this.#read[i] = -1
    }
  }

  #grow(keys: number): void {
    const more = (old: Int32Array, length: number): Int32Array => {
      const array = new Int32Array(length)
      array.set(old)
      return array
    }
    this.#epochs = more(this.#epochs, keys)
    this.#changed = more(this.#changed, keys)
    this.#acquired = more(this.#acquired, keys)
    this.#written = more(this.#written, keys)
    this.#shared = more(this.#shared, keys * this.#threads)
    this.#acquiredShared = more(this.#acquiredShared, keys * this.#threads)
    this.#read = more(this.#read, keys * this.#threads)
  }
}

/** Whether a step with footprint `a` releases what one with footprint `b` then takes: `b` cannot come first. */
function releasesFor(a: Footprint, b: Footprint): boolean {
  for (const x of a) {
    const how = x & HOW_MASK
    if (how !== TOUCH_RELEASE && how !== TOUCH_RELEASE_SHARED) continue
    for (const y of b) {
      if (x >> HOW_SHIFT !== y >> HOW_SHIFT) continue
      if ((y & HOW_MASK) === TOUCH_ACQUIRE) return true
      if ((y & HOW_MASK) === TOUCH_ACQUIRE_SHARED && how === TOUCH_RELEASE) return true
    }
  }
  return false
}

function note(found: number[], at: number): void {
  if (at >= 0) found.push(at)
}
