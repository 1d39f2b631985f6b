/**
 * Which locks are taken while which are held, over all executions of a search: a cycle is a deadlock that some threads could
 * come to, whether these do or not (Documentation/locking/lockdep-design.rst).
 * @module
 */

import {
  TOUCH_ACQUIRE,
  TOUCH_ACQUIRE_SHARED,
  TOUCH_ENTRY_LOCK,
  TOUCH_FREEZE,
  TOUCH_LOCK,
  TOUCH_READ,
  TOUCH_TABLE_LOCK,
} from '@mm-model/core'
import { LOCK_ORDER } from './built-in-rules.ts'
import { acquires, type Footprint, HOW_MASK, HOW_SHIFT, isPlain, type Recorder } from './footprint.ts'
import type { Wrong } from './search.ts'

/** Keys of the locks that each thread holds. */
export type Held = readonly (readonly number[])[]

export class LockOrder {
  readonly #recorder: Recorder | null
  readonly #classes: Map<string, number> = new Map()
  /** By key the number of its class, of keys that were met. */
  readonly #numbers: number[] = []
  readonly #names: string[] = []
  /** Per class those that were taken while it was held; a bit each. */
  readonly #after: number[] = []
  #wrong: Wrong | null = null

  /** `recorder` knows the keys of footprints; null for what only {@link learn}s. */
  constructor(recorder: Recorder | null) {
    this.#recorder = recorder
  }

  /** Forgets what was seen before: another search begins. */
  begin(): void {
    this.#after.fill(0)
    this.#wrong = null
  }

  /** Which were taken while which were held, by name: `held > taken`. */
  get edges(): string[] {
    return this.#names.flatMap((holder, i) =>
      this.#names.flatMap((taken, j) => ((this.#after[i]! & (1 << j)) !== 0 ? [`${holder} > ${taken}`] : [])),
    )
  }

  /** Takes in what another search has seen; a cycle is then in {@link wrong}. */
  learn(edges: readonly string[]): void {
    for (const edge of edges) {
      const [holder, taken] = edge.split(' > ') as [string, string]
      this.#note(this.#numberOfName(holder), this.#numberOfName(taken))
    }
  }

  /** A cycle that the last {@link step} has closed. */
  get wrong(): Wrong | null {
    return this.#wrong
  }

  /** What is held once the thread has run a step with this footprint, or, with `waits`, has tried to. */
  step(held: Held, thread: number, footprint: Footprint, waits: boolean): Held {
    this.#wrong = null
    let mine = held[thread]!
    for (const element of footprint) {
      const how = element & HOW_MASK
      if (isPlain(how)) continue
      const key = element >> HOW_SHIFT
      if (this.#numberOf(key) < 0) continue
      if (!acquires(how)) mine = mine.includes(key) ? mine.toSpliced(mine.lastIndexOf(key), 1) : mine
      else {
        // Who only tries waits for nobody.
        const tries =
          this.#recorder!.kindOf(key) === TOUCH_LOCK && footprint.includes((key << HOW_SHIFT) | TOUCH_READ)
        if (!tries) this.#taken(mine, key)
        if (!waits && isHeldAfter(this.#recorder!.kindOf(key), how)) mine = [...mine, key]
      }
    }
    return mine === held[thread] ? held : held.with(thread, mine)
  }

  #taken(mine: readonly number[], key: number): void {
    const taken = this.#numberOf(key)
    for (const other of mine) this.#note(this.#numberOf(other), taken)
  }

  #note(holder: number, taken: number): void {
    if (holder === taken || (this.#after[holder]! & (1 << taken)) !== 0) return
    this.#after[holder]! |= 1 << taken
    if (!this.#reaches(taken, holder)) return
    this.#wrong ??= {
      ...LOCK_ORDER,
      message: `${this.#names[taken]} is taken with ${this.#names[holder]} held, and elsewhere the other way round`,
    }
  }

  #reaches(from: number, to: number): boolean {
    let seen = 0
    const open = [from]
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      if (one === to) return true
      seen |= 1 << one
      for (let next = 0; next < this.#names.length; next++)
        if ((this.#after[one]! & (1 << next)) !== 0 && (seen & (1 << next)) === 0) open.push(next)
    }
    return false
  }

  /** The number of the class of a lock; -1 for what is no lock. */
  #numberOf(key: number): number {
    const known = this.#numbers[key]
    if (known !== undefined) return known
    const name = this.#classOf(key)
    const number = name === null ? -1 : this.#numberOfName(name)
    this.#numbers[key] = number
    return number
  }

  #numberOfName(name: string): number {
    const known = this.#classes.get(name)
    if (known !== undefined) return known
    const number = this.#names.length
    this.#names.push(name)
    this.#after.push(0)
    this.#classes.set(name, number)
    return number
  }

  /** What locks of its kind are called: `mmap_lock` of every address space is one; null for what is no lock. */
  #classOf(key: number): string | null {
    const id = this.#recorder!.idOf(key)
    switch (this.#recorder!.kindOf(key)) {
      case TOUCH_LOCK:
        // Of the lock of an area, too, without which area it is.
        return String(id)
          .slice(String(id).lastIndexOf('.') + 1)
          .replace(/ .*/, '')
      case TOUCH_TABLE_LOCK:
        return 'page-table lock'
      case TOUCH_ENTRY_LOCK:
        return 'entry lock'
      case TOUCH_FREEZE:
        return `freeze level ${id}`
      default:
        return null
    }
  }
}

/**
 * Whether taking a lock so means to have it then: an entry that is waited for is left alone, and a freeze gives its levels up as it
 * returns (fs/super.c: lockdep_sb_freeze_release).
 */
function isHeldAfter(kind: number, how: number): boolean {
  if (kind === TOUCH_ENTRY_LOCK) return how === TOUCH_ACQUIRE
  return kind !== TOUCH_FREEZE || how === TOUCH_ACQUIRE_SHARED
}
