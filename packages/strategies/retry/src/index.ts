/**
 * `retry`: before the change. A write fault installs as a read fault would, read-only; the store faults again, and that
 * second fault, through `do_wp_page` and `pfn_mkwrite`, makes the entry writable.
 * @module
 */

import {
  defineStrategy,
  INSTALL_MKWRITE,
  INSTALL_READ_ONLY,
  STRATEGY_API_VERSION,
  type WriteFaultStrategy,
} from '@mm-model/core'

export const retry: WriteFaultStrategy = /*#__PURE__*/ defineStrategy({
  name: 'retry',
  apiVersion: STRATEGY_API_VERSION,
  capabilities: { firstStoreTraps: 2, marksDirty: true, times: 'fault' },
  install: ({ mkwrite }) => (mkwrite ? INSTALL_MKWRITE : INSTALL_READ_ONLY),
})
