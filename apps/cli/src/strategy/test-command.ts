import { nameOf } from '@mm-model/conformance'
import { command, type ExitCode } from '../command.ts'
import { InputError } from '../input-error.ts'
import { BUILT_IN } from './built-in.ts'
import { locateStrategy } from './choose.ts'
import { combinationsWith, parseOnly } from './selection.ts'
import { supervise } from './supervise.ts'
import { printReport, reportAsJson } from './test-report.ts'

const MOST_SECONDS = 3600
/** The kit alone needs half of the least. */
const LEAST_MIB = 128
const MOST_MIB = 65_536

/** `mm-model strategy test`: the conformance kit on a plugin. */
export const testCommand = command({
  name: 'strategy test',
  summary: 'Run a strategy through the conformance kit, and tell what it does wrong.',
  many: false,
  args: {
    plugin: {
      type: 'positional',
      required: true,
      valueHint: 'PLUGIN',
      description: 'a module, a folder with package.json, an installed package, or a name of `strategy list`',
    },
    export: {
      type: 'string',
      valueHint: 'NAME',
      description: 'which strategy, when the module exports several (default: the default export)',
    },
    only: {
      type: 'string',
      valueHint: 'WORDS',
      description: 'run only the combinations with all of these words, as "x86-64 shared rw written store"',
    },
    timeout: {
      type: 'string',
      valueHint: 'SECONDS',
      default: '20',
      description: `how long one combination may take, 1 to ${MOST_SECONDS}`,
    },
    memory: {
      type: 'string',
      valueHint: 'MIB',
      default: '512',
      description: `how much heap it may take, ${LEAST_MIB} to ${MOST_MIB}; with buffers three times as much`,
    },
    show: {
      type: 'string',
      valueHint: 'N',
      default: '3',
      description: 'how many findings of each check to show',
    },
    json: { type: 'boolean', description: 'print JSON, with all findings' },
  },
  notes: [
    'The strategy runs in a process of its own, with your rights. One that hangs, ends the process or takes',
    'too much memory is a finding, with the hook and the combination in which it did so.',
    'What it prints goes to standard error.',
    'Exit code 1 means that the strategy did not pass.',
  ],
  examples: [
    'mm-model strategy test ./my-strategy',
    'mm-model strategy test @me/strategies --export eager --json',
    'mm-model strategy test mkwrite',
  ],
  run: async (args, terminal): Promise<ExitCode> => {
    const name = 'strategy test'
    const spec = args.plugin
    const timeoutSeconds = wholeNumber(name, 'timeout', args.timeout, 1, MOST_SECONDS, '20')
    const memoryMib = wholeNumber(name, 'memory', args.memory, LEAST_MIB, MOST_MIB, '512')
    const show = wholeNumber(name, 'show', args.show, 0, 1_000_000, '3')
    const isBuiltIn = BUILT_IN.some((strategy) => strategy.name === spec)
    if (isBuiltIn && args.export !== undefined)
      throw new InputError(name, `'${spec}' is built and has no exports`, 'leave --export out')
    const only = parseOnly(name, args.only)
    const all = combinationsWith(only)
    const tested = await supervise(
      { spec, file: isBuiltIn ? null : locateStrategy(name, spec), exported: args.export ?? null, only },
      {
        timeoutSeconds,
        memoryMib,
        onCombination: (number) => terminal.progress(`${number + 1}/${all.length}  ${nameOf(all[number]!)}`),
      },
    )
    terminal.progress(null)
    if (args.json) terminal.printJson(reportAsJson({ spec, only, all }, tested))
    else printReport({ spec, only, all }, tested, show, terminal)
    return tested.failure === null && tested.checks?.every(({ findings }) => findings.length === 0) ? 0 : 1
  },
})

/** @throws {InputError} unless the value is a whole number in the range. */
function wholeNumber(
  name: string,
  flag: string,
  value: string,
  least: number,
  most: number,
  example: string,
): number {
  const n = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  if (n >= least && n <= most) return n
  throw new InputError(
    name,
    `--${flag} needs a whole number from ${least} to ${most}, found '${value}'`,
    `write --${flag} ${example}`,
  )
}
