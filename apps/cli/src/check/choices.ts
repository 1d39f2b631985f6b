import {
  invariants as allInvariants,
  builtInRules,
  type Program,
  programOf,
  type StateInvariant,
} from '@mm-model/check'
import { type DefectName, defects as knownDefects, MachineError } from '@mm-model/core'
import { nearestWord, type Scenario, ScenarioError } from '@mm-model/scenario'
import { InputError } from '../input-error.ts'

/** @throws {InputError} for a bug that no machine can be built with. */
export function chooseDefects(where: string, names: readonly string[]): readonly DefectName[] {
  return names.map((name) => {
    const known = Object.keys(knownDefects) as DefectName[]
    const found = known.find((each) => each === name)
    if (found !== undefined) return found
    throw unknown(where, 'defect', name, known)
  })
}

/** Those that are always looked at can be named, too. @throws {InputError} for a name that no rule has. */
export function chooseInvariants(where: string, names: readonly string[]): readonly StateInvariant[] {
  if (names.length === 1 && names[0] === 'all') return allInvariants
  if (names.length === 1 && names[0] === 'none') return []
  const known = ruleNames()
  const wrong = names.find((name) => !known.includes(name))
  if (wrong !== undefined) throw unknown(where, 'invariant', wrong, [...known, 'all', 'none'])
  return allInvariants.filter(({ name }) => names.includes(name))
}

/** Names of all rules, of those that are always looked at last. */
function ruleNames(): readonly string[] {
  return [...new Set([...allInvariants, ...builtInRules].map(({ name }) => name))]
}

/** @throws {InputError} for a scenario that cannot be set up, or that has no parallel line. */
export function programFor(
  path: string,
  scenario: Scenario,
  options: Parameters<typeof programOf>[1],
): Program {
  return refusing(path, () => programOf(scenario, options))
}

/** As {@link refusing}, of what fails later. */
export async function refusingLater<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw refusal(path, error)
  }
}

/** What the checker refuses is the fault of the input. */
export function refusing<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw refusal(path, error)
  }
}

function refusal(path: string, error: unknown): unknown {
  if (!(error instanceof MachineError || error instanceof ScenarioError)) return error
  return new InputError(path, `found ${error.found}, expected ${error.expected}`, error.remedy)
}

/** The words of a flag's value, which has commas between them. */
export function listOf(list: string | undefined): readonly string[] {
  return list === undefined ? [] : list.split(',')
}

function unknown(where: string, what: string, name: string, known: readonly string[]): InputError {
  const nearest = nearestWord(name, known)
  const remedy = nearest === null ? `choose among ${known.join(', ')}` : `did you mean '${nearest}'?`
  return new InputError(where, `unknown ${what} '${name}'`, remedy)
}
