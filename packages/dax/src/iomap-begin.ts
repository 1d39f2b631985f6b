/**
 * Asking the file system for an extent, with the event that recordings show, and telling it what became of it.
 * @module
 */

import type { Task } from '@mm-model/core'
import type { FaultContext } from './fault-context.ts'
import type { DaxInode } from './inode.ts'
import { IOMAP_HOLE, IOMAP_WRITE, type Iomap } from './iomap.ts'

/**
 * The extent at `pos`, at most `length` bytes, in `context.iomap`, and where a copy has to come from in
 * `context.srcmap`; 0 or a negative error number (fs/iomap/iter.c: iomap_iter and the file system's `iomap_begin`, 6.1).
 */
export function iomapBegin(
  t: Task,
  inode: DaxInode,
  pos: number,
  length: number,
  flags: number,
  { iomap, srcmap }: FaultContext,
): number {
  const m = t.machine
  const { personality } = inode.sb
  if (m.trace !== null) m.trace(personality.iomapEvent(flags), t, pos, length, flags & IOMAP_WRITE)
  srcmap.type = IOMAP_HOLE
  return personality.iomapBegin(inode, pos, length, flags, iomap, srcmap)
}

/** Ends what {@link iomapBegin} began: `written` of `length` bytes (fs/iomap/iter.c: iomap_iter, `iomap_end`, 6.1). */
export function iomapEnd(inode: DaxInode, pos: number, length: number, written: number, flags: number): void {
  inode.sb.personality.iomapEnd?.(inode, pos, length, written, flags)
}

/**
 * Bytes from `pos` on, at most `length`, that an answer is about: of both maps, if there is a source
 * (include/linux/iomap.h: iomap_length, 6.1).
 */
export function iomapLength(pos: number, length: number, iomap: Iomap, srcmap: Iomap): number {
  const end = iomap.offset + iomap.length
  const srcEnd = srcmap.type === IOMAP_HOLE ? end : srcmap.offset + srcmap.length
  return Math.min(length, Math.min(end, srcEnd) - pos)
}
