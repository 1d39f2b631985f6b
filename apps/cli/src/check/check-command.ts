import {
  invariants as allInvariants,
  assertionsOf,
  builtInRules,
  type Counterexample,
  type Exploration,
  type ExploreOptions,
  type Program,
  replay,
  type StateInvariant,
  type Timeline,
  timelineOf,
} from '@mm-model/check'
import { command, type ExitCode } from '../command.ts'
import { InputError } from '../input-error.ts'
import { ARCH_ARG, chooseProfile, PROFILE_ARGS } from '../profile.ts'
import { readScenarioText } from '../scenario-files.ts'
import { ownStrategy } from '../strategy/built-in.ts'
import { chooseStrategy, isBuiltIn, locateStrategy, STRATEGY_ARG } from '../strategy/choose.ts'
import { counted, grouped } from '../table.ts'
import { printError } from '../terminal.ts'
import { EXIT_CODES, explorationAsJson, printExploration } from './check-report.ts'
import { chooseDefects, chooseInvariants, listOf, programFor, refusingLater } from './choices.ts'
import { Progress } from './progress.ts'
import { refuseUnwritable, writeSchedule, writeTrace } from './schedule-files.ts'
import { digestOfSearch, readStopped, writeStopped } from './search-files.ts'
import type { SearchPart, SearchTask } from './search-task.ts'
import { smallestOf } from './smallest.ts'
import { searchInWorkers } from './workers.ts'

