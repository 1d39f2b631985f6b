import type { Scenario, SingleOperation } from './syntax.ts'

/**
 * The operations of a scenario in the order in which {@link runScenario} executes and observes them: the branches of a parallel
 * line one after the other, from left to right.
 */
export function executionOrder({ ops }: Scenario): readonly SingleOperation[] {
  return ops.flatMap((operation) =>
    operation.op === 'parallel' ? operation.branches.flatMap((branch) => branch.ops) : [operation],
  )
}
