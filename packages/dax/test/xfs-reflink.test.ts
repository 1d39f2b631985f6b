import { EBADF, EINVAL, FMODE_READ, FMODE_WRITE, kernel61, type Task } from '@mm-model/core'
import { type DaxFile, mountXfsReflink, openFile } from '@mm-model/dax'
import { describe, expect, it } from 'vitest'
import { forms } from './forms.ts'
import { createWorld, entry, leaf, MIB2, map, outcome, PAGE, slot, type World } from './world.ts'

describe.each(forms)('shared blocks of xfs, %s', (_form, k) => {
  /** Two files that share `pages` blocks of fives, the first at mapping 0 and the second at mapping 1. */
  function sharers(pages = 4): World & { f: DaxFile; g: DaxFile } {
    const world = createWorld({}, mountXfsReflink)
    const { task, sb } = world
    const f = k.openCreate(task, sb, 'f')
    const g = k.openCreate(task, sb, 'g')
    k.pwriteFill(task, f, 0, pages * PAGE, 5)
    expect(k.vfsCloneFileRange(task, f, g)).toBe(0)
    map(k, task, f, { pages })
    map(k, task, g, { n: 1, pages })
    return { ...world, f, g }
  }

  function read(task: Task, file: DaxFile): (number | null)[] {
    return [0, 1, PAGE].map((offset) => k.preadByte(task, file, offset))
  }

  it('have one frame in both files until one is stored to', () => {
    const { task, f, g } = sharers()
    expect(g.inode.sectors).toBe(4 * 8)
    expect([k.load(task, slot(0)), k.load(task, slot(1))]).toEqual([5, 5])
    const [own, others] = [0, 1].map((n) => task.machine.pageTables.pmdSlot(task.mm.pgd, slot(n)))
    expect(own).not.toBe(others)
    k.store(task, slot(0), 7)
    expect(leaf(task, slot(0))).toBe('8400000000000a67 pmem')
    expect(leaf(task, slot(1))).toBe('8400000000000225 pmem')
    expect([read(task, f), read(task, g)]).toEqual([
      [7, 5, 5],
      [5, 5, 5],
    ])
    expect(entry(f, 0)).toBe('block DT')
  })

  it('are copied where somebody has the old one mapped, too', () => {
    const { task, f } = sharers()
    map(k, task, f, { n: 2, pages: 4 })
    k.load(task, slot(2))
    k.store(task, slot(0), 7)
    expect(leaf(task, slot(2))).toBe('none')
    expect(k.load(task, slot(2))).toBe(7)
  })

  it('are written in place by the last file that has them', () => {
    const { task, f, g } = sharers()
    k.store(task, slot(0), 7)
    const sectors = g.inode.sectors
    k.store(task, slot(1), 8)
    expect(g.inode.sectors).toBe(sectors)
    expect([read(task, f)[0], read(task, g)[0]]).toEqual([7, 8])
  })

  it('take 32 blocks at a time for copies, which later stores take up', () => {
    const { task, f } = sharers(40)
    const at = (n: number): number => {
      k.store(task, slot(0) + n * PAGE, 1)
      return f.inode.sectors / 8
    }
    // One page of the file's own goes for each that comes.
    expect([at(0), at(1), at(2), at(35)]).toEqual([40 + 31, 40 + 30, 40 + 29, 40 + 29 + 31])
  })

  it('keep the rest of a block that write(2) writes a part of', () => {
    const { task, f, g } = sharers()
    expect(k.pwriteFill(task, f, 1, 1, 9)).toBe(1)
    expect([read(task, f), read(task, g)]).toEqual([
      [5, 9, 5],
      [5, 5, 5],
    ])
  })

  it('leave the old block mapped after write(2), as 6.1 does', () => {
    const { task, f } = sharers()
    k.load(task, slot(0))
    k.pwriteFill(task, f, 0, 1, 9)
    expect([k.load(task, slot(0)), k.preadByte(task, f, 0)]).toEqual([5, 9])
    expect(() => k.store(task, slot(0), 1)).toThrow(expect.objectContaining({ code: 'NO_PROGRESS' }))
  })

  it('lose the zeros that a cut would have written, as on 6.1', () => {
    const { task, f } = sharers()
    k.ftruncate(task, f, 1)
    k.ftruncate(task, f, PAGE)
    expect(k.preadByte(task, f, 1)).toBe(5)
  })

  it('are not had by a file that was cut, and free once nobody has them', () => {
    const { task, f, g, sb } = sharers()
    const { personality } = sb
    const space = personality as unknown as { space: { available: number } }
    const before = space.space.available
    k.ftruncate(task, f, 0)
    expect(space.space.available).toBe(before)
    expect(read(task, g)).toEqual([5, 5, 5])
    k.ftruncate(task, g, 0)
    expect(space.space.available).toBe(before + 4)
  })

  it('are copied as 2 MiB where that is aligned', () => {
    const world = createWorld({}, mountXfsReflink)
    const { task, sb } = world
    const [pad, f, g] = ['pad', 'f', 'g'].map((name) => k.openCreate(task, sb, name)) as [
      DaxFile,
      DaxFile,
      DaxFile,
    ]
    k.fallocate(task, pad, 0, (512 - 24) * PAGE)
    k.pwriteFill(task, f, 0, MIB2, 5)
    k.vfsCloneFileRange(task, f, g)
    map(k, task, f, { pages: 512 })
    k.load(task, slot(0))
    k.store(task, slot(0) + 9 * PAGE, 7)
    expect(leaf(task, slot(0))).toBe('pmd 84000000000008e7 pmem')
    expect([k.load(task, slot(0) + 511 * PAGE), k.preadByte(task, g, 9 * PAGE)]).toEqual([5, 5])
  })

  it('need two files, one to read and one to write, and a target that does not go on behind a part of a block', () => {
    const { task, sb } = createWorld({}, mountXfsReflink)
    const [f, g] = ['f', 'g'].map((name) => k.openCreate(task, sb, name)) as [DaxFile, DaxFile]
    expect(k.vfsCloneFileRange(task, f, g)).toBe(0)
    k.pwriteFill(task, f, 0, PAGE + 1, 5)
    k.pwriteFill(task, g, 0, PAGE + 2, 6)
    expect(k.vfsCloneFileRange(task, f, f)).toBe(-EINVAL)
    expect(k.vfsCloneFileRange(task, f, g)).toBe(-EINVAL)
    expect(k.vfsCloneFileRange(task, g, f)).toBe(0)
    expect(f.inode.size).toBe(PAGE + 2)
    expect(k.vfsCloneFileRange(task, openFile(f.inode, FMODE_WRITE), g)).toBe(-EBADF)
    expect(k.vfsCloneFileRange(task, f, openFile(g.inode, FMODE_READ))).toBe(-EBADF)
    expect(outcome(task)).toBe('ok')
  })
})

it('shared blocks are refused on a kernel that has none on DAX', () => {
  const kernel = { ...kernel61, daxSharedExtents: false }
  expect(() => createWorld({ kernel }, mountXfsReflink)).toThrow(
    expect.objectContaining({ code: 'NOT_MODELLED' }),
  )
})
