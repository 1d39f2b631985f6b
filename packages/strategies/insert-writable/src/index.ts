/**
 * `insert-writable`: the 2016 patch "dax: Handle write faults more efficiently". A write fault on an empty entry installs
 * with the protection of a writable mapping, `vm_get_page_prot(vm_flags)`: writable, but neither dirty nor young, which
 * is left to the hardware. An entry that is there is not touched by it: a store to a read-only entry still goes through
 * `pfn_mkwrite`, as in Linux.
 * @module
 */

import {
  INSTALL_MKWRITE,
  INSTALL_WRITABLE_PROT,
  STRATEGY_API_VERSION,
  type WriteFaultStrategy,
} from '@mm-model/core'

export const insertWritable: WriteFaultStrategy = Object.freeze<WriteFaultStrategy>({
  name: 'insert-writable',
  apiVersion: STRATEGY_API_VERSION,
  carryOn: false,
  install: (context) => (context.mkwrite ? INSTALL_MKWRITE : INSTALL_WRITABLE_PROT),
})
