/**
 * The inputs of the oracle and the digest of its outputs, on our side. `main.c` holds the same in C: the two must
 * stay alike, draw for draw.
 */

/** Entries in a block; each block has one digest per helper. */
export const BLOCK = 65_536
export const SEED = 0x6d6d_6f64

/** A source of inputs: xoshiro128**, seeded through splitmix32, the same sequence on every machine. */
export function createInputs(seed) {
  const state = new Uint32Array(4)
  for (let i = 0; i < 4; i++) {
    seed = (seed + 0x9e37_79b9) >>> 0
    let z = seed
    z = Math.imul(z ^ (z >>> 16), 0x85eb_ca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2_ae35)
    state[i] = z ^ (z >>> 16)
  }
  let [s0, s1, s2, s3] = state

  function next() {
    let r = Math.imul(s1, 5)
    r = Math.imul((r << 7) | (r >>> 25), 9)
    const t = s1 << 9
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= t
    s3 = (s3 << 11) | (s3 >>> 21)
    return r >>> 0
  }

  /**
   * Stores a value whose shape is drawn as well: random, sparse, dense, flags without a frame, few bits, almost zero.
   * Plain random values would almost never be none, present without a frame, or exactly one protection.
   */
  function draw(lo, hi, i) {
    const shape = next() & 7
    let l = next()
    let h = next()
    const x = next()
    const y = next()
    if (shape === 3) {
      l &= x
      h &= y
    } else if (shape === 4) {
      l &= 0xfff
      h &= 0xffff_0000
    } else if (shape === 5) {
      l = (1 << (x & 31)) | (1 << (y & 31))
      h = (x & 0x100) !== 0 ? 1 << ((y >>> 8) & 31) : 0
    } else if (shape === 6) {
      l |= x
      h |= y
    } else if (shape === 7) {
      l = (x & 1) !== 0 ? l & 0x160 : 0
      h = 0
    }
    lo[i] = l
    hi[i] = h
  }

  return {
    /** The next `count` pairs of inputs, a and b in turn. */
    fill(a, b, count) {
      for (let i = 0; i < count; i++) {
        draw(a.lo, a.hi, i)
        draw(b.lo, b.hi, i)
      }
    },
  }
}

/** Halves for a block. */
export function createHalves(count = BLOCK) {
  return { lo: new Uint32Array(count), hi: new Uint32Array(count) }
}

/** Runs our function of a helper over `count` inputs; `kind` is described in `helpers.mjs`. */
export function evaluate(helper, ours, a, b, out, count) {
  const { kind } = helper
  const { lo, hi } = out
  if (kind === 'make') {
    lo.set(a.lo)
    hi.set(a.hi)
    for (let i = 0; i < count; i++) ours(lo, hi, i)
  } else if (kind === 'modify') {
    lo.set(a.lo)
    hi.set(a.hi)
    for (let i = 0; i < count; i++) ours(lo, hi, i, b.lo[i], b.hi[i])
  } else if (kind === 'test') {
    for (let i = 0; i < count; i++) {
      lo[i] = ours(a.lo, a.hi, i) ? 1 : 0
      hi[i] = 0
    }
  } else if (kind === 'same') {
    for (let i = 0; i < count; i++) {
      const other = (b.lo[i] & 1) !== 0 ? a : b
      lo[i] = ours(a.lo, a.hi, i, other.lo, other.hi, i) ? 1 : 0
      hi[i] = 0
    }
  } else if (kind === 'number') {
    for (let i = 0; i < count; i++) {
      const n = ours(a.lo, a.hi, i)
      lo[i] = n
      hi[i] = n / 0x1_0000_0000
    }
  } else {
    const range = 2 ** (helper.bits ?? 37)
    for (let i = 0; i < count; i++) {
      // Exact: at most 53 bits are left.
      const n = ((a.hi[i] * 0x1_0000_0000) % range) + (a.lo[i] % range)
      if (kind === 'frame') ours(lo, hi, i, n, b.lo[i], b.hi[i])
      else if (kind === 'table') ours(lo, hi, i, n)
      else if (kind === 'swap') ours(lo, hi, i, b.lo[i] & 31, n)
      else ours(n, lo, hi, i)
    }
  }
}

/** A 32-bit digest of the outputs (the body of MurmurHash3). */
export function digest({ lo, hi }, count) {
  let h = 0
  for (let i = 0; i < count; i++) {
    h = mix(h, lo[i])
    h = mix(h, hi[i])
  }
  return h >>> 0
}

function mix(h, word) {
  let k = Math.imul(word, 0xcc9e_2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b87_3593)
  h ^= k
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe654_6b64) | 0
}

/** Folds the digest of a block into that of a run. */
export function foldDigest(run, block) {
  return mix(run, block) >>> 0
}
