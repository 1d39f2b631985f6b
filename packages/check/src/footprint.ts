/**
 * Footprints: what a step touched, as small numbers, and when two of them commute.
 *
 * An element is `key * 8 + how`, `how` a `TOUCH_*` of `@mm-model/core`; a key stands for one object, and is given out when
 * the object is first touched in a search.
 * @module
 */

import {
  TOUCH_ACQUIRE,
  TOUCH_ACQUIRE_SHARED,
  TOUCH_ENTRIES,
  TOUCH_ENTRY_LOCK,
  TOUCH_FRAME,
  TOUCH_FREEZE,
  TOUCH_I_MMAP,
  TOUCH_LOCK,
  TOUCH_READ,
  TOUCH_RELEASE,
  TOUCH_SIZE,
  TOUCH_TABLE,
  TOUCH_TABLE_LOCK,
  TOUCH_TLB,
  TOUCH_WRITE,
} from '@mm-model/core'

/** Elements of a step's footprint. */
export type Footprint = Int32Array

/** `how` of an element. */
export const HOW_MASK = 7
export const HOW_SHIFT = 3

/** `TOUCH_*` kinds are below it. */
export const KINDS = 16

/** Whether the object is changed, so that others that look at it see which came first. */
export function changes(how: number): boolean {
  return how === TOUCH_WRITE || how === TOUCH_ACQUIRE || how === TOUCH_RELEASE
}

export function acquires(how: number): boolean {
  return how === TOUCH_ACQUIRE || how === TOUCH_ACQUIRE_SHARED
}

/** Not by taking or releasing: others need not wait for it, and its order can be any. */
export function isPlain(how: number): boolean {
  return how === TOUCH_READ || how === TOUCH_WRITE
}

/** Whether two steps of two threads may not be swapped: one changes what the other touches. */
export function conflict(a: Footprint, b: Footprint): boolean {
  for (const x of a) {
    for (const y of b) {
      if (x >> HOW_SHIFT === y >> HOW_SHIFT && (changes(x & HOW_MASK) || changes(y & HOW_MASK))) return true
    }
  }
  return false
}

/** The key of what invariants look at: see {@link Recorder}. */
const OBSERVED_KEY = 0

/** Collects the touches of one step after the other; its keys last as long as it does. */
export class Recorder {
  readonly #numbered: Map<number, number> = new Map()
  readonly #named: Map<string, number>[] = Array.from({ length: KINDS }, () => new Map())
  readonly #names: [kind: number, id: number | string][] = [[-1, 0]]
  readonly #observed: readonly boolean[]
  #elements: Int32Array = new Int32Array(64)
  #length = 0

  /**
   * `observed` kinds are looked at by invariants: a step that changes one changes the object {@link OBSERVED_KEY}, too, so
   * that no two of those commute.
   */
  constructor(observed: ReadonlySet<number>) {
    this.#observed = Array.from({ length: KINDS }, (_, kind) => observed.has(kind))
  }

  /** Keys given out; all are below it. */
  get keys(): number {
    return this.#names.length
  }

  /** Listens to `machine.touched`. */
  readonly sink = (kind: number, id: number | string, how: number): void => {
    const key = typeof id === 'number' ? this.#keyOfNumber(kind, id) : this.#keyOfName(kind, id)
    this.#add(key * 8 + how)
    if (this.#observed[kind] === true && changes(how)) this.#add(OBSERVED_KEY * 8 + TOUCH_WRITE)
  }

  /** Forgets what was collected. */
  clear(): void {
    this.#length = 0
  }

  /** What was collected since {@link clear}, each element once. */
  take(): Footprint {
    return this.#elements.slice(0, this.#length)
  }

  /** What the key stands for, as counterexamples say it. */
  describe(key: number): string {
    const [kind, id] = this.#names[key]!
    if (kind === TOUCH_LOCK) return String(id)
    if (kind === TOUCH_TABLE_LOCK) return `page-table lock of table ${id}`
    if (kind === TOUCH_TABLE) return `table ${id}`
    if (kind === TOUCH_TLB) return `TLB of CPU ${id}`
    if (kind === TOUCH_FRAME) return `frame ${id}`
    if (kind === TOUCH_ENTRIES) return `entries of ${id}`
    if (kind === TOUCH_ENTRY_LOCK) return `entry lock of ${id}`
    if (kind === TOUCH_SIZE) return `size of ${id}`
    if (kind === TOUCH_FREEZE) return `freeze level ${id}`
    if (kind === TOUCH_I_MMAP) return `areas under ${id}`
    return OTHERS[kind] ?? `object ${kind} ${id}`
  }

  #add(element: number): void {
    for (let i = this.#length - 1; i >= 0; i--) if (this.#elements[i] === element) return
    if (this.#length === this.#elements.length) {
      const more = new Int32Array(this.#length * 2)
      more.set(this.#elements)
      this.#elements = more
    }
    this.#elements[this.#length++] = element
  }

  #keyOfNumber(kind: number, id: number): number {
    const name = id * KINDS + kind
    return this.#numbered.get(name) ?? this.#newKey(this.#numbered, name, kind, id)
  }

  #keyOfName(kind: number, id: string): number {
    const named = this.#named[kind]!
    return named.get(id) ?? this.#newKey(named, id, kind, id)
  }

  #newKey<K>(map: Map<K, number>, name: K, kind: number, id: number | string): number {
    const key = this.#names.length
    this.#names.push([kind, id])
    map.set(name, key)
    return key
  }
}

const OTHERS: Readonly<Record<number, string>> = {
  [-1]: 'what invariants look at',
  3: 'free table pages',
  6: 'free frames of RAM',
  7: 'areas of an address space',
  12: 'times of a file',
  13: 'file system',
  15: 'tasks',
}
