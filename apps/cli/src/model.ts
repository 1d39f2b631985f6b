import { MachineError, StrategyError, type WriteFaultStrategy } from '@mm-model/core'
import {
  executionOrder,
  type Observation,
  type OperationObservation,
  type RunResult,
  runScenario,
  type Scenario,
} from '@mm-model/scenario'
import { EndlessFault } from './endless-fault.ts'
import { InputError } from './input-error.ts'
import type { Profile } from './profile.ts'
import { isBuiltIn } from './strategy/choose.ts'
import { PluginFailure } from './strategy/failure.ts'

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
 * @throws {EndlessFault} for an access that would fault for ever.
 * @throws {StrategyError} for a hook that throws or answers nonsense.
 * @throws {PluginFailure} where the machine breaks down under answers that a plugin gave.
 */
export function run({ scenario, path, profile, strategy }: Task): RunResult {
  try {
    return runScenario(scenario, { ...profile, strategy })
  } catch (error) {
    if (!(error instanceof MachineError) || error instanceof StrategyError) throw error
    const { code, found, expected, remedy } = error
    if (code === 'DEADLOCK') throw new InputError(path, found, remedy)
    if (!isBuiltIn(strategy)) throw new PluginFailure(strategy.name, path, { found, expected, remedy })
    if (code === 'NO_PROGRESS') throw new EndlessFault(path, { found, expected, remedy })
    throw error
  }
}

/**
 * The same for a comparison with recordings: where the model breaks down, the whole scenario counts as not modelled,
 * and the others still run.
 * @throws as `run` for what a plugin does wrong.
 */
export function observeOrExplain(task: Task): Observation {
  try {
    return run(task).observation
  } catch (error) {
    if (error instanceof StrategyError || error instanceof PluginFailure) throw error
    const { scenario, profile } = task
    const reason = error instanceof Error ? error.message : String(error)
    const result = { notModelled: `the model broke down: ${reason}` }
    const nothing = { result, faults: [], events: [], files: [], ptes: [], vmas: [] }
    const ops = executionOrder(scenario).map(({ text }): OperationObservation => ({ op: text, ...nothing }))
    return { scenario: scenario.name, ...profile, ops }
  }
}
