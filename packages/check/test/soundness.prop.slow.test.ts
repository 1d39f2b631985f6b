import { explore, type Program } from '@mm-model/check'
import {
  kernel45,
  TOUCH_ENTRIES,
  TOUCH_ENTRY_LOCK,
  TOUCH_FRAME,
  TOUCH_FREEZE,
  TOUCH_LOCK,
  TOUCH_SIZE,
  TOUCH_TABLE,
  TOUCH_TABLE_LOCK,
  TOUCH_TLB,
} from '@mm-model/core'
import { mountExt4, mountXfs } from '@mm-model/dax'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { searchBounded } from '../src/bounded.ts'
import { type Limits, Search } from '../src/search.ts'
import { Stop } from '../src/stop.ts'
import { anyShape, type CallName, deafTo, program, type Setting, type Shape } from './programs.ts'

/*
 * The reduced search leaves out only what commutes, and what is known: it comes to the final states that plain enumeration comes
 * to, and to no others.
 *
 * Plain enumeration of more than a few steps has to know a state again, too: it goes on from each once, by all threads that
 * can. That knowing states again loses nothing is shown on programs that are short enough to do without, and by the steps
 * that are known (transitions.prop.slow.test.ts).
 */

/** How many random programs: `.ci/run` takes 3,000, of which two thirds or more are small enough to be enumerated. */
const PROGRAMS = Number(process.env.CHECK_PROGRAMS ?? 300)
/** States of a program that is enumerated. */
const MOST_STATES = 5000

/** Final states of all schedules, without reduction; null when there is too much of it. */
function enumerated(run: Program, limits: Limits): ReadonlyMap<string, number> | null {
  const all = new Search(run, [], limits, true)
  try {
    // Of a deadlock there is no final state.
    if (searchBounded(all, Infinity) !== null) return null
  } catch (error) {
    if (error instanceof Stop) return null
    throw error
  }
  return limits.states > 0 && all.states === limits.states ? null : all.finalStates
}

/** Final states of `some` that are not in `all`. */
function missing(some: Iterable<string>, all: ReadonlyMap<string, number>): string[] {
  return [...some].filter((state) => !all.has(state))
}

describe('the reduced search', () => {
  it('comes to exactly what all schedules come to, or to no less than some of them', {
    timeout: 900_000,
  }, () => {
    let compared = 0
    fc.assert(
      fc.property(anyShape, fc.nat(), (shape, seed) => {
        const run = program(shape)
        const limits = { executions: Infinity, steps: 3 * MOST_STATES, states: MOST_STATES }
        const all = enumerated(run, limits)
        const reduced = explore(run, { finalStates: true, maxExecutions: 2000 })
        if (all !== null) {
          expect(reduced.outcome).toBe('holds')
          expect([...reduced.finalStates.keys()].sort()).toEqual([...all.keys()].sort())
          compared++
          return
        }
        // What is not exhausted cannot be compared.
        if (reduced.outcome !== 'holds') return
        const random = explore(run, { finalStates: true, random: { schedules: 5, seed } })
        expect(missing(random.finalStates.keys(), reduced.finalStates)).toEqual([])
      }),
      { numRuns: PROGRAMS, seed: 20160 },
    )
    expect(compared).toBeGreaterThanOrEqual(Math.floor((PROGRAMS * 2) / 3))
  })

  it('does so without knowing a state again, and so does enumeration', { timeout: 600_000 }, () => {
    const short = fc.constantFrom<CallName>('load', 'store', 'fsync', 'munmap', 'mprotect', 'mlock', 'pread')
    const settings = fc.constantFrom<Setting>('stored', 'loaded', 'stored and clean')
    const mounts = fc.constantFrom(mountExt4, mountXfs)
    let compared = 0
    fc.assert(
      fc.property(short, short, settings, mounts, fc.boolean(), (a, b, setting, mount, processes) => {
        const run = program({ threads: [[[a, 0]], [[b, 0]]], settings: [setting], mount, processes })
        const all = enumerated(run, { executions: 4000, steps: 1e6, states: 0 })
        if (all === null) return
        const states = [...all.keys()].sort()
        const known = enumerated(run, { executions: Infinity, steps: Infinity, states: 1e6 })
        expect([...known!.keys()].sort()).toEqual(states)
        for (const maxStates of [0, undefined]) {
          const reduced = explore(run, { finalStates: true, maxStates })
          expect(reduced.outcome).toBe('holds')
          expect([...reduced.finalStates.keys()].sort()).toEqual(states)
        }
        compared++
      }),
      { numRuns: 120, seed: 4 },
    )
    expect(compared).toBeGreaterThanOrEqual(40)
  })

  // What is left out of a footprint is missed somewhere: a kind, and a program in which it is.
  const needed: readonly (readonly [name: string, kind: number, shape: Shape])[] = [
    [
      'locks',
      TOUCH_LOCK,
      {
        threads: [
          [
            ['punch', 0],
            ['pread', 0],
          ],
          [['pwrite', 0]],
        ],
        settings: ['written'],
      },
    ],
    [
      'table locks',
      TOUCH_TABLE_LOCK,
      {
        threads: [
          [
            ['load', 0],
            ['fsync', 0],
          ],
          [['truncate', 0]],
        ],
        settings: ['stored'],
      },
    ],
    ['tables', TOUCH_TABLE, { threads: [[['pwrite', 0]], [['load', 0]]], settings: ['loaded'] }],
    ['TLBs', TOUCH_TLB, { threads: [[['load', 0]], [['truncate', 0]]], settings: ['loaded'] }],
    [
      'frames',
      TOUCH_FRAME,
      { threads: [[['load', 0]], [['store', 0]]], settings: ['stored'], processes: true },
    ],
    [
      'entries',
      TOUCH_ENTRIES,
      {
        threads: [
          [
            ['fsync', 0],
            ['load', 0],
          ],
          [['fsync', 0]],
        ],
        settings: ['stored'],
      },
    ],
    [
      'entries and pages of 4.5',
      TOUCH_ENTRIES,
      { threads: [[['load', 0]], [['pwrite', 0]]], settings: ['hole'], kernel: kernel45 },
    ],
    [
      'locks of 4.5',
      TOUCH_LOCK,
      {
        threads: [
          [
            ['load', 0],
            ['grow', 0],
          ],
          [['truncate', 0]],
        ],
        settings: ['hole'],
        kernel: kernel45,
      },
    ],
    [
      'sizes of 4.5',
      TOUCH_SIZE,
      { threads: [[['truncate', 0]], [['load', 0]]], settings: ['hole'], kernel: kernel45 },
    ],
    [
      'entry locks',
      TOUCH_ENTRY_LOCK,
      {
        threads: [
          [
            ['freeze', 0],
            ['fork', 0],
          ],
          [['load', 0]],
        ],
        settings: ['stored'],
        processes: true,
      },
    ],
    [
      'freeze levels',
      TOUCH_FREEZE,
      {
        threads: [
          [
            ['load', 0],
            ['freeze', 0],
          ],
          [['freeze', 0]],
        ],
        settings: ['written'],
      },
    ],
  ]

  it.each(needed)('misses final states when it does not hear of %s', (_name, kind, one) => {
    const run = program(one)
    const all = explore(run, { finalStates: true })
    // Without knowing states or steps again: that, too, relies on footprints, and would say so by an error.
    const deaf = explore(deafTo(kind, run), { finalStates: true, maxStates: 0 })
    expect(all.outcome).toBe('holds')
    expect(missing(all.finalStates.keys(), deaf.finalStates)).not.toEqual([])
  })
})
