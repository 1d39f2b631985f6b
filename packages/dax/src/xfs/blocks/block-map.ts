/**
 * Mapping, allocating and freeing the blocks of a file: `fs/xfs/libxfs/xfs_bmap.c`, 6.1. One call is one transaction.
 * @module
 */

import { ENOSPC, notModelled } from '@mm-model/core'
import {
  type Extent,
  type FileExtents,
  MOST_EXTENT_BLOCKS,
  MOST_INLINE_EXTENTS,
  MOST_LEAF_EXTENTS,
} from './file-extents.ts'
import type { XfsInode } from './inode.ts'
import type { XfsSpace } from './space.ts'

/** How far a gap to a neighbouring extent may be from what is allocated, to be kept on the device (`XFS_ALLOC_GAP_UNITS`). */
const GAP_UNITS = 4

/** Extents that one transaction takes away at most (`XFS_ITRUNC_MAX_EXTENTS`, and xfs_unmap_extent, 6.1). */
const MOST_UNMAPPED = 2

/** The answer to a request: an extent, or a hole (`block` is -1). */
export class Mapping {
  offset = 0
  block = -1
  count = 0
  unwritten = false

  get isHole(): boolean {
    return this.block < 0
  }
}

/** What is at `offset`, at most `count` blocks of it (xfs_bmapi_read for one mapping, 6.1). */
export function xfsRead(inode: XfsInode, offset: number, count: number, out: Mapping): void {
  const { extents } = inode
  const extent = extents.all[extents.indexAt(offset)]
  out.offset = offset
  if (extent === undefined || extent.offset > offset) {
    out.block = -1
    out.count = Math.min(count, extent === undefined ? count : extent.offset - offset)
    out.unwritten = false
  } else trimmed(extent, offset, offset + count, out)
}

/** How new blocks come: unwritten, or zeroed and written, as what is unwritten then becomes, too. */
export type Fill = 'unwritten' | 'zeroed'

/**
 * Allocates the first hole of the range, or converts, and answers with the first mapping; 0 or a negative error number
 * (xfs_bmapi_write for one mapping with XFS_BMAPI_PREALLOC, or with XFS_BMAPI_CONVERT | XFS_BMAPI_ZERO, 6.1).
 */
export function xfsWrite(
  space: XfsSpace,
  inode: XfsInode,
  offset: number,
  count: number,
  fill: Fill,
  out: Mapping,
): number {
  const { extents } = inode
  const end = offset + count
  // Where the transaction has allocated, its tree block is to be near (`t_firstblock`).
  let treeNear = inode.home
  let index = extents.indexAt(offset)
  const next = extents.all[index]
  if (next === undefined || next.offset > offset) {
    const length = Math.min(count, MOST_EXTENT_BLOCKS, next === undefined ? Infinity : next.offset - offset)
    const minleft = inode.leaf < 0 ? 1 : 2
    if (!space.allocateData(wantedBlock(space, inode, extents, index, offset, length), length, minleft))
      return -ENOSPC
    const { block } = space
    treeNear = space.groupStart(block)
    inode.blocks += space.length
    if (fill === 'zeroed') space.zero(block, space.length)
    index = extents.insert(index, { offset, block, count: space.length, unwritten: fill === 'unwritten' })
    inode.log(false)
    growTree(space, inode, treeNear)
  }
  trimmed(extents.all[index]!, offset, end, out)
  if (out.unwritten && fill === 'zeroed') {
    space.zero(out.block, out.count)
    index = extents.convert(index, out.offset, out.count)
    inode.log(false)
    growTree(space, inode, treeNear)
    // What was written before and continues it belongs to the answer; what was asked for and is not of it does not.
    if (out.count < count) trimmed(extents.all[index]!, offset, end, out)
    out.unwritten = false
  }
  shrinkTree(space, inode)
  return 0
}

/**
 * Frees the last extents of a range; how many blocks from its start on are left to look at
 * (__xfs_bunmapi, 6.1, and the deferred frees).
 */
export function xfsUnmap(space: XfsSpace, inode: XfsInode, start: number, count: number): number {
  const { extents } = inode
  const freed: [block: number, count: number][] = []
  let end = start + count
  let left = 0
  for (;;) {
    let index = extents.indexAt(end - 1)
    if (index === extents.all.length || extents.all[index]!.offset >= end) index--
    const extent = extents.all[index]
    if (extent === undefined || extent.offset + extent.count <= start) break
    if (freed.length === MOST_UNMAPPED) {
      left = Math.min(end, extent.offset + extent.count) - start
      break
    }
    const first = Math.max(extent.offset, start)
    const blocks = Math.min(extent.offset + extent.count, end) - first
    freed.push([extent.block + (first - extent.offset), blocks])
    extents.remove(index, first, blocks)
    inode.blocks -= blocks
    inode.log(false)
    end = first
    if (end <= start) break
  }
  growTree(space, inode, inode.home)
  for (const [block, blocks] of freed) space.free(block, blocks)
  shrinkTree(space, inode)
  return left
}

