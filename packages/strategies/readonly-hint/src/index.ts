/**
 * `readonly-hint`: the later proposal of the discussion of 2016. A write fault installs as a read fault would, read-only, and
 * the handler says so in its result, `VM_FAULT_NOPAGE` with `VM_FAULT_READONLY`; `do_shared_fault` then carries on into the
 * write-protect path. One trap, two passes through the file system's handler; who installs nothing read-only pays nothing.
 *
 * No kernel shipped it; 6.1 with edits of this repository was recorded with it.
 * @module
 */

import {
  AFTER_HINT,
  defineStrategy,
  INSTALL_MKWRITE,
  INSTALL_READ_ONLY,
  STRATEGY_API_VERSION,
  type WriteFaultStrategy,
} from '@mm-model/core'

export const readonlyHint: WriteFaultStrategy = /*#__PURE__*/ defineStrategy({
  name: 'readonly-hint',
  apiVersion: STRATEGY_API_VERSION,
  capabilities: { firstStoreTraps: 1, marksDirty: true, times: 'fault' },
  install: ({ mkwrite }) => (mkwrite ? INSTALL_MKWRITE : INSTALL_READ_ONLY),
  afterReadOnly: () => AFTER_HINT,
})
