import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import {
  executionOrder,
  type Observation,
  ObservationError,
  parseObservation,
  parseScenario,
  type Scenario,
  ScenarioSyntaxError,
  stringifyObservation,
} from '@mm-model/scenario'
import { InputError, systemReason } from './input-error.ts'

/**
 * Reads and parses a scenario file.
 *
 * @throws {InputError} with `path:line:column` for what the language does not define.
 */
export function readScenario(path: string): Scenario {
  return readScenarioText(path).scenario
}

/**
 * The same with the text of the file.
 *
 * @throws {InputError} as {@link readScenario}
 */
export function readScenarioText(path: string): { readonly scenario: Scenario; readonly text: string } {
  const text = readText(path, 'give the path of a scenario file')
  try {
    return { scenario: parseScenario(text, { name: basename(path, '.scn') }), text }
  } catch (error) {
    if (!(error instanceof ScenarioSyntaxError)) throw error
    const { line, column, found, expected, remedy } = error
    throw new InputError(
      `${path}:${line}:${column}`,
      `line ${line}: found ${found}, expected ${expected}`,
      remedy,
    )
  }
}

/** Reads the recordings of a folder, sorted by name; the file's name is the scenario's. */
export function readRecordings(folder: string): readonly Observation[] {
  const files = filesOf(folder, '.json', 'give a folder of recordings')
  return files.map((file) => {
    const path = join(folder, file)
    const recording = readObservation(path)
    if (`${recording.scenario}.json` !== file)
      throw new InputError(
        path,
        `holds the scenario '${recording.scenario}'`,
        `name it ${recording.scenario}.json`,
      )
    return recording
  })
}

/** Reads the scenario of each recording from a folder, and checks that it is the one that was recorded. */
export function readRecordedScenarios(
  folder: string,
  recordings: readonly Observation[],
): readonly Scenario[] {
  const files = filesOf(folder, '.scn', 'give a folder of scenario files with --scenarios')
  return recordings.map(({ scenario: name, ops }) => {
    const path = join(folder, `${name}.scn`)
    if (!files.includes(`${name}.scn`))
      throw new InputError(
        path,
        'does not exist, though there is a recording of it',
        'give the folder it is in',
      )
    const scenario = readScenario(path)
    const order = executionOrder(scenario)
    for (let i = 0; i < Math.max(ops.length, order.length); i++) {
      const [recorded, here] = [ops[i]?.op, order[i]]
      if (recorded === here?.text) continue
      throw new InputError(
        here === undefined ? path : `${path}:${here.line}:1`,
        `operation ${i + 1} is ${quoted(here?.text)}, but ${quoted(recorded)} was recorded`,
        'use the scenario that was recorded, or record it again',
      )
    }
    return scenario
  })
}

/** Writes observations into a folder, which is made if need be, each as `<scenario>.json`. */
export function writeObservations(folder: string, observations: readonly Observation[]): void {
  try {
    mkdirSync(folder, { recursive: true })
    for (const observation of observations)
      writeFileSync(join(folder, `${observation.scenario}.json`), stringifyObservation(observation))
  } catch (error) {
    throw new InputError(folder, systemReason(error), 'give --observations a folder that can be written')
  }
}

function readObservation(path: string): Observation {
  const text = readText(path, 'give a folder of recordings')
  try {
    return parseObservation(text)
  } catch (error) {
    if (!(error instanceof ObservationError)) throw error
    throw new InputError(path, error.message.replace(`; ${error.remedy}`, ''), error.remedy)
  }
}

function readText(path: string, remedy: string): string {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new InputError(path, systemReason(error), remedy)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    const line = brokenLine(bytes)
    throw new InputError(`${path}:${line}:1`, `line ${line}: not UTF-8`, 'save the file as UTF-8')
  }
}

/** The line of the first byte that is not UTF-8. No character of several bytes has a newline in it. */
function brokenLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(0x0a, start)
    const end = newline < 0 ? bytes.length : newline
    try {
      decoder.decode(bytes.subarray(start, end))
    } catch {
      return line
    }
    start = end + 1
  }
  return line
}

function filesOf(folder: string, ending: string, remedy: string): readonly string[] {
  let files: readonly string[]
  try {
    files = readdirSync(folder).filter((file) => file.endsWith(ending))
  } catch (error) {
    throw new InputError(folder, systemReason(error), remedy)
  }
  if (files.length === 0) throw new InputError(folder, `has no ${ending} files`, remedy)
  return files.toSorted()
}

function quoted(text: string | undefined): string {
  return text === undefined ? 'nothing' : `'${text}'`
}
