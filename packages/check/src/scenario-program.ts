/**
 * Scenarios as programs: the branches of the parallel line are the threads, what the scenario asserts are invariants.
 * @module
 */

import { MachineError, type Steps, type Task } from '@mm-model/core'
import {
  type OperationResult,
  type Scenario,
  type StagedBranch,
  type StagedScenario,
  type StageOptions,
  stageScenario,
} from '@mm-model/scenario'
import type { Instance, Program, Thread } from './program.ts'

/** An instance of a program that is a scenario. */
export interface ScenarioInstance extends Instance {
  readonly staged: StagedScenario
}

/**
 * The program of a scenario: set-up are the lines above its parallel line, threads the branches, named `@t1`, and `first` for the
 * first process, each on a CPU of its own; the lines below run when all have ended. The first machine is built here, so that a
 * scenario that cannot be set up is refused at once.
 * @throws ScenarioError SCENARIO_NOT_PARALLEL
 * @throws MachineError BAD_CONFIGURATION for a kernel, file system or architecture that is not built, and for an assertion about
 * something that is not there when the parallel line begins; as `runScenario` for lines above the parallel one
 */
export function programOf(scenario: Scenario, options: StageOptions): Program {
  const stage = stageScenario(scenario, options)
  for (const { assertion, file, address, operation } of stage().assertions) {
    if (file !== null || address !== null || operation !== null) continue
    throw new MachineError('BAD_CONFIGURATION', {
      found: `line ${assertion.line}: '${assertion.text}', which names nothing`,
      expected: 'a file, a mapping or an operation that there is when the parallel line begins',
      remedy: 'make it above the parallel line',
    })
  }
  return (): ScenarioInstance => {
    const staged = stage()
    const { machine, branches, files } = staged
    return {
      machine,
      files,
      staged,
      threads: branches.map(threadOf),
      placeOf: staged.placeOf,
      after: (told) => void staged.after((operation, result) => told?.(operation.text, textOf(result))),
    }
  }
}

function threadOf({ name, task, operations }: StagedBranch): Thread {
  return {
    name,
    task,
    labels: operations.map(({ operation }) => operation.text.replace(/^@\S+ /, '')),
    calls: operations.map((operation) => () => answering(operation.run(), task)),
  }
}

/** What the operation answers, as text; a signal is told apart from it, and stays with the task. */
function* answering(run: Steps<OperationResult>, task: Task): Steps<string> {
  const result = yield* run
  return task.signal === null ? textOf(result) : 'signal'
}

/** A result as assertions write it: `0`, `ENOSPC`, `SIGBUS`, `skipped`. */
export function textOf(result: OperationResult): string {
  if ('ret' in result) return String(result.ret)
  if ('errno' in result) return result.errno
  if ('signal' in result) return result.signal
  return 'skipped'
}
