/** xfs's allocator and block map against naive twins: a state per block, and a list of busy ranges. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Mapping, xfsRead, xfsUnmap, xfsWrite } from '../src/xfs/blocks/block-map.ts'
import { BusyExtents } from '../src/xfs/blocks/busy-extents.ts'
import { XfsInode } from '../src/xfs/blocks/inode.ts'
import { XfsSpace } from '../src/xfs/blocks/space.ts'

const BLOCKS = 131_072

function must(holds: boolean, what: () => string): void {
  if (!holds) throw new Error(what())
}

test('trimming leaves a part that is not busy, and says whether it cut', () => {
  const range = fc.record({ bno: fc.nat(60), length: fc.integer({ min: 1, max: 6 }) })
  fc.assert(
    fc.property(
      fc.array(range, { maxLength: 12 }),
      range,
      fc.integer({ min: 1, max: 3 }),
      (freed, free, minlen) => {
        const busy = new BusyExtents()
        const isBusy = new Set<number>()
        for (const { bno, length } of freed) {
          const blocks = Array.from({ length }, (_, i) => bno + i)
          if (blocks.some((block) => isBusy.has(block))) continue
          for (const block of blocks) isBusy.add(block)
          busy.insert(bno, length)
        }
        const whole = free.length * 8
        const cut = busy.trim(free.bno, whole, minlen, minlen * 2)
        expect(cut).toBe(busy.bno !== free.bno || busy.length !== whole)
        expect(busy.bno).toBeGreaterThanOrEqual(free.bno)
        expect(busy.bno + busy.length).toBeLessThanOrEqual(free.bno + whole)
        if (busy.length < minlen) return
        for (let i = 0; i < busy.length; i++) expect(isBusy.has(busy.bno + i)).toBe(false)
      },
    ),
  )
})

const FILE_BLOCKS = 48

test('files share no block, reuse none that is busy, and give all back', () => {
  const step = fc.tuple(
    fc.constantFrom('write', 'allocate', 'unmap', 'unmap', 'force'),
    fc.nat(2),
    fc.nat(FILE_BLOCKS - 1),
    fc.integer({ min: 1, max: 12 }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const busy = new Set<number>()
      const zeroed = new Set<number>()
      const space: XfsSpace = new XfsSpace({
        blocks: BLOCKS,
        zero: (block, count) => {
          for (let i = 0; i < count; i++) zeroed.add(block + i)
        },
        forceLog: () => {
          space.logForced()
          busy.clear()
        },
      })
      const available = space.available
      const files = [0, 1, 2].map(() => new XfsInode(16))
      const twins = files.map(() => new Map<number, { block: number; unwritten: boolean }>())
      const map = new Mapping()
      for (const [op, which, offset, length] of steps) {
        const file = files[which]!
        const twin = twins[which]!
        const count = Math.min(length, FILE_BLOCKS - offset)
        if (op === 'force') {
          space.logForced()
          busy.clear()
        } else if (op === 'unmap') {
          for (let left = count; left > 0; ) left = xfsUnmap(space, file, offset, left)
          for (let i = offset; i < offset + count; i++) {
            const was = twin.get(i)
            if (was !== undefined) busy.add(was.block)
            twin.delete(i)
          }
        } else {
          zeroed.clear()
          must(
            xfsWrite(space, file, offset, count, op === 'write' ? 'zeroed' : 'unwritten', map) === 0,
            () => 'no space',
          )
          must(map.offset === offset && map.count >= 1 && map.count <= count, () => 'a wrong mapping')
          for (let i = 0; i < map.count; i++) {
            const block = map.block + i
            const was = twin.get(offset + i)
            if (was === undefined) {
              must(!busy.has(block), () => `block ${block} is busy`)
              must(op === 'allocate' || zeroed.has(block), () => `block ${block} is not zeroed`)
            } else {
              must(was.block === block, () => `block ${was.block} moved`)
              must(
                op === 'allocate' || !was.unwritten || zeroed.has(block),
                () => `block ${block} is not zeroed`,
              )
            }
            const unwritten = op === 'allocate' ? (was?.unwritten ?? true) : false
            must(map.unwritten === unwritten, () => `block ${block} is in a wrong state`)
          }
          // More may have been allocated than the first mapping tells: the twin takes what the map says now.
          for (let i = offset; i < offset + count; i++) {
            xfsRead(file, i, 1, map)
            if (!map.isHole) twin.set(i, { block: map.block, unwritten: map.unwritten })
          }
        }
        check(files, twins, space, available)
      }
      for (const file of files) for (let left = FILE_BLOCKS; left > 0; ) left = xfsUnmap(space, file, 0, left)
      expect(space.available).toBe(available)
      expect(space.groups[0]!.freeExtents).toEqual([
        [12, 4],
        [24, 32_744],
      ])
    }),
    { numRuns: 200 },
  )
})

function check(
  files: readonly XfsInode[],
  twins: readonly ReadonlyMap<number, { block: number; unwritten: boolean }>[],
  space: XfsSpace,
  available: number,
): void {
  const used = new Set<number>()
  const map = new Mapping()
  let blocks = 0
  for (const [i, file] of files.entries()) {
    const twin = twins[i]!
    blocks += file.blocks
    must(file.blocks === twin.size + (file.leaf < 0 ? 0 : 1), () => `${file.blocks} blocks`)
    must(
      file.leaf >= 0 === file.extents.all.length > 21,
      () => 'a tree where none is needed, or none where one is',
    )
    for (let page = 0; page < FILE_BLOCKS; page++) {
      xfsRead(file, page, 1, map)
      const expected = twin.get(page)
      must(
        expected === undefined
          ? map.isHole
          : map.block === expected.block && map.unwritten === expected.unwritten,
        () => `page ${page} is not where it was`,
      )
      if (map.isHole) continue
      must(!used.has(map.block), () => `block ${map.block} is used twice`)
      used.add(map.block)
    }
    file.extents.all.forEach((extent, j) => {
      const next = file.extents.all[j + 1]
      if (next === undefined) return
      const touches = extent.offset + extent.count === next.offset
      must(extent.offset + extent.count <= next.offset, () => 'extents overlap')
      const joins =
        touches && extent.block + extent.count === next.block && extent.unwritten === next.unwritten
      must(!joins, () => 'two extents are one')
    })
  }
  must(space.available === available - blocks, () => `${space.available} blocks available`)
}
