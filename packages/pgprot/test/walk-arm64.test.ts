import { describe, expect, test } from 'vitest'
import {
  ACCESS_FETCH,
  ACCESS_USER,
  ACCESS_WRITE,
  type Arm64Options,
  createArm64Arch,
} from '../src/arm64/index.ts'
import { translate } from '../src/translate.ts'
import { build, type Walked, walk } from './tables.ts'

const LOAD = ACCESS_USER
const STORE = ACCESS_USER | ACCESS_WRITE
const FETCH = ACCESS_USER | ACCESS_FETCH
const KLOAD = 0
const KSTORE = ACCESS_WRITE
const KFETCH = ACCESS_FETCH
const ADDRESS = 0x7f12_3456_7abcn
const TABLE = 0x0800_0000_0000_0003n

const RO = 0x0060_0000_0000_0fc3n | 0x1234_5000n
const RW_CLEAN = 0x0068_0000_0000_0fc3n | 0x1234_5000n
const RW_DIRTY = 0x0068_0000_0000_0f43n | 0x1234_5000n
const ROX = 0x0020_0000_0000_0fc3n | 0x1234_5000n
const EXECONLY = 0x0020_0000_0000_0f83n | 0x1234_5000n
const KERNEL = 0x00e8_0000_0000_0f03n | 0x1234_5000n
const AF = 0x400n

function at(
  level: number,
  entry: bigint,
  access: number,
  options: Arm64Options = {},
  upper: bigint | ((level: number) => bigint) = TABLE,
): Walked {
  return walk(build(createArm64Arch(options), ADDRESS, level, entry, upper), access)
}

describe('the syndrome', () => {
  test.each([
    // EC 0x24 data abort of user space, 0x25 of the kernel, 0x20 and 0x21 instruction aborts; IL; WnR; status
    ['user load, translation, level 3', 0, 0n, LOAD, 0x9200_0007],
    ['user store, translation, level 3', 0, 0n, STORE, 0x9200_0047],
    ['user load, translation, level 2', 1, 0n, LOAD, 0x9200_0006],
    ['user load, translation, level 1', 2, 0n, LOAD, 0x9200_0005],
    ['user load, translation, level 0', 3, 0n, LOAD, 0x9200_0004],
    ['fetch, translation, level 3', 0, 0n, FETCH, 0x8200_0007],
    ['kernel load, translation, level 3', 0, 0n, KLOAD, 0x9600_0007],
    ['kernel fetch, translation, level 3', 0, 0n, KFETCH, 0x8600_0007],
    ['PROT_NONE', 0, 0x0460_0000_0000_0f82n, LOAD, 0x9200_0007],
    ['user store, read-only: permission', 0, RO, STORE, 0x9200_004f],
    ['user load, kernel page: permission', 0, KERNEL, LOAD, 0x9200_000f],
    ['fetch, not executable: permission', 0, RO, FETCH, 0x8200_000f],
    ['user load, execute-only: permission', 0, EXECONLY, LOAD, 0x9200_000f],
    ['kernel store, read-only', 0, RO, KSTORE, 0x9600_004f],
    ['kernel fetch of a user page', 0, ROX, KFETCH, 0x8600_000f],
    ['store to a read-only block, level 2', 1, 0x0060_0002_4000_0fc1n, STORE, 0x9200_004e],
    ['a page descriptor of type 1, level 3', 0, RO & ~2n, LOAD, 0x9200_0007],
    ['a block at level 0', 3, RO & ~2n, LOAD, 0x9200_0004],
  ])('%s', (_, level, entry, access, code) => {
    expect(at(level, entry, access)).toMatchObject({ ok: false, vector: code >>> 26, code, level })
  })

  test.each([
    ['load', RO, LOAD],
    ['fetch', ROX, FETCH],
    ['fetch, execute-only', EXECONLY, FETCH],
    ['store', RW_DIRTY, STORE],
    ['kernel load of a user page', RO, KLOAD],
    ['kernel store', KERNEL, KSTORE],
  ])('none for %s', (_, entry, access) => {
    expect(at(0, entry, access)).toMatchObject({ ok: true, code: 0, level: 0 })
  })

  test('PAN, and EPAN for execute-only pages', () => {
    expect(at(0, RO, KLOAD, { cpu: { pan: true } })).toMatchObject({ code: 0x9600_000f })
    expect(at(0, EXECONLY, KLOAD, { cpu: { pan: true } })).toMatchObject({ ok: true })
    expect(at(0, EXECONLY, KLOAD, { cpu: { pan: true, epan: true } })).toMatchObject({ ok: false })
    expect(at(0, KERNEL, KLOAD, { cpu: { pan: true, epan: true } })).toMatchObject({ ok: true })
    expect(at(0, RO, LOAD, { cpu: { pan: true } })).toMatchObject({ ok: true })
  })

  test('tables limit what lies below: APTable, UXNTable, PXNTable', () => {
    for (const level of [1, 2, 3]) {
      const only = (bit: bigint) => (l: number) => (l === level ? TABLE | (1n << bit) : TABLE & ~(1n << 59n))
      expect(at(0, RO, LOAD, {}, only(61n))).toMatchObject({ code: 0x9200_000f })
      expect(at(0, RW_DIRTY, STORE, {}, only(62n))).toMatchObject({ code: 0x9200_004f })
      expect(at(0, ROX, FETCH, {}, only(60n))).toMatchObject({ code: 0x8200_000f })
      expect(at(0, RW_DIRTY, STORE, {}, only(60n))).toMatchObject({ ok: true })
      const kernelCode = (KERNEL & ~(1n << 53n)) | (1n << 54n)
      expect(at(0, kernelCode, KFETCH, {}, TABLE & ~(1n << 59n))).toMatchObject({ ok: true })
      expect(at(0, kernelCode, KFETCH, {}, only(59n))).toMatchObject({ code: 0x8600_000f })
    }
  })
})

