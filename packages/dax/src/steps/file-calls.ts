/**
 * System calls on files: what the kernel checks and takes before it asks the file system.
 * @module
 */

import {
  EBADF,
  EFBIG,
  EINVAL,
  EOPNOTSUPP,
  type File,
  FMODE_READ,
  FMODE_WRITE,
  type Steps,
  type Task,
  TOUCH_FILE_SYSTEM,
  TOUCH_WRITE,
  touches,
  VM_HUGEPAGE,
  VM_SYNC,
  type Vma,
} from '@mm-model/core'
import { downWrite, upWrite } from '@mm-model/core/steps'
import { type DaxFile, DaxInode } from '../inode.ts'
import { openFile } from '../open.ts'
import { SB_FREEZE_PAGEFAULT, SB_FREEZE_WRITE, type SuperBlock } from '../super-block.ts'
import { touchesAccess } from '../touch.ts'
import { daxReadByte } from './dax-io.ts'
import { sbEnd, sbStart } from './freeze.ts'
import { fileFlushCmtime } from './times.ts'

/**
 * open(2) with `O_CREAT | O_TRUNC` for reading and writing: a new file, or the one of that name cut to nothing.
 */
export function* openCreate(t: Task, sb: SuperBlock, name: string): Steps<DaxFile> {
  touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
  let inode = sb.inodes.find((candidate) => candidate.name === name)
  if (inode === undefined) {
    yield* sbStart(t, sb, SB_FREEZE_WRITE)
    touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
    inode = new DaxInode(sb, name)
    sb.inodes.push(inode)
    yield* sbEnd(t, sb, SB_FREEZE_WRITE)
    return openFile(inode, FMODE_READ | FMODE_WRITE)
  }
  const file = openFile(inode, FMODE_READ | FMODE_WRITE)
  yield* ftruncate(t, file, 0)
  return file
}

/** ftruncate(2); 0 or a negative error number (fs/open.c: do_sys_ftruncate, do_truncate, 6.1). */
export function* ftruncate(t: Task, file: DaxFile, size: number): Steps<number> {
  const { inode } = file
  const { sb } = inode
  if (!(size >= 0) || (file.fMode & FMODE_WRITE) === 0) return -EINVAL
  if (size > sb.fileOperations.maxBytes) return -EFBIG
  yield* sbStart(t, sb, SB_FREEZE_WRITE)
  yield* downWrite(t, inode.rwsem)
  const ret = yield* sb.fileOperations.steps.setSize(t, inode, size)
  yield* upWrite(t, inode.rwsem)
  yield* sbEnd(t, sb, SB_FREEZE_WRITE)
  return ret
}

/** fallocate(2), mode 0: unwritten blocks, and the size if it grows (fs/open.c: vfs_fallocate, 6.1). */
export function* fallocate(t: Task, file: DaxFile, offset: number, length: number): Steps<number> {
  const { inode } = file
  const error = checkRange(file, offset, length)
  if (error !== 0) return error
  yield* sbStart(t, inode.sb, SB_FREEZE_WRITE)
  const ret = yield* inode.sb.fileOperations.steps.allocate(t, inode, offset, length)
  yield* sbEnd(t, inode.sb, SB_FREEZE_WRITE)
  return ret
}

/** fallocate(2), `PUNCH_HOLE | KEEP_SIZE` (fs/open.c: vfs_fallocate, 6.1). */
export function* punchHole(t: Task, plainFile: File, offset: number, length: number): Steps<number> {
  const file = plainFile as DaxFile
  const { inode } = file
  const error = checkRange(file, offset, length)
  if (error !== 0) return error
  yield* sbStart(t, inode.sb, SB_FREEZE_WRITE)
  const ret = yield* inode.sb.fileOperations.steps.punch(t, inode, offset, length)
  yield* sbEnd(t, inode.sb, SB_FREEZE_WRITE)
  return ret
}

function checkRange(file: DaxFile, offset: number, length: number): number {
  if (offset < 0 || length <= 0) return -EINVAL
  if ((file.fMode & FMODE_WRITE) === 0) return -EBADF
  return offset + length > file.inode.sb.fileOperations.maxBytes ? -EFBIG : 0
}

/** pwrite(2) of one byte value; bytes written or a negative error number (fs/read_write.c: vfs_write, 6.1). */
export function* pwriteFill(
  t: Task,
  file: DaxFile,
  offset: number,
  length: number,
  byte: number,
): Steps<number> {
  const { inode } = file
  const { maxBytes } = inode.sb.fileOperations
  if ((file.fMode & FMODE_WRITE) === 0) return -EBADF
  if (offset < 0) return -EINVAL
  if (length === 0) return 0
  if (offset >= maxBytes) return -EFBIG
  const count = Math.min(length, maxBytes - offset)
  yield* sbStart(t, inode.sb, SB_FREEZE_WRITE)
  const ret = yield* inode.sb.fileOperations.steps.write(t, inode, offset, count, byte)
  yield* sbEnd(t, inode.sb, SB_FREEZE_WRITE)
  return ret
}

/**
 * ioctl(2) with `FICLONE`: all blocks of one file become blocks of another, too; 0 or a negative error number
 * (fs/ioctl.c: ioctl_file_clone; fs/remap_range.c: vfs_clone_file_range, do_clone_file_range, 6.1).
 */
export function* vfsCloneFileRange(t: Task, fileIn: DaxFile, fileOut: DaxFile): Steps<number> {
  const { inode } = fileOut
  const { remapFileRange } = inode.sb.fileOperations.steps
  yield* sbStart(t, inode.sb, SB_FREEZE_WRITE)
  let ret = -EOPNOTSUPP
  if ((fileIn.fMode & FMODE_READ) === 0 || (fileOut.fMode & FMODE_WRITE) === 0) ret = -EBADF
  else if (remapFileRange !== undefined) ret = yield* remapFileRange(t, fileIn.inode, inode)
  yield* sbEnd(t, inode.sb, SB_FREEZE_WRITE)
  return ret
}

/** pread(2) of one byte: the byte, `null` at the end of the file, or a negative error number. */
export function* preadByte(t: Task, file: DaxFile, offset: number): Steps<number | null> {
  if ((file.fMode & FMODE_READ) === 0) return -EBADF
  if (offset < 0) return -EINVAL
  return yield* daxReadByte(t, file.inode, offset)
}

/** fsync(2). */
export function* fsync(t: Task, file: DaxFile): Steps<number> {
  return yield* file.ops.steps.fsync(t, file, 0, Infinity, false)
}

/**
 * Times of the file that faults deferred, for msync and munmap: in a page fault section, so that a frozen file system keeps
 * its own.
 */
export function* daxFlushCmtime(t: Task, file: File): Steps<number> {
  const { inode } = file as DaxFile
  yield* sbStart(t, inode.sb, SB_FREEZE_PAGEFAULT)
  fileFlushCmtime(t, inode)
  yield* sbEnd(t, inode.sb, SB_FREEZE_PAGEFAULT)
  return 0
}

/** `->mmap` (fs/ext4/file.c: ext4_file_mmap; fs/xfs/xfs_file.c: xfs_file_mmap, 6.1). */
export function* daxFileMmap(_t: Task, file: File, vma: Vma): Steps<number> {
  if ((vma.vmFlags & VM_SYNC) !== 0 && !file.isDax) return -EOPNOTSUPP
  const { inode } = file as DaxFile
  touchesAccess(_t, inode)
  inode.accessed()
  vma.vmOps = inode.sb.vmOperations
  vma.vmFlags |= VM_HUGEPAGE
  return 0
}
