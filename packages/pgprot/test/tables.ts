/** Page tables for the tests of the walks. */
import type { PageTableArch } from '../src/arch.ts'
import { fromHalves } from '../src/bigint.ts'
import { createWalk, tableIndices, type Walk, type WalkTables } from '../src/walk.ts'

/** One chain of tables from the root to an entry. */
export interface Chain {
  readonly arch: PageTableArch
  readonly address: bigint
  readonly tables: WalkTables
}

/** The outcome of a walk, and the flags of the chain's entries afterwards, the lowest level first. */
export interface Walked extends Walk {
  readonly ok: boolean
  readonly entries: readonly bigint[]
}

/**
 * A chain in which the table of each level lies in frame 1 + level, the entry at `level` is `entry`, and the entries
 * above point downwards with the flags `upper` (which must not touch the frame field).
 */
export function build(
  arch: PageTableArch,
  address: bigint,
  level: number,
  entry: bigint,
  upper: bigint | ((level: number) => bigint),
): Chain {
  const indices = tableIndices(arch, address)
  const lo = new Uint32Array(arch.levels)
  const hi = new Uint32Array(arch.levels)
  for (let i = level; i < arch.levels; i++) {
    const flags = typeof upper === 'bigint' ? upper : upper(i)
    arch.pfnPte(lo, hi, i, i, Number(flags & 0xffff_ffffn), Number(flags >> 32n))
  }
  lo[level] = Number(entry & 0xffff_ffffn)
  hi[level] = Number(entry >> 32n)
  const tables: WalkTables = {
    lo,
    hi,
    slot: (pfn, index) => (index === indices[pfn - 1] && pfn - 1 >= level ? pfn - 1 : -1),
  }
  return { arch, address, tables }
}

/** Walks a chain. */
export function walk({ arch, address, tables }: Chain, access: number): Walked {
  const out = createWalk()
  const { lo, hi } = tables
  const addressLo = Number(BigInt.asUintN(32, address))
  const addressHi = Number(BigInt.asUintN(32, address >> 32n))
  const ok = arch.walk(tables, arch.levels, addressLo, addressHi, access, out)
  const entries = Array.from(lo, (_, i) => fromHalves(lo, hi, i))
  // The frame numbers of the pointers are not of interest.
  return {
    ok,
    ...out,
    entries: entries.map((value, i) => (i > out.level ? value & ~frameMask(arch) : value)),
  }
}

function frameMask({ name }: PageTableArch): bigint {
  return name.startsWith('riscv') ? 0x003f_ffff_ffff_fc00n : 0x000f_ffff_ffff_f000n
}
