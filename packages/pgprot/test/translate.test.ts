import { expect, test } from 'vitest'
import { translate } from '../src/translate.ts'
import { ACCESS_USER, ACCESS_WRITE, x86Arch } from '../src/x86-64/index.ts'

/** Tables by frame: index → entry. */
type Tables = Readonly<Record<number, Readonly<Record<number, bigint>>>>

function go(tables: Tables, address: bigint, access = ACCESS_USER | ACCESS_WRITE) {
  return translate(x86Arch, {
    root: 1,
    address,
    access,
    read: (pfn, index) => tables[pfn]?.[index] ?? 0n,
  })
}

test('every step of a store, with the bits that the hardware sets', () => {
  const tables = { 1: { 254: 0x2047n }, 2: { 72: 0x3067n }, 3: { 418: 0x4067n }, 4: { 359: 0x1234_5007n } }
  expect(go(tables, 0x7f12_3456_7abcn)).toEqual({
    physical: 0x1234_5abcn,
    fault: null,
    steps: [
      { level: 'pgd', table: 1, index: 254, value: 0x2047n, after: 0x2067n },
      { level: 'pud', table: 2, index: 72, value: 0x3067n, after: 0x3067n },
      { level: 'pmd', table: 3, index: 418, value: 0x4067n, after: 0x4067n },
      { level: 'pte', table: 4, index: 359, value: 0x1234_5007n, after: 0x1234_5067n },
    ],
  })
})

test('a fault shows the way to it, unchanged', () => {
  const { physical, fault, steps } = go({ 1: { 254: 0x2047n } }, 0x7f12_3456_7abcn)
  expect([physical, fault]).toEqual([null, { vector: 14, code: 6 }])
  expect(steps.map(({ level, value, after }) => [level, value, after])).toEqual([
    ['pgd', 0x2047n, 0x2047n],
    ['pud', 0n, 0n],
  ])
})

test('a root table that maps itself is read once a step, and written as one', () => {
  const self = { 1: { 511: 0x1047n, 5: 0x9003n } }
  const all = (0xffffn << 48n) | 0xffff_ffff_f000n
  const loop = go(self, all | 0x123n)
  expect(loop.physical).toBe(0x1123n)
  expect(loop.steps.map(({ table, index, after }) => [table, index, after])).toEqual(
    Array.from({ length: 4 }, () => [1, 511, 0x1067n]),
  )
  // Three times through the loop and then entry 5: the classic window on the tables.
  const window = go(self, (all & ~0x1f_f000n) | (5n << 12n) | 0x8n, 0)
  expect(window.physical).toBe(0x9008n)
  expect(window.steps.map(({ index, value }) => [index, value])).toEqual([
    [511, 0x1047n],
    [511, 0x1047n],
    [511, 0x1047n],
    [5, 0x9003n],
  ])
})