describe('access flag and dirty state', () => {
  test('with FEAT_HAFDBS the hardware sets AF and clears RDONLY', () => {
    expect(at(0, RO & ~AF, LOAD)).toMatchObject({ ok: true, updated: true })
    expect(at(0, RO & ~AF, LOAD).entries[0]).toBe(RO)
    const store = at(0, RW_CLEAN, STORE)
    expect(store).toMatchObject({ ok: true, updated: true })
    expect(store.entries[0]).toBe(RW_DIRTY)
    expect(at(0, RW_CLEAN, LOAD)).toMatchObject({ ok: true, updated: false })
    expect(at(0, RW_DIRTY, STORE)).toMatchObject({ ok: true, updated: false })
  })

  test('without dirty management a store to a writable clean entry faults', () => {
    const cpu = { hwDirty: false }
    expect(at(0, RW_CLEAN, STORE, { cpu })).toMatchObject({ ok: false, code: 0x9200_004f, updated: false })
    expect(at(0, RW_CLEAN, STORE, { cpu }).entries[0]).toBe(RW_CLEAN)
    expect(at(0, RW_DIRTY, STORE, { cpu })).toMatchObject({ ok: true })
    expect(at(0, RO & ~AF, LOAD, { cpu }).entries[0]).toBe(RO)
  })

  test('without a hardware access flag its absence faults, before any permission', () => {
    const cpu = { hwAccessed: false, hwDirty: false }
    expect(at(0, RO & ~AF, LOAD, { cpu })).toMatchObject({ ok: false, code: 0x9200_000b })
    expect(at(0, RO & ~AF, STORE, { cpu })).toMatchObject({ ok: false, code: 0x9200_004b })
    expect(at(1, 0x0060_0002_4000_0bc1n, LOAD, { cpu })).toMatchObject({ ok: false, code: 0x9200_000a })
  })

  test('a fault writes nothing', () => {
    expect(at(0, RO & ~AF, STORE).entries[0]).toBe(RO & ~AF)
  })
})

