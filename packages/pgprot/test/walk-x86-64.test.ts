import { describe, expect, test } from 'vitest'
import { translate } from '../src/translate.ts'
import {
  ACCESS_FETCH,
  ACCESS_USER,
  ACCESS_WRITE,
  createX86Arch,
  type PageTableArch,
  type X86Cpu,
  x86Arch,
  x86Arch5,
} from '../src/x86-64/index.ts'
import { build, type Walked, walk } from './tables.ts'

const LOAD = ACCESS_USER
const STORE = ACCESS_USER | ACCESS_WRITE
const FETCH = ACCESS_USER | ACCESS_FETCH
const KLOAD = 0
const KSTORE = ACCESS_WRITE
const KFETCH = ACCESS_FETCH
const NX = 1n << 63n
const ADDRESS = 0x7f12_3456_7abcn

/** Walks to one entry at a level; the pointers above it have the flags `upper`. */
function at(
  level: number,
  entry: bigint,
  access: number,
  cpu: Partial<X86Cpu> = {},
  upper: bigint | ((level: number) => bigint) = 0x67n,
): Walked {
  return walk(build(createX86Arch({ cpu }), ADDRESS, level, entry, upper), access)
}

describe('the error code', () => {
  test.each([
    // bits: 1 present, 2 write, 4 user, 8 reserved, 16 fetch, 32 protection key
    ['user load, not present', 0n, LOAD, 4],
    ['user store, not present', 0n, STORE, 6],
    ['kernel load, not present', 0n, KLOAD, 0],
    ['kernel store, not present', 0n, KSTORE, 2],
    ['fetch, not present', 0n, FETCH, 0x14],
    ['user store, read-only', 0x8400_0001_2345_6225n, STORE, 7],
    ['user load, PROT_NONE', 0x000f_fffe_dcba_9120n, LOAD, 4],
    ['user load, kernel page', 0x8000_0000_1234_5063n, LOAD, 5],
    ['user store, kernel page', 0x8000_0000_1234_5063n, STORE, 7],
    ['fetch, not executable', 0x8000_0000_1234_5025n, FETCH, 0x15],
    ['kernel store, read-only', 0x8000_0000_1234_5021n, KSTORE, 3],
    ['kernel fetch of a user page (SMEP)', 0x1234_5025n, KFETCH, 0x11],
  ])('%s', (_, entry, access, code) => {
    expect(at(0, entry, access)).toMatchObject({ ok: false, vector: 14, code, level: 0 })
  })

  test.each([
    ['user load', 0x8400_0001_2345_6225n, LOAD],
    ['user store', 0x8400_0001_2345_6a67n, STORE],
    ['fetch', 0x1234_5025n, FETCH],
    ['kernel store', 0x8000_0000_1234_5063n, KSTORE],
    ['kernel load of a user page', 0x8000_0000_1234_5025n, KLOAD],
  ])('none for %s', (_, entry, access) => {
    expect(at(0, entry, access)).toMatchObject({ ok: true, vector: 0, code: 0, level: 0 })
  })

  test('the flags of the CPU decide', () => {
    const readOnly = 0x8000_0000_1234_5021n
    expect(at(0, readOnly, KSTORE, { writeProtect: false })).toMatchObject({ ok: true })
    expect(at(0, 0x1234_5025n, KFETCH, { smep: false })).toMatchObject({ ok: true })
    expect(at(0, 0x1234_5025n, KLOAD, { smap: true })).toMatchObject({ ok: false, code: 1 })
    expect(at(0, 0x1234_5025n, FETCH, { smap: true })).toMatchObject({ ok: true })
    // Without NX and SMEP a fetch looks like a load.
    expect(at(0, 0n, FETCH, { nx: false, smep: false })).toMatchObject({ code: 4 })
    expect(at(0, 0x1234_5027n | NX, LOAD, { nx: false })).toMatchObject({ ok: false, code: 0xd })
  })

  test('every level has its say', () => {
    for (const level of [1, 2, 3]) {
      const only = (flags: bigint) => (l: number) => (l === level ? flags : 0x67n)
      expect(at(0, 0x1234_5067n, STORE, {}, only(0x65n))).toMatchObject({ code: 7, level: 0 })
      expect(at(0, 0x1234_5067n, LOAD, {}, only(0x63n))).toMatchObject({ code: 5, level: 0 })
      expect(at(0, 0x1234_5067n, FETCH, {}, only(NX | 0x67n))).toMatchObject({ code: 0x15, level: 0 })
      expect(at(level, 0n, STORE)).toMatchObject({ ok: false, code: 6, level })
    }
  })

  test('protection keys', () => {
    const keyed = 0xa800_0000_7777_7867n // key 5
    expect(at(0, keyed, LOAD, { pkru: 1 << 10 })).toMatchObject({ code: 0x25 })
    expect(at(0, keyed, STORE, { pkru: 2 << 10 })).toMatchObject({ code: 0x27 })
    expect(at(0, keyed, LOAD, { pkru: 2 << 10 })).toMatchObject({ ok: true })
    expect(at(0, keyed, STORE, { pkru: 3 << 8 })).toMatchObject({ ok: true })
    // Keys guard data, not fetches, and not what the kernel writes past CR0.WP.
    expect(at(0, keyed & ~NX, FETCH, { pkru: 3 << 10 })).toMatchObject({ ok: true })
    expect(at(0, keyed, KSTORE, { pkru: 2 << 10, writeProtect: false })).toMatchObject({ ok: true })
    expect(at(0, keyed, KSTORE, { pkru: 2 << 10 })).toMatchObject({ code: 0x23 })
    // Said even where the access was denied for another reason too.
    expect(at(0, keyed & ~2n, STORE, { pkru: 2 << 10 })).toMatchObject({ code: 0x27 })
    expect(at(0, keyed & ~1n, STORE, { pkru: 2 << 10 })).toMatchObject({ code: 6 })
  })
})

