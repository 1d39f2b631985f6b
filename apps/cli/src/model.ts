import { MachineError, type WriteFaultStrategy } from '@mm-model/core'
import {
  type Observation,
  type OperationObservation,
  type RunResult,
  runScenario,
  type Scenario,
} from '@mm-model/scenario'
import { InputError } from './input-error.ts'
import type { Profile } from './profile.ts'

/** What the model is to do. */
export interface Task {
  readonly scenario: Scenario
  /** The file it is from, for messages. */
  readonly path: string
  readonly profile: Profile
  readonly strategy: WriteFaultStrategy
}

/**
 * What the model does with a scenario.
 *
 * @throws {InputError} for an operation that would wait for ever: nothing is left that could end the wait.
 */
export function run({ scenario, path, profile, strategy }: Task): RunResult {
  try {
    return runScenario(scenario, { ...profile, strategy })
  } catch (error) {
    if (!(error instanceof MachineError && error.code === 'DEADLOCK')) throw error
    throw new InputError(path, error.found, error.remedy)
  }
}

/**
 * The same for a comparison with recordings: where the model breaks down, the whole scenario counts as not modelled,
 * and the others still run.
 */
export function observeOrExplain(task: Task): Observation {
  try {
    return run(task).observation
  } catch (error) {
    const { scenario, profile } = task
    const reason = error instanceof Error ? error.message : String(error)
    const result = { notModelled: `the model broke down: ${reason}` }
    const nothing = { result, faults: [], events: [], files: [], ptes: [], vmas: [] }
    const ops = scenario.ops.map(({ text }): OperationObservation => ({ op: text, ...nothing }))
    return { scenario: scenario.name, ...profile, ops }
  }
}
