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

import {
  TOUCH_ACQUIRE,
  TOUCH_ACQUIRE_SHARED,
  TOUCH_READ,
  TOUCH_RELEASE,
  TOUCH_RELEASE_SHARED,
  TOUCH_WRITE,
} from '@mm-model/core'
import { THREW, WAITS } from './execution.ts'
import { conflict, type Footprint, HOW_MASK, HOW_SHIFT } from './footprint.ts'
import {
  bits,
  type Level,
  NOTHING,
  next,
  one,
  type SavedLevel,
  type SavedSearch,
  savedLevels,
} from './level.ts'
import { Path } from './path.ts'
import { RaceIndex } from './race-index.ts'
import { type Found, notTheSame, type Past, preemptionsOf, type Search } from './search.ts'
import { NO_FUTURE, StateCache } from './state-cache.ts'

/** The reduced search of one program, or of a part of it. */
export class ReducedSearch {
  readonly #search: Search
  readonly #levels: Level[] = []
  #threads = 0
  #all = 0
  /** Bits of the threads of the program: the others are interrupts. */
  #real = 0
  #none: readonly Footprint[] = []
  readonly #index: RaceIndex = new RaceIndex()
  #cache: StateCache | null = null
  /** Of the choices that are free, as {@link one} says. */
  #order: number
  #first: Int32Array = new Int32Array(0)
  /** A footprint of one element. */
  readonly #single: Int32Array = new Int32Array(1)
  /** What the search goes on from, as long as it has not come there: so far nothing else is known of it. */
  #from: SavedSearch | null = null
  /** States before it are somebody else's. */
  #base = 0
  /** With {@link partition}: how deep, and the states that deep. */
  #deepest = Infinity
  #parts: SavedSearch[] = []

  constructor(search: Search) {
    this.#search = search
    this.#order = (search.together?.member ?? 0) % 32
  }

  /** Searches all, or the rest, from where it was; answers the first schedule that ends in something wrong. @throws Stop */
  run(from: SavedSearch | null = null): Found | null {
    this.#from = from
    const path = this.#begin(true)
    if (from === null) return this.#searchFrom(path)
    this.#base = from.base
    this.#restore(path, from.levels)
    this.#from = null
    return this.#searchFrom(path)
  }

  /**
   * Runs every schedule of the first `depth` steps, up to those that only reorder what commutes; {@link parts} are then what
   * comes after each of them. Answers as {@link run} if something is wrong before. @throws Stop
   */
  partition(depth: number): Found | null {
    this.#deepest = depth
    // The same parts for everybody.
    this.#order = 0
    this.#parts = []
    return this.#searchFrom(this.#begin(false))
  }

  /** Of the last {@link partition}. */
  get parts(): readonly SavedSearch[] {
    return this.#parts
  }

  /** Where the search is. */
  save(): SavedSearch {
    return this.#from ?? { levels: savedLevels(this.#levels), base: this.#base }
  }

  /** How much of the search is done, by what was run of what is known that must be: 0 … 1. */
  get fraction(): number {
    let done = 0
    let share = 1
    for (const { backtrack, explored, sleep, waiting } of this.#levels.slice(this.#base)) {
      const all = bits((backtrack | explored) & ~sleep & ~waiting)
      if (all === 0) break
      share /= all
      // The one that runs now is not done.
      done += share * Math.max(0, bits(explored) - 1)
    }
    return Math.min(1, done)
  }

  /** Depth of the state at hand. */
  get depth(): number {
    return this.#levels.length - 1
  }

  #begin(remember: boolean): Path {
    const path = new Path(this.#search, remember)
    this.#threads = path.size
    this.#all = path.all
    this.#real = path.threads
    this.#none = Array.from({ length: this.#threads }, () => NOTHING)
    this.#first = new Int32Array(this.#threads)
    this.#index.begin(this.#threads)
    this.#cache = path.hash === null ? null : new StateCache(this.#search, path.hash, this.#threads)
    this.#levels.length = 0
    this.#base = 0
    this.#levels.push(this.#level(path, null, path.past))
    return path
  }

