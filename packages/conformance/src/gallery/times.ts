/**
 * Strategies that lose an update of times, or mark times that they must not.
 * @module
 */

import { TIMES_AT_FAULT, TIMES_DEFERRED, TIMES_DEFERRED_BY_PAGE } from '@mm-model/core'
import { wrong } from './wrong.ts'
import type { WrongStrategy } from './wrong-strategies.ts'

export function wrongTimes(): WrongStrategy[] {
  const deferred = { firstStoreTraps: 1, marksDirty: true, times: 'deferred' } as const
  return [
    wrong('times-by-page', 'times', 'only a struct page would set its flag, and DAX entries have none', {
      capabilities: deferred,
      updateTimes: () => TIMES_DEFERRED_BY_PAGE,
    }),
    wrong('times-sometimes', 'times', 'it updates times only for stores that met a read-only entry', {
      updateTimes: ({ mkwrite }) => (mkwrite ? TIMES_AT_FAULT : TIMES_DEFERRED_BY_PAGE),
    }),
    wrong('times-late', 'times', 'it defers the times and says that it does not', {
      updateTimes: () => TIMES_DEFERRED,
    }),
  ]
}
