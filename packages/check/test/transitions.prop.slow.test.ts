import { stateInvariants } from '@mm-model/check'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { THREW, WAITS } from '../src/execution.ts'
import { Path } from '../src/path.ts'
import { Search } from '../src/search.ts'
import { StateHash } from '../src/state-hash.ts'
import { anyShape, program, type Shape } from './programs.ts'

/*
 * A step that is known is not run. So what it is known to do has to be what it does: schedules at random are run on a machine
 * beside the path that recalls what it can, and both have to come to the same state.
 */

/** Two loads put a huge page of zeros and a table where a write has just taken one away. */
const HUGE_ZERO: Shape = {
  threads: [[['load', 0]], [['load', 0]], [['pwrite', 0]]],
  settings: ['hole'],
  pages: 512,
}

/** Two threads do the same first call with other arguments, and a third sees which came first. */
const TWO_CALLS: Shape = {
  threads: [[['munmap', 1]], [['mlock', 0]], [['munmap', 0]]],
  settings: ['written'],
  pages: 2,
}

describe('a step that is known', () => {
  it.each([
    { what: 'no rules', rules: [], shapes: anyShape, programs: 300, walks: 12 },
    { what: 'all rules', rules: stateInvariants, shapes: anyShape, programs: 300, walks: 12 },
    { what: 'a huge page of zeros', rules: [], shapes: fc.constant(HUGE_ZERO), programs: 5, walks: 200 },
    { what: 'two like calls', rules: [], shapes: fc.constant(TWO_CALLS), programs: 5, walks: 200 },
  ])('does what it did before, with $what', { timeout: 300_000 }, ({ rules, shapes, programs, walks }) => {
    let recalled = 0
    let ran = 0
    fc.assert(
      fc.property(shapes, fc.infiniteStream(fc.nat(999)), (shape, chance) => {
        const limits = { executions: Infinity, steps: Infinity, states: 1000 }
        const search = new Search(program(shape), rules, limits, false)
        const next = (below: number): number => chance.next().value! % below
        for (let walk = 0; walk < walks; walk++) {
          const path = new Path(search, true)
          const hash = new StateHash(search, path.size)
          const machine = search.replay([], 0)
          let { past } = path
          let waiting = 0
          for (let who = 0; ; ) {
            const able = path.all & ~path.done & ~waiting
            if (able === 0) break
            if (next(3) === 0 || (able & (1 << who)) === 0) {
              who = next(path.size)
              continue
            }
            const result = path.step(who, past)
            const { footprint, past: after } = search
            if (path.isRecalled) recalled++
            else ran++
            expect(search.step(machine, who, past)).toBe(result)
            expect(search.footprint).toEqual(footprint)
            if (result === THREW) break
            if (result === WAITS) {
              waiting |= 1 << who
              continue
            }
            waiting = 0
            hash.step(machine, who, footprint, past, search.past)
            expect(hash.lanes).toEqual(path.hash!.lanes)
            expect(search.past.held).toEqual(after.held)
            expect(machine.done).toBe(path.done)
            past = search.past
          }
        }
      }),
      { numRuns: programs, seed: 20161 },
    )
    expect(recalled).toBeGreaterThan(ran)
  })
})
