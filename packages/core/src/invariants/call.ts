/**
 * One call and what it did, from the state before to the state after.
 * @module
 */

import type { Signal, Task } from '../task.ts'
import type { FaultLog } from './fault-log.ts'
import type { MachineSnapshot } from './snapshot.ts'

/** What a task asked for. Members that a call does not have are 0 or null. */
export interface Call {
  /** `load`, `store`, `mmap`, `munmap`, `mprotect`, `msync`, `madvise`, `mlock`, `mremap`, `fork`, or a backend's own. */
  readonly name: string
  readonly task: Task
  /** First byte of the range, in the address space of the task. */
  readonly address: number
  readonly length: number
  /** The byte that a store stores. */
  readonly byte: number
  /** `PROT_*`, `MADV_*`, `MS_*` or `MREMAP_*`. */
  readonly flags: number
  /** What it answered: a value, or a negative error number. */
  readonly ret: number
  /** The signal that it ended in. */
  readonly signal: Signal | null
  /** The task that a fork made. */
  readonly child: Task | null
}

/** A call with everything that members a call does not have default to. */
export function callBy(task: Task, name: string, members: Partial<Call> = {}): Call {
  return {
    name,
    task,
    address: 0,
    length: 0,
    byte: 0,
    flags: 0,
    ret: 0,
    signal: null,
    child: null,
    ...members,
  }
}

/** A call between two snapshots, and the faults taken in it. */
export interface Transition {
  readonly before: MachineSnapshot
  readonly after: MachineSnapshot
  readonly call: Call
  readonly faults: FaultLog
}
