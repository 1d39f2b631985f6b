/**
 * Footprints: what a step touched, as small numbers, and when two of them commute.
 *
 * An element is `key * 8 + how`, `how` a `TOUCH_*` of `@mm-model/core`; a key stands for one object, and is given out when
 * the object is first touched in a search.
 * @module
 */

import {
  EVENT_FAULT,
  EVENT_STORED,
  TOUCH_ACQUIRE,
  TOUCH_ACQUIRE_SHARED,
  TOUCH_AREAS,
  TOUCH_ENTRIES,
  TOUCH_ENTRY_LOCK,
  TOUCH_FILE_SYSTEM,
  TOUCH_FLUSHES,
  TOUCH_FRAME,
  TOUCH_FRAMES,
  TOUCH_FREEZE,
  TOUCH_I_MMAP,
  TOUCH_LOCK,
  TOUCH_QUEUE,
  TOUCH_READ,
  TOUCH_RELEASE,
  TOUCH_RELEASE_SHARED,
  TOUCH_SHOOTDOWN,
  TOUCH_SIZE,
  TOUCH_TABLE,
  TOUCH_TABLE_LOCK,
  TOUCH_TABLES,
  TOUCH_TASKS,
  TOUCH_TIMES,
  TOUCH_TLB,
  TOUCH_USER_MODE,
  TOUCH_WAKE,
  TOUCH_WRITE,
  type TouchSink,
} from '@mm-model/core'

import type { Historian } from './history.ts'
import { SharedLog } from './shared-memory.ts'

/** Elements of a step's footprint. */
export type Footprint = Int32Array

/** `how` of an element. */
export const HOW_MASK = 7
export const HOW_SHIFT = 3

/** `TOUCH_*` and `EVENT_*` kinds are below it. */
const KINDS = 32

/** Kinds from here on are events: nothing that two steps could both touch. */
const FIRST_EVENT: number = EVENT_FAULT

/** Kinds of events; those that the past is made of; and what faults say: a bit each. */
export const EVENTS: number = -(1 << FIRST_EVENT)
export const PAST: number = -(1 << EVENT_STORED)
export const FAULTS: number = 1 << EVENT_FAULT

/** Whether the object is changed, so that others that look at it see which came first. */
export function changes(how: number): boolean {
  return how === TOUCH_WRITE || how === TOUCH_ACQUIRE || how === TOUCH_RELEASE
}

export function acquires(how: number): boolean {
  return how === TOUCH_ACQUIRE || how === TOUCH_ACQUIRE_SHARED
}

