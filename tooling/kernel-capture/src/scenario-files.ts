/** Reads a folder of scenario files, and holds each to the language and to what the agent has room for. */
import { join } from 'node:path'
import { parseScenario, type Scenario, ScenarioSyntaxError } from '@mm-model/scenario'
import { checkLimits } from './agent.ts'
import { CaptureError } from './capture-error.ts'
import { namesWithEnding, readText } from './files.ts'
import { ZERO_SCENARIO } from './observe/observe.ts'

/** Scenarios that share a part of their name's order with `000-zero` would run before it. */
const NAME: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

export interface ScenarioFile {
  readonly name: string
  readonly text: string
  readonly scenario: Scenario
}

/**
 * All scenarios of a folder by name, but the one that teaches the zero page: the harness has its own.
 *
 * @throws {CaptureError} CAPTURE_FILE, CAPTURE_BAD_SCENARIO
 */
export function readScenarios(folder: string): readonly ScenarioFile[] {
  const names = namesWithEnding(folder, '.scn', 'a folder of scenario files').filter(
    (name) => name !== ZERO_SCENARIO,
  )
  if (names.length === 0)
    throw new CaptureError(folder, {
      code: 'CAPTURE_FILE',
      found: 'no scenario',
      expected: 'files that end in .scn',
      remedy: 'give the folder that they are in',
    })
  return names.map((name) => readScenario(folder, name))
}

function readScenario(folder: string, name: string): ScenarioFile {
  const path = join(folder, `${name}.scn`)
  if (!NAME.test(name) || name < ZERO_SCENARIO)
    throw new CaptureError(path, {
      code: 'CAPTURE_BAD_SCENARIO',
      found: 'its name',
      expected: `letters, digits, dots, dashes, after ${ZERO_SCENARIO} in order`,
      remedy: 'rename it',
    })
  const text = readText(path, 'a scenario file')
  try {
    const scenario = parseScenario(text, { name })
    checkLimits(scenario, path)
    return { name, text, scenario }
  } catch (cause) {
    if (!(cause instanceof ScenarioSyntaxError)) throw cause
    const { line, column, found, expected, remedy } = cause
    const complaint = { code: 'CAPTURE_BAD_SCENARIO', found, expected, remedy } as const
    throw new CaptureError(`${path}:${line}:${column}`, complaint, { cause })
  }
}