/** Takes one mapping out of a file, and leaves its blocks where they are (xfs_bmap_unmap_extent, xfs_bmap_finish_one, 6.1). */
export function xfsUnmapExtent(space: XfsSpace, inode: XfsInode, { offset, count }: Mapping): void {
  const { extents } = inode
  extents.remove(extents.indexAt(offset), offset, count)
  inode.blocks -= count
  inode.log(false)
  growTree(space, inode, inode.home)
  shrinkTree(space, inode)
}

/** Makes written blocks part of a file, where it has a hole (xfs_bmap_map_extent, xfs_bmapi_remap, 6.1). */
export function xfsMapExtent(space: XfsSpace, inode: XfsInode, { offset, block, count }: Mapping): void {
  const { extents } = inode
  extents.insert(extents.indexAt(offset), { offset, block, count, unwritten: false })
  inode.blocks += count
  inode.log(false)
  growTree(space, inode, inode.home)
  shrinkTree(space, inode)
}

/** The part of an extent between two blocks of the file (xfs_bmapi_trim_map, 6.1). */
export function trimmed(extent: Extent, from: number, to: number, out: Mapping): void {
  const skipped = from - extent.offset
  out.offset = from
  out.block = extent.block + skipped
  out.count = Math.min(to - from, extent.count - skipped)
  out.unwritten = extent.unwritten
}

/** Where a new extent before the one at `index` wants to be: it continues a neighbour (xfs_bmap_adjacent, 6.1). */
export function wantedBlock(
  space: XfsSpace,
  inode: XfsInode,
  { all }: FileExtents,
  index: number,
  offset: number,
  length: number,
): number {
  const next = all[index]
  const previous = neighbour(space, all[index - 1], offset, length, next === undefined)
  if (next === undefined) return previous?.block ?? inode.home
  const before = leadIn(space, next, next.offset - offset, length)
  return previous !== null && previous.distance <= before.distance ? previous.block : before.block
}

/** A block that would do, and how far off it is. */
interface Wish {
  readonly block: number
  readonly distance: number
}

/** Behind the extent before, with the gap that the file has there if it is not large. */
function neighbour(
  space: XfsSpace,
  previous: Extent | undefined,
  offset: number,
  length: number,
  isLast: boolean,
): Wish | null {
  if (previous === undefined) return null
  const end = previous.block + previous.count
  if (!space.inOneGroup(previous.block, end)) return null
  const gap = offset - (previous.offset + previous.count)
  const keepsGap = (isLast || gap <= GAP_UNITS * length) && space.inOneGroup(previous.block, end + gap)
  return keepsGap ? { block: end + gap, distance: gap } : { block: end, distance: gap * 2 }
}

/** Before the extent behind, with the gap that the file has there if it is not large. */
function leadIn(space: XfsSpace, next: Extent, gap: number, length: number): Wish {
  const { block } = next
  if (gap <= GAP_UNITS * length && space.inOneGroup(block, block - gap))
    return { block: block - gap, distance: gap }
  if (space.inOneGroup(block, block - length)) return { block: block - length, distance: gap * 2 - length }
  return { block, distance: gap * 2 }
}

/** More extents than the inode has place for go to a block (xfs_bmap_extents_to_btree, 6.1). */
function growTree(space: XfsSpace, inode: XfsInode, near: number): void {
  const { length } = inode.extents.all
  if (length > MOST_LEAF_EXTENTS) throw notModelled(`an xfs file of more than ${MOST_LEAF_EXTENTS} extents`)
  if (inode.leaf >= 0 || length <= MOST_INLINE_EXTENTS) return
  if (!space.allocateTreeBlock(near)) throw notModelled('an extent tree for which no block is left')
  inode.leaf = space.block
  inode.blocks++
}

/** They fit again (xfs_bmap_btree_to_extents, 6.1). */
function shrinkTree(space: XfsSpace, inode: XfsInode): void {
  if (inode.leaf < 0 || inode.extents.all.length > MOST_INLINE_EXTENTS) return
  space.free(inode.leaf, 1)
  inode.leaf = -1
  inode.blocks--
}
