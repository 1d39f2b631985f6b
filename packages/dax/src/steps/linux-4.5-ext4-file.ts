/**
 * ext4's part of file calls on a DAX inode, 4.5, in that kernel's order of locks, times, unmapping and blocks.
 * @module
 */

import {
  type File,
  type Steps,
  type Task,
  TOUCH_ENTRIES,
  TOUCH_FILE_SYSTEM,
  TOUCH_READ,
  TOUCH_SIZE,
  TOUCH_WRITE,
  touches,
  VM_HUGEPAGE,
  VM_MIXEDMAP,
  type Vma,
} from '@mm-model/core'
import { downWrite, upWrite } from '@mm-model/core/steps'
import { daxContext } from '../fault-context.ts'
import type { DaxFile, DaxInode } from '../inode.ts'
import { IOMAP_DAX, IOMAP_WRITE } from '../iomap.ts'
import { iomapBegin } from '../iomap-begin.ts'
import {
  touchesAccess,
  touchesBytes,
  touchesCommitted,
  touchesNew,
  touchesSize,
  touchesSync,
  touchesSynced,
  touchesTimes,
  touchesWritten,
} from '../touch.ts'
import { PAGECACHE_TAG_DIRTY } from '../xarray.ts'
import { daxTruncatePage } from './dax-io.ts'
import { zeroPartialBlocks } from './ext4-file.ts'
import {
  invalidateInodePages2Range,
  truncateInodePages,
  truncatePagecache,
  truncatePagecacheRange,
} from './linux-4.5-truncate.ts'
import { filemapWriteAndWaitRange } from './linux-4.5-writeback.ts'

/** `->mmap`: entries with and without `struct page` side by side (fs/ext4/file.c: ext4_file_mmap, 4.5). */
export function* ext4FileMmap(_t: Task, file: File, vma: Vma): Steps<number> {
  const { inode } = file as DaxFile
  touchesAccess(_t, inode)
  inode.accessed()
  vma.vmOps = inode.sb.vmOperations
  vma.vmFlags |= VM_MIXEDMAP | VM_HUGEPAGE
  return 0
}

/** The size changes before faults are kept out; only what is cut off is unmapped (fs/ext4/inode.c: ext4_setattr, 4.5). */
export function* ext4Setattr(t: Task, inode: DaxInode, size: number): Steps<number> {
  const { personality } = inode.sb
  touchesSize(t, inode)
  const shrink = size <= inode.size
  if (size !== inode.size) {
    inode.size = size
    personality.sizeChanged(inode)
  }
  yield* downWrite(t, inode.mapping.invalidateLock)
  yield* truncatePagecache(t, inode, size)
  if (shrink) {
    yield* daxTruncatePage(t, inode, size)
    touchesSize(t, inode)
    personality.truncate(inode)
  }
  yield* upWrite(t, inode.mapping.invalidateLock)
  touchesTimes(t, inode)
  inode.touch()
  return 0
}

/** `i_ctime` changes, `i_mtime` only with the size (fs/ext4/extents.c: ext4_fallocate, ext4_alloc_file_blocks, 4.5). */
export function* ext4Fallocate(t: Task, inode: DaxInode, offset: number, length: number): Steps<number> {
  const { personality } = inode.sb
  yield* downWrite(t, inode.rwsem)
  touchesTimes(t, inode)
  touchesSize(t, inode)
  const oldSize = inode.size
  const { sectors } = inode
  const newSize = offset + length > oldSize ? offset + length : 0
  const ret = personality.allocate(inode, offset, length, newSize)
  if (newSize !== 0 && ret === 0) {
    inode.size = newSize
    personality.sizeChanged(inode)
  }
  if (ret === 0 || inode.sectors !== sectors) inode.ctime = t.machine.now
  if (inode.size > oldSize) inode.mtime = t.machine.now
  yield* upWrite(t, inode.rwsem)
  return ret
}

/**
 * Unmaps what is punched and nothing else; writes back first only where the file has pages beside its entries
 * (fs/ext4/inode.c: ext4_punch_hole, 4.5).
 */
