import { accessSync, constants, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  digestOf,
  parseSchedule,
  runsOf,
  type ScheduleFile,
  type ScheduleProfile,
  stringifySchedule,
  type Timeline,
  traceOf,
} from '@mm-model/check'
import { MachineError } from '@mm-model/core'
import type { Scenario } from '@mm-model/scenario'
import { InputError, systemReason } from '../input-error.ts'

interface Wrong {
  readonly name: string
  readonly message: string
}

/** @throws {InputError} for a path that cannot be written. */
export function writeSchedule(
  path: string,
  scenario: Scenario,
  profile: ScheduleProfile,
  { runners }: Timeline,
  { name, message }: Wrong,
): void {
  const file = {
    scenario: scenario.name,
    digest: digestOf(scenario),
    profile,
    steps: runsOf(runners),
    ends: { name, message },
  }
  write(path, stringifySchedule(file), '--schedule')
}

/** @throws {InputError} for a path that cannot be written. */
export function writeTrace(path: string, timeline: Timeline, wrong: Wrong): void {
  write(path, `${JSON.stringify(traceOf(timeline, wrong))}\n`, '--perfetto')
}

/** @throws {InputError} for a file that is no schedule, or one of another scenario. */
export function readSchedule(path: string, scenario: Scenario, scenarioPath: string): ScheduleFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new InputError(path, systemReason(error), 'give --schedule a file that mm-model check wrote')
  }
  let file: ScheduleFile
  try {
    file = parseSchedule(text)
  } catch (error) {
    if (!(error instanceof MachineError)) throw error
    throw new InputError(path, `found ${error.found}, expected ${error.expected}`, error.remedy)
  }
  if (file.digest !== digestOf(scenario))
    throw new InputError(
      path,
      `is of another scenario than ${scenarioPath} (it was found in '${file.scenario}')`,
      'give the scenario that it was found in, unchanged, or search again',
    )
  return file
}

/**
 * Before a long search: that its end can be written.
 * @throws {InputError}
 */
export function refuseUnwritable(path: string | undefined, flag: string): void {
  if (path === undefined) return
  try {
    if (existsSync(path)) {
      accessSync(path, constants.W_OK)
      if (!statSync(path).isDirectory()) return
      throw Object.assign(new Error(), { code: 'EISDIR' })
    }
    accessSync(dirname(path), constants.W_OK)
  } catch (error) {
    throw new InputError(path, systemReason(error), `give ${flag} a file that can be written`)
  }
}

function write(path: string, text: string, flag: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    throw new InputError(path, systemReason(error), `give ${flag} a file that can be written`)
  }
}
