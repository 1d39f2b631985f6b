import type { WriteFaultStrategy } from '@mm-model/core'
import { type Observation, type OperationObservation, runScenario, type Scenario } from '@mm-model/scenario'
import type { Profile } from './profile.ts'

/** What the model does with a scenario. */
export function observe(
  scenario: Scenario,
  { kernel, fs }: Profile,
  strategy: WriteFaultStrategy,
): Observation {
  return runScenario(scenario, { kernel, fs, strategy }).observation
}

/**
 * The same for a comparison with recordings: where the model breaks down, the whole scenario counts as not modelled,
 * and the others still run.
 */
export function observeOrExplain(
  scenario: Scenario,
  profile: Profile,
  strategy: WriteFaultStrategy,
): Observation {
  try {
    return observe(scenario, profile, strategy)
  } catch (error) {
    const result = {
      notModelled: `the model broke down: ${error instanceof Error ? error.message : String(error)}`,
    }
    const nothing = { result, faults: [], events: [], files: [], ptes: [], vmas: [] }
    const ops = scenario.ops.map(({ text }): OperationObservation => ({ op: text, ...nothing }))
    return { scenario: scenario.name, ...profile, ops }
  }
}
