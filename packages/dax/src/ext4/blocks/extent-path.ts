import { type ExtentNode, extentLen, isUnwritten } from './extent-node.ts'
import { ES_HOLE, ES_UNWRITTEN, ES_WRITTEN } from './extent-status.ts'
import { EX_NOCACHE, EXT_MAX_BLOCKS } from './flags.ts'
import type { InodeBlocks } from './inode.ts'

/** Levels of the deepest tree ext4 allows (`EXT4_MAX_EXTENT_DEPTH` 5), root and leaf included. */
const MAX_LEVELS = 7

/**
 * The way from the root to a leaf (`struct ext4_ext_path`): per level the node, and the entry that was followed. In the
 * leaf that is the extent at or before the block looked for, or the first one; -1 in an empty leaf.
 */
export class ExtentPath {
  depth: number = 0
  readonly nodes: ExtentNode[] = []
  readonly at: Int32Array = new Int32Array(MAX_LEVELS)
  /** Used while removing: entries of the node when its child was entered. */
  readonly seen: Int32Array = new Int32Array(MAX_LEVELS)

  get leaf(): ExtentNode {
    return this.nodes[this.depth]!
  }

  /** The extent found in the leaf. */
  get extent(): number {
    return this.at[this.depth]!
  }
}

/** Notes every extent of a leaf, and the holes between them, in the status tree (ext4_cache_extents). */
function cacheExtents(inode: InodeBlocks, leaf: ExtentNode): void {
  let previous = 0
  for (let i = 0; i < leaf.entries; i++) {
    const lblk = leaf.block[i]!
    const raw = leaf.raw[i]!
    const len = extentLen(raw)
    if (previous !== 0 && previous !== lblk) inode.es.cache(previous, lblk - previous, 0, ES_HOLE)
    inode.es.cache(lblk, len, leaf.start[i]!, isUnwritten(raw) ? ES_UNWRITTEN : ES_WRITTEN)
    previous = lblk + len
  }
}

/** Enters a tree block. What a leaf holds is noted once, when its buffer was not looked at before. */
export function readTreeBlock(inode: InodeBlocks, node: ExtentNode, flags: number): ExtentNode {
  if (!node.verified) {
    node.verified = true
    if ((flags & EX_NOCACHE) === 0 && node.depth === 0) cacheExtents(inode, node)
  }
  return node
}

/** Walks to the leaf for `lblk` (fs/ext4/extents.c: ext4_find_extent, 6.1). */
export function findExtent(inode: InodeBlocks, path: ExtentPath, lblk: number, flags: number): void {
  let node = inode.root
  path.depth = node.depth
  if (node.depth === 0 && (flags & EX_NOCACHE) === 0) cacheExtents(inode, node)
  let level = 0
  while (node.depth > 0) {
    const at = node.search(lblk)
    path.nodes[level] = node
    path.at[level] = at
    node = readTreeBlock(inode, node.children[at]!, flags)
    level++
  }
  path.nodes[level] = node
  path.at[level] = node.search(lblk)
}

/** First block after the extent found; where the leaf ends, of the next index (ext4_ext_next_allocated_block). */
export function nextAllocatedBlock(path: ExtentPath): number {
  for (let level = path.depth; level >= 0; level--) {
    const node = path.nodes[level]!
    const at = path.at[level]!
    if (at !== node.entries - 1) return node.block[at + 1]!
  }
  return EXT_MAX_BLOCKS
}

/** First block that the next leaf is responsible for (ext4_ext_next_leaf_block). */
export function nextLeafBlock(path: ExtentPath): number {
  for (let level = path.depth - 1; level >= 0; level--) {
    const node = path.nodes[level]!
    const at = path.at[level]!
    if (at !== node.entries - 1) return node.block[at + 1]!
  }
  return EXT_MAX_BLOCKS
}

/** The leaf to the right of the path's, or null. */
export function nextLeaf(inode: InodeBlocks, path: ExtentPath): ExtentNode | null {
  for (let level = path.depth - 1; level >= 0; level--) {
    const parent = path.nodes[level]!
    const at = path.at[level]!
    if (at === parent.entries - 1) continue
    let node = readTreeBlock(inode, parent.children[at + 1]!, 0)
    while (node.depth > 0) node = readTreeBlock(inode, node.children[0]!, 0)
    return node
  }
  return null
}
