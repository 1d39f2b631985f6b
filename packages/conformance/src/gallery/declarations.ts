/**
 * Strategies that work, and say of themselves what is not so.
 * @module
 */

import { AFTER_CARRY_ON, INSTALL_MKWRITE, INSTALL_READ_ONLY, INSTALL_WRITABLE } from '@mm-model/core'
import { wrong } from './wrong.ts'
import type { WrongStrategy } from './wrong-strategies.ts'

export function wrongDeclarations(): WrongStrategy[] {
  const unlessMkwrite =
    (how: number) =>
    ({ mkwrite }: { readonly mkwrite: boolean }): number =>
      mkwrite ? INSTALL_MKWRITE : how
  return [
    wrong('one-trap-it-says', 'declared', 'it takes two traps for a first store', {
      install: unlessMkwrite(INSTALL_READ_ONLY),
    }),
    wrong('two-traps-it-says', 'declared', 'it takes one trap for a first store', {
      capabilities: { firstStoreTraps: 2, marksDirty: true, times: 'fault' },
      install: unlessMkwrite(INSTALL_READ_ONLY),
      afterReadOnly: () => AFTER_CARRY_ON,
    }),
    wrong(
      'dirty-it-says',
      'declared',
      'it leaves the dirty bits to the hardware, which knows no soft-dirty',
      {
        install: unlessMkwrite(INSTALL_WRITABLE),
      },
    ),
    wrong('clean-it-says', 'declared', 'it marks entries dirty by software', {
      capabilities: { firstStoreTraps: 1, marksDirty: false, times: 'fault' },
    }),
    wrong('deferred-it-says', 'declared', 'it updates times in the fault', {
      capabilities: { firstStoreTraps: 1, marksDirty: true, times: 'deferred' },
    }),
  ]
}
