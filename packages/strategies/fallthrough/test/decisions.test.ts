import {
  AFTER_CARRY_ON,
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_WRITE,
  INSTALL_MKWRITE,
  INSTALL_READ_ONLY,
  STRATEGY_API_VERSION,
  TIMES_AT_FAULT,
  VM_SHARED,
  VM_WRITE,
} from '@mm-model/core'
import * as strategy from '@mm-model/strategy-fallthrough'
import { fallthrough } from '@mm-model/strategy-fallthrough'
import { describe, expect, it } from 'vitest'

const SHARED = VM_SHARED | VM_WRITE

describe('fallthrough', () => {
  // The entry that a store met: none, or one that is present and read-only.
  it.each([
    ['no entry', { mkwrite: false, faultFlags: FAULT_FLAG_WRITE }, INSTALL_READ_ONLY],
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
        expect(fallthrough.install(context)).toBe(how)
        expect(fallthrough.install(context)).toBe(how)
        expect(fallthrough.afterReadOnly(context)).toBe(AFTER_CARRY_ON)
        expect(fallthrough.updateTimes(context)).toBe(TIMES_AT_FAULT)
        expect(fallthrough.installForRead(context)).toBe(INSTALL_READ_ONLY)
      }
    }
  })

  it('is a frozen value, by its name, for this version of the contract', () => {
    expect(Object.isFrozen(fallthrough)).toBe(true)
    expect([fallthrough.name, fallthrough.apiVersion]).toEqual(['fallthrough', STRATEGY_API_VERSION])
    expect(fallthrough.capabilities).toEqual({ firstStoreTraps: 1, marksDirty: true, times: 'fault' })
  })
})

it('exports', () => {
  expect(Object.keys(strategy)).toEqual(['fallthrough'])
})
