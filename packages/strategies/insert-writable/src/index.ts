/**
 * `insert-writable`: the 2016 patch "dax: Handle write faults more efficiently". A write fault on an empty entry installs
 * with the protection of a writable mapping, `vm_get_page_prot(vm_flags)`: writable, but neither dirty nor young, which
 * is left to the hardware. An entry that is there is not touched by it: a store to a read-only entry still goes through
 * `pfn_mkwrite`, as in Linux. It warns where what the replies asked about does not hold.
 * @module
 */

import {
  ASSERT_READ_ONLY_START,
  ASSERT_SHARED_WRITABLE,
  defineStrategy,
  INSTALL_MKWRITE,
  INSTALL_WRITABLE,
  STRATEGY_API_VERSION,
  type WriteFaultStrategy,
} from '@mm-model/core'

export const insertWritable: WriteFaultStrategy = /*#__PURE__*/ defineStrategy({
  name: 'insert-writable',
  apiVersion: STRATEGY_API_VERSION,
  capabilities: { firstStoreTraps: 1, marksDirty: false, times: 'fault' },
  assertions: [ASSERT_SHARED_WRITABLE, ASSERT_READ_ONLY_START],
  install: ({ mkwrite }) => (mkwrite ? INSTALL_MKWRITE : INSTALL_WRITABLE),
})
