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

/** Schedules at random that each smaller scenario gets to show that it breaks the rule, too, before it is searched. */
const SCHEDULES = 200

export interface ShrinkOptions {
  /** Executions that the search of each smaller scenario gets; left out, 2,000. */
  readonly executions?: number | undefined
}

export interface ShrunkProgram {
  /** The smallest that was found. */
  readonly scenario: Scenario
  /** Smaller ones of which nobody knows: their searches did not come to their end, so they were taken for sound. */
  readonly open: number
}

/**
 * Leaves out operations and makes words simpler as long as some schedule of what is left breaks the rule of that name; `invariants`
 * as for the exploration that found it. What breaks it in none of 200 random schedules and so many executions of a full search is taken
 * for sound.
 * @throws RangeError when no such schedule of the given scenario is found
 */
export function shrinkProgram(
  scenario: Scenario,
  name: string,
  stage: StageOptions,
  invariants: readonly StateInvariant[] = [],
  { executions = 2000 }: ShrinkOptions = {},
): ShrunkProgram {
  let open = 0
  const smallest = shrinkScenario(scenario, (smaller) => {
    try {
      const program = programOf(smaller, stage)
      const all = [...invariants, ...assertionsOf(smaller)]
      const common = { invariants: all, shortest: false }
      const random = { schedules: SCHEDULES, seed: 1 }
      if (explore(program, { ...common, random }).counterexample?.name === name) return true
      const { outcome, counterexample } = explore(program, { ...common, maxExecutions: executions })
      if (outcome === 'not exhausted') open++
      return counterexample?.name === name
    } catch (error) {
      if (error instanceof ScenarioError || error instanceof MachineError) return false
      throw error
    }
  })
  return { scenario: smallest, open }
}
