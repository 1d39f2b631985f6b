/**
 * States that were searched from, by hash: open addressing over typed arrays, so that millions fit.
 * @module
 */

/** Numbers kept of each state besides its hash. */
export class StateTable {
  readonly #width: number
  readonly #most: number
  #capacity = 1024
  /** Per slot: two lanes, then `width` numbers; a slot whose first number is -1 is free. */
  #slots: Int32Array
  /** States in it. */
  size = 0

  /** `width` numbers a state, the first of them never negative; at most `most` states. */
  constructor(width: number, most: number) {
    this.#width = width + 2
    this.#most = most
    this.#slots = this.#empty()
  }

  /** Where the numbers of the state begin in {@link numbers}, or -1 for a state that is not there. */
  find(a: number, b: number): number {
    const at = this.#slotOf(a, b)
    return this.#slots[at + 2] === -1 ? -1 : at + 2
  }

  /** Where the numbers of the state begin, which is there from now on; -1 when the table is full. */
  add(a: number, b: number): number {
    let at = this.#slotOf(a, b)
    if (this.#slots[at + 2] === -1) {
      if (this.size >= this.#most) return -1
      if (++this.size * 2 > this.#capacity) {
        this.#grow()
        at = this.#slotOf(a, b)
      }
      this.#slots[at] = a
      this.#slots[at + 1] = b
      this.#slots[at + 2] = 0
    }
    return at + 2
  }

  get numbers(): Int32Array {
    return this.#slots
  }

  get isFull(): boolean {
    return this.size >= this.#most
  }

  #slotOf(a: number, b: number): number {
    const slots = this.#slots
    const mask = this.#capacity - 1
    for (let slot = (a ^ (b >>> 16)) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * this.#width
      if (slots[at + 2] === -1 || (slots[at] === a && slots[at + 1] === b)) return at
    }
  }

  #grow(): void {
    const before = this.#slots
    this.#capacity *= 2
    this.#slots = this.#empty()
    for (let at = 0; at < before.length; at += this.#width) {
      if (before[at + 2] === -1) continue
      const to = this.#slotOf(before[at]!, before[at + 1]!)
      for (let i = 0; i < this.#width; i++) this.#slots[to + i] = before[at + i]!
    }
  }

  #empty(): Int32Array {
    const slots = new Int32Array(this.#capacity * this.#width)
    for (let at = 2; at < slots.length; at += this.#width) slots[at] = -1
    return slots
  }
}