export function* ext4PunchHole(t: Task, inode: DaxInode, offset: number, requested: number): Steps<number> {
  const { mapping } = inode
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
  if (mapping.pages.size > 0 && inode.entries.marked(PAGECACHE_TAG_DIRTY))
    yield* filemapWriteAndWaitRange(t, inode, offset, offset + requested - 1)
  yield* downWrite(t, inode.rwsem)
  touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
  let ret = 0
  if (offset < inode.size) {
    let length = requested
    if (offset + length > inode.size) length = inode.size + 4096 - (inode.size % 4096) - offset
    yield* downWrite(t, mapping.invalidateLock)
    const first = Math.ceil(offset / 4096) * 4096
    const last = Math.floor((offset + length) / 4096) * 4096 - 1
    if (last > first) yield* truncatePagecacheRange(t, inode, first, last)
    yield* zeroPartialBlocks(t, inode, offset, length)
    touchesSize(t, inode)
    touchesTimes(t, inode)
    ret = inode.sb.personality.punch(inode, offset, length)
    inode.touch()
    yield* upWrite(t, mapping.invalidateLock)
  }
  yield* upWrite(t, inode.rwsem)
  return ret
}

/**
 * As direct I/O: pages of the range leave the page cache before and after, and take entries with them; without any page
 * nothing is unmapped (fs/ext4/file.c: ext4_file_write_iter; mm/filemap.c: generic_file_direct_write; fs/dax.c: dax_do_io,
 * 4.5). Bytes written, or a negative error number.
 */
export function* ext4FileWriteIter(
  t: Task,
  inode: DaxInode,
  offset: number,
  length: number,
  byte: number,
): Steps<number> {
  const { pages } = inode.mapping
  const first = Math.floor(offset / 4096)
  const last = Math.floor((offset + length - 1) / 4096)
  yield* downWrite(t, inode.rwsem)
  touchesTimes(t, inode)
  inode.touch()
  yield* filemapWriteAndWaitRange(t, inode, offset, offset + length - 1)
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
  if (pages.size > 0) yield* invalidateInodePages2Range(t, inode, first, last)
  const ret = daxIo(t, inode, offset, length, byte)
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
  if (pages.size > 0) yield* invalidateInodePages2Range(t, inode, first, last)
  touchesSize(t, inode)
  if (ret > 0 && offset + ret > inode.size) {
    inode.size = offset + ret
    inode.sb.personality.sizeChanged(inode)
  } else if (ret < 0 && offset + length > inode.size) yield* truncateFailedWrite(t, inode)
  yield* upWrite(t, inode.rwsem)
  return ret
}

/** fs/dax.c: dax_io, 4.5, for one byte value. */
function daxIo(t: Task, inode: DaxInode, offset: number, length: number, byte: number): number {
  const context = daxContext(t)
  const { iomap } = context
  let done = 0
  while (done < length) {
    const pos = offset + done
    touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
    const error = iomapBegin(t, inode, pos, length - done, IOMAP_DAX | IOMAP_WRITE, context)
    touchesNew(t, inode, context, pos, length - done)
    if (error < 0) return done > 0 ? done : error
    const take = Math.min(iomap.offset + iomap.length - pos, length - done)
    touchesBytes(t, inode, context, pos, take)
    touchesWritten(t, inode, iomap, pos, take)
    t.machine.memory.fillPmem(iomap.blockAt(pos), pos % 4096, take, byte)
    done += take
  }
  return done
}

/** Nothing of a write got in: what it took behind the end goes again (fs/ext4/truncate.h: ext4_truncate_failed_write, 4.5). */
function* truncateFailedWrite(t: Task, inode: DaxInode): Steps<void> {
  yield* downWrite(t, inode.mapping.invalidateLock)
  touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
  yield* truncateInodePages(t, inode, inode.size)
  yield* daxTruncatePage(t, inode, inode.size)
  touchesSize(t, inode)
  inode.sb.personality.truncate(inode)
  yield* upWrite(t, inode.mapping.invalidateLock)
}

/** Flush, then commit the journal if this inode waits for it (fs/ext4/fsync.c: ext4_sync_file, 4.5). */
export function* ext4SyncFile(
  t: Task,
  file: File,
  start: number,
  end: number,
  datasync: boolean,
): Steps<number> {
  const { inode } = file as DaxFile
  touchesSync(t, inode, start, end)
  yield* filemapWriteAndWaitRange(t, inode, start, end)
  const { personality } = inode.sb
  touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
  if (datasync ? personality.datasyncDirty(inode) : personality.syncDirty(inode)) {
    personality.commit()
    touchesCommitted(t)
  }
  touchesSynced(t, inode, start, end)
  return 0
}