describe('frames', () => {
  test.each([
    ['4k page', '4k', 0, 0x0060_0001_2345_6fc3n, 0x123456],
    ['2 MiB block', '4k', 1, 0x0060_0002_4000_0fc1n, 0x240000 + 0x167],
    ['1 GiB block', '4k', 2, 0x0060_0002_4000_0fc1n, 0x240000 + (0x3_4567 % 0x4_0000)],
    ['16k page', '16k', 0, 0x0060_0001_2345_4fc3n, 0x1_2345_4000 / 0x4000],
    ['32 MiB block', '16k', 1, 0x0060_0002_4000_0fc1n, 0x90000 + 0x159],
    ['64k page above 48 bits', '64k', 0, 0x0060_1234_5678_afc3n, 0xa_1234_5678],
    ['512 MiB block', '64k', 1, 0x0060_0002_4000_0fc1n, 0x2_4000_0000 / 0x1_0000 + (0x3456 % 0x2000)],
  ] as const)('%s', (_, granule, level, entry, pfn) => {
    expect(at(level, entry, LOAD, { granule })).toMatchObject({ ok: true, level, pfn })
  })

  test('no 16K or 64K block at the PUD level', () => {
    expect(at(2, 0x0060_0000_0000_0fc1n, LOAD, { granule: '16k' })).toMatchObject({ code: 0x9200_0005 })
    expect(at(2, 0x0060_0000_0000_0fc1n, LOAD, { granule: '64k' })).toMatchObject({ code: 0x9200_0005 })
  })
})

test('addresses: the tag byte is ignored, other bits above the range fault at level 0', () => {
  const go = (address: bigint, options: Arm64Options = {}) =>
    translate(createArm64Arch(options), { root: 1, address, access: LOAD, read: () => 0n })
  expect(go(0x0001_0000_0000_0000n).fault).toEqual({ vector: 0x24, code: 0x9200_0004 })
  expect(go(0x0001_0000_0000_0000n).steps).toEqual([])
  expect(go(0x5a00_7f12_3456_7abcn).steps).toHaveLength(1)
  expect(go(0x5a00_7f12_3456_7abcn, { cpu: { tbi: false } }).steps).toEqual([])
  expect(go(0xffff_8000_0000_0000n).steps).toHaveLength(1)
  expect(go(0x0000_0080_0000_0000n, { vaBits: 39 }).steps).toEqual([])
  expect(go(0x0000_007f_ffff_ffffn, { vaBits: 39 }).steps).toHaveLength(1)
})

test.each([
  ['4k', 48, ['pte', 'pmd', 'pud', 'pgd'], [12, 21, 30, 39], [512, 512, 512, 512]],
  ['4k', 39, ['pte', 'pmd', 'pgd'], [12, 21, 30], [512, 512, 512]],
  ['16k', 48, ['pte', 'pmd', 'pud', 'pgd'], [14, 25, 36, 47], [2048, 2048, 2048, 2]],
  ['16k', 47, ['pte', 'pmd', 'pgd'], [14, 25, 36], [2048, 2048, 2048]],
  ['16k', 36, ['pte', 'pgd'], [14, 25], [2048, 2048]],
  ['64k', 42, ['pte', 'pgd'], [16, 29], [8192, 8192]],
  ['64k', 48, ['pte', 'pmd', 'pgd'], [16, 29, 42], [8192, 8192, 64]],
  ['64k', 52, ['pte', 'pmd', 'pgd'], [16, 29, 42], [8192, 8192, 1024]],
] as const)('geometry of %s pages and %d-bit addresses', (granule, vaBits, names, shifts, entries) => {
  const arch = createArm64Arch({ granule, vaBits })
  expect(arch.levelNames).toEqual(names)
  expect(arch.shifts).toEqual(shifts)
  expect(arch.entries).toEqual(entries)
  expect([arch.levels, arch.userBits]).toEqual([names.length, vaBits])
})
