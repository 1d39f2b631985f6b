/**
 * What `mkfs.xfs` leaves free, and what `mount` keeps back.
 * @module
 */

import { MachineError } from '@mm-model/core'

/** Blocks of the free lists (`agf_flcount`): as many as trees of one level need (xfs_alloc_min_freelist, 6.1). */
export const FREE_LIST: number = 4
/** Blocks of the headers of a group (sectors are of 4 KiB) and of its four roots: by block, by size, inodes, free inodes. */
const HEADERS = 8
/** The one block of the tree of free inodes that is there from the start. */
const USED_TREE_BLOCKS = 1
/** The log: 64 MiB for file systems below 128 GiB. */
const LOG_BLOCKS = 16384
/** The first inodes of group 0, which `mkfs` makes. */
const INODE_CHUNK = 16
const INODE_CHUNK_BLOCKS = 8
const GROUPS = 4

/** mkfs.xfs makes no file system below 300 MiB; from 128 GiB on, its log is larger than here. */
const LEAST_BLOCKS = 76_800
const MOST_BLOCKS = 33_554_432

/** Inodes in a block, in a record, and the least number of records in a leaf and of pointers in a node of an inode tree. */
const INODES_PER_BLOCK = 8
const INODES_PER_CHUNK = 64
const INODE_LEAF_RECORDS = 126
const INODE_NODE_POINTERS = 252

/** Least number of records in a leaf and of pointers in a node of a tree of reference counts. */
const REFCOUNT_LEAF_RECORDS = 168
const REFCOUNT_NODE_POINTERS = 252

/** One allocation group of a fresh file system. */
export interface GroupLayout {
  /** First block on the device. */
  readonly start: number
  readonly blocks: number
  /** Free extents: [first block in the group, count]. */
  readonly free: readonly (readonly [bno: number, length: number])[]
  /**
   * Blocks kept for the tree of free inodes and that of reference counts (fs/xfs/libxfs/xfs_ialloc_btree.c:
   * xfs_finobt_calc_reserves; xfs_refcount_btree.c: xfs_refcountbt_calc_reserves, 6.1).
   */
  readonly reserved: number
  /** Longest extent that is looked for in any group (xfs_alloc_ag_max_usable, xfs_ag_resv_init, 6.1). */
  readonly mostUsable: number
}

/** `mkfs.xfs -b size=4096 -m reflink=0|1` of xfsprogs 6.1 on persistent memory, whose sectors are of 4 KiB. */
export function xfsLayout(deviceBlocks: number, reflink: boolean): readonly GroupLayout[] {
  if (deviceBlocks < LEAST_BLOCKS || deviceBlocks >= MOST_BLOCKS) {
    throw new MachineError('BAD_CONFIGURATION', {
      found: `xfs on ${deviceBlocks} blocks of persistent memory`,
      expected: `at least ${LEAST_BLOCKS} (mkfs.xfs makes no smaller file system) and less than ${MOST_BLOCKS}`,
      remedy: 'give the machine that much persistent memory',
    })
  }
  const size = Math.ceil(deviceBlocks / GROUPS)
  const headers = HEADERS + (reflink ? 1 : 0)
  const refcountBlocks = (blocks: number): number =>
    reflink ? treeBlocks(blocks, REFCOUNT_LEAF_RECORDS, REFCOUNT_NODE_POINTERS) : 0
  // The group with the log would ask for less, but all go by the first.
  const mostUsable = size - headers - FREE_LIST - inodeTreeBlocks(size) - refcountBlocks(size)
  const groups: GroupLayout[] = []
  for (let start = 0; start < deviceBlocks; start += size) {
    const blocks = Math.min(size, deviceBlocks - start)
    const hasLog = groups.length === GROUPS / 2
    const first = headers + FREE_LIST + (hasLog ? LOG_BLOCKS : 0)
    const chunkEnd = INODE_CHUNK + INODE_CHUNK_BLOCKS
    const free: [number, number][] = [[first, blocks - first]]
    if (start === 0) free.splice(0, 1, [first, INODE_CHUNK - first], [chunkEnd, blocks - chunkEnd])
    const indexed = blocks - (hasLog ? LOG_BLOCKS : 0)
    const used = USED_TREE_BLOCKS + (reflink ? 1 : 0)
    const reserved = inodeTreeBlocks(indexed) + refcountBlocks(indexed) - used
    groups.push({ start, blocks, free, reserved, mostUsable })
  }
  return groups
}

/** Blocks of the tree that would index inodes in every block. */
function inodeTreeBlocks(blocks: number): number {
  const records = Math.floor((blocks * INODES_PER_BLOCK) / INODES_PER_CHUNK)
  return treeBlocks(records, INODE_LEAF_RECORDS, INODE_NODE_POINTERS)
}

/** Blocks of a tree of so many records whose blocks are as empty as can be (xfs_btree_calc_size, 6.1). */
function treeBlocks(records: number, perLeaf: number, perNode: number): number {
  let level = Math.ceil(records / perLeaf)
  let all = level
  while (level > 1) {
    level = Math.ceil(level / perNode)
    all += level
  }
  return all
}
