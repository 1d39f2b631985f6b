/**
 * What the reduced search knows of each state on the way to the one at hand.
 * @module
 */

import { firstThread } from './execution.ts'
import type { Footprint } from './footprint.ts'
import type { Past } from './search.ts'

/** One state on the way: what was run from it, and what must be. */
export interface Level {
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
  /** Of the state: lanes of its hash, the place in its log, and what is touched from here on, if all that is known. */
  a: number
  b: number
  mark: number
  future: Int32Array
  /** It was searched from before, by other steps that led there. */
  known: boolean
}

/** The footprint of a step that has touched nothing. */
export const NOTHING: Footprint = /*#__PURE__*/ new Int32Array(0)

/** The thread to run from the level, by `order`, or -1. */
export function next(level: Level, order: number): number {
  return firstThread(
    one(level.backtrack & ~level.explored & ~level.sleep & ~level.waiting & ~level.done, order),
  )
}

/** One of some bits; which, `order` says, so that searches of one program take different ways: 0 takes the lowest. */
export function one(bits: number, order: number): number {
  if (order === 1) return bits === 0 ? 0 : 1 << (31 - Math.clz32(bits))
  const upper = bits & (-1 << order)
  const from = upper === 0 ? bits : upper
  return from & -from
}

/** What of a level goes into a file: the rest follows from running it. */
export interface SavedLevel {
  readonly thread: number
  readonly backtrack: number
  readonly explored: number
  readonly waiting: number
  readonly sleep: number
}

/** Where a search has stopped, or is to begin. */
export interface SavedSearch {
  /** From the beginning to the state at hand. */
  readonly levels: readonly SavedLevel[]
  /** States up to here are left alone: somebody else goes on from them. */
  readonly base: number
}

/** The state of a search that can be gone on with. */
export function savedLevels(levels: readonly Level[]): SavedLevel[] {
  return levels.map(({ thread, backtrack, explored, waiting, sleep }) => ({
    thread,
    backtrack,
    explored,
    waiting,
    sleep,
  }))
}

/** How many bits are set. */
export function bits(mask: number): number {
  let count = 0
  for (let left = mask; left !== 0; left &= left - 1) count++
  return count
}
