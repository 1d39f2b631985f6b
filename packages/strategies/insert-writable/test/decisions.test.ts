import {
  AFTER_RETURN,
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_WRITE,
  INSTALL_MKWRITE,
  INSTALL_READ_ONLY,
  INSTALL_WRITABLE,
  STRATEGY_API_VERSION,
  TIMES_AT_FAULT,
  VM_SHARED,
  VM_WRITE,
} from '@mm-model/core'
import * as strategy from '@mm-model/strategy-insert-writable'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { describe, expect, it } from 'vitest'

const SHARED = VM_SHARED | VM_WRITE

describe('insert-writable', () => {
  // The entry that a store met: none, or one that is present and read-only.
  it.each([
    ['no entry', { mkwrite: false, faultFlags: FAULT_FLAG_WRITE }, INSTALL_WRITABLE],
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
        expect(insertWritable.install(context)).toBe(how)
        expect(insertWritable.install(context)).toBe(how)
        expect(insertWritable.afterReadOnly(context)).toBe(AFTER_RETURN)
        expect(insertWritable.updateTimes(context)).toBe(TIMES_AT_FAULT)
        expect(insertWritable.installForRead(context)).toBe(INSTALL_READ_ONLY)
      }
    }
  })

  it('is a frozen value, by its name, for this version of the contract', () => {
    expect(Object.isFrozen(insertWritable)).toBe(true)
    expect([insertWritable.name, insertWritable.apiVersion]).toEqual([
      'insert-writable',
      STRATEGY_API_VERSION,
    ])
    expect(insertWritable.capabilities).toEqual({ firstStoreTraps: 1, marksDirty: false, times: 'fault' })
  })
})

it('exports', () => {
  expect(Object.keys(strategy)).toEqual(['insertWritable'])
})
