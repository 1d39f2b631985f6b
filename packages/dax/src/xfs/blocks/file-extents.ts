/**
 * The extents of one file, in memory.
 * @module
 */

/** A run of blocks of a file (struct xfs_bmbt_irec, 6.1). */
export interface Extent {
  /** First block in the file. */
  offset: number
  /** First block on the device. */
  block: number
  count: number
  unwritten: boolean
}

/** Most blocks of one extent (`XFS_MAX_BMBT_EXTLEN`). */
export const MOST_EXTENT_BLOCKS: number = 0x1fffff

/** Extents that fit into an inode of 512 bytes without attributes (`XFS_IFORK_MAXEXT`). */
export const MOST_INLINE_EXTENTS: number = 21

/** Extents that fit into a leaf of the extent tree. */
export const MOST_LEAF_EXTENTS: number = 251

/** A file's extents in the order of the file (struct xfs_ifork, 6.1). */
export class FileExtents {
  readonly all: Extent[] = []

  /** Index of the first extent that ends behind a block; the number of extents if there is none. */
  indexAt(offset: number): number {
    const { all } = this
    let low = 0
    let high = all.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (all[middle]!.offset + all[middle]!.count > offset) high = middle
      else low = middle + 1
    }
    return low
  }

  /**
   * Puts an extent where there is a hole before `index`, joined with the neighbours it continues; the index it has then
   * (fs/xfs/libxfs/xfs_bmap.c: xfs_bmap_add_extent_hole_real, 6.1).
   */
  insert(index: number, extent: Extent): number {
    this.all.splice(index, 0, extent)
    return this.#join(index)
  }

  /**
   * Makes a part of the extent at `index` written; the index the part has then
   * (fs/xfs/libxfs/xfs_bmap.c: xfs_bmap_add_extent_unwritten_real, 6.1).
   */
  convert(index: number, offset: number, count: number): number {
    const whole = this.all[index]!
    const before = offset - whole.offset
    const after = whole.count - before - count
    const parts: Extent[] = []
    if (before > 0) parts.push({ ...whole, count: before })
    parts.push({ offset, block: whole.block + before, count, unwritten: false })
    if (after > 0) {
      const { unwritten } = whole
      parts.push({ offset: offset + count, block: whole.block + before + count, count: after, unwritten })
    }
    this.all.splice(index, 1, ...parts)
    return this.#join(before > 0 ? index + 1 : index)
  }

  /** Takes a part out of the extent at `index` (fs/xfs/libxfs/xfs_bmap.c: xfs_bmap_del_extent_real, 6.1). */
  remove(index: number, offset: number, count: number): void {
    const whole = this.all[index]!
    const before = offset - whole.offset
    const after = whole.count - before - count
    const parts: Extent[] = []
    if (before > 0) parts.push({ ...whole, count: before })
    if (after > 0)
      parts.push({ ...whole, offset: offset + count, block: whole.block + before + count, count: after })
    this.all.splice(index, 1, ...parts)
  }

  /** Joins the extent at `index` with its neighbours, where one continues the other and the sum is not too long. */
  #join(index: number): number {
    const { all } = this
    const extent = all[index]!
    const left = all[index - 1]
    const right = all[index + 1]
    const joinsLeft = left !== undefined && continues(left, extent)
    const total = (joinsLeft ? left.count : 0) + extent.count + (right?.count ?? 0)
    if (right !== undefined && continues(extent, right) && total <= MOST_EXTENT_BLOCKS) {
      extent.count += right.count
      all.splice(index + 1, 1)
    }
    if (!joinsLeft) return index
    left.count += extent.count
    all.splice(index, 1)
    return index - 1
  }
}

function continues(left: Extent, right: Extent): boolean {
  return (
    left.offset + left.count === right.offset &&
    left.block + left.count === right.block &&
    left.unwritten === right.unwritten &&
    left.count + right.count <= MOST_EXTENT_BLOCKS
  )
}
