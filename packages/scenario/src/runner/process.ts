/**
 * A process of a scenario, as one of its threads sees it: its task, its open files, and what mapping names mean in it.
 * @module
 */

import type { Task } from '@mm-model/core'
import type { DaxFile } from '@mm-model/dax'
import type { WriteBuffer } from './agent.ts'
import { SLOT, slotsOf } from './slots.ts'

/** What a mapping name means. */
export interface Mapping {
  readonly name: string
  readonly address: number
  /** In bytes, as the operation gave it. */
  readonly length: number
}

/** What the threads of a process have in common, besides their memory. */
interface Shared {
  readonly files: Map<string, DaxFile>
  /** In the order in which the names first appeared. */
  readonly mappings: Map<string, Mapping>
  /** The recording program's memory for writes; null where nobody records. */
  readonly buffer: WriteBuffer | null
  slot: number
  moveSlot: number
}

export class Process {
  readonly task: Task
  readonly #shared: Shared
  /** What names meant when a branch began. */
  readonly #before: Pick<Shared, 'files' | 'mappings'> | null

  private constructor(task: Task, shared: Shared, before: Pick<Shared, 'files' | 'mappings'> | null = null) {
    this.task = task
    this.#shared = shared
    this.#before = before
  }

  /** The process that a scenario begins in. */
  static first(task: Task, buffer: WriteBuffer | null): Process {
    const { first: slot, firstMove: moveSlot } = slotsOf(task.machine)
    return new Process(task, { files: new Map(), mappings: new Map(), buffer, slot, moveSlot })
  }

  /** A child, forked as `task`. */
  child(task: Task): Process {
    const { files, mappings, buffer, slot, moveSlot } = this.#shared
    return new Process(task, {
      files: new Map(files),
      mappings: new Map(mappings),
      buffer: buffer?.copy() ?? null,
      slot,
      moveSlot,
    })
  }

  /** Another thread of the process. */
  thread(task: Task): Process {
    return new Process(task, this.#shared)
  }

  /**
   * The same thread in a branch of a parallel line: names mean what they mean now, whatever other branches do, and the slots
   * that the branch needs are its own, so that it does the same in whichever order branches run. See {@link join}.
   */
  branch(slots: number, moveSlots: number): Process {
    const shared = this.#shared
    const before = { files: new Map(shared.files), mappings: new Map(shared.mappings) }
    const own = { ...shared, files: new Map(shared.files), mappings: new Map(shared.mappings) }
    shared.slot += slots * SLOT
    shared.moveSlot += moveSlots * SLOT
    return new Process(this.task, own, before)
  }

  /** A branch has ended: the names that it gave a meaning have it in the process. */
  join(branch: Process): void {
    const { files, mappings } = this.#shared
    for (const [name, file] of branch.files)
      if (branch.#before?.files.get(name) !== file) files.set(name, file)
    for (const [name, mapping] of branch.mappings) {
      if (branch.#before?.mappings.get(name) !== mapping) mappings.set(name, mapping)
    }
  }

  get files(): Map<string, DaxFile> {
    return this.#shared.files
  }

  /** In the order in which the names first appeared. */
  get mappings(): ReadonlyMap<string, Mapping> {
    return this.#shared.mappings
  }

  /** Of a byte of a mapping; null where nothing has that name. */
  addressOf(name: string, offset: number): number | null {
    const mapping = this.#shared.mappings.get(name)
    return mapping === undefined ? null : mapping.address + offset
  }

  get buffer(): WriteBuffer | null {
    return this.#shared.buffer
  }

  /** The next slot for `mmap`. */
  nextSlot(): number {
    const { slot } = this.#shared
    this.#shared.slot += SLOT
    return slot
  }

  /** The next slot for `mremap … move`. */
  nextMoveSlot(): number {
    const { moveSlot } = this.#shared
    this.#shared.moveSlot += SLOT
    return moveSlot
  }

  /** Makes a name mean a mapping; a name that is known keeps its place in the order. */
  setMapping(name: string, address: number, length: number): void {
    this.#shared.mappings.set(name, { name, address, length })
  }
}
