import { MachineError, Vma, VmaSet } from '@mm-model/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createWorld } from './world.ts'

const { mm } = createWorld().task
const UNIT = 4096
const LAST = 64

function area(start: number, end: number): Vma {
  return new Vma(mm, { start: start * UNIT, end: end * UNIT, flags: 0, pgoff: 0, file: null })
}

/** The naive twin: a plain list, kept sorted by sorting it. */
class NaiveSet {
  areas: Vma[] = []

  insert(vma: Vma): boolean {
    if (this.areas.some((other) => other.vmStart < vma.vmEnd && vma.vmStart < other.vmEnd)) return false
    this.areas.push(vma)
    this.areas.sort((a, b) => a.vmStart - b.vmStart)
    return true
  }

  remove(vma: Vma): void {
    this.areas = this.areas.filter((other) => other !== vma)
  }

  findVma(address: number): Vma | null {
    return this.areas.find((vma) => vma.vmEnd > address) ?? null
  }

  findIntersection(start: number, end: number): Vma | null {
    return this.areas.find((vma) => vma.vmEnd > start && vma.vmStart < end) ?? null
  }

  findPrev(address: number): Vma | null {
    return this.areas.findLast((vma) => vma.vmEnd <= address) ?? null
  }
}

function agree(set: VmaSet, naive: NaiveSet): void {
  expect(set.size).toBe(naive.areas.length)
  expect([...set]).toEqual(naive.areas)
  expect(set.at(-1)).toBeNull()
  expect(set.at(set.size)).toBeNull()
  for (let address = 0; address <= LAST * UNIT; address += UNIT) {
    for (const near of [address - 1, address, address + 1]) {
      expect(set.findVma(near)).toBe(naive.findVma(near))
      expect(set.findPrev(near)).toBe(naive.findPrev(near))
      expect(set.at(set.indexOf(near))).toBe(naive.findVma(near))
      expect(set.findIntersection(near, near + 2 * UNIT)).toBe(naive.findIntersection(near, near + 2 * UNIT))
    }
  }
}

const range = fc
  .tuple(fc.nat(LAST - 1), fc.integer({ min: 1, max: 6 }))
  .map(([start, pages]) => ({ start, end: Math.min(LAST, start + pages) }))

const command = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constant('insert' as const), range }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('remove' as const), pick: fc.nat() }) },
  // Each limit by itself: less, more, or up to the neighbour.
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('limits' as const),
      pick: fc.nat(),
      low: fc.integer({ min: -3, max: 3 }),
      high: fc.integer({ min: -3, max: 3 }),
    }),
  },
)

describe('VmaSet', () => {
  it('is a sorted list of areas', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const set = new VmaSet()
        const naive = new NaiveSet()
        for (const c of commands) {
          if (c.op === 'insert') {
            const vma = area(c.range.start, c.range.end)
            if (naive.insert(vma)) set.insert(vma)
            else expect(() => set.insert(vma)).toThrow(MachineError)
            continue
          }
          const { areas } = naive
          const index = areas.length === 0 ? -1 : c.pick % areas.length
          const vma = areas[index]
          if (vma === undefined) continue
          if (c.op === 'remove') {
            set.remove(vma)
            naive.remove(vma)
          } else {
            const floor = areas[index - 1]?.vmEnd ?? 0
            const roof = areas[index + 1]?.vmStart ?? LAST * UNIT
            const start = Math.max(floor, vma.vmStart + c.low * UNIT)
            const end = Math.min(roof, vma.vmEnd + c.high * UNIT)
            if (start < end) set.setLimits(vma, start, end)
          }
        }
        agree(set, naive)
      }),
    )
  })

  it('says what overlaps what', () => {
    const set = new VmaSet()
    set.insert(area(2, 4))
    expect(() => set.insert(area(3, 5))).toThrowError(
      /^area 0x3000-0x5000 over 0x2000; expected that areas of one address space are disjoint \(I4\)/,
    )
    expect(() => set.insert(area(1, 3))).toThrowError(expect.objectContaining({ code: 'INVARIANT' }))
    expect([...set]).toHaveLength(1)
  })

  it('finds its way among 65,530 areas', { timeout: 60_000 }, () => {
    const COUNT = 65530
    const set = new VmaSet()
    const inserted = Array.from({ length: COUNT }, (_, i) => area(2 * i + 1, 2 * i + 2))
    // Every second one first, so that half of them go in between others.
    for (let i = 0; i < COUNT; i += 2) set.insert(inserted[i]!)
    for (let i = 1; i < COUNT; i += 2) set.insert(inserted[i]!)
    expect(set.size).toBe(COUNT)
    let wrong = 0
    for (let i = 0; i < COUNT; i++) {
      // A stride that is prime to the count visits all of them, never one beside the last.
      const n = (i * 25_013) % COUNT
      const vma = inserted[n]
      if (set.indexOf((2 * n + 1) * UNIT) !== n || set.findVma((2 * n + 1) * UNIT) !== vma) wrong++
      if (set.findVma((2 * n + 2) * UNIT - 1) !== vma || set.findVma(2 * n * UNIT) !== vma) wrong++
      if (set.findIntersection(2 * n * UNIT, (2 * n + 1) * UNIT) !== null) wrong++
      if (set.findPrev((2 * n + 1) * UNIT) !== (inserted[n - 1] ?? null)) wrong++
    }
    expect(wrong).toBe(0)
    expect(set.findVma(2 * COUNT * UNIT)).toBeNull()
    for (let i = 0; i < COUNT; i += 3) set.remove(inserted[i]!)
    const left = inserted.filter((_, i) => i % 3 !== 0)
    expect(Array.from(set).every((vma, i) => vma === left[i])).toBe(true)
    expect(set.size).toBe(left.length)
  })
})
