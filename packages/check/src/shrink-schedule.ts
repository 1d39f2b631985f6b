/**
 * A shorter schedule that ends in the same: for what was found by chance, or where no limit allows a search for the shortest.
 * @module
 */

import { RAN, WAITS } from './execution.ts'
import { conflict, type Footprint } from './footprint.ts'
import { type Found, preemptionsOf, type Search } from './search.ts'

/** So many steps of one that runs. */
interface Run {
  readonly thread: number
  readonly steps: number
}

/**
 * Tries to leave out times that another one runs, by leaving out a run or letting it come later, until no such change leads to the
 * same rule being broken with fewer preemptions, or as many and fewer steps. @throws Stop
 */
export function shrinkSchedule(search: Search, found: Found): Found {
  let best = found
  for (let improved = true; improved; ) {
    improved = false
    const runs = runsOf(best.schedule)
    for (let i = 0; i < runs.length && !improved; i++) {
      for (const candidate of candidates(runs, i)) {
        const other = follow(search, candidate, best.wrong.name)
        if (other === null || !isShorter(other, best)) continue
        best = other
        improved = true
        break
      }
    }
  }
  return best
}

function isShorter(a: Found, b: Found): boolean {
  return (
    a.preemptions < b.preemptions ||
    (a.preemptions === b.preemptions && a.schedule.length < b.schedule.length)
  )
}

function runsOf(schedule: readonly number[]): Run[] {
  const runs: Run[] = []
  for (const thread of schedule) {
    const last = runs.at(-1)
    if (last?.thread === thread) runs[runs.length - 1] = { thread, steps: last.steps + 1 }
    else runs.push({ thread, steps: 1 })
  }
  return runs
}

/** Without the run; with it right before the next of the same thread; right after the one before. */
function* candidates(runs: readonly Run[], i: number): Generator<readonly Run[]> {
  const run = runs[i]!
  yield runs.toSpliced(i, 1)
  const next = runs.findIndex(({ thread }, at) => at > i && thread === run.thread)
  if (next > 0) yield [...runs.slice(0, i), ...runs.slice(i + 1, next), run, ...runs.slice(next)]
  const before = runs.findLastIndex(({ thread }, at) => at < i && thread === run.thread)
  if (before >= 0)
    yield [...runs.slice(0, before + 1), run, ...runs.slice(before + 1, i), ...runs.slice(i + 1)]
}

/** Follows the runs as far as they can be, then runs on; the schedule that it was, if it ends in the rule being broken. */
function follow(search: Search, runs: readonly Run[], name: string): Found | null {
  const execution = search.replay([], 0)
  const { all, threads, size } = execution
  const pending: (Footprint | null)[] = Array.from({ length: size }, () => null)
  const schedule: number[] = []
  /** Per step who could not go on. */
  const unable: number[] = []
  let waiting = 0
  let past = search.begin(execution)
  const done = (wrong: Found['wrong'] | null): Found | null => {
    if (wrong?.name !== name) return null
    const preemptions = preemptionsOf(schedule, threads, (at, thread) => (unable[at]! & (1 << thread)) === 0)
    return { wrong, schedule, preemptions }
  }
  /** One step of it: null to go on. */
  const step = (who: number): { readonly end: Found | null } | null => {
    const before = waiting | execution.done
    const result = search.step(execution, who, past)
    if (result === WAITS) {
      waiting |= 1 << who
      pending[who] = search.footprint
      return null
    }
    schedule.push(who)
    unable.push(before)
    past = search.past
    const wrong = search.wrongAfter(execution, result)
    if (wrong !== null || result !== RAN) return { end: done(wrong) }
    for (let i = 0; i < size; i++) {
      if ((waiting & (1 << i)) !== 0 && conflict(pending[i]!, search.footprint)) waiting &= ~(1 << i)
    }
    return null
  }
  const able = (): number => all & ~execution.done & ~waiting
  for (const { thread, steps } of runs) {
    for (let n = 0; n < steps && (able() & (1 << thread)) !== 0; n++) {
      const ended = step(thread)
      if (ended !== null) return ended.end
    }
  }
  let last = schedule.at(-1) ?? 0
  while (able() !== 0) {
    if ((able() & (1 << last)) === 0) last = 31 - Math.clz32(able() & -able())
    const ended = step(last)
    if (ended !== null) return ended.end
  }
  return done(search.wrongAtEnd(execution, threads & ~execution.done, past))
}
