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
  const { common, wrong } = together(shards)
  const violated = shards.filter(({ outcome }) => outcome === 'violated').sort(shorter)[0]
  if (violated !== undefined) return { ...violated, ...common }
  if (wrong !== null) return { ...wrong, ...common }
  const open = shards.filter(({ outcome }) => outcome === 'not exhausted')
  if (open.length > 0) return { ...open[0]!, ...common }
  return { outcome: 'holds', verdict: 'holds in all interleavings', ...common, counterexample: null }
}

/**
 * What searches came to that shared their memory: where one holds, all do. The checkpoint is of one of them, which is enough: what it
 * left out the others had searched. States are those that were remembered, some of them once for each set of threads asleep.
 * Where only the locks of all have no order, the counterexample has no schedule: search alone to find one.
 * @throws MachineError BAD_CONFIGURATION without any
 */
export function joinExplorations(members: readonly Exploration[]): Exploration {
  if (members.length === 1) return members[0]!
  const merged = mergeExplorations(members)
  const states = Math.max(...members.map((member) => member.states))
  if (merged.outcome !== 'not exhausted') return { ...merged, states }
  const holds = members.find(({ outcome }) => outcome === 'holds')
  if (holds !== undefined) return { ...merged, ...verdictOf(holds), states }
  const { executions, steps, redundant, matched, locks } = merged
  const counts = { executions, steps, redundant, matched, states, locks }
  const stopped = members.find(({ checkpoint }) => checkpoint !== null)?.checkpoint ?? null
  const checkpoint = stopped === null ? null : { ...stopped, counts }
  const limited = members.find(({ verdict }) => !verdict.endsWith(': stopped'))
  const verdict =
    limited === undefined ? merged.verdict : `${limited.verdict} in one of ${members.length} jobs`
  return { ...merged, verdict, states, checkpoint }
}

function verdictOf({ outcome, verdict }: Exploration): Pick<Exploration, 'outcome' | 'verdict'> {
  return { outcome, verdict }
}

type Sums = Omit<Exploration, 'outcome' | 'verdict' | 'counterexample'>

/** Sums over all, and what is wrong with their locks together. */
function together(all: readonly Exploration[]): {
  common: Sums
  wrong: Pick<Exploration, 'outcome' | 'verdict' | 'counterexample'> | null
} {
  const locks = new LockOrder(null)
  const finalStates = new Map<string, number>()
  let sum = { executions: 0, steps: 0, redundant: 0, matched: 0, states: 0 }
  for (const shard of all) {
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
  const { wrong } = locks
  if (wrong === null) return { common, wrong }
  const verdict = `violated: ${wrong.name}: ${wrong.message}`
  const counterexample = { ...wrong, schedule: [], preemptions: 0, shortest: false }
  return { common, wrong: { outcome: 'violated', verdict, counterexample } }
}

function shorter(a: Exploration, b: Exploration): number {
  const [x, y] = [a.counterexample!, b.counterexample!]
  const steps = x.schedule.length - y.schedule.length
  // Of two that are as short, one that is known to be a shortest.
  return x.preemptions - y.preemptions || steps || Number(y.shortest) - Number(x.shortest)
}
