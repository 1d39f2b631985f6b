import {
  AFTER_RETURN,
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_WRITE,
  INSTALL_MKWRITE,
  INSTALL_READ_ONLY,
  STRATEGY_API_VERSION,
  TIMES_DEFERRED,
  VM_SHARED,
  VM_WRITE,
} from '@mm-model/core'
import * as strategy from '@mm-model/strategy-deferred-mtime'
import { deferredMtime } from '@mm-model/strategy-deferred-mtime'
import { describe, expect, it } from 'vitest'

const SHARED = VM_SHARED | VM_WRITE

describe('deferred-mtime', () => {
  // The entry that a store met: none, or one that is present and read-only.
  it.each([
    ['no entry', { mkwrite: false, faultFlags: FAULT_FLAG_WRITE }, INSTALL_MKWRITE],
    [
      'a read-only entry',
      { mkwrite: true, faultFlags: FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE },
      INSTALL_MKWRITE,
    ],
  ])('decides for a store that met %s', (_what, fault, how) => {
    // Neither the page nor any other flag of the area counts.
    for (const pgoff of [0, 1, 511, 512, 2 ** 32]) {
      for (const vmFlags of [SHARED, SHARED | 0x20000000, VM_SHARED, 0]) {
        const context = Object.freeze({ ...fault, pgoff, vmFlags, protWritable: false, zeroPage: false })
        expect(deferredMtime.install(context)).toBe(how)
        expect(deferredMtime.install(context)).toBe(how)
        expect(deferredMtime.afterReadOnly(context)).toBe(AFTER_RETURN)
        expect(deferredMtime.updateTimes(context)).toBe(TIMES_DEFERRED)
        expect(deferredMtime.installForRead(context)).toBe(INSTALL_READ_ONLY)
      }
    }
  })

  it('is a frozen value, by its name, for this version of the contract', () => {
    expect(Object.isFrozen(deferredMtime)).toBe(true)
    expect([deferredMtime.name, deferredMtime.apiVersion]).toEqual(['deferred-mtime', STRATEGY_API_VERSION])
    expect(deferredMtime.capabilities).toEqual({ firstStoreTraps: 1, marksDirty: true, times: 'deferred' })
  })
})

it('exports', () => {
  expect(Object.keys(strategy).toSorted()).toEqual(['asPosted', 'deferredMtime', 'withDeferredMtime'])
})