describe('reserved bits', () => {
  test.each([
    ['bit 13 of a 2 MiB leaf', 1, 0x8000_0002_4000_20e7n, {}],
    ['bit 20 of a 2 MiB leaf', 1, 0x8000_0002_4010_00e7n, {}],
    ['bit 29 of a 1 GiB leaf', 2, 0x8000_0000_6000_00e7n, {}],
    ['PSE in a PML4 entry', 3, 0x1234_50e7n, {}],
    ['a 1 GiB leaf without that feature', 2, 0x8000_0000_4000_00e7n, { gbPages: false }],
    ['a frame beyond MAXPHYADDR', 0, 0x0000_0100_0000_0067n, { physBits: 40 }],
    ['a table beyond MAXPHYADDR', 1, 0x0000_0100_0000_0067n, { physBits: 40 }],
  ] as const)('%s', (_, level, entry, cpu) => {
    expect(at(level, entry, LOAD, cpu)).toMatchObject({ ok: false, vector: 14, code: 0xd, level })
    expect(at(level, entry, STORE, cpu)).toMatchObject({ code: 0xf })
  })

  test('bit 12 of a large leaf is PAT', () => {
    expect(at(1, 0x8000_0002_4000_10e7n, LOAD)).toMatchObject({ ok: true, pfn: 0x240000 + 0x167 })
  })
})

describe('frames', () => {
  test.each([
    ['a page', 0, 0x8400_0001_2345_6a67n, 0x123456],
    ['the page within 2 MiB', 1, 0x8400_0002_4000_08e7n, 0x240000 + 0x167],
    ['the page within 1 GiB', 2, 0x8000_0000_4000_00e7n, 0x40000 + (0x3_4567 % 0x40000)],
  ])('%s', (_, level, entry, pfn) => {
    expect(at(level, entry, LOAD)).toMatchObject({ ok: true, level, pfn })
  })
})

describe('accessed and dirty bits', () => {
  test('a load sets A, a store A and D, in the leaf; A in every table above', () => {
    const load = at(0, 0x8400_0001_2345_6205n, LOAD, {}, 0x07n)
    expect(load).toMatchObject({ ok: true, updated: true })
    expect(load.entries).toEqual([0x8400_0001_2345_6225n, 0x27n, 0x27n, 0x27n])
    const store = at(0, 0x8400_0001_2345_6207n, STORE, {}, 0x67n)
    expect(store.entries[0]).toBe(0x8400_0001_2345_6267n)
    expect(at(0, 0x8400_0001_2345_6267n, STORE)).toMatchObject({ ok: true, updated: false })
    expect(at(1, 0x8400_0002_4000_0087n, STORE).entries[1]).toBe(0x8400_0002_4000_00e7n)
  })

  test('a fault writes nothing', () => {
    const { ok, entries } = at(0, 0x8400_0001_2345_6205n, STORE, {}, 0x07n)
    expect(ok).toBe(false)
    expect(entries).toEqual([0x8400_0001_2345_6205n, 0x07n, 0x07n, 0x07n])
  })
})

test.each([
  ['four levels', x86Arch, 0x0000_8000_0000_0000n, 0x0000_7fff_ffff_ffffn, 0xffff_8000_0000_0000n],
  ['five levels', x86Arch5, 0x0100_0000_0000_0000n, 0x00ff_ffff_ffff_ffffn, 0xff00_0000_0000_0000n],
] as const)(
  'addresses, %s: not canonical is a general protection fault',
  (_, arch: PageTableArch, hole, user, kernel) => {
    const go = (address: bigint) => translate(arch, { root: 1, address, access: LOAD, read: () => 0n })
    expect(go(hole)).toEqual({ physical: null, fault: { vector: 13, code: 0 }, steps: [] })
    expect(go(-1n - hole).fault).toEqual({ vector: 13, code: 0 })
    for (const address of [user, kernel]) {
      expect(go(address).fault).toEqual({ vector: 14, code: 4 })
      expect(go(address).steps).toHaveLength(1)
    }
  },
)
