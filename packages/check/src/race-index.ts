/**
 * Who touched each object last on the way to the state at hand: what a step happens after, and what it is in a race with.
 * @module
 */

import { acquires, changes, type Footprint, HOW_MASK, HOW_SHIFT, isPlain } from './footprint.ts'

/** Who touched each object last, and how: what a step happens after, and what it is in a race with. */
export class RaceIndex {
  #threads = 0
  #epoch = 0
  /** Per key: the epoch its other fields belong to. */
  #epochs: Int32Array = new Int32Array(0)
  /** Per key: last step that changed it; that took it for itself; that changed it otherwise. -1 for none. */
  #changed: Int32Array = new Int32Array(0)
  #acquired: Int32Array = new Int32Array(0)
  #written: Int32Array = new Int32Array(0)
  /** Per key and thread: its last step that only looked, or took it with others, or gave it back; that took it so; that looked. */
  #shared: Int32Array = new Int32Array(0)
  #acquiredShared: Int32Array = new Int32Array(0)
  #read: Int32Array = new Int32Array(0)
  readonly #clocks: Int32Array[] = []
  #last: Int32Array = new Int32Array(0)
  /** Steps that took a lock, which the one looked for takes, too. */
  readonly takers: number[] = []
  /** Steps that touched what the one looked for touches, in another way. */
  readonly rivals: number[] = []
  /** Steps that the one looked for comes after. */
  readonly #sources: number[] = []
  #zero: Int32Array = new Int32Array(0)

  begin(threads: number): void {
    this.#threads = threads
    this.#epoch++
    this.#last = new Int32Array(threads).fill(-1)
    this.#zero = new Int32Array(threads)
  }

  /** The clock of the thread's last step. */
  clockOf(thread: number): Int32Array {
    const at = this.#last[thread]!
    return at < 0 ? this.#zero : this.#clocks[at]!
  }

  /** What the thread's clock is once it has run a step with this footprint, but for that step. */
  clockWith(thread: number, footprint: Footprint): Int32Array {
    const clock = this.clockOf(thread).slice()
    for (const element of footprint) {
      const key = element >> HOW_SHIFT
      if (!this.#has(key)) continue
      this.#join(clock, this.#changed[key]!)
      if (changes(element & HOW_MASK)) {
        for (let i = 0; i < this.#threads; i++) this.#join(clock, this.#shared[key * this.#threads + i]!)
      }
    }
    return clock
  }

  /** The step `at` has run; its clock. */
  add(at: number, thread: number, footprint: Footprint): Int32Array {
    const clock = this.clockWith(thread, footprint)
    clock[thread] = at + 1
    this.#clocks[at] = clock
    this.#last[thread] = at
    for (const element of footprint) {
      const key = element >> HOW_SHIFT
      const how = element & HOW_MASK
      this.#make(key)
      const mine = key * this.#threads + thread
      if (changes(how)) {
        this.#changed[key] = at
        if (isPlain(how)) this.#written[key] = at
        else if (acquires(how)) this.#acquired[key] = at
      } else {
        this.#shared[mine] = at
        if (isPlain(how)) this.#read[mine] = at
        else if (acquires(how)) this.#acquiredShared[mine] = at
      }
    }
    return clock
  }

  /**
   * Finds what a step with this footprint may be in a race with: {@link takers} and {@link rivals}. Of a step that waits only
   * what may make it wait counts.
   */
  look(thread: number, footprint: Footprint, waits: boolean): void {
    const { takers, rivals } = this
    const sources = this.#sources
    takers.length = 0
    rivals.length = 0
    sources.length = 0
    for (const element of footprint) {
      const key = element >> HOW_SHIFT
      const how = element & HOW_MASK
      if (!this.#has(key) || (waits && !acquires(how))) continue
      const base = key * this.#threads
      note(sources, this.#changed[key]!)
      if (changes(how))
        for (let i = 0; i < this.#threads; i++) if (i !== thread) note(sources, this.#shared[base + i]!)
      if (isPlain(how)) {
        note(rivals, this.#changed[key]!)
        if (!changes(how)) continue
        for (let i = 0; i < this.#threads; i++) if (i !== thread) note(rivals, this.#shared[base + i]!)
        continue
      }
      // Not with what only takes or releases, unless both take.
      note(rivals, this.#written[key]!)
      if (acquires(how)) note(takers, this.#acquired[key]!)
      if (!changes(how)) continue
      for (let i = 0; i < this.#threads; i++) {
        if (i === thread) continue
        note(rivals, this.#read[base + i]!)
        if (acquires(how)) note(takers, this.#acquiredShared[base + i]!)
      }
    }
  }

  /** Whether the step `at`, of `thread`, happened before another that the step looked for comes after. */
  isBefore(at: number, thread: number): boolean {
    for (const source of this.#sources) if (source !== at && this.#clocks[source]![thread]! > at) return true
    return false
  }

  #join(clock: Int32Array, at: number): void {
    if (at < 0) return
    const other = this.#clocks[at]!
    for (let i = 0; i < clock.length; i++) if (other[i]! > clock[i]!) clock[i] = other[i]!
  }

  #has(key: number): boolean {
    return key < this.#epochs.length && this.#epochs[key] === this.#epoch
  }

  #make(key: number): void {
    if (this.#has(key)) return
    if (key >= this.#epochs.length) this.#grow(Math.max(64, key * 2))
    this.#epochs[key] = this.#epoch
    this.#changed[key] = -1
    this.#acquired[key] = -1
    this.#written[key] = -1
    for (let i = key * this.#threads; i < (key + 1) * this.#threads; i++) {
      this.#shared[i] = -1
      this.#acquiredShared[i] = -1
      this.#read[i] = -1
    }
  }

  #grow(keys: number): void {
    const more = (old: Int32Array, length: number): Int32Array => {
      const array = new Int32Array(length)
      array.set(old)
      return array
    }
    this.#epochs = more(this.#epochs, keys)
    this.#changed = more(this.#changed, keys)
    this.#acquired = more(this.#acquired, keys)
    this.#written = more(this.#written, keys)
    this.#shared = more(this.#shared, keys * this.#threads)
    this.#acquiredShared = more(this.#acquiredShared, keys * this.#threads)
    this.#read = more(this.#read, keys * this.#threads)
  }
}

function note(found: number[], at: number): void {
  if (at >= 0) found.push(at)
}
