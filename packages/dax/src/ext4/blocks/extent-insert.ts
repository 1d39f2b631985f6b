import { MB_HINT_TRY_GOAL, MB_USE_RESERVED } from './allocation.ts'
import {
  EXT_INIT_MAX_LEN,
  EXT_UNWRITTEN_MAX_LEN,
  ExtentNode,
  extentLen,
  isUnwritten,
  NODE_ENTRIES,
  ROOT_ENTRIES,
  rawLen,
} from './extent-node.ts'
import { type ExtentPath, findExtent, nextLeafBlock } from './extent-path.ts'
import { EXT_MAX_BLOCKS, GET_BLOCKS_METADATA_NOFAIL, GET_BLOCKS_PRE_IO } from './flags.ts'
import { freeBlocks } from './free-blocks.ts'
import type { Ext4Blocks } from './fs.ts'
import type { InodeBlocks } from './inode.ts'
import { inodeGoal, newMetaBlock } from './mballoc.ts'

/** Whether the second extent carries on where the first one ends (ext4_can_extents_be_merged, 6.1). */
function canMerge(
  block1: number,
  raw1: number,
  start1: number,
  block2: number,
  raw2: number,
  start2: number,
): boolean {
  const unwritten = isUnwritten(raw1)
  if (unwritten !== isUnwritten(raw2)) return false
  const len1 = extentLen(raw1)
  if (block1 + len1 !== block2) return false
  if (len1 + extentLen(raw2) > (unwritten ? EXT_UNWRITTEN_MAX_LEN : EXT_INIT_MAX_LEN)) return false
  return start1 + len1 === start2
}

/** Joins extent `i` with those after it while they carry on from it (ext4_ext_try_to_merge_right). */
function mergeRight(node: ExtentNode, i: number): boolean {
  let done = false
  while (
    i < node.entries - 1 &&
    canMerge(
      node.block[i]!,
      node.raw[i]!,
      node.start[i]!,
      node.block[i + 1]!,
      node.raw[i + 1]!,
      node.start[i + 1]!,
    )
  ) {
    const raw = node.raw[i]!
    node.raw[i] = rawLen(extentLen(raw) + extentLen(node.raw[i + 1]!), isUnwritten(raw))
    node.removeExtent(i + 1)
    done = true
  }
  return done
}

/** A tree of one leaf that fits into the inode moves there and its block is freed (ext4_ext_try_to_merge_up). */
function mergeUp(fs: Ext4Blocks, inode: InodeBlocks, path: ExtentPath): void {
  const root = path.nodes[0]!
  if (path.depth !== 1 || root.entries !== 1) return
  const leaf = path.nodes[1]!
  if (leaf.entries > ROOT_ENTRIES) return
  root.children.length = 0
  root.depth = 0
  root.entries = 0
  leaf.moveTail(0, root)
  path.depth = 0
  path.at[0] = path.at[1]!
  freeBlocks(fs, inode, leaf.pblk, 1)
}

/** Joins extent `i` with its neighbours in the leaf, then tries to shrink the tree (ext4_ext_try_to_merge). */
export function tryToMerge(fs: Ext4Blocks, inode: InodeBlocks, path: ExtentPath, i: number): void {
  const leaf = path.leaf
  if (!(i > 0 && mergeRight(leaf, i - 1))) mergeRight(leaf, i)
  mergeUp(fs, inode, path)
}

/** After a change to the first extent of a leaf: the indexes above name its first block (ext4_ext_correct_indexes). */
export function correctIndexes(inode: InodeBlocks, path: ExtentPath): void {
  const depth = inode.root.depth
  if (depth === 0 || path.at[depth] !== 0) return
  const border = path.nodes[depth]!.block[0]!
  path.nodes[depth - 1]!.block[path.at[depth - 1]!] = border
  for (let level = depth - 2; level >= 0; level--) {
    if (path.at[level + 1] !== 0) break
    path.nodes[level]!.block[path.at[level]!] = border
  }
}

/** Where to look for a block: beside the extent found, or near the inode (ext4_ext_find_goal). */
export function findGoal(fs: Ext4Blocks, path: ExtentPath, lblk: number): number {
  const leaf = path.leaf
  const at = path.extent
  return at < 0 ? inodeGoal(fs) : leaf.start[at]! + (lblk - leaf.block[at]!)
}

/**
 * Adds a subtree at `level`, where an index entry is free: a new leaf with what follows the path's extent, and the
 * index nodes above it (ext4_ext_split). Returns 0 or -ENOSPC.
 */
