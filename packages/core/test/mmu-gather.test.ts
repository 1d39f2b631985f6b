import { MmuGather } from '@mm-model/core'
import { expect, it } from 'vitest'

it('a batch gathers the smallest range around what it was told of', () => {
  const gather = new MmuGather()
  expect(gather.isEmpty).toBe(true)
  gather.adjustRange(0x5000, 0x1000)
  gather.adjustRange(0x9000, 0x1000)
  gather.adjustRange(0x2000, 0x200000)
  expect([gather.start, gather.end, gather.isEmpty]).toEqual([0x2000, 0x202000, false])
})

it('a batch begins anew, and keeps the pages that it still has to give back', () => {
  const gather = new MmuGather()
  gather.adjustRange(0, 4096)
  gather.freedTables = true
  gather.pages.push(7)
  gather.reset()
  expect([gather.isEmpty, gather.freedTables, gather.pages]).toEqual([true, false, [7]])
  gather.adjustRange(0x3000, 4096)
  expect([gather.start, gather.end]).toEqual([0x3000, 0x4000])
})
