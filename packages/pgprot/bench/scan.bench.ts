import { createRequire } from 'node:module'
import { bench, describe } from 'vitest'
import type { PageTableArch } from '../src/arch.ts'

interface Loops {
  readonly x86Arch: PageTableArch
  readonly createEntries: () => {
    readonly lo: Uint32Array
    readonly hi: Uint32Array
    readonly big: BigUint64Array
  }
  readonly scanArch: (arch: PageTableArch, lo: Uint32Array, hi: Uint32Array) => number
  readonly scanBigint: (big: BigUint64Array) => number
  readonly scanByHand: (lo: Uint32Array, hi: Uint32Array) => number
  readonly scanSingle: (lo: Uint32Array, hi: Uint32Array) => number
}

const loops: Loops = createRequire(import.meta.url)('./loops.cjs')
const { createEntries, scanArch, scanBigint, scanByHand, scanSingle, x86Arch } = loops
const { big, hi, lo } = createEntries()

describe('writable and dirty: frames of 262,144 entries, x86-64', () => {
  bench('two Uint32Arrays, by hand', () => {
    scanByHand(lo, hi)
  })
  bench('@mm-model/pgprot: single functions', () => {
    scanSingle(lo, hi)
  })
  bench('@mm-model/pgprot: architecture value', () => {
    scanArch(x86Arch, lo, hi)
  })
  bench('BigUint64Array, bigint masks', () => {
    scanBigint(big)
  })
})
