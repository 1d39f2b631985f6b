/**
 * Random numbers whose whole state is one 32-bit number, so that a scenario is named by its seed.
 * @module
 */

/** mulberry32 (Tommy Ettinger): small, fast, and good enough to choose operations. */
export class Random {
  /** 0 … 2^32 - 1. */
  state: number

  /** Any integer; only its low 32 bits count. */
  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** 0 … 2^32 - 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let word = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return (word ^ (word >>> 14)) >>> 0
  }

  /** 0 … `limit` - 1; `limit` is 1 … 2^32. */
  below(limit: number): number {
    return Math.floor((this.next() / 0x100000000) * limit)
  }

  /** `low` … `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** True in `percent` of a hundred cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  /** One of the values, which are not none. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!
  }

  /** One of the values, each as often as its weight says. */
  weighted<T>(values: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.below(values.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, value] of values) {
      if (left < weight) return value
      left -= weight
    }
    return values[0]![1]
  }
}
