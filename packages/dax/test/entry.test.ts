import { HUGE_ZERO_PFN, ZERO_PFN } from '@mm-model/core'
import {
  DAX_EMPTY,
  DAX_LOCKED,
  DAX_PMD,
  DAX_ZERO_PAGE,
  daxEntryOrder,
  daxIsEmptyEntry,
  daxIsLocked,
  daxIsPmdEntry,
  daxIsZeroEntry,
  daxMakeEntry,
  daxToPfn,
  describeEntry,
} from '@mm-model/dax'
import { describe, expect, it } from 'vitest'

/** fs/dax.c, 6.1, on 64 bits: flags and above them the frame. */
const twin = (pfn: number, flags: number): bigint => (BigInt(pfn) << 4n) | BigInt(flags)

const frames = [0, 1, 0x2a1c, 0x40000, 2 ** 28 - 1, 2 ** 28, 2 ** 32, 2 ** 36 + 5, 2 ** 40 - 1]

describe('an entry', () => {
  it.each(frames)('holds frame %d and every flag', (pfn) => {
    for (let flags = 0; flags < 16; flags++) {
      const entry = daxMakeEntry(pfn, flags)
      expect(BigInt(entry)).toBe(twin(pfn, flags))
      expect(Number.isSafeInteger(entry)).toBe(true)
      expect([
        daxToPfn(entry),
        daxIsLocked(entry),
        daxIsPmdEntry(entry),
        daxIsZeroEntry(entry),
        daxIsEmptyEntry(entry),
        daxEntryOrder(entry),
      ]).toEqual([
        pfn,
        (flags & DAX_LOCKED) !== 0,
        (flags & DAX_PMD) !== 0,
        (flags & DAX_ZERO_PAGE) !== 0,
        (flags & DAX_EMPTY) !== 0,
        (flags & DAX_PMD) !== 0 ? 9 : 0,
      ])
    }
  })

  it.each([
    [daxMakeEntry(0x40001, 0), 'frame 0x40001'],
    [daxMakeEntry(0x40200, DAX_PMD | DAX_LOCKED), 'frame 0x40200, 2 MiB, locked'],
    [daxMakeEntry(0, DAX_EMPTY), 'empty'],
    [daxMakeEntry(0, DAX_EMPTY | DAX_PMD), 'empty, 2 MiB'],
    [daxMakeEntry(ZERO_PFN, DAX_ZERO_PAGE), 'zero page'],
    [daxMakeEntry(HUGE_ZERO_PFN, DAX_ZERO_PAGE | DAX_PMD), 'zero page, 2 MiB'],
    [daxMakeEntry(ZERO_PFN, 0), 'frame 0x2a1c, (the zero page without its flag)'],
  ])('%d is described', (value, words) => {
    expect(describeEntry(value)).toBe(words)
  })
})
