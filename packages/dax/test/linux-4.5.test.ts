/* What is inside of 4.5's DAX: entries, writeback, truncation. That it differs from 6.1 is tested with the scenarios. */
import { kernel45 } from '@mm-model/core'
import { type DaxFile, PAGECACHE_TAG_DIRTY, PAGECACHE_TAG_TOWRITE, XaState } from '@mm-model/dax'
import { describe, expect, it } from 'vitest'
import { EntryTable } from '../src/invariants/entries.ts'
import { radixDaxEntry, radixDaxIsPmd, radixDaxSector, radixEntries } from '../src/radix-entry.ts'
import { XArray } from '../src/xarray.ts'
import { type Calls, forms, steps } from './forms.ts'
import { createWorld, MIB2, map, PAGE, type World } from './world.ts'

const world45 = (): World => createWorld({ kernel: kernel45 })

/** A file of `pages` pages, the first `filled` of them written. */
function fileOf(k: Calls, { task, sb }: World, pages: number, filled: number): DaxFile {
  const file = k.openCreate(task, sb, 'a')
  k.ftruncate(task, file, pages * PAGE)
  if (filled > 0) k.pwriteFill(task, file, 0, filled * PAGE, 7)
  return file
}

/** Indices that carry a tag. */
function tagged({ inode }: DaxFile, tag: number): number[] {
  const xas = new XaState(inode.entries).set(0, 0)
  const found: number[] = []
  while (xas.findMarked(0x7ffff, tag) !== 0) found.push(xas.index)
  return found
}

describe('entries of 4.5', () => {
  it('are a sector and a type, up to the end of a device of 16 TiB', () => {
    for (const sector of [0, 8, 0x2c000, 2 ** 35 - 8]) {
      for (const pmd of [false, true]) {
        const entry = radixDaxEntry(sector, pmd)
        expect([radixDaxSector(entry), radixDaxIsPmd(entry)]).toEqual([sector, pmd])
        // RADIX_TREE_EXCEPTIONAL_ENTRY tells them from pages.
        expect(entry % 4).toBe(2)
      }
    }
  })

  it('of 2 MiB lie at one index beside others, and are found for all their pages', () => {
    const xa = new XArray()
    const xas = new XaState(xa)
    xas.set(0, 0).store(radixDaxEntry(0x1000, true))
    xas.set(5, 0).store(radixDaxEntry(0x1028, false))
    const table = EntryTable.of(xa, radixEntries)
    expect(table.problems).toEqual([])
    expect([0, 4, 5, 6, 511].map((page) => table.find(page)?.start)).toEqual([0, 0, 5, 0, 0])
    expect(table.find(512)).toBeNull()
    expect(table.at(1, 4)).toEqual([])
    expect(table.overlapping(1, 4)).toHaveLength(1)
  })
})

