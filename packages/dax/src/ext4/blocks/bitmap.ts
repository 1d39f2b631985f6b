/**
 * Bit maps over 32-bit words, bit 0 of word 0 first: a set bit is a block in use.
 */

export function testBit(map: Uint32Array, bit: number): boolean {
  return ((map[bit >>> 5]! >>> (bit & 31)) & 1) !== 0
}

export function setBit(map: Uint32Array, bit: number): void {
  map[bit >>> 5]! |= 1 << (bit & 31)
}

export function clearBit(map: Uint32Array, bit: number): void {
  map[bit >>> 5]! &= ~(1 << (bit & 31))
}

export function setBits(map: Uint32Array, from: number, count: number): void {
  const end = from + count
  let bit = from
  while (bit < end) {
    if ((bit & 31) === 0 && end - bit >= 32) {
      map.fill(0xffff_ffff, bit >>> 5, end >>> 5)
      bit = end & ~31
    } else {
      setBit(map, bit)
      bit++
    }
  }
}

export function clearBits(map: Uint32Array, from: number, count: number): void {
  const end = from + count
  let bit = from
  while (bit < end) {
    if ((bit & 31) === 0 && end - bit >= 32) {
      map.fill(0, bit >>> 5, end >>> 5)
      bit = end & ~31
    } else {
      clearBit(map, bit)
      bit++
    }
  }
}

/** The first set bit at or after `from`, or `limit`. */
export function findNextSet(map: Uint32Array, limit: number, from: number): number {
  return find(map, limit, from, 0)
}

/** The first clear bit at or after `from`, or `limit`. */
export function findNextZero(map: Uint32Array, limit: number, from: number): number {
  return find(map, limit, from, -1)
}

function find(map: Uint32Array, limit: number, from: number, invert: number): number {
  if (from >= limit) return limit
  let word = from >>> 5
  const last = (limit - 1) >>> 5
  let bits = ((map[word]! ^ invert) >>> (from & 31)) << (from & 31)
  while (bits === 0) {
    if (word === last) return limit
    word++
    bits = map[word]! ^ invert
  }
  const found = (word << 5) + 31 - Math.clz32(bits & -bits)
  return Math.min(found, limit)
}
