/**
 * States that were searched from, by hash: open addressing over typed arrays, so that millions fit.
 * @module
 */

/** Numbers kept of each state besides its hash. */
export class StateTable {
  /** Numbers a state: two lanes of its hash, then what is kept. */
  readonly #width: number
  readonly #most: number
  /** 1 + the number of a state; 0 for a free slot. */
  #slots: Int32Array = new Int32Array(2048)
  /** By number. */
  #states: Int32Array
  /** States in it. */
  size = 0

  /** `width` numbers a state; at most `most` states. */
  constructor(width: number, most: number) {
    this.#width = width + 2
    this.#most = most
    this.#states = new Int32Array(1024 * this.#width)
  }

  /** Where the numbers of the state begin in {@link numbers}, or -1 for a state that is not there. */
  find(a: number, b: number): number {
    const number = this.#slots[this.#slotOf(a, b)]! - 1
    return number < 0 ? -1 : number * this.#width + 2
  }

  /** Where the numbers of the state begin, which is there from now on, with zeros if it was not; -1 when the table is full. */
  add(a: number, b: number): number {
    let slot = this.#slotOf(a, b)
    const number = this.#slots[slot]! - 1
    if (number >= 0) return number * this.#width + 2
    if (this.size >= this.#most) return -1
    const at = this.size * this.#width
    if (at === this.#states.length) {
      this.#grow()
      slot = this.#slotOf(a, b)
    }
    this.#states[at] = a
    this.#states[at + 1] = b
    this.#slots[slot] = ++this.size
    return at + 2
  }

  get numbers(): Int32Array {
    return this.#states
  }

  #slotOf(a: number, b: number): number {
    const slots = this.#slots
    const states = this.#states
    const mask = slots.length - 1
    for (let slot = (a ^ (b >>> 16)) & mask; ; slot = (slot + 1) & mask) {
      const at = (slots[slot]! - 1) * this.#width
      if (at < 0 || (states[at] === a && states[at + 1] === b)) return slot
    }
  }

  /** Room for twice as many. */
  #grow(): void {
    const before = this.#states
    this.#states = new Int32Array(before.length * 2)
    this.#states.set(before)
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (let number = 0; number < this.size; number++) {
      const at = number * this.#width
      this.#slots[this.#slotOf(before[at]!, before[at + 1]!)] = number + 1
    }
  }
}
