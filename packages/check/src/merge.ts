/**
 * Shards of one search, put together.
 * @module
 */

import { MachineError } from '@mm-model/core'
import type { Exploration } from './explore.ts'
import { LockOrder } from './lock-order.ts'

/**
 * What the search came to whose shards these are, all of them: violated if one is, and then by the counterexample with the fewest
 * preemptions and steps; or if their locks have no order together; not exhausted if one is not.
 * @throws MachineError BAD_CONFIGURATION without any
 */
export function mergeExplorations(shards: readonly Exploration[]): Exploration {
  const [first] = shards
  if (first === undefined) {
    throw new MachineError('BAD_CONFIGURATION', {
      found: 'no shards',
      expected: 'what each shard of a search came to',
      remedy: 'search all shards first',
    })
  }
  const locks = new LockOrder(null)
  const finalStates = new Map<string, number>()
  let sum = { executions: 0, steps: 0, redundant: 0, matched: 0, states: 0 }
  for (const shard of shards) {
    locks.learn(shard.locks)
    for (const [state, count] of shard.finalStates)
      finalStates.set(state, (finalStates.get(state) ?? 0) + count)
    sum = {
      executions: sum.executions + shard.executions,
      steps: sum.steps + shard.steps,
      redundant: sum.redundant + shard.redundant,
      matched: sum.matched + shard.matched,
      states: sum.states + shard.states,
    }
  }
  const common = { ...sum, locks: locks.edges, finalStates, checkpoint: null }
  const violated = shards.filter(({ outcome }) => outcome === 'violated').sort(shorter)[0]
  if (violated !== undefined) return { ...violated, ...common }
  const { wrong } = locks
  if (wrong !== null) {
    const verdict = `violated: ${wrong.name}: ${wrong.message}`
    const counterexample = { ...wrong, schedule: [], preemptions: 0, shortest: false }
    return { outcome: 'violated', verdict, ...common, counterexample }
  }
  const open = shards.filter(({ outcome }) => outcome === 'not exhausted')
  if (open.length > 0) return { ...open[0]!, ...common }
  return { outcome: 'holds', verdict: 'holds in all interleavings', ...common, counterexample: null }
}

function shorter(a: Exploration, b: Exploration): number {
  const [x, y] = [a.counterexample!, b.counterexample!]
  return x.preemptions - y.preemptions || x.schedule.length - y.schedule.length
}
