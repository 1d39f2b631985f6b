/**
 * xfs's part of file calls on a DAX inode, in the kernel's order of locks, times, unmapping and blocks.
 * @module
 */

import { type File, type Steps, type Task, TOUCH_FILE_SYSTEM, TOUCH_WRITE, touches } from '@mm-model/core'
import { downWrite, upWrite } from '@mm-model/core/steps'
import type { DaxFile, DaxInode } from '../inode.ts'
import { touchesCommitted, touchesSize, touchesSync, touchesSynced, touchesTimes } from '../touch.ts'
import { xfsInodeOf, xfsOf } from '../xfs/personality.ts'
import { daxTruncatePage, daxWrite, daxZeroRange } from './dax-io.ts'
import { breakLayouts, truncatePagecache, truncatePagecacheRange } from './invalidate.ts'
import { fileWriteAndWaitRange } from './writeback.ts'

/** fs/xfs/xfs_iops.c: xfs_vn_setattr with a size, 6.1. */
export function* xfsSetSize(t: Task, inode: DaxInode, size: number): Steps<number> {
  yield* downWrite(t, inode.mapping.invalidateLock)
  yield* breakLayouts(t, inode)
  const ret = yield* setattrSize(t, inode, size)
  yield* upWrite(t, inode.mapping.invalidateLock)
  return ret
}

/**
 * The size, with what goes beyond it and what must be zeros on either side; a file that is and stays empty gets its
 * times alone (fs/xfs/xfs_iops.c: xfs_setattr_size, 6.1).
 */
function* setattrSize(t: Task, inode: DaxInode, size: number): Steps<number> {
  touchesSize(t, inode)
  const oldSize = inode.size
  if (size !== 0 || oldSize !== 0 || xfsInodeOf(inode).extents.all.length > 0) {
    let zeroed = 0
    if (size > oldSize) zeroed = yield* daxZeroRange(t, inode, oldSize, size - oldSize)
    else {
      if (t.machine.kernel.xfsShrinkWritesBack) {
        const error = yield* fileWriteAndWaitRange(t, inode, size, size)
        if (error !== 0) return error
      }
      zeroed = yield* daxTruncatePage(t, inode, size)
    }
    if (zeroed < 0) return zeroed
    touchesSize(t, inode)
    inode.size = size
    yield* truncatePagecache(t, inode, size)
    // Of a file that was cut this is an empty range, which 6.1 asks for all the same (mm/filemap.c: filemap_write_and_wait_range).
    if (zeroed > 0 && (size > oldSize || t.machine.kernel.xfsShrinkWritesBack)) {
      const error = yield* fileWriteAndWaitRange(t, inode, oldSize, size - 1)
      if (error !== 0) return error
    }
    touchesSize(t, inode)
    if (size <= oldSize) inode.sb.personality.truncate(inode)
  }
  touchesSize(t, inode)
  touchesTimes(t, inode)
  inode.sb.personality.sizeChanged(inode)
  inode.touch()
  return 0
}

/** fs/xfs/xfs_file.c: xfs_file_fallocate, mode 0, 6.1. */
export function* xfsAllocate(t: Task, inode: DaxInode, offset: number, length: number): Steps<number> {
  yield* lockForFallocate(t, inode)
  touchesTimes(t, inode)
  touchesSize(t, inode)
  inode.touch()
  let ret = inode.sb.personality.allocate(inode, offset, length, 0)
  if (ret === 0 && offset + length > inode.size) ret = yield* setattrSize(t, inode, offset + length)
  yield* unlockAfterFallocate(t, inode)
  return ret
}

/** fs/xfs/xfs_file.c: xfs_file_fallocate, `PUNCH_HOLE | KEEP_SIZE`, 6.1. */
export function* xfsPunch(t: Task, inode: DaxInode, offset: number, length: number): Steps<number> {
  yield* lockForFallocate(t, inode)
  let ret = yield* flushUnmapRange(t, inode, offset, length)
  if (ret === 0) {
    touchesTimes(t, inode)
    inode.touch()
    ret = yield* freeFileSpace(t, inode, offset, length)
  }
  yield* unlockAfterFallocate(t, inode)
  return ret
}

/** `XFS_IOLOCK_EXCL | XFS_MMAPLOCK_EXCL`, and nobody maps the file or does DMA to it. */
function* lockForFallocate(t: Task, inode: DaxInode): Steps<void> {
  yield* downWrite(t, inode.rwsem)
  yield* downWrite(t, inode.mapping.invalidateLock)
  yield* breakLayouts(t, inode)
}

function* unlockAfterFallocate(t: Task, inode: DaxInode): Steps<void> {
  yield* upWrite(t, inode.rwsem)
  yield* upWrite(t, inode.mapping.invalidateLock)
}

/** Writes back and forgets every page that the range touches (fs/xfs/xfs_bmap_util.c: xfs_flush_unmap_range, 6.1). */
export function* flushUnmapRange(t: Task, inode: DaxInode, offset: number, length: number): Steps<number> {
  const start = Math.floor(offset / 4096) * 4096
  const end = Math.ceil((offset + length) / 4096) * 4096 - 1
  const error = yield* fileWriteAndWaitRange(t, inode, start, end)
  if (error === 0) yield* truncatePagecacheRange(t, inode, start, end)
  return error
}

/** Frees whole blocks, and zeros what is left of the range inside the file (xfs_free_file_space, 6.1). */
function* freeFileSpace(t: Task, inode: DaxInode, offset: number, length: number): Steps<number> {
  touchesSize(t, inode)
  const error = inode.sb.personality.punch(inode, offset, length)
  if (error !== 0 || offset >= inode.size) return error
  const end = Math.min(offset + length, inode.size)
  const zeroed = yield* daxZeroRange(t, inode, offset, end - offset)
  if (zeroed < 0) return zeroed
  touchesSize(t, inode)
  if (end < inode.size || end % 4096 === 0) return 0
  return yield* fileWriteAndWaitRange(t, inode, end - (end % 4096), Infinity)
}

/** fs/xfs/xfs_file.c: xfs_file_dax_write, xfs_file_write_checks, 6.1. */
export function* xfsDaxWrite(
  t: Task,
  inode: DaxInode,
  offset: number,
  length: number,
  byte: number,
): Steps<number> {
  yield* downWrite(t, inode.rwsem)
  let ret = 0
  touchesSize(t, inode)
  if (offset > inode.size) ret = yield* daxZeroRange(t, inode, inode.size, offset - inode.size)
  if (ret >= 0) {
    touchesTimes(t, inode)
    inode.touch()
    ret = yield* daxWrite(t, inode, offset, length, byte)
  }
  yield* upWrite(t, inode.rwsem)
  return ret
}

/** fsync(2) and its kin over bytes `start … end` (fs/xfs/xfs_file.c: xfs_file_fsync, 6.1). */
export function* xfsFileFsync(
  t: Task,
  file: File,
  start: number,
  end: number,
  datasync: boolean,
): Steps<number> {
  const { inode } = file as DaxFile
  touchesSync(t, inode, start, end)
  const error = yield* fileWriteAndWaitRange(t, inode, start, end)
  touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
  if (error !== 0) return error
  const xfs = xfsOf(inode)
  if (datasync ? xfs.datasyncDirty(inode) : xfs.syncDirty(inode)) {
    xfs.sync(inode)
    touchesCommitted(t)
  }
  touchesSynced(t, inode, start, end)
  return 0
}
