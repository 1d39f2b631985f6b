/**
 * Asking the file system for an extent, with the event that recordings show.
 * @module
 */

import type { Task } from '@mm-model/core'
import type { DaxInode } from './inode.ts'
import { IOMAP_WRITE, type Iomap } from './iomap.ts'

/**
 * The extent at `pos`, at most `length` bytes, in `iomap`; 0 or a negative error number (fs/iomap/iter.c: iomap_iter and
 * the file system's `iomap_begin`, 6.1).
 */
export function iomapBegin(
  t: Task,
  inode: DaxInode,
  pos: number,
  length: number,
  flags: number,
  iomap: Iomap,
): number {
  const m = t.machine
  const { personality } = inode.sb
  if (m.trace !== null) m.trace(personality.iomapEvent(flags), t, pos, length, flags & IOMAP_WRITE)
  return personality.iomapBegin(inode, pos, length, flags, iomap)
}
