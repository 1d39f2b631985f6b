import { PAGE_TABLE_BASE_PFN, PageTables } from '@mm-model/core'
import { x86Arch } from '@mm-model/pgprot/x86-64'
import { describe, expect, it } from 'vitest'

const GIB = 0x40000000
const MIB2 = 0x200000

/** Index of an address at a level of 9 bits each, by the manual (Intel SDM vol. 3, 4.5). */
const index = (address: number, level: number): number =>
  Number((BigInt(address) >> BigInt(12 + 9 * (level - 1))) & 511n)

function ensure(pt: PageTables, root: number, address: number): number {
  const pud = pt.pudSlot(root, address, true)
  if (pt.isNone(pud)) pt.populate(pud, pt.allocTable())
  const pmd = pt.pmdSlotAt(pud, address)
  if (pt.isNone(pmd)) pt.populate(pmd, pt.allocTable())
  return pt.pteSlotAt(pmd, address)
}

describe.each([4, 5])('PageTables of %d levels', (levels) => {
  const addresses = [0, 4096, MIB2, GIB, 512 * GIB, 0x600000123000, 0x7fffffffe000].filter(
    (address) => address < 2 ** (12 + 9 * levels),
  )

  it('indexes each level with its nine bits', () => {
    for (const address of addresses) {
      const pt = new PageTables(x86Arch, levels)
      const root = pt.allocTable()
      expect(pt.pudSlot(root, address, false)).toBe(-1)
      expect(pt.pmdSlot(root, address)).toBe(-1)
      const pte = ensure(pt, root, address)
      expect(pt.inUse).toBe(levels)
      expect(pte % 512).toBe(index(address, 1))
      const pmd = pt.pmdSlot(root, address)
      expect(pmd % 512).toBe(index(address, 2))
      expect(pt.tableAt(pmd)).toBe(pte >>> 9)
      const pud = pt.pudSlot(root, address, false)
      expect(pud % 512).toBe(index(address, 3))
      // Down from the root, entry by entry.
      let table = root
      for (let level = levels; level >= 2; level--) table = pt.tableAt(table * 512 + index(address, level))
      expect(table).toBe(pte >>> 9)
    }
  })

  it('gives each page an entry of its own', () => {
    const pt = new PageTables(x86Arch, levels)
    const root = pt.allocTable()
    const slots = addresses.flatMap((address) => [
      ensure(pt, root, address),
      ensure(pt, root, address + MIB2),
    ])
    expect(new Set(slots).size).toBe(new Set(addresses.flatMap((a) => [a, a + MIB2])).size)
  })
})

describe('PageTables', () => {
  it('points to tables with real entries', () => {
    const pt = new PageTables(x86Arch, 4)
    const root = pt.allocTable()
    const table = pt.allocTable()
    pt.populate(root * 512, table)
    expect(x86Arch.tableEntryPfn(pt.lo, pt.hi, root * 512)).toBe(PAGE_TABLE_BASE_PFN + table)
    // arch/x86/include/asm/pgtable_types.h: _PAGE_TABLE = PRESENT | RW | USER | ACCESSED | DIRTY
    expect(pt.lo[root * 512]! & 0xfff).toBe(0x67)
    expect(pt.pmdIsLeaf(root * 512)).toBe(false)
  })

  it('hands out empty tables, freed ones again', () => {
    const pt = new PageTables(x86Arch, 4)
    const tables = Array.from({ length: 200 }, () => pt.allocTable())
    expect(new Set(tables).size).toBe(200)
    expect(pt.inUse).toBe(200)
    pt.set(tables[70]! * 512 + 511, 1, 2)
    pt.set(tables[199]! * 512, 3, 4)
    expect(pt.isNone(tables[70]! * 512 + 511)).toBe(false)
    pt.freeTable(tables[70]!)
    pt.freeTable(tables[199]!)
    expect(pt.inUse).toBe(198)
    expect([pt.allocTable(), pt.allocTable()]).toEqual([tables[199], tables[70]])
    expect(pt.isNone(tables[70]! * 512 + 511)).toBe(true)
    expect(pt.isNone(tables[199]! * 512)).toBe(true)
  })

  it('keeps entries and locks while it grows', () => {
    const pt = new PageTables(x86Arch, 4)
    const table = pt.allocTable()
    pt.set(table * 512 + 5, 0xdeadbeef, 0x8000_0000)
    pt.ptl[table] = 9
    for (let i = 0; i < 1000; i++) pt.allocTable()
    expect([pt.lo[table * 512 + 5], pt.hi[table * 512 + 5], pt.ptl[table]]).toEqual([
      0xdeadbeef, 0x8000_0000, 9,
    ])
    pt.clear(table * 512 + 5)
    expect(pt.isNone(table * 512 + 5)).toBe(true)
  })
})