function split(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  mbFlags: number,
  path: ExtentPath,
  block: number,
  level: number,
): number {
  const depth = path.depth
  const leaf = path.nodes[depth]!
  const at = path.at[depth]!
  const border = at !== leaf.max - 1 ? leaf.block[at + 1]! : block
  const blocks: number[] = []
  while (blocks.length < depth - level) {
    const pblk = newMetaBlock(fs, inode, findGoal(fs, path, block), mbFlags)
    if (pblk < 0) {
      for (const allocated of blocks) freeBlocks(fs, inode, allocated, 1)
      return pblk
    }
    blocks.push(pblk)
  }
  let made = new ExtentNode(0, NODE_ENTRIES, blocks.pop()!)
  made.verified = false
  leaf.moveTail(at + 1, made)
  for (let i = depth - 1; i > level; i--) {
    const old = path.nodes[i]!
    const index = new ExtentNode(old.depth, NODE_ENTRIES, blocks.pop()!)
    index.verified = false
    index.insertChild(0, border, made)
    old.moveTail(path.at[i]! + 1, index)
    made = index
  }
  const parent = path.nodes[level]!
  const after = border > parent.block[path.at[level]!]! ? 1 : 0
  parent.insertChild(path.at[level]! + after, border, made)
  return 0
}

/** Moves the root's content into a block, so that the root has one entry (ext4_ext_grow_indepth). */
function growInDepth(fs: Ext4Blocks, inode: InodeBlocks, mbFlags: number): number {
  const root = inode.root
  const first = root.depth > 0 ? root.children[0]!.pblk : 0
  const pblk =
    first > 0
      ? newMetaBlock(fs, inode, first - 1, mbFlags | MB_HINT_TRY_GOAL)
      : newMetaBlock(fs, inode, inodeGoal(fs), mbFlags)
  if (pblk < 0) return pblk
  const node = new ExtentNode(root.depth, NODE_ENTRIES, pblk)
  const border = root.block[0]!
  root.moveTail(0, node)
  root.depth++
  root.insertChild(0, border, node)
  return 0
}

/** Makes room for an extent in a full leaf; the path then leads to it (ext4_ext_create_new_leaf). */
function createNewLeaf(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  mbFlags: number,
  flags: number,
  path: ExtentPath,
  block: number,
): number {
  for (;;) {
    let level = path.depth
    while (level > 0) {
      level--
      const node = path.nodes[level]!
      if (node.entries < node.max) {
        const err = split(fs, inode, mbFlags, path, block, level)
        if (err === 0) findExtent(inode, path, block, flags)
        return err
      }
    }
    const err = growInDepth(fs, inode, mbFlags)
    if (err !== 0) return err
    findExtent(inode, path, block, flags)
    if (path.leaf.entries < path.leaf.max) return 0
  }
}

/** Extends the extent at, before or after the path's with the new one; returns its place, or -1. */
function joinNeighbour(path: ExtentPath, block: number, raw: number, start: number): number {
  const leaf = path.leaf
  const len = extentLen(raw)
  const append = path.extent === leaf.entries - 1 || leaf.end(path.extent) >= block
  const ex = append ? path.extent : path.extent + 1
  const old = leaf.raw[ex]!
  const oldBlock = leaf.block[ex]!
  const oldStart = leaf.start[ex]!
  if (append && canMerge(oldBlock, old, oldStart, block, raw, start)) {
    leaf.raw[ex] = rawLen(extentLen(old) + len, isUnwritten(old))
    return ex
  }
  if (canMerge(block, raw, start, oldBlock, old, oldStart)) {
    leaf.block[ex] = block
    leaf.start[ex] = start
    leaf.raw[ex] = rawLen(extentLen(old) + len, isUnwritten(old))
    return ex
  }
  return -1
}

/**
 * Puts an extent into the tree at the place the path leads to, as part of a neighbour where that is possible
 * (fs/ext4/extents.c: ext4_ext_insert_extent, 6.1). With GET_BLOCKS_PRE_IO nothing is merged. Returns 0 or -ENOSPC.
 */
export function insertExtent(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  path: ExtentPath,
  block: number,
  raw: number,
  start: number,
  flags: number,
): number {
  const merge = (flags & GET_BLOCKS_PRE_IO) === 0
  let used = path
  let near = merge && path.extent >= 0 ? joinNeighbour(path, block, raw, start) : -1
  if (near < 0) {
    if (path.leaf.entries >= path.leaf.max) {
      const last = path.leaf.block[path.leaf.entries - 1]!
      const next = block > last ? nextLeafBlock(path) : EXT_MAX_BLOCKS
      if (next !== EXT_MAX_BLOCKS) findExtent(inode, fs.nextPath, next, flags)
      if (next !== EXT_MAX_BLOCKS && fs.nextPath.leaf.entries < fs.nextPath.leaf.max) {
        used = fs.nextPath
      } else {
        const mbFlags = (flags & GET_BLOCKS_METADATA_NOFAIL) !== 0 ? MB_USE_RESERVED : 0
        const err = createNewLeaf(fs, inode, mbFlags, flags, path, block)
        if (err !== 0) return err
      }
    }
    const leaf = used.leaf
    near = used.extent
    if (near < 0) near = 0
    else if (block > leaf.block[near]!) near++
    leaf.insertExtent(near, block, raw, start)
    used.at[used.depth] = near
  }
  if (merge) tryToMerge(fs, inode, used, near)
  correctIndexes(inode, used)
  return 0
}
