import { sumCosts, valueDifferences } from '@mm-model/scenario'
import { command, type ExitCode } from './command.ts'
import { type Bill, type Column, type Comparison, printComparison } from './compare-report.ts'
import { costRows } from './cost-rows.ts'
import { COST_SOURCE, instructionsOf, isRecordedOn } from './cost-table.ts'
import { run as runModel, type Task } from './model.ts'
import { ARCH_ARG, chooseProfile, PROFILE_ARGS } from './profile.ts'
import { readScenario } from './scenario-files.ts'
import { ownStrategy } from './strategy/built-in.ts'
import { chooseStrategies, isBuiltIn } from './strategy/choose.ts'

/** `mm-model compare`: write-fault strategies side by side. */
export const compareCommand = command({
  name: 'compare',
  summary: 'Put write-fault strategies side by side: what each costs, and what it changes.',
  many: false,
  args: {
    file: { type: 'positional', required: true, valueHint: 'FILE.scn', description: 'the scenario' },
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
    'Exit code 1 means that the model cannot tell what some operation does ("not modelled").',
  ],
  examples: [
    'mm-model compare examples/first-write.scn',
    'mm-model compare examples/first-write.scn --strategies retry,mkwrite',
  ],
  run: async (args, terminal): Promise<ExitCode> => {
    const profile = chooseProfile('compare', args)
    const strategies = await chooseStrategies('compare', args.strategies, terminal)
    const scenario = readScenario(args.file)
    const columns = strategies.map((strategy) => columnOf({ scenario, path: args.file, profile, strategy }))
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

function columnOf(task: Task): Column {
  const { scenario, strategy, profile } = task
  const { observation: run, costs: costsOfOperations, finalState } = runModel(task)
  // The table was recorded on x86-64.
  const rows = isRecordedOn(run.kernel) && profile.arch === undefined ? costRows(scenario, run) : []
  const bills = costsOfOperations.map((costs, i): Bill => {
    const row = rows[i] ?? null
    return { costs, row, instructions: isBuiltIn(strategy) ? instructionsOf(strategy.name, row) : null }
  })
  const figures = bills.flatMap(({ instructions }) => (instructions === null ? [] : [instructions]))
  return {
    strategy: strategy.name,
    run,
    finalState,
    bills,
    total: sumCosts(bills.map(({ costs }) => costs)),
    instructions: figures.reduce((sum, n) => sum + n, 0),
    covered: figures.length,
  }
}

function asJson({ scenario, profile, columns, reference, endings }: Comparison): object {
  const { name, ops } = scenario
  return {
    scenario: name,
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
