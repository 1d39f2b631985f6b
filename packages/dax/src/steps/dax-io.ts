/**
 * Reading, writing and zeroing a file in place, extent by extent.
 * @module
 */

import {
  type Steps,
  type Task,
  TOUCH_FILE_SYSTEM,
  TOUCH_READ,
  TOUCH_SIZE,
  TOUCH_WRITE,
  touches,
} from '@mm-model/core'
import { downRead, upRead } from '@mm-model/core/steps'
import type { FaultContext } from '../fault-context.ts'
import { daxContext } from '../fault-context.ts'
import type { DaxInode } from '../inode.ts'
import {
  IOMAP_DAX,
  IOMAP_F_NEW,
  IOMAP_HOLE,
  IOMAP_MAPPED,
  IOMAP_WRITE,
  IOMAP_ZERO,
  type Iomap,
} from '../iomap.ts'
import { iomapBegin, iomapEnd, iomapLength } from '../iomap-begin.ts'
import { touchesAccess, touchesBytes, touchesCow, touchesNew, touchesSize, touchesWritten } from '../touch.ts'
import { invalidateInodePages2Range } from './invalidate.ts'

/**
 * Writes one byte value, and the size if it grows; bytes written or a negative error number
 * (fs/dax.c: dax_iomap_rw, dax_iomap_iter, 6.1).
 */
export function* daxWrite(
  t: Task,
  inode: DaxInode,
  offset: number,
  length: number,
  byte: number,
): Steps<number> {
  const context = daxContext(t)
  const { iomap, srcmap } = context
  const flags = IOMAP_DAX | IOMAP_WRITE
  let done = 0
  let error = 0
  while (done < length) {
    const pos = offset + done
    touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
    error = iomapBegin(t, inode, pos, length - done, flags, context)
    touchesNew(t, inode, context, pos, length - done)
    if (error < 0) break
    const take = iomapLength(pos, length - done, iomap, srcmap)
    if ((iomap.flags & IOMAP_F_NEW) !== 0) {
      yield* invalidateInodePages2Range(t, inode, Math.floor(pos / 4096), Math.floor((pos + take - 1) / 4096))
    }
    touchesCow(t, inode, context, pos, take)
    touchesBytes(t, inode, context, pos, take)
    touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
    touchesWritten(t, inode, iomap, pos, take)
    daxIomapCowCopy(t, pos, take, context, 4096)
    t.machine.memory.fillPmem(iomap.blockAt(pos), pos % 4096, take, byte)
    iomapEnd(inode, pos, take, take, flags)
    done += take
  }
  touchesSize(t, inode)
  if (done > 0 && offset + done > inode.size) {
    inode.size = offset + done
    inode.sb.personality.sizeChanged(inode)
  }
  return done > 0 ? done : error
}

/**
 * Copies, if the extent is for a copy, what a write of bytes `pos … pos + length - 1` leaves of its first and its last
 * `align` bytes: 4096 or 2 MiB. A write of all of them copies all (fs/dax.c: dax_iomap_cow_copy, 6.1).
 */
export function daxIomapCowCopy(
  t: Task,
  pos: number,
  length: number,
  { iomap, srcmap }: FaultContext,
  align: number,
): void {
  if (srcmap.type === IOMAP_HOLE || srcmap.block === iomap.block) return
  const end = pos + length
  const head = pos % align
  const stop = Math.ceil(end / align) * align
  const copy = (from: number, to: number): void => {
    for (let at = from; at < to; at = Math.floor(at / 4096) * 4096 + 4096) {
      const count = Math.min(to, Math.floor(at / 4096) * 4096 + 4096) - at
      t.machine.memory.copyPmem(iomap.blockAt(at), srcmap.blockAt(at), at % 4096, count)
    }
  }
  if (head === 0 && end === stop) copy(pos, end)
  else {
    copy(pos - head, pos)
    copy(end, stop)
  }
}

/**
 * Reads one byte: the byte, `null` at the end of the file, or a negative error number
 * (fs/ext4/file.c: ext4_dax_read_iter; fs/xfs/xfs_file.c: xfs_file_dax_read, 6.1).
 */
export function* daxReadByte(t: Task, inode: DaxInode, offset: number): Steps<number | null> {
  const context = daxContext(t)
  yield* downRead(t, inode.rwsem)
  touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
  const error = iomapBegin(t, inode, offset, 1, IOMAP_DAX, context)
  touchesBytes(t, inode, context, offset, 1)
  touchesAccess(t, inode)
  touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
  const byte = readMapped(t, inode, context.iomap, offset)
  inode.accessed()
  yield* upRead(t, inode.rwsem)
  if (error < 0) return error
  touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
  return offset >= inode.size ? null : byte
}

function readMapped(t: Task, inode: DaxInode, iomap: Iomap, pos: number): number {
  if (iomap.type !== IOMAP_MAPPED) return 0
  return t.machine.memory.readByte(inode.pfnOf(iomap.blockAt(pos)), pos % 4096)
}

/**
 * Zeros in place where there are written blocks: 1 if there were any, 0 if not, or a negative error number. Shared blocks
 * are left alone: the zeros go to a copy (fs/dax.c: dax_zero_range, dax_zero_iter, dax_memzero, 6.1).
 */
export function* daxZeroRange(t: Task, inode: DaxInode, pos: number, length: number): Steps<number> {
  const context = daxContext(t)
  const { iomap, srcmap } = context
  const { memory } = t.machine
  const end = pos + length
  let zeroed = 0
  for (let at = pos; at < end; ) {
    touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
    const error = iomapBegin(t, inode, at, end - at, IOMAP_DAX | IOMAP_ZERO, context)
    touchesCow(t, inode, context, at, end - at)
    touchesBytes(t, inode, context, at, end - at)
    if (error < 0) return error
    const take = iomapLength(at, end - at, iomap, srcmap)
    const source = srcmap.type === IOMAP_HOLE ? iomap : srcmap
    if (source.type === IOMAP_MAPPED) {
      touchesWritten(t, inode, iomap, at, take)
      daxIomapCowCopy(t, at, take, context, 4096)
      memory.fillPmem(iomap.blockAt(at), at % 4096, take, 0)
      zeroed = 1
    }
    at += take
  }
  return zeroed
}

/** Zeros from `size` to the end of its block, as {@link daxZeroRange} does (fs/dax.c: dax_truncate_page, 6.1). */
export function* daxTruncatePage(t: Task, inode: DaxInode, size: number): Steps<number> {
  if (size % 4096 === 0) return 0
  return yield* daxZeroRange(t, inode, size, 4096 - (size % 4096))
}
