/**
 * ext4's file calls on a DAX inode, in the kernel's order of locks, times, unmapping and blocks.
 * @module
 */

import {
  EBADF,
  EFBIG,
  EINVAL,
  type File,
  FMODE_READ,
  FMODE_WRITE,
  type Steps,
  type Task,
} from '@mm-model/core'
import { downRead, downWrite, upRead, upWrite } from '@mm-model/core/steps'
import { daxContext } from '../fault-context.ts'
import { type DaxFile, DaxInode } from '../inode.ts'
import { IOMAP_DAX, IOMAP_F_NEW, IOMAP_MAPPED, IOMAP_WRITE, IOMAP_ZERO, type Iomap } from '../iomap.ts'
import { iomapBegin } from '../iomap-begin.ts'
import { openFile } from '../open.ts'
import { SB_FREEZE_WRITE, type SuperBlock } from '../super-block.ts'
import { PAGECACHE_TAG_DIRTY } from '../xarray.ts'
import { sbEnd, sbStart } from './freeze.ts'
import {
  breakLayouts,
  invalidateInodePages2Range,
  truncatePagecache,
  truncatePagecacheRange,
} from './invalidate.ts'
import { fileWriteAndWaitRange } from './writeback.ts'

/** Longest file (`s_maxbytes` of ext4 with 4 KiB blocks: 16 TiB minus one block). */
export const MAX_FILE_SIZE: number = 0xffffffff * 4096

/**
 * open(2) with `O_CREAT | O_TRUNC` for reading and writing: a new file, or the one of that name cut to nothing.
 */
export function* openCreate(t: Task, sb: SuperBlock, name: string): Steps<DaxFile> {
  let inode = sb.inodes.find((candidate) => candidate.name === name)
  if (inode === undefined) {
    yield* sbStart(t, sb, SB_FREEZE_WRITE)
    inode = new DaxInode(sb, name)
    sb.inodes.push(inode)
    yield* sbEnd(t, sb, SB_FREEZE_WRITE)
    return openFile(inode, FMODE_READ | FMODE_WRITE)
  }
  const file = openFile(inode, FMODE_READ | FMODE_WRITE)
  yield* ftruncate(t, file, 0)
  return file
}

/** ftruncate(2); 0 or a negative error number (fs/open.c: do_sys_ftruncate; fs/ext4/inode.c: ext4_setattr, 6.1). */
export function* ftruncate(t: Task, file: DaxFile, size: number): Steps<number> {
  if (!(size >= 0) || (file.fMode & FMODE_WRITE) === 0) return -EINVAL
  if (size > MAX_FILE_SIZE) return -EFBIG
  const { inode } = file
  yield* sbStart(t, inode.sb, SB_FREEZE_WRITE)
  yield* downWrite(t, inode.rwsem)
  yield* downWrite(t, inode.mapping.invalidateLock)
  yield* breakLayouts(t, inode)
  const oldSize = inode.size
  if (size !== oldSize) {
    inode.size = size
    inode.sb.personality.sizeChanged(inode)
  }
  yield* truncatePagecache(t, inode, size)
  if (size <= oldSize) {
    if (size % 4096 !== 0) yield* daxZeroRange(t, inode, size, 4096 - (size % 4096))
    inode.sb.personality.truncate(inode)
  }
  yield* upWrite(t, inode.mapping.invalidateLock)
  inode.touch()
  yield* upWrite(t, inode.rwsem)
  yield* sbEnd(t, inode.sb, SB_FREEZE_WRITE)
  return 0
}

/** fallocate(2), mode 0: unwritten blocks, and the size if it grows (fs/ext4/extents.c: ext4_fallocate, 6.1). */
export function* fallocate(t: Task, file: DaxFile, offset: number, length: number): Steps<number> {
  if (offset < 0 || length <= 0) return -EINVAL
  if ((file.fMode & FMODE_WRITE) === 0) return -EBADF
  if (offset + length > MAX_FILE_SIZE) return -EFBIG
  const { inode } = file
  yield* sbStart(t, inode.sb, SB_FREEZE_WRITE)
  yield* downWrite(t, inode.rwsem)
  inode.touch()
  const newSize = offset + length > inode.size ? offset + length : 0
  const ret = inode.sb.personality.allocate(inode, offset, length, newSize)
  if (newSize !== 0 && ret === 0) {
    inode.size = newSize
    inode.sb.personality.sizeChanged(inode)
  }
  yield* upWrite(t, inode.rwsem)
  yield* sbEnd(t, inode.sb, SB_FREEZE_WRITE)
  return ret
}

