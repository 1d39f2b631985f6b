/**
 * What steps touch of files and file systems (`touch.ts` of `@mm-model/core` says what that is for).
 * @module
 */

import {
  EVENT_COMMITTED,
  EVENT_FLUSHED,
  EVENT_SYNC,
  EVENT_SYNCED,
  EVENT_WRITTEN,
  EVENT_ZEROED,
  type Task,
  TOUCH_ENTRY_LOCK,
  TOUCH_FILE_SYSTEM,
  TOUCH_FRAME,
  TOUCH_FRAMES,
  TOUCH_FREEZE,
  TOUCH_QUEUE,
  TOUCH_READ,
  TOUCH_SIZE,
  TOUCH_TIMES,
  TOUCH_WRITE,
  touches,
  touchesFaultDeed,
} from '@mm-model/core'
import type { BufferHead } from './buffer-head.ts'
import { daxEntryOrder } from './entry.ts'
import type { FaultContext } from './fault-context.ts'
import type { DaxInode } from './inode.ts'
import { IOMAP_F_NEW, IOMAP_HOLE, IOMAP_MAPPED, type Iomap } from './iomap.ts'
import { SB_FREEZE_FS, SB_FREEZE_WRITE } from './super-block.ts'
import type { XaState } from './xarray.ts'

/** Size and blocks of a file are looked at, and may change. */
export function touchesSize(t: Task, inode: DaxInode): void {
  touches(t, TOUCH_SIZE, inode.name, TOUCH_WRITE)
  touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
}

/** The times of a file become now, if they are not. */
export function touchesTimes(t: Task, inode: DaxInode): void {
  const { now } = t.machine
  const same = inode.mtime === now && inode.ctime === now
  touches(t, TOUCH_TIMES, inode.mapping.iMmapRwsem.name, same ? TOUCH_READ : TOUCH_WRITE)
  if (!same) touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
}

/** The times become now if that was deferred. */
export function touchesCmtime(t: Task, inode: DaxInode): void {
  const { asCmtime, iMmapRwsem } = inode.mapping
  touches(t, TOUCH_TIMES, iMmapRwsem.name, asCmtime ? TOUCH_WRITE : TOUCH_READ)
  if (asCmtime) touchesTimes(t, inode)
}

/** The time of the last access may become now. */
export function touchesAccess(t: Task, inode: DaxInode): void {
  touches(t, TOUCH_TIMES, inode.mapping.iMmapRwsem.name, TOUCH_WRITE)
  touches(t, TOUCH_FREEZE, SB_FREEZE_WRITE, TOUCH_READ)
  touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
}

/**
 * The lock of an entry that `xas` is at; one of 2 MiB is an entry of its own, whatever page of it was asked for. Its
 * id is the file's name and the first page.
 */
export function touchesEntry(t: Task, name: string, xas: XaState, entry: number, how: number): void {
  // Without locks of entries there is nothing to hold.
  if (t.machine.touched === null || t.machine.defects['no-entry-lock']) return
  const pages = 2 ** daxEntryOrder(entry)
  const start = xas.index - (xas.index % pages)
  touches(t, TOUCH_ENTRY_LOCK, `${name} from page ${start}, ${pages}`, how)
}

/** The queue of who sleeps until the entry that begins at page `start` is unlocked. */
export function touchesQueue(t: Task, inode: DaxInode, start: number, how: number): void {
  if (t.machine.touched === null) return
  touches(t, TOUCH_QUEUE, `wait queue of ${inode.name} at page ${start}`, how)
}

/** All freeze levels. */
export function touchesFrozen(t: Task, how: number): void {
  for (let level = SB_FREEZE_WRITE; level <= SB_FREEZE_FS; level++) touches(t, TOUCH_FREEZE, level, how)
}

/** Blocks that the file system has just allocated hold zeros. */
export function touchesNew(
  t: Task,
  inode: DaxInode,
  { iomap }: FaultContext,
  pos: number,
  length: number,
): void {
  if ((iomap.flags & IOMAP_F_NEW) === 0) return
  touchesExtent(t, inode, iomap, pos, length, TOUCH_WRITE)
  touchesZeroed(t, inode, iomap, pos, length)
}

