/**
 * ext4's part of file calls on a DAX inode, in the kernel's order of locks, times, unmapping and blocks.
 * @module
 */

import {
  type File,
  STEP_FLAG,
  type Steps,
  type Task,
  TOUCH_ENTRIES,
  TOUCH_FILE_SYSTEM,
  TOUCH_READ,
  TOUCH_SIZE,
  TOUCH_WRITE,
  touches,
} from '@mm-model/core'
import { downWrite, upWrite } from '@mm-model/core/steps'
import type { Ext4 } from '../ext4/personality.ts'
import type { DaxFile, DaxInode } from '../inode.ts'
import { touchesCommitted, touchesSize, touchesSync, touchesSynced, touchesTimes } from '../touch.ts'
import { PAGECACHE_TAG_DIRTY } from '../xarray.ts'
import { daxTruncatePage, daxWrite, daxZeroRange } from './dax-io.ts'
import { breakLayouts, truncateInodePages, truncatePagecache, truncatePagecacheRange } from './invalidate.ts'
import { fileWriteAndWaitRange } from './writeback.ts'

/** fs/ext4/inode.c: ext4_setattr, 6.1 and 6.12. */
export function* ext4SetSize(t: Task, inode: DaxInode, size: number): Steps<number> {
  yield* downWrite(t, inode.mapping.invalidateLock)
  yield* breakLayouts(t, inode)
  touchesSize(t, inode)
  const oldSize = inode.size
  if (size !== oldSize) {
    if (size > oldSize && t.machine.kernel.ext4ZeroesTailOfGrowing) yield* daxTruncatePage(t, inode, oldSize)
    touchesSize(t, inode)
    inode.size = size
    inode.sb.personality.sizeChanged(inode)
  }
  yield* truncatePagecache(t, inode, size)
  if (size <= oldSize) {
    yield* daxTruncatePage(t, inode, size)
    touchesSize(t, inode)
    inode.sb.personality.truncate(inode)
  }
  yield* upWrite(t, inode.mapping.invalidateLock)
  touchesTimes(t, inode)
  inode.touch()
  return 0
}

/** fs/ext4/extents.c: ext4_fallocate, mode 0, ext4_alloc_file_blocks, 6.1 and 6.12. */
export function* ext4Allocate(t: Task, inode: DaxInode, offset: number, length: number): Steps<number> {
  yield* downWrite(t, inode.rwsem)
  touchesTimes(t, inode)
  touchesSize(t, inode)
  inode.touch()
  const oldSize = inode.size
  const newSize = offset + length > oldSize ? offset + length : 0
  const ends: number[] = []
  const ret = (inode.sb.personality as Ext4).allocate(inode, offset, length, newSize, ends)
  if (t.machine.kernel.ext4ZeroesTailOfGrowing) {
    for (const end of ends) if (end > oldSize) yield* zeroPartialBlocks(t, inode, oldSize, end - oldSize)
  }
  if (newSize !== 0 && ret === 0) {
    inode.size = newSize
    inode.sb.personality.sizeChanged(inode)
  }
  yield* upWrite(t, inode.rwsem)
  return ret
}

/** fs/ext4/extents.c: ext4_fallocate; fs/ext4/inode.c: ext4_punch_hole, 6.1 and 6.12. */
export function* ext4Punch(t: Task, inode: DaxInode, offset: number, requested: number): Steps<number> {
  const preparesFirst = t.machine.kernel.ext4FallocatePreparesFirst
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
  if (!preparesFirst && inode.entries.marked(PAGECACHE_TAG_DIRTY)) {
    const error = yield* fileWriteAndWaitRange(t, inode, offset, offset + requested - 1)
    if (error !== 0) return error
  }
  yield* downWrite(t, inode.rwsem)
  touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
  let ret = 0
  if (preparesFirst || offset < inode.size) {
    touchesTimes(t, inode)
    touchesSize(t, inode)
    inode.touch()
    yield* downWrite(t, inode.mapping.invalidateLock)
    if (t.machine.defects['punch-frees-before-unmap']) {
      touchesSize(t, inode)
      inode.sb.personality.punch(inode, offset, requested)
      yield STEP_FLAG
    }
    yield* breakLayouts(t, inode)
    ret = yield* punchLocked(t, inode, offset, requested)
    yield* upWrite(t, inode.mapping.invalidateLock)
  }
  yield* upWrite(t, inode.rwsem)
  return ret
}

