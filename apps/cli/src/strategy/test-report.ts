import {
  type CheckReport,
  type Combination,
  type Finding,
  fileSystemOf,
  nameOf,
  programOf,
} from '@mm-model/conformance'
import { ARCH_ARG, PROFILE_ARGS } from '../profile.ts'
import { counted, grouped, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { Described } from './messages.ts'
import type { Failure, Tested } from './supervise.ts'

/** What was to be tested. */
interface Request {
  readonly spec: string
  /** Words of the combinations; all without any. */
  readonly only: readonly string[]
  readonly all: readonly Combination[]
}

/** Prints what became of a test, for a reader; the last line is `passed` or `failed`. */
export function printReport(
  { spec, only, all }: Request,
  { strategy, combinations, checks, failure }: Tested,
  show: number,
  terminal: Terminal,
): void {
  const { print, colors } = terminal
  if (strategy === null) print(colors.bold(spec))
  else print(`${colors.bold(strategy.name)}  ${describe(strategy)}`)
  print('')
  if (failure !== null) {
    printFailure(failure, { spec, all }, terminal)
    if (strategy !== null)
      print(`${counted(combinations, 'combination')} of ${grouped(all.length)} came to the end`)
  }
  if (checks !== null) {
    printChecks(checks, combinations, terminal)
    for (const { findings } of checks) printFindings(findings, { spec, all }, show, terminal)
  }
  const findings = (checks ?? []).reduce((n, check) => n + check.findings.length, failure === null ? 0 : 1)
  print('')
  const part = only.length === 0 ? '' : `, of the combinations with ${only.join(' ')} only`
  if (findings === 0) print(colors.green(`passed${part}`))
  else print(colors.red(`failed: ${counted(findings, 'finding')}${part}`))
}

/** The same for a program. */
export function reportAsJson(
  { spec, only, all }: Request,
  { strategy, combinations, checks, failure }: Tested,
): object {
  const findings = (checks ?? []).flatMap((check) => check.findings)
  return {
    plugin: spec,
    strategy,
    passed: failure === null && findings.length === 0,
    combinations: { ran: combinations, all: all.length, only },
    failure: failure === null ? null : { ...failure, ...combinationOf(failure, all) },
    checks: (checks ?? []).map(({ check, findings }) => ({
      id: check.id,
      title: check.title,
      source: check.source,
      passed: combinations - combinationsOf(findings),
      findings: findings.length,
    })),
    findings,
  }
}

function describe({ capabilities, apiVersion }: Described): string {
  const { firstStoreTraps, marksDirty, times } = capabilities
  return [
    `${counted(firstStoreTraps, 'trap')} for a first store`,
    marksDirty ? 'marks dirty' : 'leaves dirty to the hardware',
    times === 'fault' ? 'times at the fault' : 'times deferred',
    `apiVersion ${apiVersion}`,
  ].join(', ')
}

/** How many combinations the findings are of. */
function combinationsOf(findings: readonly Finding[]): number {
  return new Set(findings.map(({ combination }) => combination)).size
}

function printChecks(
  checks: readonly CheckReport[],
  combinations: number,
  { print, colors }: Terminal,
): void {
  const rows = checks.map(({ check, findings }) => [
    check.id,
    `${grouped(combinations - combinationsOf(findings))}/${grouped(combinations)}`,
    check.title,
  ])
  for (const line of table(['check', 'combinations', 'what it demands'], rows, colors, [true, false, true]))
    print(line)
}

function printFindings(
  findings: readonly Finding[],
  { spec, all }: Pick<Request, 'spec' | 'all'>,
  show: number,
  { print, colors }: Terminal,
): void {
  for (const { check, combination, operation, found, expected, scenario } of findings.slice(0, show)) {
    print('')
    print(`${colors.bold(check)}  ${combination}${operation === '' ? '' : `: ${operation}`}`)
    print(`  found     ${colors.red(found)}`)
    print(`  expected  ${colors.green(expected)}`)
    const ran = all.find((one) => nameOf(one) === combination)
    if (ran !== undefined) printProgram(scenario, spec, ran, print)
  }
  if (show > 0 && findings.length > show)
    print(`  and ${grouped(findings.length - show)} more of ${findings[0]!.check}; --json has all`)
}

function printFailure(
  failure: Failure,
  { spec, all }: Pick<Request, 'spec' | 'all'>,
  { print, colors }: Terminal,
): void {
  const { where, found, expected, remedy } = failure
  const ran = failure.combination === null ? null : all[failure.combination]!
  print(`${colors.bold(where)}${ran === null ? '' : `  in ${nameOf(ran)}`}`)
  print(`  found     ${colors.red(found)}`)
  print(`  expected  ${colors.green(expected)}`)
  print(`  ${remedy}`)
  if (ran !== null) printProgram(programOf(ran).text, spec, ran, print)
}

function combinationOf(
  { combination }: Failure,
  all: readonly Combination[],
): {
  readonly combination: string | null
  readonly scenario: string | null
} {
  if (combination === null) return { combination: null, scenario: null }
  return { combination: nameOf(all[combination]!), scenario: programOf(all[combination]!).text }
}

/** A program, with how to run it again. */
function printProgram(
  text: string,
  spec: string,
  combination: Combination,
  print: (line: string) => void,
): void {
  print(`  again with ${commandFor(spec, combination)}, where FILE.scn is`)
  for (const line of text.trimEnd().split('\n')) print(`    ${line}`)
}

/** The command that runs a program as the combination ran it; what is the default is left out. */
function commandFor(spec: string, combination: Combination): string {
  const { kernel, arch } = combination.machine
  const flags = { kernel, arch, fs: fileSystemOf(combination) }
  const given = Object.entries(flags).filter(
    ([flag, value]) => value !== DEFAULTS[flag as keyof typeof flags],
  )
  return [
    'mm-model run FILE.scn',
    ...given.map(([flag, value]) => `--${flag} ${value}`),
    `--strategy ${spec}`,
  ].join(' ')
}

const DEFAULTS = {
  kernel: PROFILE_ARGS.kernel.default,
  arch: ARCH_ARG.default,
  fs: PROFILE_ARGS.fs.default,
} as const
