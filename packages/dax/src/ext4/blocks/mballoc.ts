import {
  MB_HINT_DATA,
  MB_HINT_GROUP_ALLOC,
  MB_HINT_NOPREALLOC,
  MB_STREAM_ALLOC,
  MB_STRICT_CHECK,
  MB_USE_RESERVED,
  STATUS_CONTINUE,
  STATUS_FOUND,
} from './allocation.ts'
import { setBits } from './bitmap.ts'
import { BLOCKS_PER_GROUP } from './buddy.ts'
import { BLOCK_SIZE, ENOSPC, SECTORS_PER_BLOCK } from './device.ts'
import type { Ext4Blocks } from './fs.ts'
import type { InodeBlocks } from './inode.ts'
import { normalizeRequest } from './normalize.ts'
import {
  addToLocalityGroup,
  discardAllPreallocations,
  discardPreallocations,
  dropIfUsedUp,
  moveToFront,
  PREALLOC_ORDERS,
  type Prealloc,
} from './prealloc.ts'
import { regularAllocator, useGroupSpace, useInodeSpace } from './scan.ts'

/** A file of at most this many blocks draws on the locality group (`mb_stream_req`). */
const STREAM_REQUEST = 16
/** Most preallocations of an inode before the oldest go (`mb_max_inode_prealloc`). */
const MAX_INODE_PREALLOC = 512

/**
 * Where a new regular file begins: the first block of the second group. The first group of a flex group is left to
 * directories and metadata. On a mount with delayed allocation, which DAX leaves switched on, the process id has no
 * part in it (fs/ext4/balloc.c: ext4_inode_to_goal_block, 6.1).
 */
export function inodeGoal(fs: Ext4Blocks): number {
  return fs.groups.length > 1 ? BLOCKS_PER_GROUP : 0
}

/** Whether `count` more blocks may be used, by root (fs/ext4/balloc.c: ext4_has_free_clusters, 6.1). */
export function hasFreeBlocks(fs: Ext4Blocks, count: number, flags: number): boolean {
  const reserved = (flags & MB_USE_RESERVED) !== 0 ? 0 : fs.reservedBlocks
  return fs.freeBlocks >= count + reserved
}

/** One block for the extent tree, or -ENOSPC (ext4_new_meta_blocks). */
export function newMetaBlock(fs: Ext4Blocks, inode: InodeBlocks, goal: number, flags: number): number {
  const ac = fs.ac
  ac.goalBlock = goal
  ac.logical = 0
  ac.pleft = 0
  ac.pright = 0
  ac.len = 1
  ac.flags = flags
  return newBlocks(fs, inode)
}

/**
 * Allocates blocks for the request in `fs.ac`: from a preallocation, or else from the buddy
 * (fs/ext4/mballoc.c: ext4_mb_new_blocks, 6.1). Returns the first block, with `fs.ac.len` the number given, or -ENOSPC.
 */
export function newBlocks(fs: Ext4Blocks, inode: InodeBlocks): number {
  const ac = fs.ac
  while (ac.len > 0 && !hasFreeBlocks(fs, ac.len, ac.flags)) ac.len >>= 1
  if (ac.len === 0) return -ENOSPC
  initialize(fs, inode)
  if (!usePreallocated(fs, inode)) {
    normalizeRequest(fs, inode)
    for (let retries = 1; ; retries++) {
      regularAllocator(fs, inode)
      if (ac.status === STATUS_FOUND || retries === 3 || !shouldRetry(fs)) break
    }
  }
  if (ac.status !== STATUS_FOUND) {
    ac.len = 0
    return -ENOSPC
  }
  const best = ac.best
  setBits(fs.groups[best.group]!.disk, best.start, best.len)
  fs.freeBlocks -= best.len
  ac.len = best.len
  inode.iBlocks += best.len * SECTORS_PER_BLOCK
  const block = best.group * BLOCKS_PER_GROUP + best.start
  finish(fs, inode)
  return block
}

