/**
 * Searches without reduction: every schedule with at most so many preemptions, and schedules at random.
 * @module
 */

import { Random } from '@mm-model/scenario'
import { firstThread, THREW, WAITS } from './execution.ts'
import { conflict, type Footprint } from './footprint.ts'
import { Path } from './path.ts'
import type { Found, Past, Search, Wrong } from './search.ts'
import type { StateHash } from './state-hash.ts'
import { StateTable } from './state-table.ts'
import { Walk } from './walk.ts'

interface Level {
  /** Thread that runs here; -1 before. */
  thread: number
  /** Thread that ran before, -1 at the beginning; interrupts do not count. */
  readonly before: number
  /** Bits of what is no interrupt. */
  readonly threads: number
  /** Threads that ran from here, and that wait here; a bit each. */
  tried: number
  waiting: number
  readonly pending: (Footprint | null)[]
  readonly done: number
  /** Preemptions on the way here. */
  readonly preemptions: number
  readonly past: Past
  /** Nothing need be tried from here: what ran touched nothing, or the state was come to before at no more cost. */
  closed: boolean
  /** The place of the state in the log of its hash. */
  mark: number
}

/** States that a bounded search has come to, with the fewest preemptions and steps that it took. */
class Seen {
  readonly #hash: StateHash
  readonly #table: StateTable
  readonly #search: Search

  /** `hash` is that of the state at hand. */
  constructor(search: Search, hash: StateHash) {
    this.#search = search
    this.#hash = hash
    this.#table = new StateTable(2, search.limits.states)
  }

  /** Whether the state at hand was come to before, after the same thread, with no more preemptions and steps. */
  has(to: Level, depth: number): boolean {
    const { lanes } = this.#hash
    const a = lanes[0]! ^ Math.imul(to.before + 2, 0x9e3779b1)
    const b = lanes[1]!
    const known = this.#table.find(a, b)
    if (known >= 0) {
      const { numbers } = this.#table
      if (numbers[known]! <= to.preemptions && numbers[known + 1]! <= depth) {
        this.#search.matched++
        return true
      }
    }
    const at = this.#table.add(a, b)
    if (at >= 0) {
      this.#table.numbers[at] = to.preemptions
      this.#table.numbers[at + 1] = depth
      this.#search.states = this.#table.size
    }
    return false
  }
}

/**
 * Every schedule with at most `bound` preemptions: times that the CPU is taken from a thread that could have gone on. Of those
 * that end in something wrong, one with the fewest steps. @throws Stop
 */
export function searchBounded(search: Search, bound: number): Found | null {
  search.restart()
  const path = new Path(search, true)
  const { all } = path
  const seen = path.hash === null ? null : new Seen(search, path.hash)
  const levels: Level[] = [levelAfter(null, path, null, false, path.past)]
  let best: Found | null = null
  for (;;) {
    search.begins()
    // Down, until nothing can run.
    for (;;) {
      const level = levels.at(-1)!
      const thread = choice(level, all, bound)
      if (thread < 0) {
        const left = all & ~level.done
        if (level.tried === 0 && (left & ~level.waiting) === 0)
          best = better(
            best,
            search.wrongAtEnd(path.execution, left & path.threads, level.past),
            levels,
            levels.length - 1,
          )
        break
      }
      if (best !== null && levels.length > best.schedule.length) break
      const bit = 1 << thread
      const result = path.step(thread, level.past)
      const { footprint } = search
      if (result === WAITS) {
        level.waiting |= bit
        level.pending[thread] = footprint
        continue
      }
      level.tried |= bit
      const costs = isPreemption(level, thread)
      level.thread = thread
      // Switching before it is no better than switching after it, which costs the same.
      if (footprint.length === 0 && thread === level.before) level.closed = true
      const now = levelAfter(level, path, footprint, costs, search.past)
      const isSeen = result !== THREW && seen?.has(now, levels.length) === true
      // A state that was come to before has been looked at, and so was the step that is known.
      if (!isSeen || !path.isRecalled) {
        const wrong = path.wrong(result)
        if (wrong !== null) {
          best = better(best, wrong, levels, levels.length)
          break
        }
      }
      now.closed = isSeen
      levels.push(now)
    }
    // Up, to where something else can run.
    for (;;) {
      const level = levels.at(-1)
      if (level === undefined) return best
      const tooLong = best !== null && levels.length > best.schedule.length
      if (!tooLong && choice(level, all, bound) >= 0) break
      levels.pop()
    }
    const { done, mark } = levels.at(-1)!
    path.back(levels.length - 1, done, mark)
  }
}

