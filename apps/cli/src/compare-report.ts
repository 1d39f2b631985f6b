import {
  type Costs,
  executionOrder,
  type FinalState,
  type Observation,
  type PteObservation,
  readTrap,
  type Scenario,
  type ValueDifference,
} from '@mm-model/scenario'
import { COST_SOURCE, type CostRow, isRecordedOn } from './cost-table.ts'
import { describeResult, placeOf } from './describe.ts'
import { describeEntry } from './entry.ts'
import { type Profile, profileWords } from './profile.ts'
import { BUILT_IN } from './strategy/built-in.ts'
import { counted, grouped, table } from './table.ts'
import type { Terminal } from './terminal.ts'

/** One operation under one strategy. */
export interface Bill {
  readonly costs: Costs
  /** The row of the cost table that stands for it. */
  readonly row: CostRow | null
  readonly instructions: number | null
}

/** A scenario under one strategy. */
export interface Column {
  readonly strategy: string
  readonly run: Observation
  readonly finalState: FinalState
  readonly bills: readonly Bill[]
  readonly total: Costs
  /** Whether instructions were counted under this strategy, on this kernel. */
  readonly isCounted: boolean
  /** Instructions of the operations that have a figure. */
  readonly instructions: number
  /** How many operations have one. */
  readonly covered: number
}

/** What differs between the states that two strategies end in. */
interface Ending {
  readonly strategy: string
  readonly differences: readonly ValueDifference[]
}

/** All that `compare` found. */
export interface Comparison {
  readonly scenario: Scenario
  readonly profile: Profile
  readonly columns: readonly Column[]
  /** The column that the endings of the others are compared with. */
  readonly reference: Column
  readonly endings: readonly Ending[]
}

/** How many differences of an ending are printed; JSON has all. */
const SHOWN: number = 10

/** Prints a comparison for a reader. */
export function printComparison(comparison: Comparison, terminal: Terminal): void {
  const { scenario, profile, columns, reference, endings } = comparison
  terminal.print(`${terminal.colors.bold(scenario.name)}  on ${profileWords(profile).join(', ')}`)
  printOperations(scenario, columns, terminal)
  printTotals(columns, profile, terminal)
  printResults(scenario, columns, terminal)
  printEntries(scenario, columns, profile, terminal)
  printEndings(reference, endings, terminal)
  if (profile.arch === undefined) printSource(columns, profile, terminal)
}

/** A line for each access: which faults it took, and its instructions. */
function printOperations(scenario: Scenario, columns: readonly Column[], { print, colors }: Terminal): void {
  const rows = executionOrder(scenario).flatMap((operation, i) => {
    const bills = columns.map(({ bills }) => bills[i]!)
    if (!isAccess(operation.op) && bills.every(({ costs }) => costs.faults === 0)) return []
    return [[`${String(i + 1).padStart(3)}  ${operation.text}`, ...bills.map(billCell)]]
  })
  if (rows.length === 0) return
  print('')
  const head = ['operation: faults and kernel instructions', ...columns.map(({ strategy }) => strategy)]
  for (const line of table(head, rows, colors)) print(line)
}

function isAccess(op: string): boolean {
  return op === 'load' || op === 'store'
}

function billCell({ costs, instructions }: Bill): string {
  const faults = Object.entries(costs.faultsByError).flatMap(([error, n]) => Array<string>(n).fill(error))
  const figure = instructions === null ? '–' : grouped(Math.round(instructions))
  return `${faults.length === 0 ? 'no fault' : faults.join(' ')}  ${figure.padStart(7)}`
}

function printTotals(columns: readonly Column[], { arch }: Profile, { print, colors }: Terminal): void {
  const row = (what: string, of: (column: Column) => number): string[] => [
    what,
    ...columns.map((column) => grouped(of(column))),
  ]
  const rowOfCounted = (what: string, of: (column: Column) => number): string[] => [
    what,
    ...columns.map((column) => (column.isCounted ? grouped(of(column)) : '–')),
  ]
  const errors = [...new Set(columns.flatMap(({ total }) => Object.keys(total.faultsByError)))].toSorted()
  const rows = [
    row('faults taken', ({ total }) => total.faults),
    ...errors.map((error) =>
      row(`  ${error} (${readTrap(error, arch).words})`, ({ total }) => total.faultsByError[error] ?? 0),
    ),
    row("passes through the file system's handler", ({ total }) => total.handlerPasses),
    row('extent look-ups', ({ total }) => total.extentLookups),
    row('timestamp updates', ({ total }) => total.timestampUpdates),
    row('  calls of file_update_time', ({ total }) => total.timestampCalls),
    row('TLB flushes', ({ total }) => total.tlbFlushes),
    row('entries installed read-only, then upgraded', ({ total }) => total.readOnlyThenUpgraded),
    ...(arch === undefined
      ? [
          rowOfCounted('kernel instructions', ({ instructions }) => Math.round(instructions)),
          rowOfCounted('  of so many operations', ({ covered }) => covered),
        ]
      : []),
  ]
  print('')
  for (const line of table(['in all', ...columns.map(({ strategy }) => strategy)], rows, colors)) print(line)
}

