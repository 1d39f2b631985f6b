import { MB_HINT_DATA, MB_HINT_NOPREALLOC, MB_USE_RESERVED } from './allocation.ts'
import type { BlockMap } from './block-map.ts'
import { convertToInitialized } from './convert.ts'
import { findGoal, insertExtent } from './extent-insert.ts'
import { EXT_INIT_MAX_LEN, EXT_UNWRITTEN_MAX_LEN, extentLen, isUnwritten, rawLen } from './extent-node.ts'
import { type ExtentPath, findExtent, nextAllocatedBlock, nextLeaf } from './extent-path.ts'
import { ES_HOLE, ES_UNWRITTEN, ES_WRITTEN } from './extent-status.ts'
import {
  EXT_MAX_BLOCKS,
  GET_BLOCKS_CREATE,
  GET_BLOCKS_METADATA_NOFAIL,
  GET_BLOCKS_NO_NORMALIZE,
  GET_BLOCKS_UNWRIT_EXT,
  GET_BLOCKS_ZERO,
  MAP_MAPPED,
  MAP_NEW,
  MAP_UNWRITTEN,
} from './flags.ts'
import { freeBlocks } from './free-blocks.ts'
import type { Ext4Blocks } from './fs.ts'
import type { InodeBlocks } from './inode.ts'
import { newBlocks } from './mballoc.ts'
import { discardPreallocations } from './prealloc.ts'

/**
 * Maps `map.len` blocks from `map.lblk` on, or as many as lie together; with GET_BLOCKS_CREATE allocates what is
 * missing (fs/ext4/inode.c: ext4_map_blocks, 6.1).
 *
 * The status tree is asked first, then the extent tree; either may shorten `map.len`, and it stays shortened for the
 * allocation that follows: a hole is filled no further than the cached hole reaches.
 *
 * Returns the blocks mapped, 0 for a hole (`map.len` is then its length from `map.lblk` on, as far as asked),
 * or -ENOSPC. `isize` is the file's size in bytes; `openForWrite`: a descriptor open for writing exists.
 */
export function ext4MapBlocks(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  map: BlockMap,
  flags: number,
  isize: number,
  openForWrite: boolean,
): number {
  inode.isize = isize
  inode.openForWrite = openForWrite
  map.flags = 0
  map.pblk = 0
  let mapped = 0
  const run = inode.es.lookup(map.lblk)
  if (run >= 0) {
    const skip = map.lblk - inode.es.lblk[run]!
    map.len = Math.min(map.len, inode.es.len[run]! - skip)
    const status = inode.es.status[run]!
    if (status !== ES_HOLE) {
      map.pblk = inode.es.pblk[run]! + skip
      map.flags = status === ES_WRITTEN ? MAP_MAPPED : MAP_UNWRITTEN
      mapped = map.len
    }
  } else {
    mapped = mapExtent(fs, inode, map, 0)
    if (mapped > 0) noteStatus(inode, map)
  }
  if ((flags & GET_BLOCKS_CREATE) === 0) return mapped
  if (mapped > 0 && (map.flags & MAP_MAPPED) !== 0) return mapped

  map.flags = 0
  mapped = mapExtent(fs, inode, map, flags)
  if (mapped > 0) {
    const fresh = MAP_MAPPED | MAP_NEW
    if ((flags & GET_BLOCKS_ZERO) !== 0 && (map.flags & fresh) === fresh) fs.device.zero(map.pblk, map.len)
    noteStatus(inode, map)
  }
  return mapped
}

function noteStatus(inode: InodeBlocks, map: BlockMap): void {
  inode.es.insert(map.lblk, map.len, map.pblk, (map.flags & MAP_UNWRITTEN) !== 0 ? ES_UNWRITTEN : ES_WRITTEN)
}

/** The same against the extent tree alone (fs/ext4/extents.c: ext4_ext_map_blocks, 6.1). */
function mapExtent(fs: Ext4Blocks, inode: InodeBlocks, map: BlockMap, flags: number): number {
  const path = fs.path
  findExtent(inode, path, map.lblk, 0)
  const leaf = path.leaf
  const ex = path.extent
  if (ex >= 0 && map.lblk >= leaf.block[ex]! && map.lblk < leaf.end(ex)) {
    const offset = map.lblk - leaf.block[ex]!
    const pblk = leaf.start[ex]! + offset
    if (isUnwritten(leaf.raw[ex]!)) {
      return mapUnwritten(fs, inode, map, path, flags, extentLen(leaf.raw[ex]!) - offset, pblk)
    }
    map.flags |= MAP_MAPPED
    map.pblk = pblk
    map.len = Math.min(map.len, extentLen(leaf.raw[ex]!) - offset)
    return map.len
  }
  if ((flags & GET_BLOCKS_CREATE) === 0) {
    map.pblk = 0
    map.len = Math.min(map.len, noteHole(inode, path, map.lblk))
    return 0
  }
  return allocate(fs, inode, map, path, flags)
}