function levelAfter(
  from: Level | null,
  { size, threads, done, hash }: Path,
  footprint: Footprint | null,
  costs: boolean,
  past: Past,
): Level {
  const level: Level = {
    thread: -1,
    before: from === null || (threads & (1 << from.thread)) === 0 ? (from?.before ?? -1) : from.thread,
    threads,
    tried: 0,
    waiting: 0,
    pending: Array.from({ length: size }, () => null),
    done,
    preemptions: (from?.preemptions ?? 0) + (costs ? 1 : 0),
    closed: false,
    past,
    mark: hash?.mark ?? 0,
  }
  if (from === null || footprint === null) return level
  for (let i = 0; i < size; i++) {
    if ((from.waiting & (1 << i)) === 0 || i === from.thread) continue
    level.pending[i] = from.pending[i]!
    if (!conflict(from.pending[i]!, footprint)) level.waiting |= 1 << i
  }
  return level
}

/** Whether running the thread takes the CPU from one that could go on. */
function isPreemption({ before, waiting, done, threads }: Level, thread: number): boolean {
  return (
    (threads & (1 << thread)) !== 0 &&
    before >= 0 &&
    before !== thread &&
    ((waiting | done) & (1 << before)) === 0
  )
}

/** The next thread to run from the level, the one that ran before first; -1 for none. */
function choice(level: Level, all: number, bound: number): number {
  if (level.closed) return -1
  const open = all & ~level.tried & ~level.waiting & ~level.done
  if (level.before >= 0 && (open & (1 << level.before)) !== 0) return level.before
  if (level.preemptions < bound) return firstThread(open)
  // Interrupts cost nothing, nor does a thread when the one before has ended or waits.
  const thread = firstThread(open)
  return thread >= 0 && isPreemption(level, thread) ? firstThread(open & ~level.threads) : thread
}

function better(
  best: Found | null,
  wrong: Wrong | null,
  levels: readonly Level[],
  length: number,
): Found | null {
  if (wrong === null || (best !== null && best.schedule.length <= length)) return best
  const schedule = levels.slice(0, length).map(({ thread }) => thread)
  const last = levels[length - 1]
  const preemptions =
    last === undefined ? 0 : last.preemptions + (last.thread >= 0 && isPreemption(last, last.thread) ? 1 : 0)
  return { wrong, schedule, preemptions }
}

/** `count` schedules, each choice of which the seed decides. @throws Stop */
export function searchRandom(search: Search, count: number, seed: number): Found | null {
  const words = new Random(seed)
  const random = (): number => words.next() / 2 ** 32
  search.restart()
  for (let n = 0; n < count; n++) {
    const found = randomSchedule(search, random)
    if (found !== null) return found
  }
  return null
}

function randomSchedule(search: Search, random: () => number): Found | null {
  const walk = new Walk(search)
  const { size, threads } = walk.execution
  const all = Array.from({ length: size }, (_, i) => i)
  // How often it switches is itself by chance: some bugs want few switches.
  const switches = random() ** 2
  let thread = -1
  for (;;) {
    const { able } = walk
    if (able === 0) return walk.found(walk.end())
    let who = thread
    if (thread < 0 || (able & (1 << thread)) === 0 || random() < switches) {
      const bits = all.filter((i) => (able & (1 << i)) !== 0)
      who = bits[Math.floor(random() * bits.length)]!
    }
    const steps = walk.schedule.length
    const wrong = walk.step(who)
    if (wrong !== null) return walk.found(wrong)
    if (walk.schedule.length > steps && (threads & (1 << who)) !== 0) thread = who
  }
}