describe.each(forms)('4.5, %s', (_form, k) => {
  it('writes back what is dirty in the range, and leaves it dirty', () => {
    const w = world45()
    const file = fileOf(k, w, 16, 16)
    const at = map(k, w.task, file)
    for (const page of [0, 3, 9]) k.store(w.task, at + page * PAGE, 1)
    k.load(w.task, at + 4 * PAGE)
    expect(tagged(file, PAGECACHE_TAG_DIRTY)).toEqual([0, 3, 9])
    expect(k.msync(w.task, at, 4 * PAGE, 4)).toBe(0)
    expect(k.fsync(w.task, file)).toBe(0)
    expect(tagged(file, PAGECACHE_TAG_DIRTY)).toEqual([0, 3, 9])
    expect(tagged(file, PAGECACHE_TAG_TOWRITE)).toEqual([])
  })

  it('zeroes and frees what is punched, pages of zeros and entries with it', () => {
    const w = world45()
    const file = fileOf(k, w, 16, 2)
    const at = map(k, w.task, file)
    for (let page = 0; page < 4; page++) k.load(w.task, at + page * PAGE)
    k.store(w.task, at, 9)
    expect(file.mapping.pages.size).toBe(2)
    expect(k.punchHole(w.task, file, 100, 3 * PAGE)).toBe(0)
    expect([...file.mapping.pages].map(({ index }) => index)).toEqual([3])
    expect(k.preadByte(w.task, file, 0)).toBe(9)
    expect(k.preadByte(w.task, file, 100)).toBe(0)
    expect(k.load(w.task, at + 100)).toBe(0)
    expect(k.load(w.task, at + PAGE)).toBe(0)
    expect(file.inode.sectors).toBe(8)
  })

  it('shows what write(2) wrote where pages of zeros were mapped', () => {
    const w = world45()
    const file = fileOf(k, w, 16, 0)
    const at = map(k, w.task, file)
    const other = map(k, w.task, file, { n: 1, kind: 'private' })
    for (const base of [at, other]) for (let page = 0; page < 4; page++) k.load(w.task, base + page * PAGE)
    k.store(w.task, other + PAGE, 5)
    k.pwriteFill(w.task, file, PAGE, 2 * PAGE, 3)
    expect([0, 1, 2, 3].map((page) => k.load(w.task, at + page * PAGE))).toEqual([0, 3, 3, 0])
    expect([0, 1, 2, 3].map((page) => k.load(w.task, other + page * PAGE))).toEqual([0, 5, 3, 0])
  })

  it('takes pages of zeros away when a store finds 2 MiB', () => {
    const w = world45()
    const file = fileOf(k, w, 1024, 0)
    // A mapping too small for 2 MiB first, so that a page comes.
    const small = map(k, w.task, file, { n: 1, pages: 16 })
    k.load(w.task, small + 3 * PAGE)
    expect(file.mapping.pages.size).toBe(1)
    const at = map(k, w.task, file, { pages: 1024 })
    k.store(w.task, at, 7)
    expect(file.mapping.pages.size).toBe(0)
    k.store(w.task, at + 3 * PAGE, 8)
    expect(k.load(w.task, small + 3 * PAGE)).toBe(8)
  })

  it('copies a block of the file for a private store into 2 MiB, and splits nothing else', () => {
    const w = world45()
    const file = fileOf(k, w, 512, 512)
    const at = map(k, w.task, file, { pages: 512, kind: 'private' })
    expect(k.load(w.task, at)).toBe(7)
    expect(k.store(w.task, at + PAGE, 1)).toBe(0)
    expect([k.load(w.task, at + PAGE), k.load(w.task, at + PAGE + 1)]).toEqual([1, 7])
    expect(k.preadByte(w.task, file, PAGE)).toBe(7)
  })

  it('ends in SIGBUS behind the end of the file, in 2 MiB too', () => {
    const w = world45()
    const file = fileOf(k, w, 4, 0)
    const at = map(k, w.task, file, { pages: 1024 })
    k.load(w.task, at + 4 * PAGE)
    expect(w.task.signal).toMatchObject({ code: 'BUS_ADRERR' })
    k.store(w.task, at + MIB2, 1)
    expect(w.task.signal).toMatchObject({ code: 'BUS_ADRERR' })
    expect(file.mapping.pages.size).toBe(0)
  })

  it('cuts a failed write off again', () => {
    const w = world45()
    const big = k.openCreate(w.task, w.sb, 'big')
    expect(k.fallocate(w.task, big, 0, 2 ** 29)).toBeLessThan(0)
    const file = fileOf(k, w, 0, 0)
    expect(k.pwriteFill(w.task, file, PAGE, 2 ** 20, 1)).toBe(-28)
    expect([file.inode.size, file.inode.sectors]).toEqual([0, 0])
  })
})

describe('two tasks on 4.5', () => {
  it('keep a truncation out of a fault', () => {
    // Whatever the turn: the page is there, or the store ended in SIGBUS; a freed block is never mapped.
    for (let turn = 0; turn < 20; turn++) {
      const w = world45()
      const k = forms[0]![1]
      const file = fileOf(k, w, 4, 4)
      const at = map(k, w.task, file, { pages: 4 })
      const other = w.machine.addTask(w.task.mm, 0)
      const store = steps.store(other, at + PAGE, 5)
      const truncate = steps.ftruncate(w.task, file, PAGE)
      let stored = false
      let cut = false
      for (let i = 0; i < turn && !stored; i++) stored = store.next().done === true
      for (let i = 0; i < 2000 && !(stored && cut); i++) {
        if (!cut) cut = truncate.next().done === true
        if (!stored) stored = store.next().done === true
      }
      expect([stored, cut]).toEqual([true, true])
      k.load(w.task, at + PAGE)
      expect(w.task.signal).toMatchObject({ code: 'BUS_ADRERR' })
      expect(file.mapping.iMmapRwsem).toMatchObject({ readers: 0, writer: null })
      expect(file.mapping.invalidateLock).toMatchObject({ readers: 0, writer: null })
    }
  })
})
