// Derived from ../steps/xfs-remap.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Making the blocks of one file blocks of another, too, on xfs.
 * @module
 */

import { EINVAL, type Task } from '@mm-model/core'
import { downgradeWrite, downWrite, upRead, upWrite } from '@mm-model/core/plain'
import type { DaxInode } from '../inode.ts'
import { xfsInodeOf, xfsOf } from '../xfs/personality.ts'
import { breakLayouts } from './invalidate.ts'
import { fileWriteAndWaitRange } from './writeback.ts'
import { flushUnmapRange } from './xfs-file.ts'

/**
 * `->remap_file_range` of all of a file onto another from its beginning on, as `FICLONE` asks for; 0 or a negative error
 * number (fs/xfs/xfs_file.c: xfs_file_remap_range; fs/xfs/xfs_reflink.c: xfs_reflink_remap_prep, 6.1).
 */
export function xfsFileRemapRange(t: Task, inodeIn: DaxInode, inodeOut: DaxInode): number {
  lockBoth(t, inodeIn, inodeOut)
  const length = inodeIn.size
  let ret = daxRemapFileRangePrep(t, inodeIn, inodeOut)
  if (ret === 0 && length > 0) {
    const [source, target] = [xfsInodeOf(inodeIn), xfsInodeOf(inodeOut)]
    source.setReflink()
    target.setReflink()
    ret = flushUnmapRange(t, inodeOut, 0, length)
    if (ret === 0) {
      source.remapping = true
      downgradeWrite(t, inodeIn.mapping.invalidateLock)
      downgradeWrite(t, inodeIn.rwsem)
      ret = remapBlocks(t, inodeIn, inodeOut, length)
      source.remapping = false
      upRead(t, inodeIn.mapping.invalidateLock)
      upWrite(t, inodeOut.mapping.invalidateLock)
      upRead(t, inodeIn.rwsem)
      upWrite(t, inodeOut.rwsem)
      return ret
    }
  }
  unlockBoth(t, inodeIn, inodeOut)
  return ret
}

/**
 * What may not be, and then everything written back, and the times of the file that changes (fs/remap_range.c:
 * __generic_remap_file_range_prep, generic_remap_checks, generic_remap_check_len, 6.1).
 */
function daxRemapFileRangePrep(t: Task, inodeIn: DaxInode, inodeOut: DaxInode): number {
  const length = inodeIn.size
  if (length === 0) return 0
  // A range onto itself, and the end of the source in the middle of the other.
  if (inodeIn === inodeOut) return -EINVAL
  for (const inode of [inodeIn, inodeOut]) {
    const error = fileWriteAndWaitRange(t, inode, 0, length - 1)
    if (error !== 0) return error
  }
  if (length % 4096 !== 0 && length < inodeOut.size) return -EINVAL
  inodeOut.touch()
  return 0
}

/** Extent by extent; what was done before an error stays (fs/xfs/xfs_reflink.c: xfs_reflink_remap_blocks, 6.1). */
function remapBlocks(_t: Task, inodeIn: DaxInode, inodeOut: DaxInode, length: number): number {
  const xfs = xfsOf(inodeOut)
  for (let at = 0; at < length; ) {
    const done = xfs.remapExtent(inodeIn, inodeOut, at, length)
    if (done < 0) return done
    at += done
  }
  if (length > inodeOut.size) xfs.setSize(inodeOut, length)
  return 0
}

/**
 * Both files' locks, and nobody maps either; the one that is older comes first where the kernel goes by inode numbers
 * (fs/xfs/xfs_inode.c: xfs_ilock2_io_mmap, xfs_mmaplock_two_inodes_and_break_dax_layout, 6.1).
 */
function lockBoth(t: Task, inodeIn: DaxInode, inodeOut: DaxInode): void {
  const both = inOrder(inodeIn, inodeOut)
  for (const { rwsem } of both) downWrite(t, rwsem)
  for (const inode of both) {
    downWrite(t, inode.mapping.invalidateLock)
    breakLayouts(t, inode)
  }
}

function unlockBoth(t: Task, inodeIn: DaxInode, inodeOut: DaxInode): void {
  const both = inOrder(inodeIn, inodeOut).toReversed()
  for (const { mapping } of both) upWrite(t, mapping.invalidateLock)
  for (const { rwsem } of both) upWrite(t, rwsem)
}

function inOrder(one: DaxInode, other: DaxInode): readonly DaxInode[] {
  if (one === other) return [one]
  const { inodes } = one.sb
  return inodes.indexOf(one) < inodes.indexOf(other) ? [one, other] : [other, one]
}
