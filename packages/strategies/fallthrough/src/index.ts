/**
 * `fallthrough`: the generalisation asked for in the discussion of 2016. A write fault installs as a read fault would,
 * read-only; then `handle_pte_fault` looks at the entry again and, if it is present and read-only, carries on into
 * `do_wp_page` with the lock held. One trap, two passes through the file system's handler.
 *
 * No kernel shipped it; recorded on 6.1 patched to do so.
 * @module
 */

import {
  AFTER_CARRY_ON,
  defineStrategy,
  INSTALL_MKWRITE,
  INSTALL_READ_ONLY,
  STRATEGY_API_VERSION,
  type WriteFaultStrategy,
} from '@mm-model/core'

export const fallthrough: WriteFaultStrategy = /*#__PURE__*/ defineStrategy({
  name: 'fallthrough',
  apiVersion: STRATEGY_API_VERSION,
  capabilities: { firstStoreTraps: 1, marksDirty: true, times: 'fault' },
  install: ({ mkwrite }) => (mkwrite ? INSTALL_MKWRITE : INSTALL_READ_ONLY),
  afterReadOnly: () => AFTER_CARRY_ON,
})
