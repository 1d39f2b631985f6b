import { TLB_DIRTY, TLB_EXEC, TLB_WRITE, Tlb } from '@mm-model/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const HUGE = 0x200000

/** The naive twin: what was filled last into each set, by the sizes of the real one. */
class NaiveTlb {
  small = new Map<number, { page: number; context: number; pfn: number; rights: number }>()
  huge = new Map<number, { page: number; context: number; pfn: number; rights: number }>()

  fill(context: number, address: number, pfn: number, rights: number): void {
    const page = Math.floor(address / 4096)
    this.small.set(page % 1024, { page, context, pfn, rights })
  }

  fillHuge(context: number, address: number, pfn: number, rights: number): void {
    const page = Math.floor(address / HUGE)
    this.huge.set(page % 64, { page, context, pfn, rights })
  }

  flushPage(context: number, address: number): void {
    for (const [map, size, sets] of [
      [this.small, 4096, 1024],
      [this.huge, HUGE, 64],
    ] as const) {
      const page = Math.floor(address / size)
      const entry = map.get(page % sets)
      if (entry?.page === page && entry.context === context) map.delete(page % sets)
    }
  }

  flushContext(context: number): void {
    for (const map of [this.small, this.huge])
      for (const [set, entry] of map) if (entry.context === context) map.delete(set)
  }

  lookup(context: number, address: number): { pfn: number; rights: number } | null {
    const page = Math.floor(address / 4096)
    const small = this.small.get(page % 1024)
    if (small?.page === page && small.context === context) return { pfn: small.pfn, rights: small.rights }
    const hugePage = Math.floor(address / HUGE)
    const huge = this.huge.get(hugePage % 64)
    if (huge?.page !== hugePage || huge.context !== context) return null
    return { pfn: huge.pfn + (page % 512), rights: huge.rights }
  }
}

// Few pages, some of them in one set, some at the top of user space.
const address = fc
  .tuple(
    fc.constantFrom(0, 0x400000, 0x600000000000, 0x7ffffffff000 - 4 * HUGE),
    fc.constantFrom(0, 4096, 1024 * 4096, 64 * HUGE, 65 * HUGE + 4096),
    fc.nat(4095),
  )
  .map(([base, offset, byte]) => base + offset + byte)

const command = fc.record({
  op: fc.constantFrom(
    'fill' as const,
    'fillHuge' as const,
    'flushPage' as const,
    'flushContext' as const,
    'lookup' as const,
  ),
  context: fc.integer({ min: 1, max: 2 }),
  address,
  pfn: fc.nat(0x3fffff),
  rights: fc.nat(TLB_WRITE | TLB_DIRTY | TLB_EXEC),
})

describe('Tlb', () => {
  it('is direct-mapped, with 1024 pages and 64 of 2 MiB', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 80 }), (commands) => {
        const tlb = new Tlb()
        const naive = new NaiveTlb()
        for (const c of commands) {
          if (c.op === 'fill' || c.op === 'fillHuge') {
            tlb[c.op](c.context, c.address, c.pfn, c.rights)
            naive[c.op](c.context, c.address, c.pfn, c.rights)
          } else if (c.op === 'flushPage') {
            tlb.flushPage(c.context, c.address)
            naive.flushPage(c.context, c.address)
          } else if (c.op === 'flushContext') {
            tlb.flushContext(c.context)
            naive.flushContext(c.context)
          }
          const found = naive.lookup(c.context, c.address)
          expect(tlb.lookup(c.context, c.address)).toBe(found?.rights ?? -1)
          if (found !== null) expect(tlb.pfn).toBe(found.pfn)
        }
      }),
    )
  })

  it('forgets an address space at once when its context changes', () => {
    const tlb = new Tlb()
    tlb.fill(1, 0x1000, 7, TLB_WRITE)
    tlb.fillHuge(1, HUGE, 512, 0)
    expect([tlb.lookup(2, 0x1000), tlb.lookup(2, HUGE), tlb.lookup(1, 0x1000), tlb.lookup(1, HUGE)]).toEqual([
      -1,
      -1,
      TLB_WRITE,
      0,
    ])
  })

  it('holds nothing when it is made', () => {
    const tlb = new Tlb()
    expect([0, 1].map((context) => tlb.lookup(context, 0))).toEqual([-1, -1])
  })
})
