import { join } from 'node:path'
import {
  type Agreement,
  compareObservations,
  type Difference,
  differencesAt,
  type Observation,
  summarizeComparisons,
  TIERS,
  type Tier,
} from '@mm-model/scenario'
import { command, type ExitCode } from './command.ts'
import { InputError } from './input-error.ts'
import { observeOrExplain } from './model.ts'
import { chooseProfile, PROFILE_ARGS, type Profile } from './profile.ts'
import { readRecordedScenarios, readRecordings } from './scenario-files.ts'
import { ownStrategy } from './strategy/built-in.ts'
import { chooseStrategy, STRATEGY_ARG } from './strategy/choose.ts'
import { counted, grouped, table } from './table.ts'
import type { Terminal } from './terminal.ts'

/** `mm-model verify`: how much of what real kernels were recorded doing the model reproduces. */
export const verifyCommand = command({
  name: 'verify',
  summary: 'Compare the model with recordings of a real kernel, operation by operation.',
  many: false,
  args: {
    recordings: {
      type: 'positional',
      required: true,
      valueHint: 'RECORDINGS_DIR',
      description: 'the recordings, one .json a scenario',
    },
    scenarios: {
      type: 'string',
      valueHint: 'DIR',
      description: 'the scenarios that were recorded (required)',
    },
    ...PROFILE_ARGS,
    strategy: STRATEGY_ARG,
    tier: {
      type: 'enum',
      options: [...TIERS],
      default: 'path',
      description: 'how closely to compare',
    },
    show: { type: 'string', valueHint: 'N', default: '5', description: 'how many differences to show' },
    json: { type: 'boolean', description: 'print JSON, with all differences at the tier' },
  },
  notes: [
    'semantics  results, faults, entries, areas, times',
    'dax        these, and the dax_* tracepoints in their order',
    'path       these, and every other kernel event, and block counts',
    'What is not modelled counts as a difference at every tier.',
  ],
  examples: [
    'mm-model verify recordings --scenarios scenarios',
    'mm-model verify recordings --scenarios scenarios --tier semantics --show 20',
  ],
  run: async (args, terminal): Promise<ExitCode> => {
    const profile = chooseProfile('verify', args)
    const strategy = await chooseStrategy(
      'verify',
      args.strategy ?? ownStrategy(profile.kernel).name,
      terminal,
    )
    const show = countOf('verify', 'show', args.show)
    const tier = args.tier as Tier
    if (args.scenarios === undefined)
      throw new InputError(
        'verify',
        '--scenarios is missing',
        'give the folder of the scenarios that were recorded',
      )
    const recordings = readRecordings(args.recordings)
    checkProfile(args.recordings, recordings, profile)
    const runs = readRecordedScenarios(args.scenarios, recordings).map((scenario) =>
      observeOrExplain({ scenario, path: scenario.name, profile, strategy }),
    )
    const comparisons = recordings.map((recording, i) => compareObservations(recording, runs[i]!))
    const agreement = summarizeComparisons(comparisons)
    const differences = differencesAt(
      tier,
      comparisons.flatMap((comparison) => comparison.differences),
    )
    const reasons = reasonsOf(runs)
    if (args.json)
      terminal.printJson({
        recordings: args.recordings,
        ...profile,
        strategy: strategy.name,
        tier,
        ...agreement,
        notModelled: Object.fromEntries(reasons),
        differences,
      })
    else {
      const model = `${profile.kernel}, ${profile.fs}, ${strategy.name}`
      terminal.print(`${args.recordings} against the model of ${model}`)
      printAgreement(agreement, terminal)
      printReasons(reasons, terminal)
      printDifferences(differences, tier, show, terminal)
    }
    return differences.length === 0 ? 0 : 1
  },
})

/** @throws {InputError} unless the value is a whole number from 0. */
function countOf(name: string, flag: string, value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value)
  throw new InputError(name, `--${flag} needs a whole number, found '${value}'`, `write --${flag} 5`)
}

function checkProfile(folder: string, recordings: readonly Observation[], { kernel, fs }: Profile): void {
  const other = recordings.find((recording) => recording.kernel !== kernel || recording.fs !== fs)
  if (other === undefined) return
  throw new InputError(
    join(folder, `${other.scenario}.json`),
    `recorded on ${other.kernel} with ${other.fs}, but the model runs ${kernel} with ${fs}`,
    `give --kernel ${other.kernel} --fs ${other.fs}`,
  )
}

/** Why the model could not tell, with how many operations each reason stopped, the most first. */
function reasonsOf(runs: readonly Observation[]): readonly (readonly [reason: string, operations: number])[] {
  const counts = new Map<string, number>()
  for (const { result } of runs.flatMap(({ ops }) => ops))
    if ('notModelled' in result) {
      // What follows is not modelled either, whichever line it was.
      const reason = result.notModelled.replace(/^after line \d+/, 'after an operation')
      counts.set(reason, (counts.get(reason) ?? 0) + 1)
    }
  return [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
}

function printAgreement(
  { operations, agreeing, scenarios, clean }: Agreement,
  { print, colors }: Terminal,
): void {
  const rows = TIERS.map((tier) => [
    tier,
    share(agreeing[tier], operations),
    percent(agreeing[tier], operations),
    share(clean[tier], scenarios),
    percent(clean[tier], scenarios),
  ])
  print('')
  for (const line of table(['agreeing at', 'operations', '', 'scenarios', ''], rows, colors)) print(line)
}

function share(n: number, all: number): string {
  return `${grouped(n)}/${grouped(all)}`
}

/** Rounded down: 100 % is said of nothing less. */
function percent(n: number, all: number): string {
  return `${all === 0 ? 100 : Math.floor((n * 100) / all)} %`
}

function printReasons(reasons: ReturnType<typeof reasonsOf>, { print, colors }: Terminal): void {
  if (reasons.length === 0) return
  const all = reasons.reduce((sum, [, n]) => sum + n, 0)
  print('')
  print(colors.bold(`not modelled: ${counted(all, 'operation')}`))
  for (const [reason, n] of reasons) print(`${grouped(n).padStart(7)}  ${reason}`)
}

function printDifferences(
  differences: readonly Difference[],
  tier: Tier,
  show: number,
  terminal: Terminal,
): void {
  const { print, colors } = terminal
  print('')
  if (differences.length === 0) {
    print(colors.green(`no difference at the tier ${tier}`))
    return
  }
  const shown = differences.slice(0, show)
  print(colors.bold(`${shown.length} of ${counted(differences.length, 'difference')} at the tier ${tier}`))
  let last = ''
  for (const { scenario, operation, op, field, kernel, model } of shown) {
    const heading = `  ${scenario}  operation ${operation}: ${op}`
    if (heading !== last) print(heading)
    last = heading
    print(`    ${field}`)
    print(`      kernel  ${colors.green(kernel)}`)
    print(`      model   ${colors.red(model)}`)
  }
}
