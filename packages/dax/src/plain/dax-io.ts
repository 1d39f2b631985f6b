// Derived from ../steps/dax-io.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Reading, writing and zeroing a file in place, extent by extent.
 * @module
 */

import type { Task } from '@mm-model/core'
import { downRead, upRead } from '@mm-model/core/plain'
import { daxContext } from '../fault-context.ts'
import type { DaxInode } from '../inode.ts'
import { IOMAP_DAX, IOMAP_F_NEW, IOMAP_MAPPED, IOMAP_WRITE, IOMAP_ZERO, type Iomap } from '../iomap.ts'
import { iomapBegin } from '../iomap-begin.ts'
import { invalidateInodePages2Range } from './invalidate.ts'

/**
 * Writes one byte value, and the size if it grows; bytes written or a negative error number
 * (fs/dax.c: dax_iomap_rw, dax_iomap_iter, 6.1).
 */
export function daxWrite(
  t: Task,
  inode: DaxInode,
  offset: number,
  length: number,
  byte: number,
): number {
  const { iomap } = daxContext(t)
  let done = 0
  let error = 0
  while (done < length) {
    const pos = offset + done
    error = iomapBegin(t, inode, pos, length - done, IOMAP_DAX | IOMAP_WRITE, iomap)
    if (error < 0) break
    const take = Math.min(iomap.offset + iomap.length - pos, length - done)
    if ((iomap.flags & IOMAP_F_NEW) !== 0) {
      invalidateInodePages2Range(t, inode, Math.floor(pos / 4096), Math.floor((pos + take - 1) / 4096))
    }
    t.machine.memory.fillPmem(iomap.blockAt(pos), pos % 4096, take, byte)
    done += take
  }
  if (done > 0 && offset + done > inode.size) {
    inode.size = offset + done
    inode.sb.personality.sizeChanged(inode)
  }
  return done > 0 ? done : error
}

/**
 * Reads one byte: the byte, `null` at the end of the file, or a negative error number
 * (fs/ext4/file.c: ext4_dax_read_iter; fs/xfs/xfs_file.c: xfs_file_dax_read, 6.1).
 */
export function daxReadByte(t: Task, inode: DaxInode, offset: number): number | null {
  const { iomap } = daxContext(t)
  downRead(t, inode.rwsem)
  const error = iomapBegin(t, inode, offset, 1, IOMAP_DAX, iomap)
  const byte = readMapped(t, inode, iomap, offset)
  inode.accessed()
  upRead(t, inode.rwsem)
  if (error < 0) return error
  return offset >= inode.size ? null : byte
}

function readMapped(t: Task, inode: DaxInode, iomap: Iomap, pos: number): number {
  if (iomap.type !== IOMAP_MAPPED) return 0
  return t.machine.memory.readByte(inode.pfnOf(iomap.blockAt(pos)), pos % 4096)
}

/** Zeros in place where there are written blocks; whether there were any (fs/dax.c: dax_zero_range, 6.1). */
export function daxZeroRange(t: Task, inode: DaxInode, pos: number, length: number): boolean {
  const { iomap } = daxContext(t)
  const end = pos + length
  let zeroed = false
  for (let at = pos; at < end; ) {
    if (iomapBegin(t, inode, at, end - at, IOMAP_DAX | IOMAP_ZERO, iomap) < 0) break
    const take = Math.min(iomap.offset + iomap.length, end) - at
    if (iomap.type === IOMAP_MAPPED) {
      t.machine.memory.fillPmem(iomap.blockAt(at), at % 4096, take, 0)
      zeroed = true
    }
    at += take
  }
  return zeroed
}

/** Zeros from `size` to the end of its block; whether the block was written (fs/dax.c: dax_truncate_page, 6.1). */
export function daxTruncatePage(t: Task, inode: DaxInode, size: number): boolean {
  if (size % 4096 === 0) return false
  return daxZeroRange(t, inode, size, 4096 - (size % 4096))
}
