/**
 * Copy on write: blocks of the COW fork, and what becomes of them (fs/xfs/xfs_reflink.c, 6.1). One call is one or more
 * transactions.
 * @module
 */

import { ENOSPC } from '@mm-model/core'
import { Mapping, trimmed, wantedBlock, xfsMapExtent, xfsRead, xfsUnmapExtent } from './block-map.ts'
import { alignToExtentSize, COW_EXTENT_SIZE } from './extent-size.ts'
import { type Extent, MOST_EXTENT_BLOCKS } from './file-extents.ts'
import type { XfsInode } from './inode.ts'
import type { XfsSpace } from './space.ts'

/** What {@link allocateCow} answers when nothing stands in the way of writing in place. */
const IN_PLACE: number = 0
/** What it answers when the copy's blocks are in `to`. */
export const COPY: number = 1

/**
 * Shortens `map`, which is what the file has, to blocks that are all alike; when they are shared, or blocks wait for
 * their copy already, `to` says where a copy goes: written blocks of the COW fork, at most as many as `map`.
 * {@link IN_PLACE}, {@link COPY} or a negative error number (xfs_reflink_allocate_cow, xfs_reflink_fill_cow_hole, 6.1).
 */
export function allocateCow(space: XfsSpace, inode: XfsInode, map: Mapping, to: Mapping): number {
  const { all } = inode.cow
  const index = inode.cow.indexAt(map.offset)
  const waiting = all[index]
  if (waiting === undefined || waiting.offset > map.offset) {
    if (waiting !== undefined) map.count = Math.min(map.count, waiting.offset - map.offset)
    if (!trimAroundShared(space, map)) return IN_PLACE
    const error = fillCowHole(space, inode, index, map)
    if (error < 0) return error
  }
  trimmed(all[inode.cow.indexAt(map.offset)]!, map.offset, map.offset + map.count, to)
  convertCow(inode, map.offset, map.count)
  to.unwritten = false
  return COPY
}

/** Shortens a mapping to blocks that are all shared, or all not; whether they are (xfs_reflink_trim_around_shared, 6.1). */
export function trimAroundShared(space: XfsSpace, map: Mapping): boolean {
  if (map.isHole || map.unwritten) return false
  map.count = space.untilShared(map.block, map.count)
  return space.isShared
}

/** Allocates unwritten blocks for a copy, and others around them (xfs_bmapi_write with XFS_BMAPI_COWFORK, 6.1). */
function fillCowHole(space: XfsSpace, inode: XfsInode, index: number, { offset, count }: Mapping): number {
  const { cow } = inode
  const next = cow.all[index]
  const asked = Math.min(count, MOST_EXTENT_BLOCKS)
  // What is reserved goes by the multiple alone, whatever is in its way (xfs_aligned_fsb_count).
  const first = offset - (offset % COW_EXTENT_SIZE)
  if (!space.canReserve(Math.ceil((offset + count - first) / COW_EXTENT_SIZE) * COW_EXTENT_SIZE))
    return -ENOSPC
  const aligned = alignToExtentSize({ offset, length: asked }, COW_EXTENT_SIZE, cow.all[index - 1], next)
  const mod = aligned.offset % COW_EXTENT_SIZE
  const near = wantedBlock(space, inode, cow, index, aligned.offset, aligned.length)
  if (!space.allocateData(near, aligned.length, 1, COW_EXTENT_SIZE, mod === 0 ? 0 : COW_EXTENT_SIZE - mod))
    return -ENOSPC
  const { block, length } = space
  let start = aligned.offset
  if (length <= asked) start = offset
  else if (start + length < offset + asked) start = offset + asked - length
  cow.insert(index, { offset: start, block, count: length, unwritten: true })
  inode.cowBlocks += length
  inode.log(false)
  return 0
}

/** Blocks of the COW fork that are about to be written to become written ones (xfs_reflink_convert_cow_locked, 6.1). */
function convertCow({ cow }: XfsInode, offset: number, count: number): void {
  const end = offset + count
  for (let index = cow.indexAt(offset); index < cow.all.length; index++) {
    const extent = cow.all[index]!
    if (extent.offset >= end) return
    if (!extent.unwritten) continue
    const from = Math.max(offset, extent.offset)
    index = cow.convert(index, from, Math.min(end, extent.offset + extent.count) - from)
  }
}

/** The copies in blocks `offset … end - 1` become the file's (xfs_reflink_end_cow, xfs_reflink_end_cow_extent, 6.1). */
export function endCow(space: XfsSpace, inode: XfsInode, offset: number, end: number): void {
  const copy = new Mapping()
  const old = new Mapping()
  for (let at = offset; at < end; ) {
    let index = inode.cow.indexAt(at)
    while (inode.cow.all[index]?.unwritten === true) index++
    const extent = inode.cow.all[index]
    if (extent === undefined || extent.offset >= end) return
    const from = Math.max(at, extent.offset)
    trimmed(extent, from, end, copy)
    xfsRead(inode, copy.offset, copy.count, old)
    copy.count = old.count
    if (!old.isHole) {
      xfsUnmapExtent(space, inode, old)
      space.free(old.block, old.count)
    }
    xfsMapExtent(space, inode, copy)
    takeCow(inode, index, copy)
    at = copy.offset + copy.count
  }
}

/**
 * Gives back the blocks of the COW fork from `offset` to `end - 1`, the last ones first; with `written`, also those that
 * something was written to (xfs_reflink_cancel_cow_blocks, 6.1).
 */
export function cancelCow(
  space: XfsSpace,
  inode: XfsInode,
  offset: number,
  end: number,
  written: boolean,
): void {
  const { all } = inode.cow
  const given = new Mapping()
  for (let index = all.length - 1; index >= 0; index--) {
    const extent: Extent = all[index]!
    if (extent.offset >= end) continue
    if (extent.offset + extent.count <= offset) return
    if (!extent.unwritten && !written) continue
    trimmed(extent, Math.max(offset, extent.offset), end, given)
    space.free(given.block, given.count)
    takeCow(inode, index, given)
    inode.log(false)
  }
}

function takeCow(inode: XfsInode, index: number, { offset, count }: Mapping): void {
  inode.cow.remove(index, offset, count)
  inode.cowBlocks -= count
}
