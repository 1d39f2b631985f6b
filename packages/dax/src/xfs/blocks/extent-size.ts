/**
 * Rounding an allocation to the size that extents are to have.
 * @module
 */

import { type Extent, MOST_EXTENT_BLOCKS } from './file-extents.ts'

/** Blocks that copy-on-write allocates at a time: 128 KiB (`XFS_DEFAULT_COWEXTSZ_HINT`). */
export const COW_EXTENT_SIZE: number = 32

/** Where an allocation begins in the file, and its blocks. */
export interface FileRange {
  readonly offset: number
  readonly length: number
}

/**
 * The request, made larger to multiples of `size` at both ends, as far as the extents beside it leave room: `previous`
 * ends at or before it, `next` begins behind it; without `next` it is behind all extents (fs/xfs/libxfs/xfs_bmap.c:
 * xfs_bmap_extsize_align, 6.1).
 */
export function alignToExtentSize(
  { offset, length }: FileRange,
  size: number,
  previous: Extent | undefined,
  next: Extent | undefined,
): FileRange {
  const end = offset + length
  const before = offset % size
  let start = offset - before
  let count = Math.ceil((length + before) / size) * size
  while (count > MOST_EXTENT_BLOCKS) count -= size
  const first = previous === undefined ? 0 : previous.offset + previous.count
  if (start !== offset && start < first) start = first
  if (next !== undefined && start + count !== end && start + count > next.offset)
    start = Math.max(0, next.offset - count)
  if (start !== offset && start < first) start = first
  if (next !== undefined && start + count !== end && start + count > next.offset) count = next.offset - start
  return { offset: start, length: count }
}
