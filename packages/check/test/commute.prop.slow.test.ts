import { kernel45, kernel61 } from '@mm-model/core'
import { mountExt4, mountXfs } from '@mm-model/dax'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Execution, RAN, WAITS } from '../src/execution.ts'
import { finalState } from '../src/final-state.ts'
import { conflict, type Footprint } from '../src/footprint.ts'
import { Search } from '../src/search.ts'
import { CALLS, type CallName, program, SETTINGS, type Setting } from './programs.ts'

/*
 * What the search takes for granted: two steps whose footprints have nothing in common, or only what both look at, can be
 * swapped. From the state that either order gives, everything goes the same way.
 */

/** Runs on, always the first that can, interrupts last, and tells the end. */
function toTheEnd(execution: Execution): string {
  const { threads } = execution.instance
  for (let idle = 0; execution.done !== 2 ** threads.length - 1; ) {
    idle++
    for (let i = 0; i < execution.size; i++) {
      while ((execution.done & (1 << i)) === 0) {
        const result = execution.step(i)
        if (result === WAITS) break
        if (result !== RAN) return String(execution.error)
        idle = 0
      }
    }
    if (idle > 1) return 'deadlock'
  }
  return finalState(execution)
}

const call = fc.constantFrom(...(Object.keys(CALLS) as CallName[])).map((name) => [name, 0] as const)

const MOUNTS = [
  [mountExt4, kernel61],
  [mountXfs, kernel61],
  [mountExt4, kernel45],
] as const

it('steps with footprints that do not conflict commute', { timeout: 300_000 }, () => {
  let swapped = 0
  fc.assert(
    fc.property(
      fc.tuple(
        fc.array(call, { minLength: 1, maxLength: 2 }),
        fc.array(call, { minLength: 1, maxLength: 2 }),
      ),
      fc.constantFrom(...(Object.keys(SETTINGS) as Setting[])),
      fc.constantFrom(...MOUNTS),
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(1), fc.integer({ min: 1, max: 12 })), { minLength: 1, maxLength: 6 }),
      (threads, setting, [mount, kernel], processes, turns) => {
        const run = program({ threads, settings: [setting], mount, kernel, processes })
        const search = new Search(run, [], { executions: 1e6, steps: 1e9, states: 0 }, false)
        // Somewhere on the way: a schedule of steps that ran.
        const schedule: number[] = []
        const first = search.replay([], 0)
        for (const [who, count] of turns) {
          for (let n = 0; n < count && (first.done & (1 << who)) === 0; n++) {
            if (first.step(who) !== RAN) break
            schedule.push(who)
          }
        }
        const inOrder = (one: number, other: number): readonly [Footprint, Footprint, string] | null => {
          const execution = search.replay(schedule, schedule.length)
          const prints: Footprint[] = []
          const past = search.begin(execution)
          for (const who of [one, other]) {
            if ((execution.done & (1 << who)) !== 0 || search.step(execution, who, past) !== RAN) return null
            prints.push(search.footprint)
          }
          return [prints[0]!, prints[1]!, toTheEnd(execution)]
        }
        const there = inOrder(0, 1)
        if (there === null || conflict(there[0], there[1])) return
        const back = inOrder(1, 0)
        expect(back).not.toBeNull()
        // The same steps in the other order, and the same end.
        expect([back![1].toSorted(), back![0].toSorted()]).toEqual([there[0].toSorted(), there[1].toSorted()])
        expect(back![2]).toBe(there[2])
        if (there[0].length > 0 && there[1].length > 0) swapped++
      },
    ),
    { numRuns: 20_000, seed: 7 },
  )
  expect(swapped).toBeGreaterThan(1500)
})
