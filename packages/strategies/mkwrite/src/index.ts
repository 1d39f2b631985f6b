/**
 * `mkwrite`: what Linux does since 4.14. A write fault installs the entry writable, dirty and young at once, and upgrades
 * one that is there and maps the same frame (mm/memory.c: vmf_insert_mixed_mkwrite; commit b2770da64254).
 * @module
 */

import {
  defineStrategy,
  INSTALL_MKWRITE,
  STRATEGY_API_VERSION,
  type WriteFaultStrategy,
} from '@mm-model/core'

export const mkwrite: WriteFaultStrategy = /*#__PURE__*/ defineStrategy({
  name: 'mkwrite',
  apiVersion: STRATEGY_API_VERSION,
  capabilities: { firstStoreTraps: 1, marksDirty: true, times: 'fault' },
  install: () => INSTALL_MKWRITE,
})
