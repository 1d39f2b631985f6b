import { describe, expect, test } from 'vitest'
import {
  ACCESS_FETCH,
  ACCESS_USER,
  ACCESS_WRITE,
  createRiscvArch,
  type RiscvCpu,
  type RiscvMode,
} from '../src/riscv64/index.ts'
import { translate } from '../src/translate.ts'
import { build, type Walked, walk } from './tables.ts'

const LOAD = ACCESS_USER
const STORE = ACCESS_USER | ACCESS_WRITE
const FETCH = ACCESS_USER | ACCESS_FETCH
const ADDRESS = 0x0000_003f_1234_5abcn

const RO = 0x48d1_5853n // V R U A
const RW = 0x48d1_58d7n // V R W U A D
const X = 0x48d1_5859n // V X U A
const KERNEL = 0x48d1_58cfn & ~0x10n // V R W X A D

function at(level: number, entry: bigint, access: number, cpu: Partial<RiscvCpu> = {}, upper = 1n): Walked {
  return walk(build(createRiscvArch({ cpu }), ADDRESS, level, entry, upper), access)
}

describe('the cause', () => {
  test.each([
    ['load, not valid', 0, 0n, LOAD, 13],
    ['store, not valid', 0, 0n, STORE, 15],
    ['fetch, not valid', 0, 0n, FETCH, 12],
    ['no middle table', 1, 0n, LOAD, 13],
    ['no root entry', 2, 0n, STORE, 15],
    ['PROT_NONE', 0, 0x48d1_5822n, LOAD, 13],
    ['store, read-only', 0, RO, STORE, 15],
    ['fetch, not executable', 0, RO, FETCH, 12],
    ['load, execute-only', 0, X, LOAD, 13],
    ['load of a kernel page', 0, KERNEL, LOAD, 13],
    ['kernel fetch of a user page', 0, X, ACCESS_FETCH, 12],
    ['a pointer at the last level', 0, 0x48d1_5801n, LOAD, 13],
    ['writable but not readable', 0, 0x48d1_58d5n, LOAD, 13],
    ['a 2 MiB leaf that is not aligned', 1, 0x48d1_58d7n, LOAD, 13],
    ['a pointer with A set', 1, 0x48d1_5841n, LOAD, 13],
    ['a pointer with U set', 1, 0x48d1_5811n, STORE, 15],
    ['reserved bit 54', 0, RO | (1n << 54n), LOAD, 13],
    ['memory type 3', 0, RO | (3n << 61n), LOAD, 13],
    ['a memory type in a pointer', 1, 0x48d1_5801n | (1n << 61n), LOAD, 13],
    ['NAPOT without Svnapot', 0, 0x8000_0000_48d1_60d7n, LOAD, 13],
  ])('%s', (_, level, entry, access, cause) => {
    expect(at(level, entry, access)).toMatchObject({ ok: false, vector: cause, code: cause, level })
  })

  test.each([
    ['load', RO, LOAD],
    ['store', RW, STORE],
    ['fetch', X, FETCH],
    ['kernel store', KERNEL, ACCESS_WRITE],
    ['kernel fetch', KERNEL, ACCESS_FETCH],
    ['kernel load of a user page, SUM set', RO, 0],
    ['load with a memory type', RO | (2n << 61n), LOAD],
  ])('none for %s', (_, entry, access) => {
    expect(at(0, entry, access)).toMatchObject({ ok: true, code: 0, level: 0, pfn: 0x123456 })
  })

  test('the state of the CPU decides', () => {
    expect(at(0, RO, 0, { sum: false })).toMatchObject({ ok: false, code: 13 })
    expect(at(0, X, LOAD, { mxr: true })).toMatchObject({ ok: true })
    expect(at(0, RO | (1n << 61n), LOAD, { memoryTypes: 'none' })).toMatchObject({ ok: false, code: 13 })
    expect(at(0, RO | (0x0en << 59n), LOAD, { memoryTypes: 'thead' })).toMatchObject({
      ok: true,
      pfn: 0x123456,
    })
    expect(at(0, RO | (1n << 55n), LOAD, { memoryTypes: 'thead' })).toMatchObject({ ok: false })
  })
})

describe('accessed and dirty bits', () => {
  test('Svade: their absence faults, and nothing is written', () => {
    expect(at(0, RO & ~0x40n, LOAD)).toMatchObject({ ok: false, code: 13, updated: false })
    expect(at(0, RW & ~0x80n, STORE)).toMatchObject({ ok: false, code: 15 })
    expect(at(0, RW & ~0x80n, STORE).entries[0]).toBe(RW & ~0x80n)
    expect(at(0, RW & ~0x80n, LOAD)).toMatchObject({ ok: true })
  })

  test('Svadu: the hardware sets them', () => {
    const cpu = { svadu: true }
    expect(at(0, RO & ~0x40n, LOAD, cpu)).toMatchObject({ ok: true, updated: true })
    expect(at(0, RW & ~0xc0n, LOAD, cpu).entries[0]).toBe(RW & ~0x80n)
    expect(at(0, RW & ~0xc0n, STORE, cpu).entries[0]).toBe(RW)
    expect(at(0, RO & ~0x40n, STORE, cpu).entries[0]).toBe(RO & ~0x40n)
  })
})

describe('frames', () => {
  test('the page within a large leaf', () => {
    expect(at(1, 0x9000_00d7n, LOAD)).toMatchObject({ ok: true, level: 1, pfn: 0x240000 + 0x145 })
    expect(at(2, 0x1000_00d7n, LOAD)).toMatchObject({ ok: true, level: 2, pfn: 0x40000 + 0x1_2345 })
  })

  test('Svnapot: one of sixteen pages', () => {
    const napot = 0x8000_0000_48d1_60d7n
    expect(at(0, napot, LOAD, { svnapot: true })).toMatchObject({ ok: true, pfn: 0x123450 + 5 })
    expect(at(0, napot ^ 0x400n, LOAD, { svnapot: true })).toMatchObject({ ok: false, code: 13 })
    expect(at(1, 0x8000_0000_9000_00d7n, LOAD, { svnapot: true })).toMatchObject({ ok: false, code: 13 })
  })
})

test.each([
  ['sv39', 3, 38, ['pte', 'pmd', 'pgd']],
  ['sv48', 4, 47, ['pte', 'pmd', 'pud', 'pgd']],
  ['sv57', 5, 56, ['pte', 'pmd', 'pud', 'p4d', 'pgd']],
] as const)(
  '%s: levels, and addresses that are not canonical',
  (mode: RiscvMode, levels, userBits, names) => {
    const arch = createRiscvArch({ mode })
    expect([arch.levels, arch.userBits, arch.levelNames]).toEqual([levels, userBits, names])
    const go = (address: bigint) => translate(arch, { root: 1, address, access: STORE, read: () => 0n })
    const top = 1n << BigInt(userBits)
    for (const [address, steps] of [
      [top - 1n, 1],
      [top, 0],
      [-1n - top, 0],
      [-top, 1],
    ] as const) {
      expect(go(address).fault).toEqual({ vector: 15, code: 15 })
      expect(go(address).steps).toHaveLength(steps)
    }
  },
)
