import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PageTableArch } from '../src/arch.ts'
import { arm64Cpu, createArm64Arch } from '../src/arm64/index.ts'
import { fromHalves } from '../src/bigint.ts'
import { createRiscvArch, riscvCpu } from '../src/riscv64/index.ts'
import { translate } from '../src/translate.ts'
import { createWalk, tableIndices } from '../src/walk.ts'
import { createX86Arch, x86Cpu } from '../src/x86-64/index.ts'
import { arm64, riscv, type Verdict, x86 } from './twins/walk.ts'

// Every walk against its twin: random tables, addresses, accesses and CPUs.

const kinds = fc.constantFrom(
  { write: false, fetch: false },
  { write: true, fetch: false },
  { write: false, fetch: true },
)
const accesses = fc.tuple(kinds, fc.boolean()).map(([kind, user]) => ({
  ...kind,
  user,
  bits: (kind.write ? 1 : 0) | (kind.fetch ? 2 : 0) | (user ? 4 : 0),
}))

/** An entry near one that would do: `base`, and now and then some bits flipped. */
function near(...bases: bigint[]): fc.Arbitrary<bigint> {
  const flips = fc.array(fc.nat({ max: 63 }), { maxLength: 2 })
  return fc
    .tuple(
      fc.constantFrom(...bases),
      fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: flips }),
    )
    .map(([base, bits]) => bits.reduce((value, n) => value ^ (1n << BigInt(n)), base))
}

/** Entries of all levels of a chain, the last level first, as flags: their frames are put in by the test. */
function chains(arch: PageTableArch, leaves: readonly bigint[], table: bigint): fc.Arbitrary<bigint[]> {
  const rows = Array.from({ length: arch.levels }, (_, level) =>
    level === 0
      ? near(...leaves, 0n)
      : fc.oneof(
          { weight: 6, arbitrary: near(table) },
          { weight: level < 3 ? 1 : 0, arbitrary: near(...leaves, 0n) },
        ),
  )
  return fc.tuple(...rows)
}

function addresses({ userBits }: PageTableArch): fc.Arbitrary<bigint> {
  return fc.bigInt({ min: 0n, max: (1n << BigInt(userBits)) - 1n })
}

/** Where the table of a level is: frames so far apart that two flipped bits make no other one of them. */
function tableFrame(level: number): number {
  return 7 << (3 * level + 4)
}

function check(
  arch: PageTableArch,
  address: bigint,
  chain: readonly bigint[],
  access: number,
  pfnField: bigint,
  twin: (path: (level: number) => bigint) => Verdict,
): void {
  const lo = new Uint32Array(arch.levels)
  const hi = new Uint32Array(arch.levels)
  for (const [level, flags] of chain.entries()) {
    if (level > 0) arch.mkTableEntry(lo, hi, level, tableFrame(level - 1))
    const frame = fromHalves(lo, hi, level) & pfnField
    const value = (flags & ~pfnField) | (frame ^ (flags & pfnField))
    lo[level] = Number(value & 0xffff_ffffn)
    hi[level] = Number(value >> 32n)
  }
  const before = Array.from(lo, (_, level) => fromHalves(lo, hi, level))
  const indices = tableIndices(arch, address)
  const slot = (pfn: number, index: number): number =>
    indices.findIndex((wanted, level) => index === wanted && pfn === tableFrame(level))
  // What the walk reads: a table whose pointer was damaged reads as zero.
  const reachable = (level: number): bigint => {
    for (let above = arch.levels - 1; above > level; above--) {
      if (arch.tableEntryPfn(lo, hi, above) !== tableFrame(above - 1)) return 0n
    }
    return before[level]!
  }
  const want = twin(reachable)
  const out = createWalk()
  const addressLo = Number(address & 0xffff_ffffn)
  const addressHi = Number(address >> 32n)
  const ok = arch.walk({ lo, hi, slot }, tableFrame(arch.levels - 1), addressLo, addressHi, access, out)

  expect({ vector: out.vector, code: out.code, level: out.level }).toEqual({
    vector: want.vector,
    code: want.code,
    level: want.level,
  })
  expect(ok).toBe(want.vector === 0)
  const after = Array.from(lo, (_, level) => fromHalves(lo, hi, level))
  const marked = before.map((value, level) => (ok && level >= want.level ? want.marks(value, level) : value))
  expect(after).toEqual(marked)
  expect(out.updated).toBe(marked.some((value, level) => value !== before[level]))

  // And the same for people.
  const { physical, fault, steps } = translate(arch, {
    root: tableFrame(arch.levels - 1),
    address,
    access,
    read: (pfn, index) => before[slot(pfn, index)] ?? 0n,
  })
  expect(fault).toEqual(ok ? null : { vector: out.vector, code: out.code })
  expect(steps.map((step) => step.level)).toEqual(arch.levelNames.slice(want.level).toReversed())
  expect(physical).toBe(ok ? want.physical(address) : null)
}

