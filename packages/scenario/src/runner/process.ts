/**
 * One process of a scenario: its task, its open files, and what mapping names mean in it.
 * @module
 */

import type { Task } from '@mm-model/core'
import type { DaxFile } from '@mm-model/dax'
import { WriteBuffer } from './agent.ts'
import { SLOT, slotsOf } from './slots.ts'

/** What a mapping name means. */
export interface Mapping {
  readonly name: string
  address: number
  /** In bytes, as the operation gave it. */
  length: number
}

export class Process {
  readonly task: Task
  readonly files: Map<string, DaxFile>
  /** In the order in which the names first appeared. */
  readonly mappings: Map<string, Mapping>
  readonly buffer: WriteBuffer
  #slot: number
  #moveSlot: number

  constructor(task: Task, parent: Process | null) {
    this.task = task
    this.files = new Map(parent?.files)
    this.mappings = new Map()
    for (const [name, mapping] of parent?.mappings ?? []) this.mappings.set(name, { ...mapping })
    this.buffer = parent?.buffer.copy() ?? new WriteBuffer()
    const { first, firstMove } = slotsOf(task.machine)
    this.#slot = parent === null ? first : parent.#slot
    this.#moveSlot = parent === null ? firstMove : parent.#moveSlot
  }

  /** The next slot for `mmap`. */
  nextSlot(): number {
    const slot = this.#slot
    this.#slot += SLOT
    return slot
  }

  /** The next slot for `mremap … move`. */
  nextMoveSlot(): number {
    const slot = this.#moveSlot
    this.#moveSlot += SLOT
    return slot
  }

  /** Makes a name mean a mapping; a name that is known keeps its place in the order. */
  setMapping(name: string, address: number, length: number): void {
    const known = this.mappings.get(name)
    if (known === undefined) this.mappings.set(name, { name, address, length })
    else {
      known.address = address
      known.length = length
    }
  }
}
