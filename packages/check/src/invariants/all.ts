/**
 * The rules of the reference that a checker can look at, by name.
 * @module
 */

import { MachineError } from '@mm-model/core'
import { builtInRules } from '../built-in-rules.ts'
import type { StateInvariant } from '../program.ts'
import { endInvariants } from './at-end.ts'
import { I5, I6, I10, I21, I49, I50 } from './calls.ts'
import { I32, I33, I47, I52 } from './copies.ts'
import { I23, I24, I25, I26, I28, I29, I36 } from './durability.ts'
import { I13, I15, I16, I18, I19, I20 } from './entries.ts'
import { I11, I27, I31, I35, I37, I41, I42, I44 } from './faults.ts'
import { I34 } from './freeze.ts'
import { I2, I9, I12, I30 } from './rights.ts'

/** Of every state, between any two steps. */
export const stateInvariants: readonly StateInvariant[] = Object.freeze([
  I2,
  I5,
  I6,
  I9,
  I10,
  I11,
  I12,
  I13,
  I15,
  I16,
  I18,
  I19,
  I20,
  I21,
  I23,
  I24,
  I25,
  I26,
  I27,
  I28,
  I29,
  I30,
  I31,
  I32,
  I33,
  I34,
  I35,
  I36,
  I37,
  I41,
  I42,
  I44,
  I47,
  I49,
  I50,
  I52,
])

/** All of them: {@link stateInvariants}, and those of states in which all threads have ended. */
export const invariants: readonly StateInvariant[] = Object.freeze([...stateInvariants, ...endInvariants])

/**
 * Those of some names: `['I19', 'I23']`. One that the search looks at always, `I40`, can be named, and adds nothing.
 * @throws MachineError BAD_CONFIGURATION for a name that none has
 */
export function invariantsNamed(names: readonly string[]): StateInvariant[] {
  const known = new Set([...invariants, ...builtInRules].map(({ name }) => name))
  const unknown = names.find((name) => !known.has(name))
  if (unknown !== undefined) {
    throw new MachineError('BAD_CONFIGURATION', {
      found: `the invariant '${unknown}'`,
      expected: [...known].join(', '),
      remedy: 'choose among these',
    })
  }
  return invariants.filter(({ name }) => names.includes(name))
}
