import { correctIndexes } from './extent-insert.ts'
import { extentLen, isUnwritten, rawLen } from './extent-node.ts'
import { type ExtentPath, findExtent, readTreeBlock } from './extent-path.ts'
import { EX_NOCACHE, EXT_MAX_BLOCKS, GET_BLOCKS_METADATA_NOFAIL, GET_BLOCKS_PRE_IO } from './flags.ts'
import { freeBlocks } from './free-blocks.ts'
import type { Ext4Blocks } from './fs.ts'
import type { InodeBlocks } from './inode.ts'
import { MARK_UNWRITTEN1, MARK_UNWRITTEN2, splitExtentAt } from './split-extent.ts'

/** Takes an empty node out of its parent at `level` and frees its block (ext4_ext_rm_idx). */
function removeIndex(fs: Ext4Blocks, inode: InodeBlocks, path: ExtentPath, level: number): void {
  const parent = path.nodes[level]!
  const at = path.at[level]!
  const pblk = parent.children[at]!.pblk
  parent.removeChild(at)
  freeBlocks(fs, inode, pblk, 1)
  for (let i = level; i > 0 && path.at[i] === 0; i--) {
    path.nodes[i - 1]!.block[path.at[i - 1]!] = path.nodes[i]!.block[0]!
  }
}

/**
 * Removes what lies in [start, end] from the leaf of the path, going left from the path's extent. An extent that
 * reaches beyond `end` was split before (ext4_ext_rm_leaf).
 */
function removeFromLeaf(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  path: ExtentPath,
  start: number,
  end: number,
): void {
  const depth = path.depth
  const leaf = path.nodes[depth]!
  let correct = false
  let i = path.at[depth]!
  if (i < 0) i = leaf.entries - 1
  while (i >= 0 && leaf.end(i) > start) {
    path.at[depth] = i
    const block = leaf.block[i]!
    if (end < block) {
      i--
      continue
    }
    const raw = leaf.raw[i]!
    const len = extentLen(raw)
    const keep = start > block ? start - block : 0
    if (i === 0) correct = true
    freeBlocks(fs, inode, leaf.start[i]! + keep, len - keep)
    if (keep === 0) leaf.removeExtent(i)
    else leaf.raw[i] = rawLen(keep, isUnwritten(raw))
    i--
  }
  if (correct && leaf.entries > 0) correctIndexes(inode, path)
  if (leaf.entries === 0 && depth > 0) removeIndex(fs, inode, path, depth - 1)
}

/** Whether the child under the path's index still has to be visited (ext4_ext_more_to_rm). */
function moreToRemove(path: ExtentPath, level: number): boolean {
  return path.at[level]! >= 0 && path.nodes[level]!.entries !== path.seen[level]
}

/**
 * Removes the logical blocks `start` to `end` (inclusive) from the tree and frees them, from the right to the left
 * (fs/ext4/extents.c: ext4_ext_remove_space, 6.1). An end of EXT_MAX_BLOCKS - 1 means all that follows.
 * The status tree and the preallocations are the caller's business. Returns 0.
 */
export function removeSpace(fs: Ext4Blocks, inode: InodeBlocks, start: number, end: number): number {
  const path = fs.path
  let level = 0
  if (end < EXT_MAX_BLOCKS - 1) {
    findExtent(inode, path, end, EX_NOCACHE)
    const ex = path.extent
    if (ex < 0) return 0
    const leaf = path.leaf
    if (end >= leaf.block[ex]! && end < leaf.end(ex) - 1) {
      const mark = isUnwritten(leaf.raw[ex]!) ? MARK_UNWRITTEN1 | MARK_UNWRITTEN2 : 0
      const flags = EX_NOCACHE | GET_BLOCKS_PRE_IO | GET_BLOCKS_METADATA_NOFAIL
      const err = splitExtentAt(fs, inode, path, end + 1, mark, flags)
      if (err < 0) return err
    }
    path.depth = inode.root.depth
    level = path.depth
    for (let i = 0; i < level; i++) path.seen[i] = -1
  } else {
    path.depth = inode.root.depth
    path.nodes[0] = inode.root
    path.at[0] = -1
    if (path.depth > 0) enterNode(path, 0)
  }
  while (level >= 0) {
    if (level === path.depth) {
      removeFromLeaf(fs, inode, path, start, end)
    } else if (moreToRemove(path, level)) {
      const node = path.nodes[level]!
      path.seen[level] = node.entries
      const child = readTreeBlock(inode, node.children[path.at[level]!]!, EX_NOCACHE)
      level++
      path.nodes[level] = child
      path.at[level] = -1
      if (level < path.depth) enterNode(path, level)
      continue
    } else if (path.nodes[level]!.entries === 0 && level > 0) {
      removeIndex(fs, inode, path, level - 1)
    }
    level--
    if (level >= 0) path.at[level]!--
  }
  const root = inode.root
  if (root.entries === 0) {
    root.depth = 0
    root.children.length = 0
  }
  return 0
}

/** Begins an index node at its last entry. */
function enterNode(path: ExtentPath, level: number): void {
  path.at[level] = path.nodes[level]!.entries - 1
  path.seen[level] = -1
}