/** fallocate(2), `PUNCH_HOLE | KEEP_SIZE` (fs/open.c: vfs_fallocate; fs/ext4/inode.c: ext4_punch_hole, 6.1). */
export function* punchHole(t: Task, plainFile: File, offset: number, requested: number): Steps<number> {
  const file = plainFile as DaxFile
  if (offset < 0 || requested <= 0) return -EINVAL
  if ((file.fMode & FMODE_WRITE) === 0) return -EBADF
  if (offset + requested > MAX_FILE_SIZE) return -EFBIG
  const { inode } = file
  const { sb } = inode
  yield* sbStart(t, sb, SB_FREEZE_WRITE)
  if (inode.entries.marked(PAGECACHE_TAG_DIRTY)) {
    const error = yield* fileWriteAndWaitRange(t, inode, offset, offset + requested - 1)
    if (error !== 0) {
      yield* sbEnd(t, sb, SB_FREEZE_WRITE)
      return error
    }
  }
  yield* downWrite(t, inode.rwsem)
  let ret = 0
  if (offset < inode.size) {
    let length = requested
    if (offset + length > inode.size) length = inode.size + 4096 - (inode.size % 4096) - offset
    inode.touch()
    yield* downWrite(t, inode.mapping.invalidateLock)
    yield* breakLayouts(t, inode)
    const first = Math.ceil(offset / 4096) * 4096
    const last = Math.floor((offset + length) / 4096) * 4096 - 1
    if (last > first) yield* truncatePagecacheRange(t, inode, first, last)
    yield* zeroPartialBlocks(t, inode, offset, length)
    ret = sb.personality.punch(inode, offset, length)
    yield* upWrite(t, inode.mapping.invalidateLock)
  }
  yield* upWrite(t, inode.rwsem)
  yield* sbEnd(t, sb, SB_FREEZE_WRITE)
  return ret
}

/** fs/ext4/inode.c: ext4_zero_partial_blocks, 6.1. */
function* zeroPartialBlocks(t: Task, inode: DaxInode, offset: number, length: number): Steps<void> {
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

/** Zeros in place where there is a written block (fs/dax.c: dax_zero_range, 6.1). */
function* daxZeroRange(t: Task, inode: DaxInode, pos: number, length: number): Steps<void> {
  const { iomap } = daxContext(t)
  if (iomapBegin(t, inode, pos, length, IOMAP_DAX | IOMAP_ZERO, iomap) < 0) return
  if (iomap.type === IOMAP_MAPPED) {
    t.machine.memory.fillPmem(iomap.blockAt(pos), pos % 4096, length, 0)
  }
}

/** pwrite(2) of one byte value; bytes written or a negative error number (fs/ext4/file.c: ext4_dax_write_iter, 6.1). */
export function* pwriteFill(
  t: Task,
  file: DaxFile,
  offset: number,
  length: number,
  byte: number,
): Steps<number> {
  if ((file.fMode & FMODE_WRITE) === 0) return -EBADF
  if (offset < 0) return -EINVAL
  if (length === 0) return 0
  if (offset >= MAX_FILE_SIZE) return -EFBIG
  const { inode } = file
  const count = Math.min(length, MAX_FILE_SIZE - offset)
  yield* sbStart(t, inode.sb, SB_FREEZE_WRITE)
  yield* downWrite(t, inode.rwsem)
  inode.touch()
  const { iomap } = daxContext(t)
  let done = 0
  let error = 0
  while (done < count) {
    const pos = offset + done
    error = iomapBegin(t, inode, pos, count - done, IOMAP_DAX | IOMAP_WRITE, iomap)
    if (error < 0) break
    const take = Math.min(iomap.offset + iomap.length - pos, count - done)
    if ((iomap.flags & IOMAP_F_NEW) !== 0) {
      yield* invalidateInodePages2Range(t, inode, Math.floor(pos / 4096), Math.floor((pos + take - 1) / 4096))
    }
    t.machine.memory.fillPmem(iomap.blockAt(pos), pos % 4096, take, byte)
    done += take
  }
  if (offset + done > inode.size) {
    inode.size = offset + done
    inode.sb.personality.sizeChanged(inode)
  }
  yield* upWrite(t, inode.rwsem)
  yield* sbEnd(t, inode.sb, SB_FREEZE_WRITE)
  return done > 0 ? done : error
}

/** pread(2) of one byte: the byte, `null` at the end of the file, or a negative error number. */
export function* preadByte(t: Task, file: DaxFile, offset: number): Steps<number | null> {
  if ((file.fMode & FMODE_READ) === 0) return -EBADF
  if (offset < 0) return -EINVAL
  const { inode } = file
  const { iomap } = daxContext(t)
  yield* downRead(t, inode.rwsem)
  const error = iomapBegin(t, inode, offset, 1, IOMAP_DAX, iomap)
  const byte = readMapped(t, inode, iomap, offset)
  inode.accessed()
  yield* upRead(t, inode.rwsem)
  if (error < 0) return error
  return offset >= inode.size ? null : byte
}

function readMapped(t: Task, inode: DaxInode, iomap: Iomap, pos: number): number {
  if (iomap.type !== IOMAP_MAPPED) return 0
  return t.machine.memory.readByte(inode.pfnOf(iomap.blockAt(pos)), pos % 4096)
}

/**
 * fsync(2) and its kin over bytes `start … end`: write back what is dirty, then commit the journal if this inode waits
 * for it (fs/ext4/fsync.c: ext4_sync_file, 6.1).
 */
export function* fsyncRange(
  t: Task,
  file: File,
  start: number,
  end: number,
  datasync: boolean,
): Steps<number> {
  const { inode } = file as DaxFile
  const error = yield* fileWriteAndWaitRange(t, inode, start, end)
  if (error !== 0) return error
  const { personality } = inode.sb
  if (datasync ? personality.datasyncDirty(inode) : personality.syncDirty(inode)) personality.commit()
  return 0
}

/** fsync(2). */
export function* fsync(t: Task, file: DaxFile): Steps<number> {
  return yield* fsyncRange(t, file, 0, Infinity, false)
}