  #searchFrom(path: Path): Found | null {
    for (;;) {
      this.#search.begins()
      const found = this.#runToEnd(path)
      if (found !== null) return found
      // Back to the last state from which something else must run.
      for (;;) {
        if (this.#levels.length <= this.#base) return null
        const level = this.#levels.at(-1)!
        if (next(level, this.#order) >= 0) break
        this.#leave(level)
      }
      const { done, mark } = this.#levels.at(-1)!
      const depth = this.#levels.length - 1
      path.back(depth, done, mark)
      this.#index.back(depth)
    }
  }

  /** Runs to the last of some saved levels, and finds out on the way what they do not say. */
  #restore(path: Path, saved: readonly SavedLevel[]): void {
    const search = this.#search
    for (const [depth, { thread, backtrack, explored, waiting, sleep }] of saved.entries()) {
      const level = this.#levels[depth]!
      // What was found from here before is not known any more: nobody may rely on it.
      Object.assign(level, { backtrack, explored, waiting, sleep, known: true })
      for (let i = 0; i < this.#threads; i++) {
        const bit = 1 << i
        if ((waiting & bit) !== 0 && path.step(i, level.past) === WAITS) {
          level.pending = level.pending.with(i, search.footprint)
          this.#cache?.willTouch(level.future, i, search.footprint)
        }
        if (((explored | sleep) & bit) === 0 || (i === thread && depth < saved.length - 1)) continue
        const aside = search.replay(
          saved.map((one) => one.thread),
          depth,
        )
        search.step(aside, i, level.past)
        level.asleep = level.asleep.with(i, search.footprint)
      }
      if (depth === saved.length - 1) return
      const canRun = thread >= 0 && thread < this.#threads && (path.done & (1 << thread)) === 0
      if (!canRun || path.step(thread, level.past) === WAITS) throw notTheSame(depth)
      level.thread = thread
      level.footprint = search.footprint
      level.clock = this.#index.add(depth, thread, search.footprint)
      this.#levels.push(this.#level(path, level, search.past))
      level.asleep = level.asleep.with(thread, level.footprint)
    }
  }

  /** Runs on from the last level, where something is to be run, until nothing is. */
  #runToEnd(path: Path): Found | null {
    const search = this.#search
    for (;;) {
      const depth = this.#levels.length - 1
      const level = this.#levels[depth]!
      if (depth >= this.#deepest) {
        this.#parts.push({ levels: savedLevels(this.#levels), base: depth })
        level.backtrack = 0
        return null
      }
      const thread = next(level, this.#order)
      if (thread < 0) {
        const left = this.#all & ~level.done
        if ((left & ~level.waiting) === 0 && level.explored === 0) {
          const wrong = search.wrongAtEnd(path.execution, left & this.#real, level.past)
          return wrong === null ? null : this.#found(wrong, depth)
        }
        if (level.explored === 0) search.redundant++
        return null
      }
      const bit = 1 << thread
      const result = path.step(thread, level.past)
      const { footprint } = search
      if (result === WAITS) {
        level.waiting |= bit
        level.backtrack &= ~bit
        level.pending = level.pending.with(thread, footprint)
        this.#cache?.willTouch(level.future, thread, footprint)
        // What keeps it waiting could have come later.
        this.#races(depth, thread, footprint, true)
        const able = this.#all & ~level.done & ~level.waiting & ~level.sleep
        level.backtrack |=
          level.explored === 0 && (level.backtrack & ~level.sleep) === 0 ? one(able, this.#order) : able
        continue
      }
      level.thread = thread
      level.footprint = footprint
      level.explored |= bit
      this.#races(depth, thread, footprint, false)
      level.clock = this.#index.add(depth, thread, footprint)
      const now = this.#level(path, level, search.past)
      this.#levels.push(now)
      level.asleep = level.asleep.with(thread, footprint)
      const isKnown = result !== THREW && this.#cache?.find(now.sleep, now.future) === true
      // A state that was searched from has been looked at, and so was the step that is known.
      if (!isKnown || !path.isRecalled) {
        const wrong = path.wrong(result)
        if (wrong !== null) return this.#found(wrong, depth + 1)
      }
      if (isKnown) {
        search.matched++
        now.known = true
        now.backtrack = 0
        this.#futureRaces(depth + 1, now.future)
        return null
      }
    }
  }

  /** All is known from the last level on. */
  #leave(level: Level): void {
    this.#levels.pop()
    const cache = this.#cache
    const before = this.#levels.at(-1)
    if (cache === null || before === undefined) return
    if (!level.known) cache.remember(level.a, level.b, level.sleep, level.future)
    cache.join(before.future, level.future)
    cache.willTouch(before.future, before.thread, before.footprint)
  }

  /** As {@link #races}, for whatever may come after a state that was searched from before. */
  #futureRaces(depth: number, future: Int32Array): void {
    const index = this.#index
    const { takers, rivals } = index
    const single = this.#single
    for (let thread = 0; thread < this.#threads; thread++) {
      const known = index.clockOf(thread)
      for (const element of this.#cache!.elementsOf(future[thread]!)) {
        single[0] = element
        index.look(thread, single, false)
        for (let i = 0; i < takers.count; i++) {
          const at = takers.at[i]!
          const other = this.#levels[at]!.thread
          if (other !== thread && at >= known[other]!) this.#reverseUnknown(at, depth)
        }
        for (let i = 0; i < rivals.count; i++) {
          const at = rivals.at[i]!
          const level = this.#levels[at]!
          const other = level.thread
          if (other === thread || at < known[other]! || index.isBefore(at, other)) continue
          if (!releasesFor(level.footprint, single)) this.#reverseUnknown(at, depth)
        }
      }
    }
  }

  /** As {@link #reverse}, for a step of which nobody knows what comes before it. */
  #reverseUnknown(at: number, depth: number): void {
    const level = this.#levels[at]!
    const initials = this.#initialsAfter(at, depth)
    if ((initials & (level.backtrack | level.sleep)) !== 0) return
    const able = initials & ~level.waiting & ~level.done
    level.backtrack |= able !== 0 ? one(able, this.#order) : this.#all & ~level.done & ~level.waiting
  }

  #level({ done, hash }: Path, from: Level | null, past: Past): Level {
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
      a: hash?.lanes[0] ?? 0,
      b: hash?.lanes[1] ?? 0,
      mark: hash?.mark ?? 0,
      future: this.#cache === null ? NO_FUTURE : new Int32Array(this.#threads),
      known: false,
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
    if (this.#deepest < Infinity && this.#levels.length < this.#deepest) level.backtrack = able
    else
      level.backtrack =
        preferred >= 0 && (able & (1 << preferred)) !== 0 ? 1 << preferred : one(able, this.#order)
    return level
  }

  /**
   * Sees to it that for each earlier step which the next of `thread` is in a race with, some schedule is run in which it
   * comes first.
   */
  #races(depth: number, thread: number, footprint: Footprint, waits: boolean): void {
    const index = this.#index
    const { takers, rivals } = index
    const known = index.clockOf(thread)
    index.look(thread, footprint, waits)
    for (let i = 0; i < takers.count; i++) {
      const at = takers.at[i]!
      const other = this.#levels[at]!.thread
      if (other !== thread && at >= known[other]!) this.#reverse(at, depth, thread, footprint)
    }
    for (let i = 0; i < rivals.count; i++) {
      const at = rivals.at[i]!
      const level = this.#levels[at]!
      const other = level.thread
      if (other === thread || at < known[other]! || (!waits && index.isBefore(at, other))) continue
      if (!waits && releasesFor(level.footprint, footprint)) continue
      this.#reverse(at, depth, thread, footprint)
    }
  }

  #reverse(at: number, depth: number, thread: number, footprint: Footprint): void {
    const level = this.#levels[at]!
    let initials = this.#initialsAfter(at, depth)
    const first = this.#first
    if (first[thread]! < 0 && !this.#follows(first, this.#index.clockWith(thread, footprint), thread))
      initials |= 1 << thread
    if ((initials & (level.backtrack | level.sleep)) !== 0) return
    const able = initials & ~level.waiting & ~level.done
    if (able !== 0) level.backtrack |= (able & (1 << thread)) !== 0 ? 1 << thread : one(able, this.#order)
    else level.backtrack |= this.#all & ~level.done & ~level.waiting
  }

  /**
   * Threads that could take the place of the step `at`: of the steps after it that did not happen after it, those that none of
   * the others comes before. {@link #first} is then the first such step of each thread.
   */
  #initialsAfter(at: number, depth: number): number {
    const first = this.#first.fill(-1)
    const other = this.#levels[at]!.thread
    let initials = 0
    for (let i = at + 1; i < depth; i++) {
      const { thread: who, clock } = this.#levels[i]!
      if (clock[other]! > at || first[who]! >= 0) continue
      first[who] = i
      if (!this.#follows(first, clock, who)) initials |= 1 << who
    }
    return initials
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
    const preemptions = preemptionsOf(schedule, this.#real, (at, thread) => {
      const { done, waiting } = this.#levels[at]!
      return ((done | waiting) & (1 << thread)) === 0
    })
    return { wrong, schedule, preemptions }
  }
}

/** Whether a step with footprint `a` releases what one with footprint `b` then takes: `b` cannot come first. */
function releasesFor(a: Footprint, b: Footprint): boolean {
  for (const x of a) {
    const how = x & HOW_MASK
    if (how !== TOUCH_RELEASE && how !== TOUCH_RELEASE_SHARED) continue
    for (const y of b) {
      if (x >> HOW_SHIFT !== y >> HOW_SHIFT) continue
      // Who looks whether a lock is free before taking it, or queues up for an entry, can come first.
      if (b.includes((y & ~HOW_MASK) | TOUCH_READ) || b.includes((y & ~HOW_MASK) | TOUCH_WRITE)) continue
      if ((y & HOW_MASK) === TOUCH_ACQUIRE) return true
      if ((y & HOW_MASK) === TOUCH_ACQUIRE_SHARED && how === TOUCH_RELEASE) return true
    }
  }
  return false
}
