// Derived from ../steps/xfs-file.ts by `pnpm straighten`; edit that file, not this one.
/**
 * xfs's part of file calls on a DAX inode, in the kernel's order of locks, times, unmapping and blocks.
 * @module
 */

import { type File, type Task } from '@mm-model/core'
import { downWrite, upWrite } from '@mm-model/core/plain'
import type { DaxFile, DaxInode } from '../inode.ts'
import { xfsInodeOf, xfsOf } from '../xfs/personality.ts'
import { daxTruncatePage, daxWrite, daxZeroRange } from './dax-io.ts'
import { breakLayouts, truncatePagecache, truncatePagecacheRange } from './invalidate.ts'
import { fileWriteAndWaitRange } from './writeback.ts'

/** fs/xfs/xfs_iops.c: xfs_vn_setattr with a size, 6.1. */
export function xfsSetSize(t: Task, inode: DaxInode, size: number): number {
  downWrite(t, inode.mapping.invalidateLock)
  breakLayouts(t, inode)
  const ret = setattrSize(t, inode, size)
  upWrite(t, inode.mapping.invalidateLock)
  return ret
}

/**
 * The size, with what goes beyond it and what must be zeros on either side; a file that is and stays empty gets its
 * times alone (fs/xfs/xfs_iops.c: xfs_setattr_size, 6.1).
 */
function setattrSize(t: Task, inode: DaxInode, size: number): number {
  const oldSize = inode.size
  if (size !== 0 || oldSize !== 0 || xfsInodeOf(inode).extents.all.length > 0) {
    let zeroed = 0
    if (size > oldSize) zeroed = daxZeroRange(t, inode, oldSize, size - oldSize)
    else {
      if (t.machine.kernel.xfsShrinkWritesBack) {
        const error = fileWriteAndWaitRange(t, inode, size, size)
        if (error !== 0) return error
      }
      zeroed = daxTruncatePage(t, inode, size)
    }
    if (zeroed < 0) return zeroed
    inode.size = size
    truncatePagecache(t, inode, size)
    // Of a file that was cut this is an empty range, which 6.1 asks for all the same (mm/filemap.c: filemap_write_and_wait_range).
    if (zeroed > 0 && (size > oldSize || t.machine.kernel.xfsShrinkWritesBack)) {
      const error = fileWriteAndWaitRange(t, inode, oldSize, size - 1)
      if (error !== 0) return error
    }
    if (size <= oldSize) inode.sb.personality.truncate(inode)
  }
  inode.sb.personality.sizeChanged(inode)
  inode.touch()
  return 0
}

/** fs/xfs/xfs_file.c: xfs_file_fallocate, mode 0, 6.1. */
export function xfsAllocate(t: Task, inode: DaxInode, offset: number, length: number): number {
  lockForFallocate(t, inode)
  inode.touch()
  let ret = inode.sb.personality.allocate(inode, offset, length, 0)
  if (ret === 0 && offset + length > inode.size) ret = setattrSize(t, inode, offset + length)
  unlockAfterFallocate(t, inode)
  return ret
}

/** fs/xfs/xfs_file.c: xfs_file_fallocate, `PUNCH_HOLE | KEEP_SIZE`, 6.1. */
export function xfsPunch(t: Task, inode: DaxInode, offset: number, length: number): number {
  lockForFallocate(t, inode)
  let ret = flushUnmapRange(t, inode, offset, length)
  if (ret === 0) {
    inode.touch()
    ret = freeFileSpace(t, inode, offset, length)
  }
  unlockAfterFallocate(t, inode)
  return ret
}

/** `XFS_IOLOCK_EXCL | XFS_MMAPLOCK_EXCL`, and nobody maps the file or does DMA to it. */
function lockForFallocate(t: Task, inode: DaxInode): void {
  downWrite(t, inode.rwsem)
  downWrite(t, inode.mapping.invalidateLock)
  breakLayouts(t, inode)
}

function unlockAfterFallocate(t: Task, inode: DaxInode): void {
  upWrite(t, inode.rwsem)
  upWrite(t, inode.mapping.invalidateLock)
}

/** Writes back and forgets every page that the range touches (fs/xfs/xfs_bmap_util.c: xfs_flush_unmap_range, 6.1). */
export function flushUnmapRange(t: Task, inode: DaxInode, offset: number, length: number): number {
  const start = Math.floor(offset / 4096) * 4096
  const end = Math.ceil((offset + length) / 4096) * 4096 - 1
  const error = fileWriteAndWaitRange(t, inode, start, end)
  if (error === 0) truncatePagecacheRange(t, inode, start, end)
  return error
}

/** Frees whole blocks, and zeros what is left of the range inside the file (xfs_free_file_space, 6.1). */
function freeFileSpace(t: Task, inode: DaxInode, offset: number, length: number): number {
  const error = inode.sb.personality.punch(inode, offset, length)
  if (error !== 0 || offset >= inode.size) return error
  const end = Math.min(offset + length, inode.size)
  const zeroed = daxZeroRange(t, inode, offset, end - offset)
  if (zeroed < 0) return zeroed
  if (end < inode.size || end % 4096 === 0) return 0
  return fileWriteAndWaitRange(t, inode, end - (end % 4096), Infinity)
}

/** fs/xfs/xfs_file.c: xfs_file_dax_write, xfs_file_write_checks, 6.1. */
export function xfsDaxWrite(
  t: Task,
  inode: DaxInode,
  offset: number,
  length: number,
  byte: number,
): number {
  downWrite(t, inode.rwsem)
  let ret = 0
  if (offset > inode.size) ret = daxZeroRange(t, inode, inode.size, offset - inode.size)
  if (ret >= 0) {
    inode.touch()
    ret = daxWrite(t, inode, offset, length, byte)
  }
  upWrite(t, inode.rwsem)
  return ret
}

/** fsync(2) and its kin over bytes `start … end` (fs/xfs/xfs_file.c: xfs_file_fsync, 6.1). */
export function xfsFileFsync(
  t: Task,
  file: File,
  start: number,
  end: number,
  datasync: boolean,
): number {
  const { inode } = file as DaxFile
  const error = fileWriteAndWaitRange(t, inode, start, end)
  if (error !== 0) return error
  const xfs = xfsOf(inode)
  if (datasync ? xfs.datasyncDirty(inode) : xfs.syncDirty(inode)) {
    xfs.sync(inode)
  }
  return 0
}
