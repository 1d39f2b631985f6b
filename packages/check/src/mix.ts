/**
 * Hashing of what states consist of, in two lanes of 32 bits.
 * @module
 */

/** Two lanes; what is added changes both, and the order counts. */
export class Mix {
  a = 0
  b = 0

  begin(a: number, b: number): this {
    this.a = a | 0
    this.b = b | 0
    return this
  }

  /** A 32-bit number. */
  add(value: number): this {
    // The finalizers of MurmurHash3, with their own constants in each lane.
    let a = Math.imul(this.a ^ value, 0x85ebca6b)
    a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
    this.a = (a ^ (a >>> 16)) + 0x9e3779b9
    let b = Math.imul(((this.b << 13) | (this.b >>> 19)) ^ value, 0x7feb352d)
    b = Math.imul(b ^ (b >>> 15), 0x846ca68b)
    this.b = (b ^ (b >>> 16)) + 0x3c6ef372
    return this
  }

  /** Any number. */
  number(value: number): this {
    if (value === (value | 0)) return this.add(value)
    // Whole numbers up to 2^53, and what is none.
    if (!Number.isInteger(value)) return this.text(String(value))
    return this.add(value | 0).add(Math.floor(value / 0x100000000))
  }

  text(value: string): this {
    this.add(value.length)
    for (let i = 0; i < value.length; i++) this.add(value.charCodeAt(i))
    return this
  }

  /** Those of `from … to - 1`. */
  words(values: Uint32Array, from = 0, to: number = values.length): this {
    for (let i = from; i < to; ) {
      const value = values[i]!
      let end = i + 1
      // Tables, pages and bitmaps are mostly one value over and over: how often is enough.
      while (end < to && values[end] === value) end++
      this.add(value).add(end - i)
      i = end
    }
    return this.add(to - from)
  }

  /** What is in a typed array, byte by byte. */
  bytes({ buffer, byteOffset, byteLength }: ArrayBufferView): this {
    const words = Math.floor(byteLength / 4)
    if (byteOffset % 4 === 0) this.words(new Uint32Array(buffer, byteOffset, words))
    const rest = new Uint8Array(buffer, byteOffset, byteLength)
    for (let i = byteOffset % 4 === 0 ? words * 4 : 0; i < byteLength; i++) this.add(rest[i]!)
    return this.add(byteLength)
  }

  /**
   * Whatever hangs off a value by its own properties: arrays, maps, sets and objects with public fields. Functions are left out, and
   * what is met again counts as what it was.
   */
  deep(value: unknown, seen: Map<object, number> = new Map()): this {
    switch (typeof value) {
      case 'number':
        return this.number(value)
      case 'string':
        return this.text(value)
      case 'boolean':
        return this.add(value ? 1 : 2)
      case 'object':
        return value === null ? this.add(3) : this.#object(value, seen)
      default:
        return this.add(4)
    }
  }

  #object(value: object, seen: Map<object, number>): this {
    const known = seen.get(value)
    if (known !== undefined) return this.add(5).add(known)
    seen.set(value, seen.size)
    if (ArrayBuffer.isView(value)) return this.bytes(value)
    if (value instanceof Map) for (const [key, one] of value) this.deep(key, seen).deep(one, seen)
    else if (value instanceof Set) for (const one of value) this.deep(one, seen)
    else if (Array.isArray(value)) for (const one of value) this.deep(one, seen)
    else for (const key in value) this.deep((value as Record<string, unknown>)[key], seen)
    return this.add(6)
  }
}
