/**
 * Scratch of a task inside a DAX fault or file call, so that a fault allocates nothing.
 * @module
 */

import type { Task } from '@mm-model/core'
import { BufferHead } from './buffer-head.ts'
import { BlockMap } from './ext4/blocks/index.ts'
import { Iomap } from './iomap.ts'
import { XArray, XaState } from './xarray.ts'

/** What one fault carries from step to step; a task is in one at a time. */
export class FaultContext {
  readonly iomap: Iomap = new Iomap()
  /** Where the blocks of `iomap` are to be copied from; a hole: nowhere. */
  readonly srcmap: Iomap = new Iomap()
  /** What `get_block` said, and the map that ext4 asks for it (4.5). */
  readonly bh: BufferHead = new BufferHead()
  readonly blockMap: BlockMap = new BlockMap()
  /** The place of the entry in its inode's array. */
  readonly xas: XaState = new XaState(new XArray())
  /** The entry that the fault holds locked, without its lock bit. */
  entry = 0
  /** Frame to install after a synchronous fault's fsync. */
  pfn = 0
  /** Negative error number of the last extent look-up, or 0. */
  error = 0
}

/** The task's context, made at its first DAX fault. */
export function daxContext(t: Task): FaultContext {
  t.backend ??= new FaultContext()
  return t.backend as FaultContext
}
