import {
  type Exploration,
  type ExploreOptions,
  explore,
  joinExplorations,
  type Program,
  sharedMemory,
  stateInvariants,
} from '@mm-model/check'
import { wrongStrategies } from '@mm-model/conformance/gallery'
import { MachineError } from '@mm-model/core'
import { describe, expect, it } from 'vitest'
import { program, type Shape } from './programs.ts'

/*
 * Searches that share their memory, here one after the other, each as far as it gets before the next goes on: what they come to
 * together is what one comes to by itself.
 */

const SHAPES: Readonly<Record<string, Shape>> = {
  'two writers': { threads: [[['store', 0]], [['store', 0]]], settings: ['loaded'] },
  'a writer and a hole': { threads: [[['store', 0]], [['punch', 0]]], settings: ['stored'] },
  'two processes': { threads: [[['store', 0]], [['fsync', 0]]], settings: ['stored'], processes: true },
  'three that load': {
    threads: [[['load', 0]], [['load', 1]], [['munmap', 0]]],
    pages: 2,
    settings: ['stored'],
  },
}
const OPTIONS = { finalStates: true, invariants: stateInvariants }

function statesOf(...all: readonly Exploration[]): string[] {
  return [...new Set(all.flatMap(({ finalStates }) => [...finalStates.keys()]))].toSorted()
}

/** Searches of one program, by turns of `slice` steps, until one is through. */
function byTurns(run: Program, members: number, slice: number): Exploration[] {
  const memory = sharedMemory(run, 10_000)
  const turns: Exploration[] = []
  const resume: ExploreOptions['resume'][] = Array.from({ length: members }, () => undefined)
  for (let turn = 0; ; turn++) {
    const member = turn % members
    const before = resume[member]
    const found = explore(run, {
      ...OPTIONS,
      together: { memory, member },
      resume: before,
      // More from turn to turn: all of it may be needed to come back to where it was.
      maxSteps: (before?.counts.steps ?? 0) + slice + turn * 10,
    })
    turns.push(found)
    if (found.checkpoint === null) return turns
    resume[member] = found.checkpoint
  }
}

describe.each(Object.entries(SHAPES))('%s', (_name, shape) => {
  const run = program(shape)
  const alone = explore(run, OPTIONS)

  it.each([
    [2, 100],
    [2, 700],
    [3, 300],
    [5, 50],
  ])('come to the same final states in %i searches that take turns of %i steps', (members, slice) => {
    const turns = byTurns(run, members, slice)
    expect(turns.at(-1)!.verdict).toBe(alone.verdict)
    expect(statesOf(...turns)).toEqual(statesOf(alone))
  })

  it('need not be searched again', () => {
    const memory = sharedMemory(run)
    const first = explore(run, { ...OPTIONS, together: { memory, member: 0 } })
    expect({ ...first, finalStates: statesOf(first) }).toMatchObject({
      verdict: alone.verdict,
      steps: alone.steps,
      executions: alone.executions,
      finalStates: statesOf(alone),
    })
    const second = explore(run, { ...OPTIONS, together: { memory, member: 1 } })
    expect(second.verdict).toBe(alone.verdict)
    const other = explore(run, { ...OPTIONS, together: { memory: sharedMemory(run), member: 1 } })
    expect(second.steps).toBeLessThan(other.steps)
    expect(statesOf(other)).toEqual(statesOf(alone))
    const { outcome, steps } = joinExplorations([first, second])
    expect([outcome, steps]).toEqual([alone.outcome, first.steps + second.steps])
  })
})

describe('a violation', () => {
  const throws = wrongStrategies().find(({ strategy }) => strategy.name === 'throws')!
  const run = program({
    threads: [[['load', 0]], [['store', 0]]],
    settings: ['written'],
    strategy: throws.strategy,
  })

  it.each([0, 1, 2, 3])('has the same counterexample, whichever finds it: member %i', (member) => {
    const memory = sharedMemory(run)
    const alone = explore(run)
    expect(alone.counterexample!.shortest).toBe(true)
    // One of them has been some way before.
    explore(run, { together: { memory, member: member + 1 }, maxSteps: 10 })
    expect(explore(run, { together: { memory, member } }).counterexample).toEqual(alone.counterexample)
  })
})

describe('joinExplorations', () => {
  const run = program(SHAPES['two writers']!)
  const memory = sharedMemory(run, 100)
  const member = (n: number, options: ExploreOptions): Exploration =>
    explore(run, { ...options, together: { memory, member: n } })

  it('holds where one holds, and can be gone on with where none does', () => {
    const stopped = member(0, { maxSteps: 40 })
    const other = member(1, { maxSteps: 60 })
    const both = joinExplorations([stopped, other])
    expect(both.verdict).toBe('not exhausted: 40 steps in one of 2 jobs')
    expect(both.steps).toBe(stopped.steps + other.steps)
    expect(both.checkpoint).toEqual({
      ...stopped.checkpoint,
      counts: { ...both.checkpoint!.counts, steps: both.steps },
    })
    const all = explore(run, { resume: both.checkpoint! })
    expect([all.verdict, all.steps > both.steps]).toEqual(['holds in all interleavings', true])
    expect(joinExplorations([stopped, explore(run)]).verdict).toBe('holds in all interleavings')
    expect(joinExplorations([stopped])).toBe(stopped)
    expect(() => joinExplorations([])).toThrowError(MachineError)
  })

  it('keeps to the states that there is room for', () => {
    expect(member(2, {})).toMatchObject({ outcome: 'holds', states: 100 })
  })

  it('takes of two counterexamples the one that is known to be a shortest', () => {
    const ends = { name: 'ends', rule: 'never', source: 'here', check: () => 'it ended' }
    const [one, other] = [true, false].map((shortest) => explore(run, { invariants: [ends], shortest }))
    expect(one!.counterexample!.shortest).toBe(true)
    const longer = { ...one!, counterexample: { ...one!.counterexample!, shortest: false } }
    expect(joinExplorations([longer, one!]).counterexample).toBe(one!.counterexample)
    expect(joinExplorations([other!, one!]).outcome).toBe('violated')
  })
})
