/**
 * Running one combination under one strategy.
 * @module
 */

import { MachineError, type StrategyDefinition, StrategyError } from '@mm-model/core'
import { type Costs, InvariantViolation, type Observation, runScenario, sumCosts } from '@mm-model/scenario'
import { type CheckId, checkOf } from './check.ts'
import { type Combination, fileSystemOf } from './combination.ts'
import { type Program, programOf } from './program.ts'
import { REFERENCE } from './reference.ts'
import { Watch } from './watch.ts'

/** What was found, before anybody knows of which combination. */
export interface Complaint {
  readonly check: CheckId
  readonly operation: string
  readonly found: string
  readonly expected: string
}

/** One run of a program. */
export interface Run {
  readonly program: Program
  /** What was observed; null when the run ended in an error, which is then in {@link complaints}. */
  readonly observation: Observation | null
  /** Digests of the files at the end, by name. */
  readonly files: ReadonlyMap<string, string>
  /** The bill of each operation, as far as the run came. */
  readonly costs: readonly Costs[]
  readonly complaints: readonly Complaint[]
  /** Whether a broken invariant ended the run. */
  readonly broke: boolean
}

/** The bill of the accesses that the combination is about. */
export function accessCosts({ program, costs }: Run): Costs {
  return sumCosts(program.accesses.flatMap((i) => costs[i] ?? []))
}

/**
 * How closely to look: `all`; `steps`, without the invariants of the model after each operation, in less than half the time; or
 * only at the `outcome`, as for the reference.
 */
export type Care = 'all' | 'steps' | 'outcome'

/**
 * Runs a combination: step by step and watched between steps, but for `outcome`; with `all` also held to every invariant of
 * the model after each operation.
 */
export function run(strategy: StrategyDefinition, combination: Combination, care: Care = 'all'): Run {
  const program = programOf(combination)
  const { kernel, arch } = combination.machine
  const watch = new Watch()
  const watched = care !== 'outcome'
  try {
    const result = runScenario(program.scenario, {
      kernel,
      arch,
      fs: fileSystemOf(combination),
      strategy,
      checkStrategy: watched,
      invariants: care === 'all',
      ...(watched ? { form: 'steps', onStep: (machine) => watch.look(machine) } : {}),
    })
    const files = new Map(result.finalState.files.map(({ name, data }) => [name, data ?? '']))
    const { observation, costs } = result
    return { program, observation, files, costs, complaints: complaintsOf(watch), broke: false }
  } catch (error) {
    const complaints = [...complaintsOf(watch), complaintOf(error)]
    const broke = error instanceof InvariantViolation
    return { program, observation: null, files: new Map(), costs: [], complaints, broke }
  }
}

function complaintsOf(watch: Watch): Complaint[] {
  return [...watch.sightings.values()].map((sighting) => ({ operation: '', ...sighting }))
}

/** What an error of a run says about the strategy. */
function complaintOf(error: unknown): Complaint {
  if (error instanceof StrategyError)
    return { check: 'contract', operation: error.hook, found: error.found, expected: error.expected }
  if (error instanceof InvariantViolation) {
    const { invariant, operation, where, found, expected } = error
    return {
      check: checkOf(invariant),
      operation,
      found: `${invariant} broken at ${where}: ${found}`,
      expected,
    }
  }
  if (error instanceof MachineError) {
    const check = error.code === 'NO_PROGRESS' ? 'progress' : error.code === 'DEADLOCK' ? 'progress' : 'rules'
    return { check, operation: '', found: error.found, expected: error.expected }
  }
  throw error
}

/** Runs of the reference, made once each. */
export class References {
  readonly #runs: Map<Combination, Run> = new Map()

  of(combination: Combination): Run {
    const known = this.#runs.get(combination)
    if (known !== undefined) return known
    const made = run(REFERENCE, combination, 'outcome')
    this.#runs.set(combination, made)
    return made
  }
}
