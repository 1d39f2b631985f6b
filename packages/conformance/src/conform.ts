/**
 * The kit in somebody's tests.
 * @module
 */

import { defineStrategy, type StrategyDefinition } from '@mm-model/core'
import { CHECKS, type Finding } from './check.ts'
import { type Combination, combinations, type KitMachine, MACHINES, machineName } from './combination.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { References } from './run.ts'

export interface ConformOptions {
  /**
   * Registers a test: that of `node:test`, of vitest, or any function that takes a name and a function that throws when the
   * test fails.
   */
  readonly test: (name: string, run: () => void) => unknown
  readonly strategy: StrategyDefinition
  /** Default: all of {@link MACHINES}. */
  readonly machines?: readonly KitMachine[] | undefined
  /** Which combinations to run, while a strategy is being worked on. Default: all. */
  readonly only?: ((combination: Combination) => boolean) | undefined
}

/** A check failed; the message has the first findings, with the program that shows the first of them. */
export class ConformanceError extends Error {
  override readonly name: string = 'ConformanceError'
  readonly findings: readonly Finding[]

  constructor(message: string, findings: readonly Finding[]) {
    super(message)
    this.findings = findings
  }
}

const SHOWN = 5

/**
 * Registers one test for each machine and check. The combinations of a machine run once, in the first of its tests.
 */
export function conform({
  test,
  strategy: definition,
  machines = MACHINES,
  only = () => true,
}: ConformOptions): void {
  test('conformance: it is a strategy', () => {
    defineStrategy(definition)
  })
  for (const machine of machines) {
    let outcomes: readonly Outcome[] | null = null
    const findings = (): readonly Finding[] => {
      if (outcomes === null) {
        const references = new References()
        const strategy = defineStrategy(definition)
        outcomes = combinations([machine])
          .filter(only)
          .map((c) => outcomeOf(strategy, c, references))
      }
      return outcomes.flatMap((outcome) => outcome.findings)
    }
    for (const check of CHECKS) {
      test(`conformance on ${machineName(machine)}: ${check.title}`, () => {
        const found = findings().filter((finding) => finding.check === check.id)
        if (found.length > 0) throw new ConformanceError(messageOf(check.title, found), found)
      })
    }
  }
}

function messageOf(title: string, findings: readonly Finding[]): string {
  const [first] = findings
  const lines = findings.slice(0, SHOWN).map(({ combination, operation, found, expected }) => {
    return `  ${combination}${operation === '' ? '' : `: ${operation}`}\n    found ${found}\n    expected ${expected}`
  })
  if (findings.length > SHOWN) lines.push(`  and ${findings.length - SHOWN} more`)
  return `does not hold that ${title}\n${lines.join('\n')}\n\nrun this again with 'mm-model run':\n\n${first!.scenario}`
}
