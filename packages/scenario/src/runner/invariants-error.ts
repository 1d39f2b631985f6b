/**
 * What a run says that broke one of its own rules.
 * @module
 */

import type { Violation } from '@mm-model/core'
import { ScenarioError } from '../scenario-error.ts'
import type { Operation } from '../syntax.ts'

/** A rule of the kernel that the model broke while it ran a scenario: a defect of the model, a strategy or a backend. */
export class InvariantViolation extends ScenarioError {
  override readonly name: string = 'InvariantViolation'
  /** `I19`. */
  readonly invariant: string
  /** Line of the operation after which the rule did not hold, counted from 1. */
  readonly line: number
  /** The operation as the scenario spells it. */
  readonly operation: string
  /** Where it was found. */
  readonly where: string
  /** Everything that was found after the operation; the first one is what the other members tell. */
  readonly violations: readonly Violation[]

  /** `violations` has at least one element; `title` is what its invariant demands. */
  constructor(violations: readonly Violation[], title: string, { line, text }: Operation) {
    const [first] = violations
    if (first === undefined) throw new RangeError('an InvariantViolation without violations')
    super(`line ${line}: '${text}' breaks ${first.invariant} (${title}) at ${first.where}`, {
      code: 'INVARIANT_VIOLATED',
      found: first.found,
      expected: first.expected,
      remedy:
        'this is a defect of the model, the strategy or the backend: shrinkScenario makes the scenario small',
    })
    this.invariant = first.invariant
    this.line = line
    this.operation = text
    this.where = first.where
    this.violations = violations
  }
}
