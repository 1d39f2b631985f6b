import { ENOSPC } from './device.ts'
import { insertExtent, tryToMerge } from './extent-insert.ts'
import { extentLen, isUnwritten, rawLen } from './extent-node.ts'
import { type ExtentPath, findExtent } from './extent-path.ts'
import { ES_WRITTEN } from './extent-status.ts'
import { EX_NOCACHE, GET_BLOCKS_PRE_IO } from './flags.ts'
import type { Ext4Blocks } from './fs.ts'
import type { InodeBlocks } from './inode.ts'

/** `EXT4_EXT_*`: what becomes of the pieces of a split extent, and what may be done when there is no room for it. */
export const MAY_ZEROOUT: number = 0x1
export const MARK_UNWRITTEN1: number = 0x2
export const MARK_UNWRITTEN2: number = 0x4
const DATA_VALID1 = 0x8
export const DATA_VALID2: number = 0x10

/**
 * Splits the path's extent before block `at`; the flags say which half stays unwritten. A split at the beginning only
 * changes the state. Without room for another extent, zeroing instead of splitting is tried if MAY_ZEROOUT allows it;
 * else all stays as it was (fs/ext4/extents.c: ext4_split_extent_at, 6.1.176; 6.1.192 also forgets what the status tree
 * knew of the extent). Returns 0 or -ENOSPC.
 */
export function splitExtentAt(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  path: ExtentPath,
  at: number,
  splitFlags: number,
  getFlags: number,
): number {
  const flags = getFlags | EX_NOCACHE
  let leaf = path.leaf
  let ex = path.extent
  const block = leaf.block[ex]!
  const start = leaf.start[ex]!
  const raw = leaf.raw[ex]!
  const len = extentLen(raw)
  const unwritten1 = (splitFlags & MARK_UNWRITTEN1) !== 0
  const unwritten2 = (splitFlags & MARK_UNWRITTEN2) !== 0
  if (at === block) {
    leaf.raw[ex] = rawLen(len, unwritten2)
    if ((flags & GET_BLOCKS_PRE_IO) === 0) tryToMerge(fs, inode, path, ex)
    return 0
  }
  const head = at - block
  leaf.raw[ex] = rawLen(head, unwritten1)
  const err = insertExtent(fs, inode, path, at, rawLen(len - head, unwritten2), start + head, flags)
  if (err !== -ENOSPC) return err

  findExtent(inode, path, block, flags)
  leaf = path.leaf
  ex = path.extent
  if ((splitFlags & MAY_ZEROOUT) === 0) {
    leaf.raw[ex] = raw
    return err
  }
  let zero = block
  let count = len
  if ((splitFlags & DATA_VALID1) !== 0) {
    zero = at
    count = len - head
  } else if ((splitFlags & DATA_VALID2) !== 0) {
    count = head
  }
  fs.device.zero(start + (zero - block), count)
  leaf.raw[ex] = rawLen(len, false)
  tryToMerge(fs, inode, path, ex)
  inode.es.insert(zero, count, start + (zero - block), ES_WRITTEN)
  return 0
}

/**
 * Splits the path's extent so that [lblk, lblk + len) is one of the pieces, and gives that piece the state the flags
 * ask for (ext4_split_extent). Returns 0 or -ENOSPC; the path then leads to the piece.
 */
export function splitExtent(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  path: ExtentPath,
  lblk: number,
  len: number,
  splitFlags: number,
  getFlags: number,
): number {
  const flags = getFlags | EX_NOCACHE
  const leaf = path.leaf
  const ex = path.extent
  const block = leaf.block[ex]!
  const raw = leaf.raw[ex]!
  if (lblk + len < block + extentLen(raw)) {
    let first = splitFlags & MAY_ZEROOUT
    if (isUnwritten(raw)) first |= MARK_UNWRITTEN1 | MARK_UNWRITTEN2
    if ((splitFlags & DATA_VALID2) !== 0) first |= DATA_VALID1
    const err = splitExtentAt(fs, inode, path, lblk + len, first, flags | GET_BLOCKS_PRE_IO)
    if (err !== 0) return err
  }
  findExtent(inode, path, lblk, flags)
  let second = splitFlags & DATA_VALID2
  if (isUnwritten(path.leaf.raw[path.extent]!)) {
    second |= MARK_UNWRITTEN1 | (splitFlags & (MAY_ZEROOUT | MARK_UNWRITTEN2))
  }
  return splitExtentAt(fs, inode, path, lblk, second, flags)
}
