/**
 * The gallery as a list.
 * @module
 */

import type { WriteFaultStrategy } from '@mm-model/core'
import type { CheckId } from '../check.ts'
import { wrongAnswers } from './answers.ts'
import { wrongDeclarations } from './declarations.ts'
import { wrongPrefaults } from './prefaults.ts'
import { wrongProgress } from './progress.ts'
import { wrongTimes } from './times.ts'

/** A strategy that is wrong. */
export interface WrongStrategy {
  readonly strategy: WriteFaultStrategy
  /** The check that catches it; others may as well. */
  readonly catches: CheckId
  /** What it does, and what breaks. */
  readonly why: string
}

/** Fresh strategies: some of them remember things, which is what is wrong with them. */
export function wrongStrategies(): readonly WrongStrategy[] {
  return [...wrongAnswers(), ...wrongProgress(), ...wrongPrefaults(), ...wrongTimes(), ...wrongDeclarations()]
}
