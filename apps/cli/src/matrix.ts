import {
  type Combination,
  type Finding,
  MACHINES,
  nameOf,
  type Outcome,
  outcomeOf,
  References,
} from '@mm-model/conformance'
import type { WriteFaultStrategy } from '@mm-model/core'
import { COMBINATION_COST_SOURCE, type CombinationCost, costOf } from './combination-costs.ts'
import { isBuiltIn } from './strategy/choose.ts'
import { counted, grouped, table } from './table.ts'
import type { Terminal } from './terminal.ts'

/** The machine that the matrix is of: the one where instructions were counted. */
export const MATRIX_MACHINE = MACHINES.find(({ kernel, arch }) => kernel === '6.1' && arch === 'x86-64')!

/** One combination under one strategy. */
interface MatrixCell
  extends Pick<Outcome, 'faults' | 'handlerPasses' | 'timeUpdates' | 'verdict' | 'findings'> {
  readonly strategy: string
  /** Null for a plugin, which nobody counted. */
  readonly instructions: CombinationCost | null
}

/** One combination under every strategy. */
export interface MatrixRow {
  readonly combination: Combination
  readonly cells: readonly MatrixCell[]
}

/**
 * Combinations under strategies. Each run is watched between steps and compared with what Linux does; `strategy test` holds
 * them to every rule of the kernel besides.
 */
export function matrixOf(
  combinations: readonly Combination[],
  strategies: readonly WriteFaultStrategy[],
  { progress }: Terminal,
): readonly MatrixRow[] {
  const references = new References()
  const rows = combinations.map((combination, i): MatrixRow => {
    progress(`${i + 1}/${combinations.length}  ${nameOf(combination)}`)
    const cells = strategies.map((strategy): MatrixCell => {
      const { combination: _, ...outcome } = outcomeOf(strategy, combination, references, 'steps')
      const instructions = isBuiltIn(strategy) ? costOf(strategy.name, combination, outcome.faults) : null
      return { strategy: strategy.name, ...outcome, instructions }
    })
    return { combination, cells }
  })
  progress(null)
  return rows
}

/** Whether one of the cells is violated. */
export function isViolated(rows: readonly MatrixRow[]): boolean {
  return rows.some(({ cells }) => cells.some(({ verdict }) => verdict === 'violated'))
}

const HEADINGS: readonly string[] = ['area', 'prot', 'block', 'size', 'access', 'around']

/** Prints the table, a line for each combination and a cell for each strategy, then what is violated. */
export function printMatrix(rows: readonly MatrixRow[], terminal: Terminal): void {
  const { print, colors } = terminal
  const strategies = rows[0]!.cells.map(({ strategy }) => strategy)
  const { kernel, arch } = MATRIX_MACHINE
  print(`${colors.bold(counted(rows.length, 'combination'))}  on ${kernel}, ${arch}`)
  print(
    'each cell: traps, passes through the handler of the file system, updates of times, kernel instructions, verdict',
  )
  print('')
  const lines = rows.map(({ combination: c, cells }) => [
    ...[c.area, c.prot, c.block, c.size, c.access, c.around],
    ...cells.map(cellText),
  ])
  const head = [...HEADINGS, ...strategies]
  for (const line of table(
    head,
    lines,
    colors,
    head.map(() => true),
  ))
    print(line)
  print('')
  printFindings(rows, terminal)
  printSource(terminal)
}

function cellText({ faults, handlerPasses, timeUpdates, instructions, verdict }: MatrixCell): string {
  return `${faults} ${handlerPasses} ${timeUpdates} ${instructionText(instructions).padStart(9)} ${verdict}`
}

/** `5,109`; `~5,109` where a part of it stands for something like it; `–` for a plugin. */
function instructionText(cost: CombinationCost | null): string {
  return cost === null ? '–' : `${cost.exact ? '' : '~'}${grouped(Math.round(cost.instructions))}`
}

function printFindings(rows: readonly MatrixRow[], { print, colors }: Terminal): void {
  const cells = rows.flatMap((row) => row.cells)
  const violated = cells.filter(({ verdict }) => verdict === 'violated')
  const findings = violated.flatMap((cell) =>
    cell.findings.map((finding) => ({ ...finding, strategy: cell.strategy })),
  )
  if (violated.length === 0) {
    print(colors.green(`all ${counted(cells.length, 'cell')} allowed`))
    return
  }
  print(colors.red(`${counted(violated.length, 'cell')} of ${grouped(cells.length)} violated`))
  for (const finding of findings) printFinding(finding, print)
}

function printFinding(
  { strategy, check, combination, operation, found, expected }: Finding & { readonly strategy: string },
  print: Terminal['print'],
): void {
  print(`  ${strategy}, ${combination}${operation === '' ? '' : `: ${operation}`}`)
  print(`    ${check}: found ${found}, expected ${expected}`)
}

function printSource({ print, colors }: Terminal): void {
  const { unit, kernel, notCounted } = COMBINATION_COST_SOURCE
  print('')
  print(colors.dim(`kernel instructions: ${unit}`))
  print(colors.dim(`  on ${kernel}`))
  print(colors.dim(`  not counted: ${notCounted}`))
  print(colors.dim('  ~ where a part was counted in a situation like it, – for a plugin'))
}

/** The same for a program. */
export function matrixAsJson(rows: readonly MatrixRow[]): object {
  return {
    machine: MATRIX_MACHINE,
    combinations: rows.map(({ combination: { machine: _, ...axes }, cells }) => ({ ...axes, cells })),
    costSource: COMBINATION_COST_SOURCE,
  }
}
