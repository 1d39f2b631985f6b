/**
 * The walk for people: bigints in, every step out.
 * @module
 */
import type { Level, PageTableArch } from './arch.ts'
import { fromHalves } from './bigint.ts'
import { type Access, createWalk, type WalkTables } from './walk.ts'

/** What to translate. */
export interface TranslateOptions {
  /** Frame of the root table. */
  readonly root: number
  readonly address: bigint
  /** Bits of `ACCESS_WRITE`, `ACCESS_FETCH`, `ACCESS_USER`. */
  readonly access: Access
  /** Entry `index` of the table in frame `pfn`; 0 where there is none. */
  readonly read: (pfn: number, index: number) => bigint
}

/** One entry that the hardware read. */
export interface TranslateStep {
  readonly level: Level
  readonly table: number
  readonly index: number
  readonly value: bigint
  /** The value afterwards: with accessed and dirty bits where the hardware sets them. */
  readonly after: bigint
}

/** The outcome of a translation. */
export interface Translation {
  /** The physical address, or `null` after a fault. */
  readonly physical: bigint | null
  /** The fault, as in `Walk`, or `null`. */
  readonly fault: { readonly vector: number; readonly code: number } | null
  /** What was read, the root first. Empty for an address that is not canonical. */
  readonly steps: readonly TranslateStep[]
}

/** Translates `address` (taken modulo 2^64) as the hardware of `arch` does. Nothing of the caller's is changed. */
export function translate(
  arch: PageTableArch,
  { root, address, access, read }: TranslateOptions,
): Translation {
  const lo = new Uint32Array(arch.levels)
  const hi = new Uint32Array(arch.levels)
  const entries: { table: number; index: number; value: bigint }[] = []
  // Which entry each step read; a table that points to itself makes two steps read one.
  const visits: number[] = []
  const tables: WalkTables = {
    lo,
    hi,
    slot(table, index) {
      let i = entries.findIndex((entry) => entry.table === table && entry.index === index)
      if (i < 0) {
        const value = BigInt.asUintN(64, read(table, index))
        i = entries.push({ table, index, value }) - 1
        lo[i] = Number(value & 0xffff_ffffn)
        hi[i] = Number(value >> 32n)
      }
      visits.push(i)
      return i
    },
  }
  const out = createWalk()
  const addressLo = Number(BigInt.asUintN(32, address))
  const addressHi = Number(BigInt.asUintN(32, address >> 32n))
  const ok = arch.walk(tables, root, addressLo, addressHi, access, out)
  // The walk may come back to set accessed bits; the steps are the first way down.
  const steps = out.level < 0 ? [] : visits.slice(0, arch.levels - out.level)
  return {
    physical: ok
      ? (BigInt(out.pfn) << BigInt(arch.pageShift)) | BigInt.asUintN(arch.pageShift, address)
      : null,
    fault: ok ? null : { vector: out.vector, code: out.code },
    steps: steps.map((i, step) => ({
      level: arch.levelNames[arch.levels - 1 - step]!,
      ...entries[i]!,
      after: fromHalves(lo, hi, i),
    })),
  }
}
