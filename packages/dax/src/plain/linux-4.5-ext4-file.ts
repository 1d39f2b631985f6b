// Derived from ../steps/linux-4.5-ext4-file.ts by `pnpm straighten`; edit that file, not this one.
/**
 * ext4's part of file calls on a DAX inode, 4.5, in that kernel's order of locks, times, unmapping and blocks.
 * @module
 */

import { type File, type Task, VM_HUGEPAGE, VM_MIXEDMAP, type Vma } from '@mm-model/core'
import { downWrite, upWrite } from '@mm-model/core/plain'
import { daxContext } from '../fault-context.ts'
import type { DaxFile, DaxInode } from '../inode.ts'
import { IOMAP_DAX, IOMAP_WRITE } from '../iomap.ts'
import { iomapBegin } from '../iomap-begin.ts'
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
export function ext4FileMmap(_t: Task, file: File, vma: Vma): number {
  const { inode } = file as DaxFile
  inode.accessed()
  vma.vmOps = inode.sb.vmOperations
  vma.vmFlags |= VM_MIXEDMAP | VM_HUGEPAGE
  return 0
}

/** The size changes before faults are kept out; only what is cut off is unmapped (fs/ext4/inode.c: ext4_setattr, 4.5). */
export function ext4Setattr(t: Task, inode: DaxInode, size: number): number {
  const { personality } = inode.sb
  const shrink = size <= inode.size
  if (size !== inode.size) {
    inode.size = size
    personality.sizeChanged(inode)
  }
  downWrite(t, inode.mapping.invalidateLock)
  truncatePagecache(t, inode, size)
  if (shrink) {
    daxTruncatePage(t, inode, size)
    personality.truncate(inode)
  }
  upWrite(t, inode.mapping.invalidateLock)
  inode.touch()
  return 0
}

/** `i_ctime` changes, `i_mtime` only with the size (fs/ext4/extents.c: ext4_fallocate, ext4_alloc_file_blocks, 4.5). */
export function ext4Fallocate(t: Task, inode: DaxInode, offset: number, length: number): number {
  const { personality } = inode.sb
  downWrite(t, inode.rwsem)
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
  upWrite(t, inode.rwsem)
  return ret
}

/**
 * Unmaps what is punched and nothing else; writes back first only where the file has pages beside its entries
 * (fs/ext4/inode.c: ext4_punch_hole, 4.5).
 */
export function ext4PunchHole(t: Task, inode: DaxInode, offset: number, requested: number): number {
  const { mapping } = inode
  if (mapping.pages.size > 0 && inode.entries.marked(PAGECACHE_TAG_DIRTY))
    filemapWriteAndWaitRange(t, inode, offset, offset + requested - 1)
  downWrite(t, inode.rwsem)
  let ret = 0
  if (offset < inode.size) {
    let length = requested
    if (offset + length > inode.size) length = inode.size + 4096 - (inode.size % 4096) - offset
    downWrite(t, mapping.invalidateLock)
    const first = Math.ceil(offset / 4096) * 4096
    const last = Math.floor((offset + length) / 4096) * 4096 - 1
    if (last > first) truncatePagecacheRange(t, inode, first, last)
    zeroPartialBlocks(t, inode, offset, length)
    ret = inode.sb.personality.punch(inode, offset, length)
    inode.touch()
    upWrite(t, mapping.invalidateLock)
  }
  upWrite(t, inode.rwsem)
  return ret
}

/**
 * As direct I/O: pages of the range leave the page cache before and after, and take entries with them; without any page
 * nothing is unmapped (fs/ext4/file.c: ext4_file_write_iter; mm/filemap.c: generic_file_direct_write; fs/dax.c: dax_do_io,
 * 4.5). Bytes written, or a negative error number.
 */
export function ext4FileWriteIter(
  t: Task,
  inode: DaxInode,
  offset: number,
  length: number,
  byte: number,
): number {
  const { pages } = inode.mapping
  const first = Math.floor(offset / 4096)
  const last = Math.floor((offset + length - 1) / 4096)
  downWrite(t, inode.rwsem)
  inode.touch()
  filemapWriteAndWaitRange(t, inode, offset, offset + length - 1)
  if (pages.size > 0) invalidateInodePages2Range(t, inode, first, last)
  const ret = daxIo(t, inode, offset, length, byte)
  if (pages.size > 0) invalidateInodePages2Range(t, inode, first, last)
  if (ret > 0 && offset + ret > inode.size) {
    inode.size = offset + ret
    inode.sb.personality.sizeChanged(inode)
  } else if (ret < 0 && offset + length > inode.size) truncateFailedWrite(t, inode)
  upWrite(t, inode.rwsem)
  return ret
}

/** fs/dax.c: dax_io, 4.5, for one byte value. */
function daxIo(t: Task, inode: DaxInode, offset: number, length: number, byte: number): number {
  const context = daxContext(t)
  const { iomap } = context
  let done = 0
  while (done < length) {
    const pos = offset + done
    const error = iomapBegin(t, inode, pos, length - done, IOMAP_DAX | IOMAP_WRITE, context)
    if (error < 0) return done > 0 ? done : error
    const take = Math.min(iomap.offset + iomap.length - pos, length - done)
    t.machine.memory.fillPmem(iomap.blockAt(pos), pos % 4096, take, byte)
    done += take
  }
  return done
}

/** Nothing of a write got in: what it took behind the end goes again (fs/ext4/truncate.h: ext4_truncate_failed_write, 4.5). */
function truncateFailedWrite(t: Task, inode: DaxInode): void {
  downWrite(t, inode.mapping.invalidateLock)
  truncateInodePages(t, inode, inode.size)
  daxTruncatePage(t, inode, inode.size)
  inode.sb.personality.truncate(inode)
  upWrite(t, inode.mapping.invalidateLock)
}

/** Flush, then commit the journal if this inode waits for it (fs/ext4/fsync.c: ext4_sync_file, 4.5). */
export function ext4SyncFile(
  t: Task,
  file: File,
  start: number,
  end: number,
  datasync: boolean,
): number {
  const { inode } = file as DaxFile
  filemapWriteAndWaitRange(t, inode, start, end)
  const { personality } = inode.sb
  if (datasync ? personality.datasyncDirty(inode) : personality.syncDirty(inode)) {
    personality.commit()
  }
  return 0
}
