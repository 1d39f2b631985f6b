/** Reference counts and the rounding of allocations against naive twins. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { alignToExtentSize, COW_EXTENT_SIZE } from '../src/xfs/blocks/extent-size.ts'
import { RefcountTree } from '../src/xfs/blocks/refcounts.ts'

const BLOCKS = 40

test('counts are those of a count per block', () => {
  const range = fc.tuple(fc.boolean(), fc.nat(BLOCKS - 1), fc.integer({ min: 1, max: 12 }))
  fc.assert(
    fc.property(fc.array(range, { maxLength: 60 }), (changes) => {
      const tree = new RefcountTree()
      const naive = new Array<number>(BLOCKS).fill(1)
      for (const [up, bno, wanted] of changes) {
        const length = Math.min(wanted, BLOCKS - bno)
        const freed: number[] = []
        const expected: number[] = []
        for (let b = bno; b < bno + length; b++) {
          if (!up && naive[b] === 1) expected.push(b)
          else naive[b]! += up ? 1 : -1
        }
        if (up) tree.increase(bno, length)
        else
          tree.decrease(bno, length, (first, count) => {
            for (let i = 0; i < count; i++) freed.push(first + i)
          })
        // A block that is freed is had by one file again as soon as it is allocated.
        expect(freed).toEqual(expected)
        const counted = naive.flatMap((refs, b) => (refs > 1 ? [[b, refs]] : []))
        expect(
          tree.all.flatMap(([first, count, refs]) =>
            Array.from({ length: count }, (_, i) => [first + i, refs]),
          ),
        ).toEqual(counted)
        tree.all.forEach(([first, , refs], i) => {
          const left = tree.all[i - 1]
          expect(left !== undefined && left[0] + left[1] === first && left[2] === refs).toBe(false)
        })
        tree.findShared(bno, length)
        const first = counted.find(([b]) => b! >= bno && b! < bno + length)?.[0]
        if (first === undefined) expect(tree.length).toBe(0)
        else {
          let end = first
          while (end < bno + length && naive[end]! > 1) end++
          expect([tree.bno, tree.length]).toEqual([first, end - first])
        }
      }
    }),
  )
})

test('an allocation is rounded to both sides, covers what is asked for, and stays between its neighbours', () => {
  const request = fc.record({
    before: fc.option(fc.nat(100), { nil: undefined }),
    gap: fc.nat(80),
    length: fc.integer({ min: 1, max: 90 }),
    after: fc.option(fc.nat(80), { nil: undefined }),
  })
  fc.assert(
    fc.property(request, ({ before, gap, length, after }) => {
      const extent = (offset: number, count: number) => ({ offset, block: 0, count, unwritten: true })
      const first = before === undefined ? 0 : before + 1
      const offset = first + gap
      const end = offset + length
      const made = alignToExtentSize(
        { offset, length },
        COW_EXTENT_SIZE,
        before === undefined ? undefined : extent(0, first),
        after === undefined ? undefined : extent(end + after, 1),
      )
      expect(made.offset).toBeLessThanOrEqual(offset)
      expect(made.offset).toBeGreaterThanOrEqual(first)
      expect(made.offset + made.length).toBeGreaterThanOrEqual(end)
      if (after !== undefined) expect(made.offset + made.length).toBeLessThanOrEqual(end + after)
      const isFree = (gap >= offset % COW_EXTENT_SIZE || before === undefined) && after === undefined
      if (isFree) {
        expect(made.offset % COW_EXTENT_SIZE).toBe(0)
        expect(made.length % COW_EXTENT_SIZE).toBe(0)
      }
    }),
  )
})
