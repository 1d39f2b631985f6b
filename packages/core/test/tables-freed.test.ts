import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  type Task,
} from '@mm-model/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Calls, forms } from './forms.ts'
import { createWorld, PAGE } from './world.ts'

const MIB2 = 0x200000
const GIB = 0x40000000
const TIB_HALF = 512 * GIB

function map(k: Calls, t: Task, address: number, pages = 1): void {
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED
  expect(k.mmap(t, { address, length: pages * PAGE, prot: 3, flags, file: null, offset: 0 })).toBe(address)
  k.store(t, address, 1)
}

describe.each(forms)('page tables in the %s form', (_form, k) => {
  it('come with the first touch and go with the last area', () => {
    const { task, machine } = createWorld()
    const { pageTables } = machine
    const root = pageTables.inUse
    map(k, task, 0x600000000000)
    expect(pageTables.inUse - root).toBe(3)
    k.munmap(task, 0x600000000000, PAGE)
    expect(pageTables.inUse).toBe(root)
  })

  it.each([
    ['the same 2 MiB', PAGE, 0],
    ['the same GiB', MIB2, 1],
    ['the same 512 GiB', GIB, 2],
    ['the same process only', TIB_HALF, 3],
  ])('stay while an area in %s may need them', (_where, distance, own) => {
    const { task, machine } = createWorld()
    const { pageTables } = machine
    map(k, task, 0x600000000000)
    const before = pageTables.inUse
    map(k, task, 0x600000000000 + distance)
    expect(pageTables.inUse - before).toBe(own)
    k.munmap(task, 0x600000000000 + distance, PAGE)
    expect(pageTables.inUse).toBe(before)
    // The other way round: below an area that stays.
    map(k, task, 0x600000000000 + distance)
    k.munmap(task, 0x600000000000, PAGE)
    expect(pageTables.inUse).toBe(before)
    expect(k.load(task, 0x600000000000 + distance)).toBe(1)
  })

  it('stay for an area that was never touched', () => {
    const { task, machine } = createWorld()
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED
    k.mmap(task, { address: 0x600000000000 + 2 * PAGE, length: PAGE, prot: 3, flags, file: null, offset: 0 })
    map(k, task, 0x600000000000)
    const before = machine.pageTables.inUse
    k.munmap(task, 0x600000000000, PAGE)
    expect(machine.pageTables.inUse).toBe(before)
    k.munmap(task, 0x600000000000 + 2 * PAGE, PAGE)
    // Where nothing is left, what was kept for it goes too.
    expect(machine.pageTables.inUse).toBe(1)
  })

  it('widen the flush when they go', () => {
    const { task, events } = createWorld()
    map(k, task, 0x600040201000)
    events.length = 0
    k.munmap(task, 0x600040201000, PAGE)
    // pud_free_tlb names the first address of the 512 GiB.
    expect(events.filter((event) => event.startsWith('flush'))).toEqual([
      'flush_tlb_mm_range 600000000000 600040202000 0',
    ])
  })

  it('leave no trace, whatever was mapped, moved and unmapped', { timeout: 60_000 }, () => {
    const place = fc
      .tuple(
        fc.constantFrom(
          0x10000,
          MIB2 - 2 * PAGE,
          GIB - PAGE,
          TIB_HALF - 2 * PAGE,
          0x600000000000,
          0x7ffffffd0000,
        ),
        fc.nat(3),
      )
      .map(([base, page]) => base + page * PAGE)
    const command = fc.record({
      op: fc.constantFrom('map' as const, 'map' as const, 'munmap' as const, 'move' as const),
      place,
      to: place,
      pages: fc.integer({ min: 1, max: 4 }),
    })
    fc.assert(
      fc.property(fc.array(command, { maxLength: 25 }), (commands) => {
        const { task, machine } = createWorld()
        const root = machine.pageTables.inUse
        for (const c of commands) {
          if (c.op === 'map') map(k, task, c.place, c.pages)
          else if (c.op === 'munmap') k.munmap(task, c.place, c.pages * PAGE)
          else k.mremap(task, c.place, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, c.to)
          // Whatever is mapped is still there.
          for (const vma of task.mm.areas) k.store(task, vma.vmEnd - 1, 3)
        }
        k.munmap(task, 0, machine.machineArch.taskSize)
        expect([machine.pageTables.inUse, machine.memory.ramInUse, task.mm.mapCount]).toEqual([root, 0, 0])
      }),
    )
  })
})