/** Where strategies give a program different answers, or where the model has none. */
function printResults(scenario: Scenario, columns: readonly Column[], { print, colors }: Terminal): void {
  const lines = executionOrder(scenario).flatMap((operation, i) => {
    const results = columns.map(({ run }) => describeResult(run.ops[i]!.result))
    const unclear = columns.some(({ run }) => 'notModelled' in run.ops[i]!.result)
    if (!unclear && new Set(results).size === 1) return []
    const told = results.map((result, c) => `    ${columns[c]!.strategy}: ${result}`)
    return [`${String(i + 1).padStart(3)}  ${operation.text}`, ...told]
  })
  if (lines.length === 0) return
  print('')
  print(colors.bold('results that differ, or that are not modelled'))
  for (const line of lines) print(line)
}

/** Where an access leaves its entry differently; accesses that do so in the same way are told together. */
function printEntries(
  scenario: Scenario,
  columns: readonly Column[],
  profile: Profile,
  { print, colors }: Terminal,
): void {
  const groups = new Map<
    string,
    { readonly entries: readonly (PteObservation | null)[]; readonly ops: string[] }
  >()
  for (const [i, operation] of executionOrder(scenario).entries()) {
    if (operation.op !== 'load' && operation.op !== 'store') continue
    const at = placeOf(operation.map, operation.offset)
    const entries = columns.map(({ run }) => run.ops[i]!.ptes.find((pte) => pte.at === at) ?? null)
    const flags = entries.map((entry) => entry?.flags ?? 'none')
    if (new Set(flags).size === 1) continue
    const group = groups.get(flags.join()) ?? { entries, ops: [] }
    groups.set(flags.join(), group)
    group.ops.push(`${String(i + 1).padStart(3)}  ${operation.text}`)
  }
  if (groups.size === 0) return
  print('')
  print(colors.bold('entries that an access leaves differently'))
  for (const { entries, ops } of groups.values()) {
    for (const op of ops) print(op)
    for (const [c, entry] of entries.entries()) {
      const told =
        entry === null
          ? 'none'
          : `${entry.flags}  ${describeEntry({ ...entry, ...profile, frame: entry.frame.replace(/#\d+$/, ' frame') })}`
      print(`       ${columns[c]!.strategy}: ${told}`)
    }
  }
}

function printEndings(reference: Column, endings: readonly Ending[], { print, colors }: Terminal): void {
  print('')
  print(colors.bold('final state (entries, areas, files and their bytes)'))
  if (endings.length === 0) print(`  ${reference.strategy} alone: nothing to compare it with`)
  for (const { strategy, differences } of endings) {
    if (differences.length === 0) {
      print(`  ${strategy}: ${colors.green('the same')} as ${reference.strategy}`)
      continue
    }
    print(
      `  ${strategy}: ${colors.yellow(counted(differences.length, 'difference'))} from ${reference.strategy}`,
    )
    for (const { field, left, right } of differences.slice(0, SHOWN))
      print(`    ${field}: ${reference.strategy} ${left}, ${strategy} ${right}`)
    if (differences.length > SHOWN) print(`    and ${differences.length - SHOWN} more; --json has all`)
  }
}

function printSource(columns: readonly Column[], { kernel }: Profile, { print, colors }: Terminal): void {
  const names = columns.flatMap(({ strategy, isCounted }) => (isCounted ? [] : [strategy]))
  print('')
  print(colors.dim(`kernel instructions: ${COST_SOURCE.file}, ${COST_SOURCE.unit}`))
  print(colors.dim(`  on ${COST_SOURCE.kernel}`))
  print(colors.dim(`  not counted: ${COST_SOURCE.notCounted}; – where no row fits`))
  if (names.length === 0) return
  const what = isRecordedOn(kernel)
    ? `nor was anything under ${names.join(', ')}`
    : `nor was anything on ${kernel}`
  print(colors.dim(`  ${what}`))
  // Of a kernel that was built otherwise: figures of two builds do not stand side by side.
  if (isRecordedOn(kernel) && BUILT_IN.some(({ name }) => names.includes(name)))
    print(
      colors.dim(
        '  all strategies that are built in were counted on another build: see mm-model compare --matrix',
      ),
    )
}