/** ext4_mb_initialize_context. */
function initialize(fs: Ext4Blocks, inode: InodeBlocks): void {
  const ac = fs.ac
  const block = ac.goalBlock >= 0 && ac.goalBlock < fs.device.blocks ? ac.goalBlock : 0
  ac.original.logical = ac.logical
  ac.original.group = Math.floor(block / BLOCKS_PER_GROUP)
  ac.original.start = block % BLOCKS_PER_GROUP
  ac.original.len = Math.min(ac.len, BLOCKS_PER_GROUP)
  ac.goal.copy(ac.original)
  ac.best.logical = ac.logical
  ac.best.group = 0
  ac.best.start = 0
  ac.best.len = 0
  ac.found = 0
  ac.order = 0
  ac.status = STATUS_CONTINUE
  ac.pa = null
  chooseGroupOrFile(fs, inode)
}

/** A small file shares the locality group's space, a large one gets space of its own (ext4_mb_group_or_file). */
function chooseGroupOrFile(fs: Ext4Blocks, inode: InodeBlocks): void {
  const ac = fs.ac
  if ((ac.flags & MB_HINT_DATA) === 0) return
  const end = ac.original.logical + ac.original.len
  const isize = Math.floor((inode.isize + BLOCK_SIZE - 1) / BLOCK_SIZE)
  if (Math.max(end, isize) <= STREAM_REQUEST) ac.flags |= MB_HINT_GROUP_ALLOC
  else if (end === isize && !inode.openForWrite) ac.flags |= MB_HINT_NOPREALLOC
  else ac.flags |= MB_STREAM_ALLOC
}

/** Takes the blocks from the inode's or the locality group's preallocations (ext4_mb_use_preallocated). */
function usePreallocated(fs: Ext4Blocks, inode: InodeBlocks): boolean {
  const ac = fs.ac
  if ((ac.flags & MB_HINT_DATA) === 0) return false
  const logical = ac.original.logical
  for (const pa of inode.preallocs) {
    if (logical < pa.lstart || logical >= pa.lstart + pa.len || pa.free === 0) continue
    useInodeSpace(ac, pa)
    return true
  }
  if ((ac.flags & MB_HINT_GROUP_ALLOC) === 0) return false
  const goal = ac.goal.group * BLOCKS_PER_GROUP + ac.goal.start
  let nearest: Prealloc | null = null
  const first = Math.min(31 - Math.clz32(ac.original.len), PREALLOC_ORDERS - 1)
  for (let order = first; order < PREALLOC_ORDERS; order++) {
    for (const pa of fs.localityGroup[order]!) {
      if (pa.free < ac.original.len) continue
      if (nearest === null || Math.abs(goal - nearest.pstart) > Math.abs(goal - pa.pstart)) nearest = pa
    }
  }
  if (nearest === null) return false
  useGroupSpace(ac, nearest)
  return true
}

/** Nothing was found: with preallocations given back it may be (ext4_mb_discard_preallocations_should_retry). */
function shouldRetry(fs: Ext4Blocks): boolean {
  const ac = fs.ac
  if (discardAllPreallocations(fs, ac.original.len) > 0) return true
  if ((ac.flags & MB_STRICT_CHECK) !== 0) return false
  ac.flags |= MB_STRICT_CHECK
  return true
}

/** The blocks are taken: the preallocation they came from moves to its new place (ext4_mb_release_context). */
function finish(fs: Ext4Blocks, inode: InodeBlocks): void {
  const ac = fs.ac
  const pa = ac.pa
  if (pa !== null) {
    if (pa.inode === null) {
      pa.pstart += ac.best.len
      pa.lstart += ac.best.len
      pa.free -= ac.best.len
      pa.len -= ac.best.len
      if (pa.free > 0) addToLocalityGroup(fs, pa)
    } else {
      moveToFront(inode.preallocs, pa)
    }
    dropIfUsedUp(fs, pa)
  }
  const excess = inode.preallocs.length - MAX_INODE_PREALLOC
  if (excess > (MAX_INODE_PREALLOC >> 2) + 1) discardPreallocations(fs, inode, excess)
}