const RUNS = { numRuns: 800 }

describe('x86-64', () => {
  const cpus = fc.record({
    ...Object.fromEntries(
      (['writeProtect', 'smep', 'smap', 'nx', 'gbPages'] as const).map((flag) => [flag, fc.boolean()]),
    ),
    physBits: fc.constantFrom(52, 52, 40, 36),
    pkru: fc.oneof(fc.constant(0), fc.integer()),
  })
  test.each([4, 5] as const)('%d levels', (levels) => {
    const shape = createX86Arch({ levels })
    const leaves = [
      0x8000_0001_2340_0025n,
      0x0000_0001_2340_0067n,
      0x8000_0001_4000_00e7n,
      0x0000_0001_4000_0087n,
      0x21n,
    ]
    fc.assert(
      fc.property(
        addresses(shape),
        chains(shape, leaves, 0x67n),
        accesses,
        cpus,
        (address, chain, access, some) => {
          const cpu = { ...x86Cpu, ...some }
          const arch = createX86Arch({ levels, cpu })
          check(arch, address, chain, access.bits, 0x000f_ffff_ffff_f000n, (path) =>
            x86(levels, cpu, path, access),
          )
        },
      ),
      RUNS,
    )
  })
})

describe('arm64', () => {
  const flags = ['hwAccessed', 'hwDirty', 'pan', 'epan'] as const
  const cpus = fc.record(Object.fromEntries(flags.map((flag) => [flag, fc.boolean()])))
  test.each([
    ['4k', 48],
    ['4k', 39],
    ['16k', 48],
    ['64k', 48],
    ['64k', 52],
  ] as const)('%s, %d bits', (granule, vaBits) => {
    const shape = createArm64Arch({ granule, vaBits })
    const leaves = [
      0x0060_0000_4000_0fc3n,
      0x0068_0000_4000_0fc3n,
      0x0028_0000_4000_0f43n,
      0x0060_0000_4000_0fc1n,
      0x0068_0000_4000_0bc1n,
      0x00e8_0000_4000_0f03n,
      0x0020_0000_4000_0f83n,
    ]
    const field = {
      '4k': 0x0000_ffff_ffff_f000n,
      '16k': 0x0000_ffff_ffff_c000n,
      '64k': 0x0000_ffff_ffff_f000n,
    }[granule]
    const { levels, pageShift } = shape
    fc.assert(
      fc.property(
        addresses(shape),
        chains(shape, leaves, 3n),
        accesses,
        cpus,
        (address, chain, access, some) => {
          const cpu = { ...arm64Cpu, ...some, tbi: false }
          const arch = createArm64Arch({ granule, vaBits, cpu })
          check(arch, address, chain, access.bits, field, (path) =>
            arm64(levels, pageShift, cpu, path, access),
          )
        },
      ),
      RUNS,
    )
  })
})

describe('riscv64', () => {
  const cpus = fc.record({
    ...Object.fromEntries((['svadu', 'svnapot', 'sum', 'mxr'] as const).map((flag) => [flag, fc.boolean()])),
    memoryTypes: fc.constantFrom('none', 'svpbmt', 'thead'),
  })
  test.each(['sv39', 'sv48', 'sv57'] as const)('%s', (mode) => {
    const shape = createRiscvArch({ mode })
    const leaves = [
      0x48d1_5853n,
      0x48d1_58d7n,
      0x1000_00dfn,
      0x1000_0059n,
      0x8000_0000_48d1_60d7n,
      0x4000_0000_1000_00d7n,
    ]
    fc.assert(
      fc.property(
        addresses(shape),
        chains(shape, leaves, 1n),
        accesses,
        cpus,
        (address, chain, access, some) => {
          const cpu = { ...riscvCpu, ...some }
          const arch = createRiscvArch({ mode, cpu })
          check(arch, address, chain, access.bits, 0x003f_ffff_ffff_fc00n, (path) =>
            riscv(shape.levels, cpu, path, access),
          )
        },
      ),
      RUNS,
    )
  })
})
