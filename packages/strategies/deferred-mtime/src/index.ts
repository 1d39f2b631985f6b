/**
 * `deferred-mtime`: the fault sets a flag of the mapping instead of the times of the file, and so does every dirty entry that
 * is cleaned or taken away; writeback, msync and munmap write the times. It says when times are updated and nothing
 * else, so it combines with any strategy that says the rest.
 *
 * After the series of 2012 and 2013 by Andy Lutomirski, which was not merged; 6.1 with edits of this repository was
 * recorded with it. As posted, only a dirty bit that moves to a `struct page` set the flag. DAX entries have no `struct
 * page` to the core, so there the flag was never set: {@link asPosted} runs that.
 * @module
 */

import {
  defineStrategy,
  INSTALL_MKWRITE,
  STRATEGY_API_VERSION,
  type StrategyDefinition,
  TIMES_DEFERRED,
  TIMES_DEFERRED_BY_PAGE,
  type WriteFaultStrategy,
} from '@mm-model/core'

/**
 * The strategy with its times deferred, named `…+deferred-mtime`.
 * @throws StrategyError STRATEGY_DEFINITION when it is no strategy
 */
export function withDeferredMtime(strategy: StrategyDefinition): WriteFaultStrategy {
  const whole = defineStrategy(strategy)
  return defineStrategy({
    ...whole,
    name: `${whole.name}+deferred-mtime`,
    capabilities: { ...whole.capabilities, times: 'deferred' },
    updateTimes: () => TIMES_DEFERRED,
  })
}

/** Installs as Linux does since 4.14, and defers the times. */
export const deferredMtime: WriteFaultStrategy = /*#__PURE__*/ defineStrategy({
  name: 'deferred-mtime',
  apiVersion: STRATEGY_API_VERSION,
  capabilities: { firstStoreTraps: 1, marksDirty: true, times: 'deferred' },
  install: () => INSTALL_MKWRITE,
  updateTimes: () => TIMES_DEFERRED,
})

/**
 * The same with the flag as the patches had it, which loses every update of a DAX file: for experiments, and for the
 * conformance kit to find.
 */
export const asPosted: WriteFaultStrategy = /*#__PURE__*/ defineStrategy({
  ...deferredMtime,
  name: 'deferred-mtime-as-posted',
  updateTimes: () => TIMES_DEFERRED_BY_PAGE,
})