/** What both do alike, with the locks held: entries go, then parts of blocks are zeroed and whole ones freed. */
function* punchLocked(t: Task, inode: DaxInode, offset: number, requested: number): Steps<number> {
  touchesSize(t, inode)
  const { size } = inode
  if (offset >= size) return 0
  let length = requested
  if (offset + length > size) {
    // 6.1 adds a page to a size that is whole pages.
    const preparesFirst = t.machine.kernel.ext4FallocatePreparesFirst
    length = (preparesFirst ? Math.ceil(size / 4096) * 4096 : size + 4096 - (size % 4096)) - offset
  }
  const first = Math.ceil(offset / 4096) * 4096
  const last = Math.floor((offset + length) / 4096) * 4096 - 1
  if (last > first) yield* truncatePagecacheRange(t, inode, first, last)
  yield* zeroPartialBlocks(t, inode, offset, length)
  touchesSize(t, inode)
  return inode.sb.personality.punch(inode, offset, length)
}

/** fs/ext4/inode.c: ext4_zero_partial_blocks, 6.1. */
export function* zeroPartialBlocks(t: Task, inode: DaxInode, offset: number, length: number): Steps<void> {
  const last = offset + length - 1
  const head = offset % 4096
  const tail = last % 4096
  if (Math.floor(offset / 4096) === Math.floor(last / 4096)) {
    if (head !== 0 || tail !== 4095) yield* daxZeroRange(t, inode, offset, length)
    return
  }
  if (head !== 0) yield* daxZeroRange(t, inode, offset, 4096 - head)
  if (tail !== 4095) yield* daxZeroRange(t, inode, last - tail, tail + 1)
}

/** fs/ext4/file.c: ext4_dax_write_iter, 6.1. */
export function* ext4DaxWrite(
  t: Task,
  inode: DaxInode,
  offset: number,
  length: number,
  byte: number,
): Steps<number> {
  yield* downWrite(t, inode.rwsem)
  touchesTimes(t, inode)
  touchesSize(t, inode)
  inode.touch()
  const grows = offset + length > inode.size
  const ret = yield* daxWrite(t, inode, offset, length, byte)
  if (grows && ret < length) yield* truncateFailedWrite(t, inode, offset + ret)
  yield* upWrite(t, inode.rwsem)
  return ret
}

/**
 * After a write that should have grown the file and fell short: what lies past the size goes again
 * (fs/ext4/file.c: ext4_inode_extension_cleanup; fs/ext4/truncate.h: ext4_truncate_failed_write, 6.1).
 *
 * `end` is where the write ended, or, as 6.1 does not look for an error before it adds (ext4_handle_inode_extension), 28
 * bytes before its start when there was no space: a file shorter than that grows up to there.
 */
function* truncateFailedWrite(t: Task, inode: DaxInode, end: number): Steps<void> {
  touchesSize(t, inode)
  if (end > inode.size) {
    inode.size = end
    inode.sb.personality.sizeChanged(inode)
  }
  yield* downWrite(t, inode.mapping.invalidateLock)
  yield* truncateInodePages(t, inode, inode.size)
  yield* daxTruncatePage(t, inode, inode.size)
  touchesSize(t, inode)
  inode.sb.personality.truncate(inode)
  yield* upWrite(t, inode.mapping.invalidateLock)
}

/**
 * fsync(2) and its kin over bytes `start … end`: write back what is dirty, then commit the journal if this inode waits
 * for it (fs/ext4/fsync.c: ext4_sync_file, 6.1).
 */
export function* ext4SyncFile(
  t: Task,
  file: File,
  start: number,
  end: number,
  datasync: boolean,
): Steps<number> {
  const { inode } = file as DaxFile
  touchesSync(t, inode, start, end)
  const error = yield* fileWriteAndWaitRange(t, inode, start, end)
  if (error !== 0) return error
  touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
  const { personality } = inode.sb
  if (datasync ? personality.datasyncDirty(inode) : personality.syncDirty(inode)) {
    personality.commit()
    touchesCommitted(t)
  }
  touchesSynced(t, inode, start, end)
  return 0
}
