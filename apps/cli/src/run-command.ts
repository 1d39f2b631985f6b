import {
  type Costs,
  costsOf,
  type Observation,
  type OperationObservation,
  type PteObservation,
  type Scenario,
  sumCosts,
} from '@mm-model/scenario'
import { replaySchedule } from './check/replay-schedule.ts'
import { command, type ExitCode } from './command.ts'
import { describeFault, describeFile, describePte, describeResult } from './describe.ts'
import type { Machine } from './entry.ts'
import { InputError } from './input-error.ts'
import { run as runModel } from './model.ts'
import { ARCH_ARG, chooseProfile, PROFILE_ARGS, profileWords } from './profile.ts'
import { readScenario, writeObservations } from './scenario-files.ts'
import { ownStrategy } from './strategy/built-in.ts'
import { chooseStrategy, STRATEGY_ARG } from './strategy/choose.ts'
import { counted } from './table.ts'
import type { Colors, Terminal } from './terminal.ts'

/** `mm-model run`: what the model does, operation by operation. */
export const runCommand = command({
  name: 'run',
  summary: 'Run scenarios on the model and show what each operation did.',
  many: true,
  args: {
    files: {
      type: 'positional',
      required: true,
      valueHint: 'FILE.scn',
      description: 'a scenario; several are run one by one',
    },
    ...PROFILE_ARGS,
    arch: ARCH_ARG,
    strategy: STRATEGY_ARG,
    observations: {
      type: 'string',
      valueHint: 'DIR',
      description: 'write DIR/<scenario>.json for each, and print a summary only',
    },
    schedule: {
      type: 'string',
      valueHint: 'FILE',
      description:
        'run one scenario as FILE says, which `mm-model check --schedule` wrote; the kernel and all else are those of FILE',
    },
    json: { type: 'boolean', description: 'print JSON' },
  },
  notes: [
    'Exit code 1 means that the model cannot tell what some operation does ("not modelled"), or, with --schedule, that a rule is',
    'broken at its end. The branches of a parallel line run one after the other, from left to right, but with --schedule.',
    'Entries are shown where an operation changed them.',
  ],
  examples: [
    'mm-model run examples/first-write.scn',
    'mm-model run examples/first-write.scn --strategy retry',
    'mm-model run examples/first-write.scn --arch riscv64-sv48 --strategy insert-writable',
    'mm-model run scenarios/*.scn --observations out',
    'mm-model run examples/writer-and-fsync.scn --schedule found.json',
  ],
  run: async (args, terminal): Promise<ExitCode> => {
    if (args.schedule !== undefined)
      return scheduled(args._, args.observations, args.schedule, args, terminal)
    const profile = chooseProfile('run', args)
    const strategy = await chooseStrategy('run', args.strategy ?? ownStrategy(profile.kernel).name, terminal)
    // All files are read before the first one runs: a mistake in the last is told at once.
    const scenarios = args._.map(readScenario)
    if (args.observations !== undefined) refuseSameNames(scenarios, args._)
    const runs = scenarios.map(
      (scenario, i) => runModel({ scenario, path: args._[i]!, profile, strategy }).observation,
    )
    if (args.observations !== undefined) writeObservations(args.observations, runs)
    const what = { ...profile, strategy: strategy.name }
    if (args.json && args.observations !== undefined)
      terminal.printJson({ ...what, written: args.observations, scenarios: runs.map(summary) })
    else if (args.json) terminal.printJson({ ...what, scenarios: runs.map(withCosts) })
    else if (args.observations !== undefined) printSummary(runs, args.observations, terminal)
    else for (const run of runs) printRun(run, strategy.name, terminal)
    return runs.some((run) => notModelled(run) > 0) ? 1 : 0
  },
})

function scheduled(
  paths: readonly string[],
  observations: string | undefined,
  schedule: string,
  { strategy, json }: { readonly strategy?: string | undefined; readonly json?: boolean | undefined },
  terminal: Terminal,
): Promise<ExitCode> {
  const [path, another] = paths
  if (another !== undefined || path === undefined)
    throw new InputError('run', '--schedule is given with several scenarios', 'give the one that it is of')
  if (observations !== undefined)
    throw new InputError('run', '--schedule and --observations are both given', 'give one of them')
  return replaySchedule({ path, schedule, strategy, json: json === true }, terminal)
}

