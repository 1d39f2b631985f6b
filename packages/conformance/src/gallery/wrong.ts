/**
 * How a wrong strategy is written down.
 * @module
 */

import { defineStrategy, INSTALL_MKWRITE, type StrategyDefinition } from '@mm-model/core'
import type { CheckId } from '../check.ts'
import type { WrongStrategy } from './wrong-strategies.ts'

/** A strategy that does what Linux does but for what is said. */
export function wrong(
  name: string,
  catches: CheckId,
  why: string,
  parts: Partial<StrategyDefinition>,
): WrongStrategy {
  const strategy = defineStrategy({
    name,
    apiVersion: 1,
    capabilities: { firstStoreTraps: 1, marksDirty: true, times: 'fault' },
    install: () => INSTALL_MKWRITE,
    ...parts,
  })
  return { strategy, catches, why }
}
