/**
 * The strategies that the core is tested with; the packages that hold them are above the core.
 */

import {
  AFTER_CARRY_ON,
  AFTER_HINT,
  defineStrategy,
  INSTALL_MKWRITE,
  INSTALL_READ_ONLY,
  INSTALL_WRITABLE,
  type StrategyDefinition,
  type StrategyHooks,
  TIMES_DEFERRED,
  type WriteFaultStrategy,
} from '@mm-model/core'

/** A strategy of `mkwrite`'s kind but for what is said. */
export function strategyWith(
  name: string,
  hooks: Partial<StrategyHooks & Pick<StrategyDefinition, 'assertions'>>,
): WriteFaultStrategy {
  return defineStrategy({
    name,
    apiVersion: 1,
    capabilities: { firstStoreTraps: 1, marksDirty: true, times: 'fault' },
    install: () => INSTALL_MKWRITE,
    ...hooks,
  })
}

const unlessMkwrite = (how: number): Pick<StrategyHooks, 'install'> => ({
  install: ({ mkwrite }) => (mkwrite ? INSTALL_MKWRITE : how),
})

export const mkwrite: WriteFaultStrategy = strategyWith('mkwrite', {})
export const retry: WriteFaultStrategy = strategyWith('retry', unlessMkwrite(INSTALL_READ_ONLY))
export const insertWritable: WriteFaultStrategy = strategyWith(
  'insert-writable',
  unlessMkwrite(INSTALL_WRITABLE),
)
export const fallthrough: WriteFaultStrategy = strategyWith('fallthrough', {
  ...unlessMkwrite(INSTALL_READ_ONLY),
  afterReadOnly: () => AFTER_CARRY_ON,
})
export const readonlyHint: WriteFaultStrategy = strategyWith('readonly-hint', {
  ...unlessMkwrite(INSTALL_READ_ONLY),
  afterReadOnly: () => AFTER_HINT,
})
export const deferredMtime: WriteFaultStrategy = strategyWith('deferred-mtime', {
  updateTimes: () => TIMES_DEFERRED,
})
