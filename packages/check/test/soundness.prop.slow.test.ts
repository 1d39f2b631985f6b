import { explore } from '@mm-model/check'
import {
  kernel61,
  TOUCH_ENTRIES,
  TOUCH_ENTRY_LOCK,
  TOUCH_FRAME,
  TOUCH_FREEZE,
  TOUCH_LOCK,
  TOUCH_TABLE,
  TOUCH_TABLE_LOCK,
  TOUCH_TLB,
} from '@mm-model/core'
import { mountExt4, mountXfs } from '@mm-model/dax'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { searchBounded } from '../src/bounded.ts'
import { Search } from '../src/search.ts'
import { CALLS, type CallName, deafTo, program, SETTINGS, type Setting, type Shape } from './programs.ts'

/*
 * The reduced search leaves out only what commutes: every final state that plain enumeration or chance comes to, it has come
 * to as well. (The other way round needs no test: whatever it comes to, it came to by running the program.)
 */

const call = fc.tuple(fc.constantFrom(...(Object.keys(CALLS) as CallName[])), fc.constantFrom(0, 1))
const two = fc.tuple(
  fc.array(call, { minLength: 1, maxLength: 2 }),
  fc.array(call, { minLength: 1, maxLength: 2 }),
)
const three = fc.tuple(...[1, 2, 3].map(() => call.map((one) => [one])))
const shape = fc
  .record({
    threads: fc.oneof({ weight: 7, arbitrary: two }, { weight: 1, arbitrary: three }),
    settings: fc.array(fc.constantFrom(...(Object.keys(SETTINGS) as Setting[])), {
      minLength: 1,
      maxLength: 2,
    }),
    pages: fc.constantFrom(1, 2),
    mount: fc.constantFrom(mountExt4, mountXfs),
    processes: fc.boolean(),
  })
  .map(
    (one): Shape => ({
      ...one,
      kernel: kernel61,
      // A file of one page has no second.
      threads: one.threads.map((calls) => calls.map(([name, page]) => [name, page % one.pages] as const)),
    }),
  )

/** How many random programs: `.ci/run` takes 1,400, of which at least 1,000 have to be exhausted. */
const PROGRAMS = Number(process.env.CHECK_PROGRAMS ?? 140)

/** Final states of `some` that are not in `all`. */
function missing(some: Iterable<string>, all: ReadonlyMap<string, number>): string[] {
  return [...some].filter((state) => !all.has(state))
}

describe('the reduced search', () => {
  it('comes to all that schedules with one preemption and schedules at random come to', {
    timeout: 600_000,
  }, () => {
    let compared = 0
    fc.assert(
      fc.property(shape, fc.nat(), (one, seed) => {
        const run = program(one)
        const reduced = explore(run, { finalStates: true, maxExecutions: 400 })
        // Of a deadlock there is no final state; and what is not exhausted cannot be compared.
        if (reduced.outcome !== 'holds') return
        const bounded = explore(run, { finalStates: true, preemptions: 1, maxExecutions: 100 })
        const random = explore(run, { finalStates: true, random: { schedules: 20, seed } })
        expect(missing(bounded.finalStates.keys(), reduced.finalStates)).toEqual([])
        expect(missing(random.finalStates.keys(), reduced.finalStates)).toEqual([])
        compared++
      }),
      { numRuns: PROGRAMS, seed: 20160 },
    )
    expect(compared).toBeGreaterThanOrEqual(Math.floor((PROGRAMS * 5) / 7))
  })

  it('comes to exactly what all schedules come to', { timeout: 600_000 }, () => {
    const short = fc.constantFrom<CallName>('load', 'store', 'fsync', 'munmap', 'mprotect', 'fork', 'pread')
    const settings = fc.constantFrom<Setting>('stored', 'loaded', 'stored and clean')
    let compared = 0
    fc.assert(
      fc.property(short, short, settings, fc.constantFrom(mountExt4, mountXfs), (a, b, setting, mount) => {
        const run = program({ threads: [[[a, 0]], [[b, 0]]], settings: [setting], mount })
        const all = new Search(run, [], { executions: 4000, steps: 1e6, states: 0 }, true)
        try {
          searchBounded(all, Infinity)
        } catch {
          return
        }
        const reduced = explore(run, { finalStates: true })
        expect(reduced.outcome).toBe('holds')
        expect(new Set(reduced.finalStates.keys())).toEqual(new Set(all.finalStates.keys()))
        expect(reduced.executions).toBeLessThanOrEqual(all.executions)
        compared++
      }),
      { numRuns: 80, seed: 4 },
    )
    expect(compared).toBeGreaterThanOrEqual(30)
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
    ['entries', TOUCH_ENTRIES, { threads: [[['load', 0]], [['fsync', 0]]], settings: ['unwritten'] }],
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
    const deaf = explore(deafTo(kind, run), { finalStates: true })
    expect(all.outcome).toBe('holds')
    expect(missing(all.finalStates.keys(), deaf.finalStates)).not.toEqual([])
  })
})
