import { describe, expect, test } from 'vitest'
import * as arm64 from '../src/arm64/index.ts'
import { fromHalves } from '../src/bigint.ts'
import * as riscv64 from '../src/riscv64/index.ts'
import { x86Arch612 } from '../src/x86-64/arch-6.12.ts'
import * as x86 from '../src/x86-64/index.ts'
import { createHalves, createInputs, evaluate, type Halves } from './oracle/load.ts'
import { twins as arm64Twins, epanTwin } from './twins/arm64.ts'
import { twins as riscvTwins } from './twins/riscv64.ts'
import type { Twin, Twins } from './twins/twin.ts'
import { twins612, twins as x86Twins } from './twins/x86-64.ts'

// Every hot function against its bigint twin: edges of its range, every bit and pair of bits, random values.
const SEED = 20_160_423
const RANDOM = 1024

/** All values with at most two bits set or at most two clear, and the edges of every width. */
function edges(): bigint[] {
  const all = (1n << 64n) - 1n
  const powers = Array.from({ length: 64 }, (_, i) => 1n << BigInt(i))
  const pairs = powers.flatMap((one, i) => powers.slice(i).map((other) => one | other))
  const widths = powers.map((power) => power - 1n)
  return [...pairs, ...pairs.map((value) => all ^ value), ...widths, all]
}

function inputs(): { a: Halves; b: Halves; count: number } {
  const values = edges()
  const count = 2 * values.length + RANDOM
  const a = createHalves(count)
  const b = createHalves(count)
  createInputs(SEED).fill(a, b, count)
  // The edges once as entries, with random protections, and once as protections.
  for (const [i, value] of values.entries()) {
    for (const [halves, at] of [
      [a, i],
      [b, values.length + i],
    ] as const) {
      halves.lo[at] = Number(value & 0xffff_ffffn)
      halves.hi[at] = Number(value >> 32n)
    }
  }
  return { a, b, count }
}

const { a, b, count } = inputs()
const out = createHalves(count)

function expected(twin: Twin, one: bigint, other: bigint): bigint {
  const cut = (width: number): bigint => BigInt.asUintN(width, one)
  switch (twin.kind) {
    case 'test':
      return twin.of(one) ? 1n : 0n
    case 'make':
    case 'number':
      return twin.of(one)
    case 'modify':
      return twin.of(one, other)
    case 'frame':
      return twin.of(cut(twin.bits), other)
    case 'table':
      return twin.of(cut(twin.bits))
    case 'swap':
      return twin.of(other & 31n, cut(twin.bits))
    case 'vmflags':
      return twin.of(cut(37))
    case 'same':
      return twin.of(one, (other & 1n) !== 0n ? one : other) ? 1n : 0n
  }
}

function compare(twin: Twin, ours: unknown): void {
  evaluate(twin, ours, a, b, out, count)
  for (let i = 0; i < count; i++) {
    const [one, other] = [fromHalves(a.lo, a.hi, i), fromHalves(b.lo, b.hi, i)]
    const want = expected(twin, one, other)
    const got = fromHalves(out.lo, out.hi, i)
    if (got === want) continue
    expect.fail(
      `${twin.kind} of 0x${one.toString(16)}, 0x${other.toString(16)}: 0x${got.toString(16)}, twin 0x${want.toString(16)} (seed ${SEED}, input ${i})`,
    )
  }
}

/** Exported, but no function of one entry: checked elsewhere. */
const ELSEWHERE = /^(create|walk|assert|pteAccessible)/

const suites: readonly (readonly [name: string, functions: object, twins: Twins])[] = [
  ['x86-64', x86, x86Twins],
  ['x86Arch', x86.x86Arch, x86Twins],
  ['x86Arch5', x86.x86Arch5, x86Twins],
  ['x86Arch612', x86Arch612, twins612],
  ['arm64', arm64, arm64Twins('4k')],
  ['arm64Arch4k', arm64.arm64Arch4k, arm64Twins('4k')],
  ['arm64Arch16k', arm64.arm64Arch16k, arm64Twins('16k')],
  ['arm64Arch64k', arm64.arm64Arch64k, arm64Twins('64k')],
  [
    'arm64 with EPAN',
    arm64.createArm64Arch({ cpu: { epan: true } }),
    { ...arm64Twins('4k'), vmGetPageProt: epanTwin },
  ],
  ['riscv64', riscv64, riscvTwins('svpbmt')],
  ['riscvArchSv39', riscv64.riscvArchSv39, riscvTwins('svpbmt')],
  ['riscv64 without Svpbmt', riscv64.createRiscvArch({ cpu: { memoryTypes: 'none' } }), riscvTwins('none')],
  ['riscv64 of T-Head', riscv64.createRiscvArch({ cpu: { memoryTypes: 'thead' } }), riscvTwins('thead')],
]

/** Functions of another CPU's memory types, which the architecture values are made of. */
const VARIANT = /(NoPbmt|Thead)$/

describe.each(suites)('%s', (_, functions, twins) => {
  const names = Object.entries(functions)
    .filter(([name, member]) => typeof member === 'function' && !ELSEWHERE.test(name) && !VARIANT.test(name))
    .map(([name]) => name)

  test.each(names)('%s', (name) => {
    const ours = (functions as Record<string, unknown>)[name]
    const twin = twins[name]
    if (twin !== undefined) compare(twin, ours)
    else expect(standIn(ours)).toBe(true)
  })
})

/** Stands for something that the architecture lacks: says no, changes nothing, or refuses. */
function standIn(member: unknown): boolean {
  const lo = Uint32Array.of(0xffff_ffff)
  const hi = Uint32Array.of(0xffff_ffff)
  const call = member as (lo: Uint32Array, hi: Uint32Array, i: number) => unknown
  try {
    const answer = call(lo, hi, 0)
    return (answer === false || answer === undefined) && lo[0] === 0xffff_ffff && hi[0] === 0xffff_ffff
  } catch (error) {
    return (error as { code?: unknown }).code === 'PGPROT_UNSUPPORTED'
  }
}

test('riscv64: the single functions for other memory types', () => {
  for (const [suffix, types] of [
    ['NoPbmt', 'none'],
    ['Thead', 'thead'],
  ] as const) {
    for (const [name, member] of Object.entries(riscv64)) {
      if (name.endsWith(suffix)) compare(riscvTwins(types)[name.slice(0, -suffix.length)]!, member)
    }
  }
})

test('the warning about a writable protection is a value, the same each time', () => {
  for (const [arch, bit, name] of [
    [x86.x86Arch, 1, '_PAGE_RW'],
    [arm64.arm64Arch4k, 51, 'PTE_WRITE'],
    [riscv64.riscvArchSv39, 2, '_PAGE_WRITE'],
  ] as const) {
    for (let i = 0; i < 16; i++) {
      const lo = Uint32Array.of(arch.protectionMapLo[i]!)
      const hi = Uint32Array.of(arch.protectionMapHi[i]!)
      const writable = [10, 11, 14, 15].includes(i)
      expect(arch.pgprotWritable(lo, hi, 0)).toBe(writable)
      const warning = arch.assertPgprotReadOnly(lo, hi, 0)
      expect(warning === null).toBe(!writable)
      if (warning === null) continue
      expect(warning).toMatchObject({ code: 'PGPROT_WRITABLE', bit, name })
      expect(arch.assertPgprotReadOnly(lo, hi, 0)).toBe(warning)
    }
  }
})
