import { BlockMap } from './block-map.ts'
import { BLOCK_SIZE, ENOSPC } from './device.ts'
import { EXT_UNWRITTEN_MAX_LEN } from './extent-node.ts'
import { removeSpace } from './extent-remove.ts'
import { ES_HOLE } from './extent-status.ts'
import { EXT_MAX_BLOCKS, GET_BLOCKS_CREATE_UNWRIT_EXT, GET_BLOCKS_NO_NORMALIZE } from './flags.ts'
import { ext4ShouldRetryAlloc } from './free-blocks.ts'
import type { Ext4Blocks } from './fs.ts'
import type { InodeBlocks } from './inode.ts'
import { ext4MapBlocks } from './map-blocks.ts'
import { discardPreallocations } from './prealloc.ts'

/**
 * fallocate(0): unwritten extents for what is a hole in the `len` blocks from `lblk` on
 * (fs/ext4/extents.c: ext4_alloc_file_blocks, 6.1). `newSize` is the size in bytes that the file gets, 0 if it keeps
 * its own, `isize`. Returns 0 or -ENOSPC; blocks allocated before it ran out stay. `ends` gets where each extent of a file that
 * grows ended.
 */
export function ext4AllocFileBlocks(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  lblk: number,
  len: number,
  newSize: number,
  isize: number,
  ends: number[] = [],
): number {
  const map = new BlockMap()
  const flags = GET_BLOCKS_CREATE_UNWRIT_EXT | (len <= EXT_UNWRITTEN_MAX_LEN ? GET_BLOCKS_NO_NORMALIZE : 0)
  let at = lblk
  let left = len
  let size = isize
  let tries = 0
  while (left > 0) {
    const mapped = ext4MapBlocks(fs, inode, map.set(at, left), flags, size, true)
    if (mapped === -ENOSPC && ext4ShouldRetryAlloc(fs, ++tries)) continue
    if (mapped <= 0) return mapped
    tries = 0
    at += mapped
    left -= mapped
    if (newSize !== 0) {
      size = Math.max(size, Math.min(at * BLOCK_SIZE, newSize))
      ends.push(Math.min(at * BLOCK_SIZE, newSize))
    }
    inode.isize = size
    inode.datasyncDirty = true
  }
  return 0
}

/**
 * Removes logical blocks `startLblk` to `endLblk`, inclusive, from the extent tree and frees them
 * (fs/ext4/extents.c: ext4_ext_remove_space, 6.1). Nothing else: see `ext4PunchHole` and `ext4Truncate`.
 */
export function ext4ExtRemoveSpace(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  startLblk: number,
  endLblk: number,
): number {
  return removeSpace(fs, inode, startLblk, endLblk)
}

/**
 * fallocate(PUNCH_HOLE | KEEP_SIZE) for `length` bytes from `offset` on, as far as blocks are concerned
 * (fs/ext4/inode.c: ext4_punch_hole, 6.1): looks up the partial blocks at both ends, which the caller zeroes if they
 * are mapped, gives back preallocations, and frees the whole blocks between. Nothing happens at or after `isize`.
 */
export function ext4PunchHole(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  offset: number,
  length: number,
  isize: number,
): number {
  if (offset >= isize) return 0
  let end = offset + length
  if (end > isize) end = isize + BLOCK_SIZE - (isize % BLOCK_SIZE)
  const first = Math.ceil(offset / BLOCK_SIZE)
  const stop = Math.floor(end / BLOCK_SIZE)
  if (offset % BLOCK_SIZE !== 0) lookUp(fs, inode, Math.floor(offset / BLOCK_SIZE), isize)
  if (end % BLOCK_SIZE !== 0) lookUp(fs, inode, stop, isize)
  let err = 0
  if (stop > first) {
    discardPreallocations(fs, inode)
    inode.es.remove(first, stop - first)
    err = removeSpace(fs, inode, first, stop - 1)
    if (fs.punchCachesHole) inode.es.insert(first, stop - first, 0, ES_HOLE)
  }
  inode.datasyncDirty = true
  return err
}

/**
 * Frees everything behind the size `isize`, which the file already has: ftruncate to the same or a smaller size
 * (fs/ext4/inode.c: ext4_truncate, fs/ext4/extents.c: ext4_ext_truncate, 6.1). The caller zeroes the rest of the last
 * block if it is mapped, and marks the inode dirty for fdatasync if the size changed.
 */
export function ext4Truncate(fs: Ext4Blocks, inode: InodeBlocks, isize: number): number {
  inode.isize = isize
  if (isize % BLOCK_SIZE !== 0) lookUp(fs, inode, Math.floor(isize / BLOCK_SIZE), isize)
  discardPreallocations(fs, inode)
  const first = Math.ceil(isize / BLOCK_SIZE)
  inode.es.remove(first, EXT_MAX_BLOCKS - first)
  return removeSpace(fs, inode, first, EXT_MAX_BLOCKS - 1)
}

/** The last descriptor open for writing was closed: preallocations go (fs/ext4/file.c: ext4_release_file, 6.1). */
export function ext4ReleaseFile(fs: Ext4Blocks, inode: InodeBlocks): void {
  discardPreallocations(fs, inode)
}

/** The file was unlinked and nobody uses it any more: all blocks are freed (fs/ext4/inode.c: ext4_evict_inode, 6.1). */
export function ext4Evict(fs: Ext4Blocks, inode: InodeBlocks): void {
  if (inode.iBlocks > 0) ext4Truncate(fs, inode, 0)
  discardPreallocations(fs, inode)
  inode.es.remove(0, EXT_MAX_BLOCKS)
}

/** dax_zero_range asks for the block it may have to zero; the answer is remembered. */
function lookUp(fs: Ext4Blocks, inode: InodeBlocks, lblk: number, isize: number): void {
  ext4MapBlocks(fs, inode, new BlockMap().set(lblk, 1), 0, isize, inode.openForWrite)
}
