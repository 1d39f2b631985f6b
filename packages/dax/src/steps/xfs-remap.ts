/**
 * Making the blocks of one file blocks of another, too, on xfs.
 * @module
 */

import {
  EINVAL,
  STEP_FLAG,
  type Steps,
  type Task,
  TOUCH_FILE_SYSTEM,
  TOUCH_WRITE,
  touches,
} from '@mm-model/core'
import { downgradeWrite, downWrite, upRead, upWrite } from '@mm-model/core/steps'
import type { DaxInode } from '../inode.ts'
import { touchesSize, touchesTimes } from '../touch.ts'
import { xfsInodeOf, xfsOf } from '../xfs/personality.ts'
import { breakLayouts } from './invalidate.ts'
import { fileWriteAndWaitRange } from './writeback.ts'
import { flushUnmapRange } from './xfs-file.ts'

/**
 * `->remap_file_range` of all of a file onto another from its beginning on, as `FICLONE` asks for; 0 or a negative error
 * number (fs/xfs/xfs_file.c: xfs_file_remap_range; fs/xfs/xfs_reflink.c: xfs_reflink_remap_prep, 6.1).
 */
export function* xfsFileRemapRange(t: Task, inodeIn: DaxInode, inodeOut: DaxInode): Steps<number> {
  yield* lockBoth(t, inodeIn, inodeOut)
  touchesSize(t, inodeIn)
  const length = inodeIn.size
  let ret = yield* daxRemapFileRangePrep(t, inodeIn, inodeOut)
  if (ret === 0 && length > 0) {
    const [source, target] = [xfsInodeOf(inodeIn), xfsInodeOf(inodeOut)]
    touchesSize(t, inodeIn)
    touchesSize(t, inodeOut)
    source.setReflink()
    target.setReflink()
    ret = yield* flushUnmapRange(t, inodeOut, 0, length)
    if (ret === 0) {
      touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
      source.remapping = true
      yield* downgradeWrite(t, inodeIn.mapping.invalidateLock)
      yield* downgradeWrite(t, inodeIn.rwsem)
      ret = yield* remapBlocks(t, inodeIn, inodeOut, length)
      touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
      source.remapping = false
      yield* upRead(t, inodeIn.mapping.invalidateLock)
      yield* upWrite(t, inodeOut.mapping.invalidateLock)
      yield* upRead(t, inodeIn.rwsem)
      yield* upWrite(t, inodeOut.rwsem)
      return ret
    }
  }
  yield* unlockBoth(t, inodeIn, inodeOut)
  return ret
}

/**
 * What may not be, and then everything written back, and the times of the file that changes (fs/remap_range.c:
 * __generic_remap_file_range_prep, generic_remap_checks, generic_remap_check_len, 6.1).
 */
function* daxRemapFileRangePrep(t: Task, inodeIn: DaxInode, inodeOut: DaxInode): Steps<number> {
  const length = inodeIn.size
  if (length === 0) return 0
  // A range onto itself, and the end of the source in the middle of the other.
  if (inodeIn === inodeOut) return -EINVAL
  for (const inode of [inodeIn, inodeOut]) {
    const error = yield* fileWriteAndWaitRange(t, inode, 0, length - 1)
    if (error !== 0) return error
  }
  touchesSize(t, inodeOut)
  touchesTimes(t, inodeOut)
  if (length % 4096 !== 0 && length < inodeOut.size) return -EINVAL
  inodeOut.touch()
  return 0
}

/** Extent by extent; what was done before an error stays (fs/xfs/xfs_reflink.c: xfs_reflink_remap_blocks, 6.1). */
function* remapBlocks(_t: Task, inodeIn: DaxInode, inodeOut: DaxInode, length: number): Steps<number> {
  const xfs = xfsOf(inodeOut)
  for (let at = 0; at < length; ) {
    touchesSize(_t, inodeOut)
    const done = xfs.remapExtent(inodeIn, inodeOut, at, length)
    if (done < 0) return done
    at += done
    yield STEP_FLAG
  }
  touchesSize(_t, inodeOut)
  if (length > inodeOut.size) xfs.setSize(inodeOut, length)
  return 0
}

/**
 * Both files' locks, and nobody maps either; the one that is older comes first where the kernel goes by inode numbers
 * (fs/xfs/xfs_inode.c: xfs_ilock2_io_mmap, xfs_mmaplock_two_inodes_and_break_dax_layout, 6.1).
 */
function* lockBoth(t: Task, inodeIn: DaxInode, inodeOut: DaxInode): Steps<void> {
  const both = inOrder(inodeIn, inodeOut)
  for (const { rwsem } of both) yield* downWrite(t, rwsem)
  for (const inode of both) {
    yield* downWrite(t, inode.mapping.invalidateLock)
    yield* breakLayouts(t, inode)
  }
}

function* unlockBoth(t: Task, inodeIn: DaxInode, inodeOut: DaxInode): Steps<void> {
  const both = inOrder(inodeIn, inodeOut).toReversed()
  for (const { mapping } of both) yield* upWrite(t, mapping.invalidateLock)
  for (const { rwsem } of both) yield* upWrite(t, rwsem)
}

function inOrder(one: DaxInode, other: DaxInode): readonly DaxInode[] {
  if (one === other) return [one]
  const { inodes } = one.sb
  return inodes.indexOf(one) < inodes.indexOf(other) ? [one, other] : [other, one]
}