/** Blocks at `pos` that the file system allocated are zeroed. */
export function touchesZeroed(t: Task, inode: DaxInode, iomap: Iomap, pos: number, length: number): void {
  const sink = t.machine.touched
  if (sink === null || iomap.type !== IOMAP_MAPPED) return
  const end = Math.min(pos + length, iomap.offset + iomap.length)
  for (let at = Math.floor(pos / 4096) * 4096; at < end; at += 4096) {
    if (at >= iomap.offset) sink(EVENT_ZEROED, inode.pfnOf(iomap.blockAt(at)), TOUCH_WRITE)
  }
}

/** The file system has been asked for blocks (`get_block`), and `bh` is its answer. */
export function touchesGetBlock(t: Task, inode: DaxInode, bh: BufferHead): void {
  const sink = t.machine.touched
  if (sink === null) return
  sink(TOUCH_SIZE, inode.name, TOUCH_READ)
  sink(TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
  if (!bh.zeroed) return
  touchesFaultDeed(t, 'block')
  for (let i = 0; i < bh.size / 4096; i++) {
    const pfn = inode.pfnOf(bh.block + i)
    sink(TOUCH_FRAME, pfn, TOUCH_WRITE)
    sink(EVENT_ZEROED, pfn, TOUCH_WRITE)
  }
}

/** Bytes at `pos` are about to be written past the caches, where there are blocks. */
export function touchesWritten(t: Task, inode: DaxInode, iomap: Iomap, pos: number, length: number): void {
  const sink = t.machine.touched
  if (sink === null || iomap.type !== IOMAP_MAPPED) return
  const end = Math.min(pos + length, iomap.offset + iomap.length)
  for (let at = pos; at < end; ) {
    const to = Math.min(end, Math.floor(at / 4096) * 4096 + 4096)
    sink(
      EVENT_WRITTEN,
      `${inode.pfnOf(iomap.blockAt(at))} ${at % 4096} ${(at % 4096) + to - at}`,
      TOUCH_WRITE,
    )
    at = to
  }
}

/** `pages` frames from `pfn` on reach the device (fs/dax.c: dax_flush). */
export function touchesFlushed(t: Task, pfn: number, pages: number): void {
  const sink = t.machine.touched
  if (sink === null) return
  for (let i = 0; i < pages; i++) sink(EVENT_FLUSHED, pfn + i, TOUCH_WRITE)
}

/** Everything up to now is in the journal, whose own blocks may take frames of the page cache. */
export function touchesCommitted(t: Task): void {
  touches(t, TOUCH_FRAMES, 0, TOUCH_WRITE)
  touches(t, EVENT_COMMITTED, 0, TOUCH_WRITE)
}

/** Bytes `start … end` of the file are about to be synchronised. */
export function touchesSync(t: Task, inode: DaxInode, start: number, end: number): void {
  if (t.machine.touched !== null) touches(t, EVENT_SYNC, syncId(inode, start, end), TOUCH_WRITE)
}

/** They were. */
export function touchesSynced(t: Task, inode: DaxInode, start: number, end: number): void {
  if (t.machine.touched !== null) touches(t, EVENT_SYNCED, syncId(inode, start, end), TOUCH_WRITE)
}

function syncId({ name }: DaxInode, start: number, end: number): string {
  return `${name} ${Math.floor(start / 4096)} ${end === Infinity ? -1 : Math.floor(end / 4096)}`
}

/** The bytes at `pos` are read or written, where there are blocks. */
export function touchesBytes(
  t: Task,
  inode: DaxInode,
  { iomap }: FaultContext,
  pos: number,
  length: number,
): void {
  touchesExtent(t, inode, iomap, pos, length, TOUCH_WRITE)
}

/** The bytes at `pos` are copied to the blocks that a write goes to, if they are others. */
export function touchesCow(
  t: Task,
  inode: DaxInode,
  { iomap, srcmap }: FaultContext,
  pos: number,
  length: number,
): void {
  if (srcmap.type === IOMAP_HOLE) return
  touchesExtent(t, inode, srcmap, pos, length, TOUCH_READ)
  touchesExtent(t, inode, iomap, pos, length, TOUCH_WRITE)
}

function touchesExtent(
  t: Task,
  inode: DaxInode,
  iomap: Iomap,
  pos: number,
  length: number,
  how: number,
): void {
  if (t.machine.touched === null || iomap.type !== IOMAP_MAPPED) return
  const end = Math.min(pos + length, iomap.offset + iomap.length)
  for (let at = Math.floor(pos / 4096) * 4096; at < end; at += 4096) {
    if (at >= iomap.offset) touches(t, TOUCH_FRAME, inode.pfnOf(iomap.blockAt(at)), how)
  }
}