/** `mm-model check`: every interleaving of a scenario's parallel line. */
export const checkCommand = command({
  name: 'check',
  summary:
    'Run the parallel line of a scenario in every interleaving, and show the shortest that breaks a rule.',
  many: false,
  args: {
    file: {
      type: 'positional',
      required: true,
      valueHint: 'FILE.scn',
      description: 'a scenario with a parallel line: `@t1 store m 0 7 ; fsync a || punch a 0 4k`',
    },
    ...PROFILE_ARGS,
    arch: ARCH_ARG,
    strategy: STRATEGY_ARG,
    defect: {
      type: 'string',
      valueHint: 'NAME',
      description: 'a bug that Linux once had, to build the machine with; several with commas between',
    },
    invariants: {
      type: 'string',
      valueHint: 'LIST|all|none',
      default: 'all',
      description: `rules to hold besides what the scenario asserts, with commas between: ${[...new Set(allInvariants.map(({ name }) => name))].join(', ')}; always: ${builtInRules.map(({ name }) => name).join(', ')}`,
    },
    preemptions: {
      type: 'string',
      valueHint: 'K',
      description:
        'only schedules that take the CPU at most K times from a thread that could go on, 0 to 1000',
    },
    random: { type: 'string', valueHint: 'N', description: 'only N schedules at random, 1 to 1000000000' },
    seed: { type: 'string', valueHint: 'S', description: 'with --random: 0 to 4294967295 (default: 1)' },
    'max-steps': {
      type: 'string',
      valueHint: 'N',
      description: 'take at most N steps from one state to another (default: 1000000000000)',
    },
    'max-executions': {
      type: 'string',
      valueHint: 'N',
      description: 'follow at most N schedules (default: 100000000)',
    },
    'max-states': {
      type: 'string',
      valueHint: 'N',
      description: 'remember at most N states, 0 to 16777216 (default: 2097152, some 100 MB)',
    },
    jobs: { type: 'string', valueHint: 'N', description: 'search in N threads, 1 to 64 (default: 1)' },
    shard: {
      type: 'string',
      valueHint: 'I/N',
      description:
        'search only shard I of N; `mm-model check merge` puts together what they print with --json',
    },
    resume: {
      type: 'string',
      valueHint: 'FILE',
      description: 'go on with a search that Ctrl-C has stopped',
    },
    shrink: {
      type: 'boolean',
      description: 'show the smallest scenario, too, in which some schedule breaks the same rule',
    },
    'shrink-executions': {
      type: 'string',
      valueHint: 'N',
      description: 'with --shrink: executions that each smaller scenario is searched for (default: 2000)',
    },
    schedule: {
      type: 'string',
      valueHint: 'OUT',
      description: 'write what breaks a rule to OUT, for `mm-model run FILE.scn --schedule OUT`',
    },
    perfetto: {
      type: 'string',
      valueHint: 'OUT',
      description: 'write it to OUT as a trace that ui.perfetto.dev opens',
    },
    json: { type: 'boolean', description: 'print JSON' },
  },
  notes: [
    'Exit code 1 means that some interleaving breaks a rule: it is shown, thread by thread. Exit code 3 means that none was found',
    'that does, among those that were run: a limit was reached, Ctrl-C was pressed (what is left to do is then written to',
    'NAME.resume.json), or --preemptions or --random left some out.',
    'In the timeline + is a lock taken, - one released, * what a step changed, = what a call answered.',
  ],
  examples: [
    'mm-model check examples/writer-and-fsync.scn',
    'mm-model check examples/writer-and-fsync.scn --defect dirty-cleared-before-flush --schedule found.json',
    'mm-model run examples/writer-and-fsync.scn --schedule found.json',
    'mm-model check examples/writer-and-fsync.scn --random 1000 --seed 7',
    'mm-model check examples/writer-and-fsync.scn --jobs 4',
  ],
  run: async (args, terminal): Promise<ExitCode> => {
    const profile = chooseProfile('check', args)
    const limits = searchOf(args)
    const executions = shrinkExecutionsOf(args)
    const defects = chooseDefects('check', listOf(args.defect))
    const rules = chooseInvariants('check', listOf(args.invariants))
    const strategy = await chooseStrategy(
      'check',
      args.strategy ?? ownStrategy(profile.kernel).name,
      terminal,
    )
    const { scenario, text } = readScenarioText(args.file)
    const program = programFor(args.file, scenario, { ...profile, strategy, defects })
    refuseUnwritable(args.schedule, '--schedule')
    refuseUnwritable(args.perfetto, '--perfetto')
    const division = divisionOf(args, limits)
    const name = args.strategy ?? ownStrategy(profile.kernel).name
    const task: SearchTask = {
      name: scenario.name,
      text,
      profile,
      defects,
      rules: args.invariants.split(','),
      limits,
    }
    const search = digestOfSearch(task, name, division.shard?.count ?? 1)
    const resume =
      args.resume === undefined ? undefined : readStopped(args.resume, search, division.shard ?? null)
    const progress = new Progress(terminal)
    const plugin = isBuiltIn(strategy) ? null : locateStrategy('check', name)
    const found = await refusingLater(
      args.file,
      searchInWorkers({ task, program, ...division, resume }, { strategy, name, plugin }, progress.show),
    ).finally(() => progress.end())
    if (found.verdict === 'not exhausted: stopped' && found.checkpoint !== null) {
      const path = `${scenario.name}.resume.json`
      writeStopped(path, search, division.shard ?? null, found.checkpoint)
      printError(`stopped; go on with the same flags and --resume ${path}`)
    }
    const { counterexample } = found
    const timeline =
      counterexample === null
        ? null
        : timelineFor(program, counterexample, [...rules, ...assertionsOf(scenario)])
    const what = {
      ...profile,
      strategy: strategy.name,
      defects,
      invariants: [...new Set(rules.map(({ name }) => name))],
    }
    if (timeline !== null && counterexample !== null) {
      if (args.schedule !== undefined) writeSchedule(args.schedule, scenario, what, timeline, counterexample)
      if (args.perfetto !== undefined) writeTrace(args.perfetto, timeline, counterexample)
    }
    const smallest =
      args.shrink === true && counterexample !== null
        ? smallestOf(scenario, counterexample.name, { ...profile, strategy, defects }, rules, executions)
        : null
    if (args.json)
      terminal.printJson({
        ...explorationAsJson(scenario, what, found, timeline),
        ...(args.shrink === true
          ? { smallest: smallest?.text ?? null, smallestInDoubt: smallest?.doubt ?? null }
          : {}),
        ...(division.shard === undefined ? {} : { search, shard: division.shard }),
      })
    else {
      printExploration(scenario, what, found, timeline, coveredBy(limits, found), terminal)
      if (smallest !== null) {
        const { text, doubt } = smallest
        terminal.print(`\nthe smallest scenario that breaks ${counterexample!.name}:\n${text}`)
        if (doubt !== null)
          terminal.print(`${doubt}; --shrink-executions gives more than ${grouped(executions)}`)
      }
    }
    return EXIT_CODES[found.outcome]
  },
})

