import {
  assertionsOf,
  type Checkpoint,
  type Exploration,
  type ExploreOptions,
  explore,
  type Progress,
  programOf,
} from '@mm-model/check'
import type { DefectName, WriteFaultStrategy } from '@mm-model/core'
import { parseScenario } from '@mm-model/scenario'
import type { Profile } from '../profile.ts'
import { chooseInvariants } from './choices.ts'

/** A search as plain data, so that a worker thread can be given it. */
export interface SearchTask {
  /** The scenario's name and text. */
  readonly name: string
  readonly text: string
  readonly profile: Profile
  readonly defects: readonly DefectName[]
  /** Names of rules; the scenario's own are among them always. */
  readonly rules: readonly string[]
  readonly limits: Pick<ExploreOptions, 'preemptions' | 'random' | 'maxSteps' | 'maxExecutions' | 'maxStates'>
}

/** A part of a search: of how many, which, where it had stopped, and with which others it is searched. */
export interface SearchPart {
  readonly shard: { readonly index: number; readonly count: number } | undefined
  readonly resume: Checkpoint | undefined
  readonly together?: ExploreOptions['together']
}

/** Searches a part; `progress` answers false to stop it. */
export function searchPart(
  task: SearchTask,
  strategy: WriteFaultStrategy,
  part: SearchPart,
  progress: (at: Progress) => boolean | undefined,
): Exploration {
  const scenario = parseScenario(task.text, { name: task.name })
  const program = programOf(scenario, { ...task.profile, strategy, defects: task.defects })
  const invariants = [...chooseInvariants('check', task.rules), ...assertionsOf(scenario)]
  return explore(program, { ...task.limits, ...part, invariants, progress })
}
