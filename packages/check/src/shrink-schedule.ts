/**
 * A shorter schedule that ends in the same: for what was found by chance, or where no limit allows a search for the shortest.
 * @module
 */

import { firstThread } from './execution.ts'
import { runsOf } from './run-lengths.ts'
import type { Found, Search, Wrong } from './search.ts'
import { Walk } from './walk.ts'

/** So many steps of one that runs. */
type Run = readonly [thread: number, steps: number]

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

/** Without the run; with it right before the next of the same thread; right after the one before. */
function* candidates(runs: readonly Run[], i: number): Generator<readonly Run[]> {
  const run = runs[i]!
  yield runs.toSpliced(i, 1)
  const next = runs.findIndex(([thread], at) => at > i && thread === run[0])
  if (next > 0) yield [...runs.slice(0, i), ...runs.slice(i + 1, next), run, ...runs.slice(next)]
  const before = runs.findLastIndex(([thread], at) => at < i && thread === run[0])
  if (before >= 0)
    yield [...runs.slice(0, before + 1), run, ...runs.slice(before + 1, i), ...runs.slice(i + 1)]
}

/** Follows the runs as far as they can be, then runs on; the schedule that it was, if it ends in the rule being broken. */
function follow(search: Search, runs: readonly Run[], name: string): Found | null {
  const walk = new Walk(search)
  const found = (wrong: Wrong | null): Found | null => walk.found(wrong?.name === name ? wrong : null)
  for (const [thread, steps] of runs) {
    for (let n = 0; n < steps && (walk.able & (1 << thread)) !== 0; n++) {
      const wrong = walk.step(thread)
      if (wrong !== null) return found(wrong)
    }
  }
  let last = walk.schedule.at(-1) ?? 0
  for (let { able } = walk; able !== 0; { able } = walk) {
    if ((able & (1 << last)) === 0) last = firstThread(able)
    const wrong = walk.step(last)
    if (wrong !== null) return found(wrong)
  }
  return found(walk.end())
}