/** What the schedule does; where it is wrong when all has run, with the lines below the parallel one. */
function timelineFor(
  program: Program,
  { name, schedule }: Counterexample,
  rules: readonly StateInvariant[],
): Timeline {
  const who = schedule.map(({ thread }) => thread)
  const timeline = timelineOf(program, who)
  const { ended, wrong } = replay(program, timeline.runners, rules)
  return ended && wrong?.name === name ? timelineOf(program, who, true) : timeline
}

/** How a search is divided: into shards, of which one is searched here, and between jobs. */
interface Division {
  readonly shard: SearchPart['shard']
  readonly jobs: number
}

interface DivisionArgs {
  readonly jobs?: string | undefined
  readonly shard?: string | undefined
  readonly resume?: string | undefined
}

/** @throws {InputError} for a division that is none, or of a search that cannot be divided */
function divisionOf({ jobs, shard, resume }: DivisionArgs, limits: SearchOptions): Division {
  const threads = numberOf('jobs', jobs, 1, 64) ?? 1
  const bounded = limits.preemptions !== undefined || limits.random !== undefined
  if (bounded && (threads > 1 || shard !== undefined || resume !== undefined))
    throw new InputError(
      'check',
      '--jobs, --shard and --resume are for searches of all interleavings',
      'leave out --preemptions and --random, or these',
    )
  if (threads > 1 && limits.maxStates === 0)
    throw new InputError(
      'check',
      '--jobs share the states that they remember, and --max-states is 0',
      'leave out one of them',
    )
  return { shard: shard === undefined ? undefined : shardOf(shard), jobs: threads }
}

function shardOf(text: string): { index: number; count: number } {
  const [, index = 0, count = 0] = (/^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? []).map(Number)
  if (index < 1 || index > count)
    throw new InputError('check', `--shard '${text}'`, 'give I/N, as in 1/4: I from 1 to N, N up to 9999')
  return { index, count }
}

/** The schedules that were to be run, when that is what left others out. */
function coveredBy({ preemptions, random }: SearchOptions, { verdict }: Exploration): string | null {
  if (preemptions !== undefined && verdict.includes('preemption'))
    return `all schedules with at most ${counted(preemptions, 'preemption')}`
  if (random !== undefined && verdict.includes('random'))
    return `${counted(random.schedules, 'random schedule')} of the seed ${random.seed}`
  return null
}

interface ShrinkArgs {
  readonly shrink?: boolean | undefined
  readonly 'shrink-executions'?: string | undefined
}

function shrinkExecutionsOf({ shrink, 'shrink-executions': given }: ShrinkArgs): number {
  if (given !== undefined && shrink !== true)
    throw new InputError('check', '--shrink-executions is given without --shrink', 'give both')
  return numberOf('shrink-executions', given, 1, 1e9) ?? 2000
}

interface SearchArgs {
  readonly preemptions?: string | undefined
  readonly random?: string | undefined
  readonly seed?: string | undefined
  readonly 'max-steps'?: string | undefined
  readonly 'max-executions'?: string | undefined
  readonly 'max-states'?: string | undefined
}

type SearchOptions = Pick<
  ExploreOptions,
  'preemptions' | 'random' | 'maxSteps' | 'maxExecutions' | 'maxStates'
>

function searchOf(args: SearchArgs): SearchOptions {
  const { preemptions, random, seed } = args
  if (preemptions !== undefined && random !== undefined)
    throw new InputError('check', '--preemptions and --random are both given', 'give one of them')
  if (seed !== undefined && random === undefined)
    throw new InputError('check', '--seed is given without --random', 'give both')
  const schedules = numberOf('random', random, 1, 1e9)
  return {
    preemptions: numberOf('preemptions', preemptions, 0, 1000),
    random:
      schedules === undefined ? undefined : { schedules, seed: numberOf('seed', seed, 0, 2 ** 32 - 1) ?? 1 },
    maxSteps: numberOf('max-steps', args['max-steps'], 1, 1e15),
    maxExecutions: numberOf('max-executions', args['max-executions'], 1, 1e15),
    maxStates: numberOf('max-states', args['max-states'], 0, 2 ** 24),
  }
}

function numberOf(flag: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new InputError('check', `--${flag} '${text}'`, `give a whole number from ${least} to ${most}`)
}
