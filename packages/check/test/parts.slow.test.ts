import {
  type Checkpoint,
  type Exploration,
  explore,
  mergeExplorations,
  stateInvariants,
} from '@mm-model/check'
import { wrongStrategies } from '@mm-model/conformance/gallery'
import { MachineError } from '@mm-model/core'
import { describe, expect, it } from 'vitest'
import { program, type Shape } from './programs.ts'

/*
 * One search, in parts: by shards, or stopped and gone on with. Together they are the whole.
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

function statesOf({ finalStates }: Exploration): string[] {
  return [...finalStates.keys()].toSorted()
}

describe.each(Object.entries(SHAPES))('%s', (_name, shape) => {
  const run = program(shape)
  const options = { finalStates: true, invariants: stateInvariants }
  const whole = explore(run, options)

  it.each([1, 3])('come to the same in %i shards', (count) => {
    const shards = Array.from({ length: count }, (_, i) =>
      explore(run, { ...options, shard: { index: i + 1, count } }),
    )
    const merged = mergeExplorations(shards)
    expect(merged.verdict).toBe(whole.verdict)
    expect(statesOf(merged)).toEqual(statesOf(whole))
    expect(merged.locks.toSorted()).toEqual(whole.locks.toSorted())
  })

  it.each([700])('come to the same when stopped every %i steps', (slice) => {
    const states = new Set<string>()
    let resume: Checkpoint | undefined
    let steps = 0
    for (let stops = 0; ; stops++) {
      const found = explore(run, { ...options, resume, maxSteps: steps + slice + stops })
      for (const state of found.finalStates.keys()) states.add(state)
      if (found.checkpoint === null) {
        expect(found.verdict).toBe(whole.verdict)
        expect(stops).toBeGreaterThan(whole.steps > slice ? 0 : -1)
        break
      }
      expect(found.outcome).toBe('not exhausted')
      // As it comes out of a file.
      resume = JSON.parse(JSON.stringify(found.checkpoint)) as Checkpoint
      steps = found.steps
    }
    expect([...states].toSorted()).toEqual(statesOf(whole))
  })

  it('comes to the same without remembering states', () => {
    const forgetful = explore(run, { ...options, maxStates: 0 })
    expect(forgetful.verdict).toBe(whole.verdict)
    expect(statesOf(forgetful)).toEqual(statesOf(whole))
    expect(forgetful.states).toBe(0)
    // Few are enough to be right, if not to be fast.
    const few = explore(run, { ...options, maxStates: 10 })
    expect(statesOf(few)).toEqual(statesOf(whole))
    expect(few.states).toBeLessThanOrEqual(10)
  })
})

describe('a violation', () => {
  const throws = wrongStrategies().find(({ strategy }) => strategy.name === 'throws')!
  const run = program({
    threads: [[['load', 0]], [['store', 0]]],
    settings: ['written'],
    strategy: throws.strategy,
  })

  it('is that of the shard with the shortest', () => {
    const whole = explore(run)
    const shards = [1, 2].map((index) => explore(run, { shard: { index, count: 2 } }))
    const merged = mergeExplorations(shards)
    expect(merged.outcome).toBe('violated')
    expect(merged.counterexample).toEqual(whole.counterexample)
  })
})

describe('progress', () => {
  const run = program({ threads: [[['store', 0]], [['store', 0]]] })

  it('is told, and can stop a search', () => {
    const seen: number[] = []
    const stopped = explore(run, {
      progress: ({ steps, fraction, depth }) => {
        seen.push(steps)
        expect(fraction).toBeGreaterThanOrEqual(0)
        expect(fraction).toBeLessThanOrEqual(1)
        expect(depth).toBeGreaterThanOrEqual(0)
        return seen.length < 2
      },
    })
    expect(stopped.verdict).toBe('not exhausted: stopped')
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(stopped.checkpoint).not.toBeNull()
    expect(explore(run, { resume: stopped.checkpoint! }).verdict).toBe('holds in all interleavings')
  })
})

it('refuses shards that there are not', () => {
  const run = program({ threads: [[['load', 0]]] })
  for (const shard of [
    { index: 0, count: 2 },
    { index: 3, count: 2 },
    { index: 1, count: 0 },
    { index: 1.5, count: 2 },
  ])
    expect(() => explore(run, { shard })).toThrowError(MachineError)
  expect(() => mergeExplorations([])).toThrowError(MachineError)
})