/** The end of having taken it. */
export function releases(how: number): boolean {
  return how === TOUCH_RELEASE || how === TOUCH_RELEASE_SHARED
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

/** The kind of what an invariant looks at: see {@link Recorder}. */
const OBSERVED = -1

/** Collects the touches of one step after the other; its keys last as long as it does. */
export class Recorder {
  readonly #numbered: Map<number, number> = new Map()
  readonly #named: Map<string, number>[] = Array.from({ length: KINDS }, () => new Map())
  readonly #names: [kind: number, id: number | string][]
  /** Per kind the keys of what invariants that look at it see. */
  readonly #observed: readonly (readonly number[])[]
  readonly #historian: Historian | null
  readonly #asTold: boolean
  #log: SharedLog | null = null
  #elements: Int32Array = new Int32Array(64)
  #length = 0
  /** Kinds of what the step changed, events among them; a bit each. */
  changed = 0

  /**
   * `observed`: sets of kinds, a bit each, that an invariant looks at. A step that changes one changes the object of that set,
   * too, so that no two of those commute. `historian` hears the events.
   * Taking and releasing the lock of an entry is noted as a change, too, and leaving it alone as a look, which for the order of steps it is, unless `asTold`.
   */
  constructor(observed: Iterable<number>, historian: Historian | null = null, asTold = false) {
    this.#asTold = asTold
    this.#historian = historian
    const sets = [...new Set(observed)]
    this.#names = sets.map((_, i) => [OBSERVED, i])
    this.#observed = Array.from({ length: KINDS }, (_, kind) =>
      sets.flatMap((set, key) => ((set & (1 << kind)) !== 0 ? [key] : [])),
    )
  }

  /** Gives out keys from now on together with the recorders of other searches; before any is given. */
  share(memory: SharedArrayBuffer): void {
    this.#log = new SharedLog(memory, ([kind, isNumber, ...codes]) => {
      const id = String.fromCharCode(...codes)
      this.#append(kind!, isNumber === 1 ? Number(id) : id)
    })
  }

  /** Listens to `machine.touched`. */
  readonly sink: TouchSink = (kind, id, how, task) => {
    if (kind >= FIRST_EVENT && ((this.#historian?.asked ?? 0) & (1 << kind)) === 0) return
    if (changes(how)) {
      this.changed |= 1 << kind
      for (const key of this.#observed[kind]!) this.#add((key << HOW_SHIFT) | TOUCH_WRITE)
    }
    if (kind >= FIRST_EVENT) {
      this.#historian!.hear(kind, id, task)
      return
    }
    const key = typeof id === 'number' ? this.#keyOfNumber(kind, id) : this.#keyOfName(kind, id)
    this.#add((key << HOW_SHIFT) | how)
    if (kind === TOUCH_ENTRY_LOCK && !isPlain(how) && !this.#asTold)
      this.#add((key << HOW_SHIFT) | (changes(how) ? TOUCH_WRITE : TOUCH_READ))
  }

  /** Keys given out so far: 0 … size - 1. */
  get size(): number {
    return this.#names.length
  }

  /** The `TOUCH_*` of what the key stands for. */
  kindOf(key: number): number {
    return this.#names[key]![0]
  }

  /** Its id. */
  idOf(key: number): number | string {
    return this.#names[key]![1]
  }

  /** Forgets what was collected. */
  clear(): void {
    this.#length = 0
    this.changed = 0
  }

  /** What was collected since {@link clear}, each element once. */
  take(): Footprint {
    return this.#elements.slice(0, this.#length)
  }

  /** What was touched in a way that `of` says, as counterexamples say it. */
  named(of: (how: number) => boolean): string[] {
    return Array.from(this.take())
      .filter((element) => of(element & HOW_MASK))
      .map((element) => this.describe(element >> HOW_SHIFT))
  }

  /** What the key stands for, as counterexamples say it. */
  describe(key: number): string {
    const [kind, id] = this.#names[key]!
    return (NAMES[kind] ?? `object ${kind} #`).replace('#', () => String(id))
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
    return this.#numbered.get(id * KINDS + kind) ?? this.#newKey(kind, id)
  }

  #keyOfName(kind: number, id: string): number {
    return this.#named[kind]!.get(id) ?? this.#newKey(kind, id)
  }

  #newKey(kind: number, id: number | string): number {
    if (this.#log === null) return this.#append(kind, id)
    const isNumber = typeof id === 'number'
    const known = (): number | undefined =>
      isNumber ? this.#numbered.get(id * KINDS + kind) : this.#named[kind]!.get(id)
    const codes = Array.from(String(id), (_, i) => String(id).charCodeAt(i))
    this.#log.add([kind, isNumber ? 1 : 0, ...codes], () => known() !== undefined)
    return known()!
  }

  #append(kind: number, id: number | string): number {
    const key = this.#names.length
    this.#names.push([kind, id])
    if (typeof id === 'number') this.#numbered.set(id * KINDS + kind, key)
    else this.#named[kind]!.set(id, key)
    return key
  }
}

/** What objects of each kind are called; `#` stands for the id. */
const NAMES: Readonly<Record<number, string>> = {
  [OBSERVED]: 'what invariant # looks at',
  [TOUCH_LOCK]: '#',
  [TOUCH_TABLE_LOCK]: 'page-table lock of table #',
  [TOUCH_TABLE]: 'table #',
  [TOUCH_TABLES]: 'free table pages',
  [TOUCH_TLB]: 'TLB of CPU #',
  [TOUCH_FRAME]: 'frame #',
  [TOUCH_FRAMES]: 'free frames of RAM',
  [TOUCH_AREAS]: 'areas of an address space',
  [TOUCH_I_MMAP]: 'areas under #',
  [TOUCH_ENTRIES]: 'entries of #',
  [TOUCH_ENTRY_LOCK]: 'entry lock of #',
  [TOUCH_SIZE]: 'size of #',
  [TOUCH_TIMES]: 'times of a file',
  [TOUCH_FILE_SYSTEM]: 'file system',
  [TOUCH_FREEZE]: 'freeze level #',
  [TOUCH_TASKS]: 'tasks',
  [TOUCH_SHOOTDOWN]: 'TLB flush #',
  [TOUCH_QUEUE]: '#',
  [TOUCH_USER_MODE]: 'user mode',
  [TOUCH_FLUSHES]: 'flushes in progress',
  [TOUCH_WAKE]: 'wake-up of task #',
}
