import { executionOrder, sumCosts, valueDifferences } from '@mm-model/scenario'
import { command, type ExitCode } from './command.ts'
import { type Bill, type Column, type Comparison, printComparison } from './compare-report.ts'
import { costRows } from './cost-rows.ts'
import { COST_SOURCE, instructionsOf, isCounted as isCountedUnder, isRecordedOn } from './cost-table.ts'
import { InputError } from './input-error.ts'
import { isViolated, MATRIX_MACHINE, matrixAsJson, matrixOf, printMatrix } from './matrix.ts'
import { run as runModel, type Task } from './model.ts'
import { ARCH_ARG, chooseProfile, PROFILE_ARGS, type Profile } from './profile.ts'
import { readScenario } from './scenario-files.ts'
import { ownStrategy } from './strategy/built-in.ts'
import { chooseStrategies, isBuiltIn } from './strategy/choose.ts'
import { combinationsWith, parseOnly } from './strategy/selection.ts'
import type { Terminal } from './terminal.ts'

/** `mm-model compare`: write-fault strategies side by side. */
export const compareCommand = command({
  name: 'compare',
  summary: 'Put write-fault strategies side by side: what each costs, and what it changes.',
  many: false,
  args: {
    file: {
      type: 'positional',
      required: false,
      valueHint: 'FILE.scn',
      description: 'the scenario; with --matrix none',
    },
    matrix: {
      type: 'boolean',
      description: 'instead of a scenario, every combination of the conformance kit',
    },
    only: {
      type: 'string',
      valueHint: 'WORDS',
      description: 'with --matrix: only the combinations with all of these words, as "shared rw written 4k"',
    },
    strategies: {
      type: 'string',
      valueHint: 'a,b,c',
      description:
        'the strategies, with commas between; each a name, or the path or package of a plugin (default: all that are built)',
    },
    ...PROFILE_ARGS,
    arch: ARCH_ARG,
    json: { type: 'boolean', description: 'print JSON' },
  },
  notes: [
    "A pass is one run of the file system's fault handler that was not sent on to a smaller order.",
    'Kernel instructions come from a table recorded on 6.1 and x86-64; operations without a row there, and other machines, show –.',
    'The matrix is of 6.1 on x86-64, with ext4, and xfs for reflinked blocks: there instructions were counted.',
    'Exit code 1 means that the model cannot tell what some operation does ("not modelled"), or that a strategy does in',
    'some combination what Linux does not allow.',
  ],
  examples: [
    'mm-model compare examples/first-write.scn',
    'mm-model compare examples/first-write.scn --strategies retry,mkwrite',
    'mm-model compare --matrix --only "shared rw 4k"',
  ],
  run: async (args, terminal): Promise<ExitCode> => {
    const profile = chooseProfile('compare', args)
    if (args.matrix === true) return compareAll(args, profile, terminal)
    const path = scenarioOf(args)
    const strategies = await chooseStrategies('compare', args.strategies, terminal)
    const scenario = readScenario(path)
    const columns = strategies.map((strategy) => columnOf({ scenario, path, profile, strategy }))
    const own = ownStrategy(profile.kernel)
    const reference = columns.find(({ strategy }) => strategy === own.name) ?? columns[0]!
    const endings = columns
      .filter((column) => column !== reference)
      .map(({ strategy, finalState }) => ({
        strategy,
        differences: valueDifferences(reference.finalState, finalState),
      }))
    if (args.json) terminal.printJson(asJson({ scenario, profile, columns, reference, endings }))
    else printComparison({ scenario, profile, columns, reference, endings }, terminal)
    return columns.some(({ run }) => run.ops.some(({ result }) => 'notModelled' in result)) ? 1 : 0
  },
})

interface MatrixArgs {
  readonly file?: string | undefined
  readonly only?: string | undefined
  readonly strategies?: string | undefined
  readonly json?: boolean | undefined
}

/** `compare --matrix`. */
async function compareAll(args: MatrixArgs, profile: Profile, terminal: Terminal): Promise<ExitCode> {
  const { kernel, arch } = MATRIX_MACHINE
  const machine = `the matrix is of ${kernel} on ${arch}, each combination on its file system`
  if (args.file !== undefined)
    throw new InputError(
      'compare',
      `--matrix takes no scenario, found '${args.file}'`,
      'leave one of them out',
    )
  if (profile.kernel !== kernel) throw new InputError('compare', machine, 'leave --kernel out')
  if (profile.arch !== undefined) throw new InputError('compare', machine, 'leave --arch out')
  if (profile.fs !== 'ext4') throw new InputError('compare', machine, 'leave --fs out')
  const some = combinationsWith(parseOnly('compare', args.only)).filter((c) => c.machine === MATRIX_MACHINE)
  if (some.length === 0)
    throw new InputError('compare', machine, `leave the machine out of --only '${args.only}'`)
  const strategies = await chooseStrategies('compare', args.strategies, terminal)
  const rows = matrixOf(some, strategies, terminal)
  if (args.json) terminal.printJson(matrixAsJson(rows))
  else printMatrix(rows, terminal)
  return isViolated(rows) ? 1 : 0
}

/** @throws {InputError} for a flag of the matrix, and without a scenario. */
function scenarioOf({ file, only }: MatrixArgs): string {
  if (only !== undefined)
    throw new InputError('compare', '--only is for --matrix', 'give --matrix, or leave it out')
  if (file !== undefined) return file
  throw new InputError(
    'compare',
    'FILE.scn is missing',
    "give one, or --matrix; run 'mm-model compare --help'",
  )
}

function columnOf(task: Task): Column {
  const { scenario, strategy, profile } = task
  const { observation: run, costs: costsOfOperations, finalState } = runModel(task)
  // The table was recorded on x86-64.
  const rows = isRecordedOn(run.kernel) && profile.arch === undefined ? costRows(scenario, run) : []
  const bills = costsOfOperations.map((costs, i): Bill => {
    const row = rows[i] ?? null
    return { costs, row, instructions: isBuiltIn(strategy) ? instructionsOf(strategy.name, row) : null }
  })
  const isCounted = rows.length > 0 && isBuiltIn(strategy) && isCountedUnder(strategy.name)
  const figures = bills.flatMap(({ instructions }) => (instructions === null ? [] : [instructions]))
  return {
    strategy: strategy.name,
    run,
    finalState,
    bills,
    total: sumCosts(bills.map(({ costs }) => costs)),
    isCounted,
    instructions: figures.reduce((sum, n) => sum + n, 0),
    covered: figures.length,
  }
}

function asJson({ scenario, profile, columns, reference, endings }: Comparison): object {
  const ops = executionOrder(scenario)
  return {
    scenario: scenario.name,
    ...profile,
    strategies: columns.map(({ strategy, run, finalState, bills, total, instructions, covered }) => ({
      strategy,
      total,
      instructions: { sum: Math.round(instructions * 10) / 10, operations: covered },
      operations: ops.map(({ text }, i) => ({ op: text, result: run.ops[i]!.result, ...bills[i]! })),
      finalState,
    })),
    finalState: {
      reference: reference.strategy,
      others: endings.map(({ strategy, differences }) => ({
        strategy,
        same: differences.length === 0,
        differences: differences.map(({ field, left, right }) => ({
          field,
          [reference.strategy]: left,
          [strategy]: right,
        })),
      })),
    },
    costSource: COST_SOURCE,
  }
}
