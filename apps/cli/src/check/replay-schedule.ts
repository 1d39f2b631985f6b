import { assertionsOf, replay, type ScheduleFile, type Timeline, timelineOf } from '@mm-model/check'
import type { Scenario } from '@mm-model/scenario'
import type { ExitCode } from '../command.ts'
import { InputError } from '../input-error.ts'
import { chooseProfile } from '../profile.ts'
import { readScenario } from '../scenario-files.ts'
import { BUILT_IN } from '../strategy/built-in.ts'
import { chooseStrategy } from '../strategy/choose.ts'
import { counted } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { printHead, printTimeline, printWrong } from './check-report.ts'
import { chooseDefects, chooseInvariants, programFor, refusing } from './choices.ts'
import { readSchedule } from './schedule-files.ts'

interface ReplayArgs {
  /** The scenario's file. */
  readonly path: string
  /** The schedule's file, which says on what it was found. */
  readonly schedule: string
  /** Only for a schedule of a plugin: a file of data does not say which code to load. */
  readonly strategy: string | undefined
  readonly json: boolean
}

/**
 * `mm-model run FILE.scn --schedule FILE`: the schedule once more, with what is wrong at its end.
 * @throws {InputError} for a file that is no schedule of the scenario
 */
export async function replaySchedule(
  { path, schedule, strategy: given, json }: ReplayArgs,
  terminal: Terminal,
): Promise<ExitCode> {
  const scenario = readScenario(path)
  const file = readSchedule(schedule, scenario, path)
  const { kernel, fs, arch } = file.profile
  const profile = chooseProfile(schedule, { kernel, fs, ...(arch === undefined ? {} : { arch }) })
  const strategy = await strategyOf(file, given, schedule, terminal)
  const program = programFor(path, scenario, {
    ...profile,
    strategy,
    defects: chooseDefects(schedule, file.profile.defects),
  })
  const rules = chooseInvariants(schedule, file.profile.invariants)
  const names = file.steps.flatMap(([name, count]) => Array<string>(count).fill(name))
  const again = refusing(schedule, () => replay(program, names, [...rules, ...assertionsOf(scenario)]))
  const timeline = timelineOf(program, again.schedule, again.ended)
  if (json) terminal.printJson(asJson(scenario, file, again, timeline))
  else print(scenario, file, again, timeline, terminal)
  return again.wrong === null ? 0 : 1
}

function strategyOf(
  { profile }: ScheduleFile,
  given: string | undefined,
  schedule: string,
  terminal: Terminal,
): ReturnType<typeof chooseStrategy> {
  if (given === undefined && !BUILT_IN.some(({ name }) => name === profile.strategy))
    throw new InputError(
      schedule,
      `is of the strategy '${profile.strategy}', which is not built in`,
      'give its path with --strategy',
    )
  return chooseStrategy('run', given ?? profile.strategy, terminal)
}

type Again = ReturnType<typeof replay>

function print(
  scenario: Scenario,
  { profile, ends }: ScheduleFile,
  { wrong, ended }: Again,
  timeline: Timeline,
  terminal: Terminal,
): void {
  printHead(scenario, profile, terminal)
  printTimeline(scenario, timeline, terminal)
  if (wrong === null) {
    const where = ended ? 'all threads have ended' : 'the schedule ends'
    terminal.print(`nothing is wrong where ${where}, after ${counted(timeline.steps.length, 'step')}`)
  } else printWrong(wrong, terminal.colors, terminal.print)
  if (ends !== null && !isSame(wrong, ends))
    terminal.print(terminal.colors.yellow(`the file was written for: ${ends.name}: ${ends.message}`))
}

function asJson(
  scenario: Scenario,
  { profile, ends }: ScheduleFile,
  { wrong, ended }: Again,
  timeline: Timeline,
): object {
  return {
    scenario: scenario.name,
    ...profile,
    wrong,
    ended,
    reproduced: ends === null ? wrong === null : isSame(wrong, ends),
    threads: timeline.threads,
    steps: timeline.steps.map((step, i) => ({ runs: timeline.runners[i], ...step })),
    after: timeline.after,
  }
}

function isSame(wrong: Again['wrong'], ends: NonNullable<ScheduleFile['ends']>): boolean {
  return wrong !== null && wrong.name === ends.name && wrong.message === ends.message
}
