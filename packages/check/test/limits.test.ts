import { type Checkpoint, explore, type StateInvariant } from '@mm-model/check'
import { MachineError } from '@mm-model/core'
import { describe, expect, it } from 'vitest'
import { program } from './programs.ts'

/*
 * A search stops before it passes a limit, wherever that meets it, and nothing of it is lost.
 */

const run = program({ threads: [[['store', 0]], [['fsync', 0]]], settings: ['stored'] })
const whole = explore(run, { finalStates: true })

/** As it comes out of a file. */
const copied = (checkpoint: Checkpoint): Checkpoint => JSON.parse(JSON.stringify(checkpoint)) as Checkpoint

describe('a limit of steps', () => {
  it('is never passed', () => {
    for (let maxSteps = 1; maxSteps < whole.steps; maxSteps += 7) {
      const { steps, outcome, verdict } = explore(run, { maxSteps })
      expect(steps).toBe(maxSteps)
      expect(outcome).toBe('not exhausted')
      expect(verdict).toBe(`not exhausted: ${maxSteps} steps`)
    }
    expect(explore(run, { maxSteps: whole.steps }).outcome).toBe('holds')
  })

  it('is not passed by other ways of searching', () => {
    for (const way of [{ preemptions: 2 }, { random: { schedules: 50, seed: 1 } }])
      for (const maxSteps of [1, 50, 117, 300]) {
        const { steps, outcome } = explore(run, { ...way, maxSteps })
        expect([steps <= maxSteps, outcome]).toEqual([true, 'not exhausted'])
      }
  })
})

describe('where a search was stopped', () => {
  it('is kept when it is stopped once more on its way back there', () => {
    const { checkpoint, steps } = explore(run, { maxSteps: Math.floor(whole.steps / 2) })
    expect(checkpoint!.search!.levels.length).toBeGreaterThan(5)
    for (const more of [0, 1, 5]) {
      const again = explore(run, { resume: copied(checkpoint!), maxSteps: steps + more })
      expect(again.outcome).toBe('not exhausted')
      expect(again.checkpoint!.search).toEqual(checkpoint!.search)
      const states = new Set(explore(run, { maxSteps: steps, finalStates: true }).finalStates.keys())
      const rest = explore(run, { resume: copied(again.checkpoint!), finalStates: true })
      expect(rest.verdict).toBe('holds in all interleavings')
      for (const state of rest.finalStates.keys()) states.add(state)
      expect([...states].toSorted()).toEqual([...whole.finalStates.keys()].toSorted())
    }
  })

  it.each([-1, 30])('is refused when it says what cannot be: thread %d', (thread) => {
    const { checkpoint } = explore(run, { maxSteps: Math.floor(whole.steps / 2) })
    const levels = checkpoint!.search!.levels.with(2, { ...checkpoint!.search!.levels[2]!, thread })
    const spoilt = { ...checkpoint!, search: { ...checkpoint!.search!, levels } }
    expect(() => explore(run, { resume: spoilt })).toThrowError(MachineError)
  })

  it('is the beginning where a shard was not yet found', () => {
    const shard = { index: 1, count: 2 }
    const stopped = explore(run, { shard, maxSteps: 3 })
    expect(stopped.checkpoint).toMatchObject({ part: 0, search: null })
    const rest = explore(run, { shard, resume: copied(stopped.checkpoint!), finalStates: true })
    const alone = explore(run, { shard, finalStates: true })
    expect(rest.verdict).toBe(alone.verdict)
    expect([...rest.finalStates.keys()].toSorted()).toEqual([...alone.finalStates.keys()].toSorted())
  })

  it('is nothing when all was searched, or something was found', () => {
    const never: StateInvariant = { name: 'never', rule: 'no end', source: 'here', check: () => 'it ended' }
    expect([whole.checkpoint, explore(run, { invariants: [never] }).checkpoint]).toEqual([null, null])
    expect(explore(run, { preemptions: 0 }).checkpoint).toBeNull()
  })
})
