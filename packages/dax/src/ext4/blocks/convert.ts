import { BLOCK_SIZE } from './device.ts'
import { EXT_INIT_MAX_LEN, type ExtentNode, extentLen, isUnwritten, rawLen } from './extent-node.ts'
import type { ExtentPath } from './extent-path.ts'
import { ES_WRITTEN } from './extent-status.ts'
import type { Ext4Blocks } from './fs.ts'
import type { InodeBlocks } from './inode.ts'
import { DATA_VALID2, MAY_ZEROOUT, splitExtent } from './split-extent.ts'

/** An unwritten piece of at most this many blocks is zeroed rather than split off (32 KiB, extent_max_zeroout_kb). */
const MAX_ZEROOUT_BLOCKS = 8

/**
 * Makes [lblk, lblk + len), which lies in the path's unwritten extent, written
 * (fs/ext4/extents.c: ext4_ext_convert_to_initialized, 6.1). The blocks themselves are not zeroed here, but small
 * unwritten remainders are, and become written too:
 * 1. At the edge of the extent, and a written extent of the same leaf continues there: the border moves.
 * 2. Otherwise, if the extent ends before `i_size`: a remainder behind that leaves at most eight blocks from `lblk` on,
 *    and one before that keeps the piece below eight, are zeroed and converted with it.
 * 3. The extent is split around what is to be converted.
 * Returns the blocks from `lblk` on that are written now, at least `len`, or -ENOSPC.
 */
export function convertToInitialized(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  path: ExtentPath,
  lblk: number,
  len: number,
  flags: number,
): number {
  const leaf = path.leaf
  const ex = path.extent
  const block = leaf.block[ex]!
  const start = leaf.start[ex]!
  const exLen = extentLen(leaf.raw[ex]!)
  if (len < exLen && moveBorder(leaf, path, ex, lblk, len)) return len

  let allocated = exLen - (lblk - block)
  const eof = Math.max(Math.ceil(inode.isize / BLOCK_SIZE), lblk + len)
  const mayZero = block + exLen <= eof
  let from = lblk
  let count = len
  let behind = 0
  let before = 0
  if (mayZero && allocated > len) {
    if (allocated <= MAX_ZEROOUT_BLOCKS) {
      behind = allocated - len
      fs.device.zero(start + (lblk - block) + len, behind)
      count = allocated
    }
    if (lblk - block + count < MAX_ZEROOUT_BLOCKS) {
      before = lblk - block
      if (before > 0) fs.device.zero(start, before)
      count += before
      from = block
      allocated = len
    }
  }
  const err = splitExtent(fs, inode, path, from, count, DATA_VALID2 | (mayZero ? MAY_ZEROOUT : 0), flags)
  if (err < 0) return err
  inode.es.insert(lblk + len, behind, start + (lblk - block) + len, ES_WRITTEN)
  inode.es.insert(block, before, start, ES_WRITTEN)
  return allocated
}

/** Case 1: hands the piece over to the written extent beside it. */
function moveBorder(leaf: ExtentNode, path: ExtentPath, ex: number, lblk: number, len: number): boolean {
  const block = leaf.block[ex]!
  const start = leaf.start[ex]!
  const exLen = extentLen(leaf.raw[ex]!)
  if (lblk === block) {
    if (ex === 0) return false
    const left = leaf.raw[ex - 1]!
    if (isUnwritten(left) || leaf.end(ex - 1) !== block || leaf.start[ex - 1]! + left !== start) return false
    if (left >= EXT_INIT_MAX_LEN - len) return false
    leaf.block[ex] = block + len
    leaf.start[ex] = start + len
    leaf.raw[ex] = rawLen(exLen - len, true)
    leaf.raw[ex - 1] = left + len
    path.at[path.depth] = ex - 1
    return true
  }
  if (lblk + len !== block + exLen || ex === leaf.entries - 1) return false
  const right = leaf.raw[ex + 1]!
  if (isUnwritten(right) || leaf.block[ex + 1] !== lblk + len || start + exLen !== leaf.start[ex + 1])
    return false
  if (right >= EXT_INIT_MAX_LEN - len) return false
  leaf.block[ex + 1] = leaf.block[ex + 1]! - len
  leaf.start[ex + 1] = leaf.start[ex + 1]! - len
  leaf.raw[ex] = rawLen(exLen - len, true)
  leaf.raw[ex + 1] = right + len
  path.at[path.depth] = ex + 1
  return true
}
