/**
 * The kit as a function: everything that was found about a strategy.
 * @module
 */

import { defineStrategy, type StrategyDefinition, type WriteFaultStrategy } from '@mm-model/core'
import { CHECKS, type Check, type Finding } from './check.ts'
import { type Combination, combinations, type KitMachine, MACHINES } from './combination.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { References } from './run.ts'

/** One check over all combinations. */
export interface CheckReport {
  readonly check: Check
  readonly findings: readonly Finding[]
}

/** What the kit says about a strategy. */
export interface ConformanceReport {
  readonly strategy: WriteFaultStrategy
  /** How many combinations ran. */
  readonly combinations: number
  readonly checks: readonly CheckReport[]
  readonly passed: boolean
}

export interface ConformanceOptions {
  /** Default: all of {@link MACHINES}. */
  readonly machines?: readonly KitMachine[] | undefined
  /** Which combinations to run, while a strategy is being worked on. Default: all. */
  readonly only?: ((combination: Combination) => boolean) | undefined
  /** Told of each combination before it runs, so that a strategy that hangs can be named; its number from 0. */
  readonly onProgress?: ((combination: Combination, number: number, all: number) => void) | undefined
}

/**
 * Runs a strategy through every combination and every check. It runs to the end whatever it finds; only a hook that never
 * returns stops it, and that must be watched from outside.
 * @throws StrategyError STRATEGY_DEFINITION when it is no strategy at all
 */
export function conformance(
  definition: StrategyDefinition,
  { machines = MACHINES, only = () => true, onProgress }: ConformanceOptions = {},
): ConformanceReport {
  const strategy = defineStrategy(definition)
  const all = combinations(machines).filter(only)
  const findings = outcomes(strategy, all, onProgress).flatMap((outcome) => outcome.findings)
  const checks = CHECKS.map((check) => ({ check, findings: findings.filter((f) => f.check === check.id) }))
  return { strategy, combinations: all.length, checks, passed: findings.length === 0 }
}

/** The outcome of each combination, in order. */
export function outcomes(
  strategy: WriteFaultStrategy,
  all: readonly Combination[],
  onProgress?: ConformanceOptions['onProgress'],
  references: References = new References(),
): Outcome[] {
  return all.map((combination, i) => {
    onProgress?.(combination, i, all.length)
    return outcomeOf(strategy, combination, references)
  })
}
