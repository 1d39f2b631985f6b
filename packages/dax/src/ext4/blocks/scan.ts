import {
  type AllocationContext,
  MB_HINT_DATA,
  MB_HINT_FIRST,
  MB_HINT_GROUP_ALLOC,
  MB_HINT_TRY_GOAL,
  MB_STREAM_ALLOC,
  STATUS_BREAK,
  STATUS_CONTINUE,
  STATUS_FOUND,
} from './allocation.ts'
import { findNextZero } from './bitmap.ts'
import { BLOCKS_PER_GROUP, type BlockGroup, BUDDY_ORDERS, type FreeExtent } from './buddy.ts'
import type { Ext4Blocks } from './fs.ts'
import type { InodeBlocks } from './inode.ts'
import { GROUPS_PER_FLEX } from './layout.ts'
import { Prealloc } from './prealloc.ts'

/** Free runs to look at: at least, and at most (`mb_min_to_scan`, `mb_max_to_scan`). */
const MIN_TO_SCAN = 10
const MAX_TO_SCAN = 200
/** Powers of two from this one on (as `fls`) are looked up in the buddy (`mb_order2_req`). */
const ORDER2_REQS = 2

/** The block stands at its place in the inode's preallocation (ext4_mb_use_inode_pa). */
export function useInodeSpace(ac: AllocationContext, pa: Prealloc): void {
  const start = pa.pstart + (ac.original.logical - pa.lstart)
  ac.best.group = Math.floor(start / BLOCKS_PER_GROUP)
  ac.best.start = start % BLOCKS_PER_GROUP
  ac.best.len = Math.min(pa.pstart + pa.len, start + ac.original.len) - start
  ac.status = STATUS_FOUND
  ac.pa = pa
  pa.free -= ac.best.len
}

/** The next blocks of the locality group's preallocation (ext4_mb_use_group_pa). */
export function useGroupSpace(ac: AllocationContext, pa: Prealloc): void {
  ac.best.group = Math.floor(pa.pstart / BLOCKS_PER_GROUP)
  ac.best.start = pa.pstart % BLOCKS_PER_GROUP
  ac.best.len = ac.original.len
  ac.status = STATUS_FOUND
  ac.pa = pa
}

/**
 * Searches the groups: criterion 0 for an aligned power of two, 1 for groups whose free runs are long enough on
 * average, 2 for groups with enough free blocks, 3 for anything (fs/ext4/mballoc.c: ext4_mb_regular_allocator, 6.1).
 * Ends with `fs.ac.status`; what was found is taken out of the buddy.
 */
export function regularAllocator(fs: Ext4Blocks, inode: InodeBlocks): void {
  const ac = fs.ac
  findByGoal(fs, inode)
  if (ac.status === STATUS_FOUND) return
  const order = 32 - Math.clz32(ac.goal.len)
  ac.order = 0
  if (order >= ORDER2_REQS && order <= BUDDY_ORDERS && (ac.goal.len & (ac.goal.len - 1)) === 0)
    ac.order = order - 1
  if ((ac.flags & MB_STREAM_ALLOC) !== 0) {
    ac.goal.group = fs.lastGroup
    ac.goal.start = fs.lastStart
  }
  scanGroups(fs, inode, ac.order > 0 ? 0 : 1)
  if (ac.best.len > 0 && ac.status !== STATUS_FOUND && (ac.flags & MB_HINT_FIRST) === 0) {
    const group = fs.groups[ac.best.group]!
    if (group.findExtent(ac.best.start, ac.best.len, ac.probe) > 0) {
      ac.probe.logical = ac.best.logical
      ac.best.copy(ac.probe)
      useBest(fs, inode, group)
    }
  }
}

/** One pass over the groups for each criterion, from the goal's group on. */
function scanGroups(fs: Ext4Blocks, inode: InodeBlocks, first: number): void {
  const ac = fs.ac
  const count = fs.groups.length
  for (let criterion = first; criterion < 4 && ac.status === STATUS_CONTINUE; criterion++) {
    for (let i = 0; i < count && ac.status === STATUS_CONTINUE; i++) {
      const group = fs.groups[(ac.goal.group + i) % count]!
      if (!goodGroup(ac, group, criterion)) continue
      if (criterion === 0) simpleScan(fs, inode, group)
      else complexScan(fs, inode, group)
    }
  }
}

/** Whether to look into a group at all (ext4_mb_good_group_nolock, ext4_mb_good_group). */
function goodGroup(ac: AllocationContext, group: BlockGroup, criterion: number): boolean {
  const wanted = ac.goal.len
  if (group.free === 0 || (criterion <= 2 && group.free < wanted)) return false
  if (group.unread) {
    if (criterion < 2) return false
    group.unread = false
  }
  if (criterion === 1) return Math.floor(group.free / group.fragments) >= wanted
  if (criterion !== 0) return true
  if ((ac.flags & MB_HINT_DATA) !== 0 && group.index % GROUPS_PER_FLEX === 0) return false
  return ac.order >= BUDDY_ORDERS || group.largestFreeOrder >= ac.order
}

