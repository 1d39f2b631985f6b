/**
 * The loops that are measured: find the writable and dirty entries among 262,144, and add up their frame numbers.
 *
 * CommonJS on the built package, so that Node itself loads both: a test runner's module transform would be measured
 * otherwise.
 */
'use strict'

const { join } = require('node:path')

// By path: under the test runner the package's name means its sources.
const { pteDirty, ptePfn, pteWrite, x86Arch } = require(join(__dirname, '../dist/x86-64.cjs'))

const COUNT = 262_144

/**
 * Entries as a process has them, in runs of 8 to 263, as mappings make them: 70 % pages, half of those writable, some
 * PROT_NONE, some swapped out, and gaps.
 */
function createEntries(arch = x86Arch, count = COUNT) {
  let seed = 0x9e37_79b9
  const random = () => {
    seed = (seed + 0x6d2b_79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
  const lo = new Uint32Array(count)
  const hi = new Uint32Array(count)
  let dice = 0
  for (let i = 0, left = 0; i < count; i++, left--) {
    if (left === 0) {
      left = 8 + (random() % 256)
      dice = random() % 100
    }
    const pfn = random() % 2 ** Math.min(30, arch.pfnBits)
    if (dice < 70) {
      const xwr = dice < 35 ? 11 : 1
      arch.pfnPte(lo, hi, i, pfn, arch.protectionMapLo[xwr], arch.protectionMapHi[xwr])
      if (dice < 25) arch.pteMkdirty(lo, hi, i)
    } else if (dice < 75) {
      arch.pfnPte(lo, hi, i, pfn, arch.protectionMapLo[0], arch.protectionMapHi[0])
    } else if (dice < 85) {
      arch.mkSwapEntry(lo, hi, i, dice % 4, pfn)
    }
  }
  const big = new BigUint64Array(count)
  for (let i = 0; i < count; i++) big[i] = (BigInt(hi[i]) << 32n) | BigInt(lo[i])
  return { lo, hi, big }
}

/** With the package's single functions. */
function scanSingle(lo, hi) {
  let sum = 0
  for (let i = 0; i < lo.length; i++) {
    if (pteWrite(lo, hi, i) && pteDirty(lo, hi, i)) sum += ptePfn(lo, hi, i)
  }
  return sum
}

/** With an architecture as a value. */
function scanArch(arch, lo, hi) {
  const { pteDirty, ptePfn, pteWrite } = arch
  let sum = 0
  for (let i = 0; i < lo.length; i++) {
    if (pteWrite(lo, hi, i) && pteDirty(lo, hi, i)) sum += ptePfn(lo, hi, i)
  }
  return sum
}

/** x86-64 by hand, the inversion of frames that are not present included. */
function scanByHand(lo, hi) {
  let sum = 0
  for (let i = 0; i < lo.length; i++) {
    const l = lo[i]
    if ((l & 0x2) !== 0 && (l & 0x40) !== 0) {
      const h = hi[i]
      const flip = (l & 1) === 0 && (l | h) !== 0 ? -1 : 0
      sum += ((h ^ flip) & 0xfffff) * 0x100000 + ((l ^ flip) >>> 12)
    }
  }
  return sum
}

/** x86-64 on a `BigUint64Array`. */
function scanBigint(big) {
  let sum = 0n
  for (let i = 0; i < big.length; i++) {
    const v = big[i]
    if ((v & 0x2n) !== 0n && (v & 0x40n) !== 0n) {
      const flip = v !== 0n && (v & 1n) === 0n ? 0xffff_ffff_ffff_ffffn : 0n
      sum += ((v ^ flip) & 0x000f_ffff_ffff_f000n) >> 12n
    }
  }
  return Number(sum)
}

module.exports = { COUNT, createEntries, scanArch, scanBigint, scanByHand, scanSingle, x86Arch }