function refuseSameNames(scenarios: readonly Scenario[], paths: readonly string[]): void {
  const names = scenarios.map(({ name }) => name)
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i)
  if (twice < 0) return
  throw new InputError(
    paths[twice]!,
    `has the same name as ${paths[names.indexOf(names[twice]!)]}, and each writes ${names[twice]}.json`,
    'run them one by one',
  )
}

function notModelled({ ops }: Observation): number {
  return ops.filter(({ result }) => 'notModelled' in result).length
}

function summary(run: Observation): object {
  return {
    scenario: run.scenario,
    operations: run.ops.length,
    notModelled: notModelled(run),
    costs: sumCosts(costsOf(run)),
  }
}

function withCosts({ scenario, ops, ...rest }: Observation): object {
  const costs = costsOf({ scenario, ops, ...rest })
  return { scenario, ops: ops.map((op, i) => ({ ...op, costs: costs[i] })), total: sumCosts(costs) }
}

function printSummary(runs: readonly Observation[], folder: string, { print }: Terminal): void {
  const operations = runs.reduce((n, { ops }) => n + ops.length, 0)
  const missing = runs.reduce((n, run) => n + notModelled(run), 0)
  const total = sumCosts(runs.flatMap(costsOf))
  print(
    `${counted(runs.length, 'observation')} written to ${folder}: ${counted(operations, 'operation')}, ${describeCosts(total)}`,
  )
  if (missing > 0) print(`not modelled: ${counted(missing, 'operation')}`)
}

function describeCosts({ faults, handlerPasses, extentLookups, tlbFlushes }: Costs): string {
  return [
    counted(faults, 'fault'),
    `${counted(handlerPasses, 'pass', 'passes')} through the fault handler`,
    counted(extentLookups, 'extent look-up'),
    counted(tlbFlushes, 'TLB flush', 'TLB flushes'),
  ].join(', ')
}

function printRun(run: Observation, strategy: string, { print, colors }: Terminal): void {
  print(`${colors.bold(run.scenario)}  ${colors.dim(`on ${[...profileWords(run), strategy].join(', ')}`)}`)
  const width = Math.max(...run.ops.map(({ op }) => op.length))
  const before = new Map<string, readonly PteObservation[]>()
  /** The processes of threads. */
  const owners = new Map<string, string>()
  for (const [i, operation] of run.ops.entries()) {
    const { op, result } = operation
    const told = 'ret' in result ? describeResult(result) : colors.yellow(describeResult(result))
    print(`${String(i + 1).padStart(4)}  ${colors.bold(op.padEnd(width))}  ${told}`)
    if ('notModelled' in result) continue
    // Each process has its own entries: changes are those since its own last operation.
    const by = /^@\S+/.exec(op)?.[0] ?? ''
    const process = owners.get(by) ?? by
    const thread = /^(?:@\S+ )?thread (\S+)/.exec(op)?.[1]
    if (thread !== undefined) owners.set(`@${thread}`, process)
    for (const line of details(operation, before.get(process) ?? [], run, colors)) print(`        ${line}`)
    before.set(process, operation.ptes)
  }
  print('')
}

function details(
  o: OperationObservation,
  before: readonly PteObservation[],
  machine: Machine,
  { dim }: Colors,
): readonly string[] {
  const old = new Map(before.map((pte) => [key(pte), pte]))
  const now = new Set(o.ptes.map(key))
  const changed = o.ptes.filter((pte) => {
    const was = old.get(key(pte))
    return was?.flags !== pte.flags || was.frame !== pte.frame
  })
  return [
    ...o.faults.map((fault, i) => `fault   ${describeFault(fault, machine.arch, o.faults[i - 1])}`),
    ...changed.map((pte) => `entry   ${describePte(pte, machine)}`),
    ...before
      .filter((pte) => !now.has(key(pte)))
      .map((pte) => dim(`gone    ${pte.at}  ${pte.flags} ${pte.frame}`)),
    ...o.files.map((file) => `file    ${describeFile(file)}`),
  ]
}

function key({ at, level }: PteObservation): string {
  return `${level} ${at}`
}