/**
 * The hole around `lblk` goes into the status tree; returns its length from `lblk` on
 * (ext4_ext_determine_insert_hole, ext4_ext_find_hole). Where it begins is known only if an extent lies before it.
 */
function noteHole(inode: InodeBlocks, path: ExtentPath, lblk: number): number {
  const leaf = path.leaf
  const ex = path.extent
  let start = lblk
  let end = EXT_MAX_BLOCKS
  if (ex < 0) start = 0
  else if (lblk < leaf.block[ex]!) end = leaf.block[ex]!
  else {
    start = leaf.end(ex)
    end = nextAllocatedBlock(path)
  }
  inode.es.insert(start, end - start, 0, ES_HOLE)
  return end - lblk
}

/** The block lies in an unwritten extent (ext4_ext_handle_unwritten_extents). */
function mapUnwritten(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  map: BlockMap,
  path: ExtentPath,
  flags: number,
  available: number,
  pblk: number,
): number {
  let allocated = available
  if ((flags & GET_BLOCKS_UNWRIT_EXT) !== 0) {
    map.flags |= MAP_UNWRITTEN | MAP_MAPPED
  } else if ((flags & GET_BLOCKS_CREATE) === 0) {
    map.flags |= MAP_UNWRITTEN
  } else {
    const nofail = flags | GET_BLOCKS_METADATA_NOFAIL
    allocated = convertToInitialized(fs, inode, path, map.lblk, map.len, nofail)
    if (allocated < 0) return allocated
    inode.datasyncDirty = true
    map.flags |= MAP_NEW | MAP_MAPPED
  }
  map.pblk = pblk
  map.len = Math.min(map.len, allocated)
  return map.len
}

/** Allocates blocks for a hole and puts the extent into the tree: the second half of ext4_ext_map_blocks. */
function allocate(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  map: BlockMap,
  path: ExtentPath,
  flags: number,
): number {
  const ac = fs.ac
  const unwritten = (flags & GET_BLOCKS_UNWRIT_EXT) !== 0
  const leaf = path.leaf
  const ex = path.extent
  setNeighbours(fs, inode, path, map.lblk)
  map.len = Math.min(map.len, unwritten ? EXT_UNWRITTEN_MAX_LEN : EXT_INIT_MAX_LEN)
  let wanted = map.len
  if (ex >= 0) {
    const next = leaf.block[ex]! < map.lblk ? nextAllocatedBlock(path) : leaf.block[ex]!
    wanted = Math.min(wanted, next - map.lblk)
  }
  ac.goalBlock = findGoal(fs, path, map.lblk)
  ac.logical = map.lblk
  ac.len = wanted
  ac.flags = MB_HINT_DATA
  if ((flags & GET_BLOCKS_NO_NORMALIZE) !== 0) ac.flags |= MB_HINT_NOPREALLOC
  if ((flags & GET_BLOCKS_METADATA_NOFAIL) !== 0) ac.flags |= MB_USE_RESERVED
  const pblk = newBlocks(fs, inode)
  if (pblk < 0) return pblk
  const given = ac.len
  const len = Math.min(given, wanted)
  const err = insertExtent(fs, inode, path, map.lblk, rawLen(len, unwritten), pblk, flags)
  if (err !== 0) {
    discardPreallocations(fs, inode)
    freeBlocks(fs, inode, pblk, given)
    return err
  }
  if (!unwritten) inode.datasyncDirty = true
  map.flags |= MAP_NEW | MAP_MAPPED | (unwritten ? MAP_UNWRITTEN : 0)
  map.pblk = pblk
  map.len = len
  return len
}

/** The allocated blocks nearest to `lblk`, for the allocator (ext4_ext_search_left, ext4_ext_search_right). */
function setNeighbours(fs: Ext4Blocks, inode: InodeBlocks, path: ExtentPath, lblk: number): void {
  const ac = fs.ac
  const leaf = path.leaf
  const ex = path.extent
  ac.pleft = 0
  ac.pright = 0
  ac.lleft = lblk
  ac.lright = lblk
  if (ex < 0) return
  let right = leaf
  let first = ex
  if (lblk >= leaf.block[ex]!) {
    ac.lleft = leaf.end(ex) - 1
    ac.pleft = leaf.start[ex]! + extentLen(leaf.raw[ex]!) - 1
    first = ex + 1
    if (first === leaf.entries) {
      const next = nextLeaf(inode, path)
      if (next === null) return
      right = next
      first = 0
    }
  }
  ac.lright = right.block[first]!
  ac.pright = right.start[first]!
}
