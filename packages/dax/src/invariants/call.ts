/**
 * One call on a file system and what it did.
 * @module
 */

import { type Call, callBy, type FaultLog, type Task } from '@mm-model/core'
import type { DaxInode } from '../inode.ts'
import type { History } from './history.ts'
import type { DaxSnapshot } from './snapshot.ts'

/**
 * What a task asked for: a call of the memory system, or `create`, `reopen`, `fill`, `pread`, `falloc`, `punch`,
 * `truncate`, `reflink`, `fsync`, `freeze`, `thaw`, `sleep`.
 */
export interface DaxCall extends Call {
  /** The file of a file call, of `reflink` the one that is changed; null for calls on memory. */
  readonly inode: DaxInode | null
  /** Of `reflink`: the file whose blocks the other gets, all of them; else null. */
  readonly source: DaxInode | null
  /** First byte in the file. `length` is the length of the range, or the size that a file is cut or made to. */
  readonly offset: number
}

/** A call with everything that members a call does not have default to. */
export function daxCallBy(task: Task, name: string, members: Partial<DaxCall> = {}): DaxCall {
  return { ...callBy(task, name), inode: null, source: null, offset: 0, ...members }
}

/** A call between two snapshots. `history` has taken the call in already. */
export interface DaxTransition {
  readonly before: DaxSnapshot
  readonly after: DaxSnapshot
  readonly call: DaxCall
  readonly faults: FaultLog
  readonly history: History
}
