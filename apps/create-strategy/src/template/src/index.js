// @ts-check

import {
  AFTER_RETURN,
  defineStrategy,
  INSTALL_DIRTY,
  INSTALL_READ_ONLY,
  INSTALL_UPGRADE,
  INSTALL_WRITABLE,
  INSTALL_YOUNG,
  TIMES_AT_FAULT,
} from '@mm-model/core'

/**
 * A policy for write faults on pages of files. Each hook is asked about one fault: it gets a frozen view of it (`vmFlags`,
 * `faultFlags`, `pgoff`, `mkwrite`, `protWritable`, `zeroPage`) and answers with a number. It must decide from that view
 * alone, and must not keep it. `npm test` says when an answer breaks something.
 *
 * @type {import('@mm-model/core').WriteFaultStrategy}
 */
export const strategy = defineStrategy({
  /** What command lines and reports call it. */
  name: '{{strategy-name}}',

  /** The version of the contract that it was written for. */
  apiVersion: 1,

  /** What it says of itself. The conformance kit holds it to each, so change them with the hooks. */
  capabilities: {
    /** Traps of a first store to a written page where no entry is: 1, or 2 when the store returns in between. */
    firstStoreTraps: 1,
    /** Whether software marks the entry of a first store dirty. */
    marksDirty: true,
    /** `fault`: times are current when the fault returns. `deferred`: after writeback, msync or munmap. */
    times: 'fault',
  },

  /**
   * How a write fault on a shared page installs its entry: bits of `INSTALL_*`. Here writable at once, dirty and young, and
   * an entry that is there gets the same rights (`INSTALL_UPGRADE`). `INSTALL_WRITABLE` asks the area's flags first;
   * an area that must not be written stays so. Without that bit the store meets a read-only entry, and `afterReadOnly` is asked.
   */
  install: () => INSTALL_WRITABLE | INSTALL_DIRTY | INSTALL_YOUNG | INSTALL_UPGRADE,

  /** How a read fault installs its entry, the zero page over a hole included. Optional; this is the default. */
  installForRead: () => INSTALL_READ_ONLY,

  /**
   * What to do when the entry is read-only after a write fault: return to user space, where the store traps again, or carry
   * on at once (`AFTER_CARRY_ON`, `AFTER_HINT`). Optional; this is the default.
   */
  afterReadOnly: () => AFTER_RETURN,

  /**
   * When the times of the file are updated: before the entry is installed, or later (`TIMES_DEFERRED`). Optional; this is
   * the default.
   */
  updateTimes: () => TIMES_AT_FAULT,

  /** What the strategy takes for granted, looked at before each install; a failure is a warning, not an error. Optional. */
  assertions: [],
})
