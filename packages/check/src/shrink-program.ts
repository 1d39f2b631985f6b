/**
 * The smallest scenario that still breaks the same rule.
 * @module
 */

import { MachineError } from '@mm-model/core'
import { type Scenario, ScenarioError, type StageOptions, shrinkScenario } from '@mm-model/scenario'
import { assertionsOf } from './assertions.ts'
import { explore } from './explore.ts'
import type { StateInvariant } from './program.ts'
import { programOf } from './scenario-program.ts'

/** What each smaller scenario gets to show that it breaks the rule, too: schedules at random, then executions of a full search. */
const SCHEDULES = 200
const EXECUTIONS = 2000

/**
 * Leaves out operations and makes words simpler as long as some schedule of what is left breaks the rule of that name; `invariants`
 * as for the exploration that found it. What breaks it in none of 200 random schedules and 2,000 executions is taken for sound.
 * @throws RangeError when no such schedule of the given scenario is found
 */
export function shrinkProgram(
  scenario: Scenario,
  name: string,
  stage: StageOptions,
  invariants: readonly StateInvariant[] = [],
): Scenario {
  return shrinkScenario(scenario, (smaller) => {
    try {
      const program = programOf(smaller, stage)
      const all = [...invariants, ...assertionsOf(smaller)]
      const common = { invariants: all, maxExecutions: EXECUTIONS, shortest: false }
      return [{ schedules: SCHEDULES, seed: 1 }, undefined].some(
        (random) => explore(program, { ...common, random }).counterexample?.name === name,
      )
    } catch (error) {
      if (error instanceof ScenarioError || error instanceof MachineError) return false
      throw error
    }
  })
}
