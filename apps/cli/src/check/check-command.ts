import {
  invariants as allInvariants,
  assertionsOf,
  type Exploration,
  type ExploreOptions,
  explore,
  timelineOf,
} from '@mm-model/check'
import { command, type ExitCode } from '../command.ts'
import { InputError } from '../input-error.ts'
import { ARCH_ARG, chooseProfile, PROFILE_ARGS } from '../profile.ts'
import { readScenario } from '../scenario-files.ts'
import { ownStrategy } from '../strategy/built-in.ts'
import { chooseStrategy, STRATEGY_ARG } from '../strategy/choose.ts'
import { counted } from '../table.ts'
import { explorationAsJson, printExploration } from './check-report.ts'
import { chooseDefects, chooseInvariants, listOf, programFor, refusing } from './choices.ts'
import { Progress } from './progress.ts'
import { refuseUnwritable, writeSchedule, writeTrace } from './schedule-files.ts'

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
      description: `rules to hold besides what the scenario asserts, with commas between: ${[...new Set(allInvariants.map(({ name }) => name))].join(', ')}`,
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
      description: 'stop after N steps (default: 1000000000000)',
    },
    'max-executions': {
      type: 'string',
      valueHint: 'N',
      description: 'stop after N executions (default: 100000000)',
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
    'that does, among those that were run: a limit was reached, or --preemptions or --random left some out.',
    'In the timeline + is a lock taken, - one released, * what a step changed, = what a call answered.',
  ],
  examples: [
    'mm-model check examples/writer-and-fsync.scn',
    'mm-model check examples/writer-and-fsync.scn --defect dirty-cleared-before-flush --schedule found.json',
    'mm-model run examples/writer-and-fsync.scn --schedule found.json',
    'mm-model check examples/writer-and-fsync.scn --random 1000 --seed 7',
  ],
  run: async (args, terminal): Promise<ExitCode> => {
    const profile = chooseProfile('check', args)
    const limits = searchOf(args)
    const defects = chooseDefects('check', listOf(args.defect))
    const rules = chooseInvariants('check', listOf(args.invariants))
    const strategy = await chooseStrategy(
      'check',
      args.strategy ?? ownStrategy(profile.kernel).name,
      terminal,
    )
    const scenario = readScenario(args.file)
    const program = programFor(args.file, scenario, { ...profile, strategy, defects })
    refuseUnwritable(args.schedule, '--schedule')
    refuseUnwritable(args.perfetto, '--perfetto')
    const progress = new Progress(terminal)
    const options = {
      ...limits,
      invariants: [...rules, ...assertionsOf(scenario)],
      progress: progress.show,
    }
    const found = refusing(args.file, () => explore(program, options))
    progress.end()
    const { counterexample } = found
    const timeline =
      counterexample === null
        ? null
        : timelineOf(
            program,
            counterexample.schedule.map(({ thread }) => thread),
          )
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
    if (args.json) terminal.printJson(explorationAsJson(scenario, what, found, timeline))
    else printExploration(scenario, what, found, timeline, coveredBy(limits, found), terminal)
    return EXIT_CODES[found.outcome]
  },
})

const EXIT_CODES: Readonly<Record<Exploration['outcome'], ExitCode>> = {
  holds: 0,
  violated: 1,
  'not exhausted': 3,
}

/** The schedules that were to be run, when that is what left others out. */
function coveredBy({ preemptions, random }: SearchOptions, { verdict }: Exploration): string | null {
  if (preemptions !== undefined && verdict.includes('preemption'))
    return `all schedules with at most ${counted(preemptions, 'preemption')}`
  if (random !== undefined && verdict.includes('random'))
    return `${counted(random.schedules, 'random schedule')} of the seed ${random.seed}`
  return null
}

interface SearchArgs {
  readonly preemptions?: string | undefined
  readonly random?: string | undefined
  readonly seed?: string | undefined
  readonly 'max-steps'?: string | undefined
  readonly 'max-executions'?: string | undefined
}

type SearchOptions = Pick<ExploreOptions, 'preemptions' | 'random' | 'maxSteps' | 'maxExecutions'>

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
  }
}

function numberOf(flag: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new InputError('check', `--${flag} '${text}'`, `give a whole number from ${least} to ${most}`)
}
