/**
 * Which defects a machine has.
 * @module
 */

import { type DefectName, defects } from './defects.ts'
import { MachineError } from './errors.ts'

/** The names, in the order of {@link defects}. */
export const defectNames: readonly DefectName[] = /*#__PURE__*/ Object.freeze(
  Object.keys(defects) as DefectName[],
)

/** What a machine has of {@link defects}; where a bug was, steps ask it by name. */
export type DefectSet = Readonly<Record<DefectName, boolean>>

const NONE: DefectSet = /*#__PURE__*/ setOf(() => false)

function setOf(has: (name: DefectName) => boolean): DefectSet {
  return Object.freeze(
    Object.fromEntries(defectNames.map((name) => [name, has(name)])) as Record<DefectName, boolean>,
  )
}

/** The set with these names. @throws MachineError BAD_CONFIGURATION for a name that no defect has */
export function defectSet(names: readonly string[]): DefectSet {
  if (names.length === 0) return NONE
  const unknown = names.find((name) => !Object.hasOwn(defects, name))
  if (unknown !== undefined) {
    throw new MachineError('BAD_CONFIGURATION', {
      found: `defect '${unknown}'`,
      expected: `one of ${defectNames.join(', ')}`,
      remedy: 'choose names from `defects` of @mm-model/core',
    })
  }
  return setOf((name) => names.includes(name))
}
