/**
 * What a file system's `get_block` says about a range of a file (include/linux/buffer_head.h, 4.5).
 * @module
 */

import type { Task } from '@mm-model/core'
import type { DaxInode } from './inode.ts'

/**
 * A file system's look-up: the blocks for at most `length` bytes from page `index` on, in `bh`; allocates with `create`. 0 or
 * a negative error number (include/linux/fs.h: get_block_t, 4.5).
 */
export type GetBlock = (
  t: Task,
  inode: DaxInode,
  index: number,
  length: number,
  create: boolean,
  bh: BufferHead,
) => number

/** One answer, reused from call to call (struct buffer_head, 4.5, as far as DAX asks). */
export class BufferHead {
  /** `BH_Mapped`: there are blocks, and they hold data. */
  mapped = false
  /** Whether the file system said anything at all, and so whether {@link size} means something (buffer_size_valid). */
  sizeValid = false
  /** Bytes that lie together from the first on. */
  size = 0
  /** First block on the device. */
  block = 0
  /** Whether the call has allocated or converted the blocks, and zeroed them: for who follows a run, DAX does not ask. */
  zeroed = false

  /** As before a call. */
  clear(): void {
    this.mapped = false
    this.sizeValid = false
    this.size = 0
    this.block = 0
    this.zeroed = false
  }
}