/** Exactly the goal, if it is free (ext4_mb_find_by_goal). */
function findByGoal(fs: Ext4Blocks, inode: InodeBlocks): void {
  const ac = fs.ac
  if ((ac.flags & MB_HINT_TRY_GOAL) === 0) return
  const group = fs.groups[ac.goal.group]!
  if (group.free === 0) return
  group.unread = false
  if (group.findExtent(ac.goal.start, ac.goal.len, ac.probe) < ac.goal.len) return
  ac.found++
  ac.best.copy(ac.probe)
  useBest(fs, inode, group)
}

/** The smallest chunk of the buddy that is large enough, the first of its order (ext4_mb_simple_scan_group). */
function simpleScan(fs: Ext4Blocks, inode: InodeBlocks, group: BlockGroup): void {
  const ac = fs.ac
  for (let order = ac.order; order < BUDDY_ORDERS; order++) {
    const start = group.firstChunk(order)
    if (start < 0) continue
    ac.found++
    ac.best.group = group.index
    ac.best.start = start
    ac.best.len = 1 << order
    useBest(fs, inode, group)
    return
  }
}

/** Every free run of the group (ext4_mb_complex_scan_group). */
function complexScan(fs: Ext4Blocks, inode: InodeBlocks, group: BlockGroup): void {
  const ac = fs.ac
  let free = group.free
  let block = group.firstFree
  while (free > 0 && ac.status === STATUS_CONTINUE) {
    block = findNextZero(group.bitmap, BLOCKS_PER_GROUP, block)
    const len = group.findExtent(block, ac.goal.len, ac.probe)
    measure(fs, inode, group, ac.probe)
    block += len
    free -= len
  }
  checkLimits(fs, inode, group, true)
}

/** Is this run better than the best so far, or good enough to stop (ext4_mb_measure_extent)? */
function measure(fs: Ext4Blocks, inode: InodeBlocks, group: BlockGroup, run: FreeExtent): void {
  const ac = fs.ac
  const { best, goal } = ac
  ac.found++
  if ((ac.flags & MB_HINT_FIRST) !== 0 || run.len === goal.len) {
    best.copy(run)
    useBest(fs, inode, group)
    return
  }
  if (best.len === 0) {
    best.copy(run)
    return
  }
  if (best.len < goal.len) {
    if (run.len > best.len) best.copy(run)
  } else if (run.len > goal.len && run.len < best.len) {
    best.copy(run)
  }
  checkLimits(fs, inode, group, false)
}

/** Ends the search when enough runs were seen (ext4_mb_check_limits). */
function checkLimits(fs: Ext4Blocks, inode: InodeBlocks, group: BlockGroup, finished: boolean): void {
  const ac = fs.ac
  const { best, goal } = ac
  if (ac.status === STATUS_FOUND) return
  if (ac.found > MAX_TO_SCAN && (ac.flags & MB_HINT_FIRST) === 0) {
    ac.status = STATUS_BREAK
    return
  }
  if (best.len < goal.len) return
  if ((finished || ac.found > MIN_TO_SCAN) && best.group === group.index) useBest(fs, inode, group)
}

/** Takes the best run out of the buddy; what is more than was asked for is preallocated (ext4_mb_use_best_found). */
function useBest(fs: Ext4Blocks, inode: InodeBlocks, group: BlockGroup): void {
  const ac = fs.ac
  const { best, goal } = ac
  best.len = Math.min(best.len, goal.len)
  best.logical = goal.logical
  group.markUsed(best.start, best.len)
  ac.status = STATUS_FOUND
  if ((ac.flags & MB_STREAM_ALLOC) !== 0) {
    fs.lastGroup = best.group
    fs.lastStart = best.start
  }
  if (ac.original.len < best.len) newPreallocation(fs, inode, group)
}

/** ext4_mb_new_inode_pa, ext4_mb_new_group_pa. */
function newPreallocation(fs: Ext4Blocks, inode: InodeBlocks, group: BlockGroup): void {
  const ac = fs.ac
  const { best, goal, original } = ac
  const first = best.group * BLOCKS_PER_GROUP + best.start
  if ((ac.flags & MB_HINT_GROUP_ALLOC) !== 0) {
    const pa = new Prealloc(null, first, first, best.len)
    useGroupSpace(ac, pa)
    group.preallocs.unshift(pa)
    return
  }
  if (best.len < goal.len) {
    const atEnd = goal.logical + goal.len - best.len
    if (original.logical >= atEnd) best.logical = atEnd
    else if (original.logical + original.len <= goal.logical + best.len) best.logical = goal.logical
    else best.logical = original.logical
  }
  const pa = new Prealloc(inode, best.logical, first, best.len)
  useInodeSpace(ac, pa)
  group.preallocs.unshift(pa)
  inode.preallocs.unshift(pa)
}
