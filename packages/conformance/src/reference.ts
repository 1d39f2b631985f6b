/**
 * What strategies are compared with: what Linux does.
 * @module
 */

import { defineStrategy, INSTALL_MKWRITE, type WriteFaultStrategy } from '@mm-model/core'

/** As `@mm-model/strategy-mkwrite`, which was recorded; a kit that took it from there could not be used to test it. */
export const REFERENCE: WriteFaultStrategy = /*#__PURE__*/ defineStrategy({
  name: 'reference',
  apiVersion: 1,
  capabilities: { firstStoreTraps: 1, marksDirty: true, times: 'fault' },
  install: () => INSTALL_MKWRITE,
})
