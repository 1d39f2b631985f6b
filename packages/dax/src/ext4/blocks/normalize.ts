import { MB_HINT_DATA, MB_HINT_GROUP_ALLOC, MB_HINT_NOPREALLOC, MB_HINT_TRY_GOAL } from './allocation.ts'
import { BLOCKS_PER_GROUP } from './buddy.ts'
import { BLOCK_BITS, BLOCK_SIZE } from './device.ts'
import { EXT_MAX_BLOCKS } from './flags.ts'
import type { Ext4Blocks } from './fs.ts'
import type { InodeBlocks } from './inode.ts'

/** What the locality group takes from the buddy at a time: 2 MiB (`mb_group_prealloc`). */
const GROUP_PREALLOC = 512

/**
 * Blocks to ask for when the file will have `size` bytes: a file is expected to grow to the next power of two, and from
 * 1 MiB on it gets chunks of 2, 4 or 8 MiB aligned to their size.
 */
function predictedBlocks(size: number): number {
  if (size <= 1 << 20) {
    let bytes = 1 << 14
    while (bytes < size) bytes *= 2
    return bytes / BLOCK_SIZE
  }
  if (size <= 4 << 20) return 512
  return size <= 8 << 20 ? 1024 : 2048
}

/**
 * Makes the request larger, and aligned, so that what is left over can be preallocated
 * (fs/ext4/mballoc.c: ext4_mb_normalize_request, 6.1). Only for data, and not if the caller forbade it.
 */
export function normalizeRequest(fs: Ext4Blocks, inode: InodeBlocks): void {
  const ac = fs.ac
  if ((ac.flags & MB_HINT_DATA) === 0 || (ac.flags & MB_HINT_NOPREALLOC) !== 0) return
  if ((ac.flags & MB_HINT_GROUP_ALLOC) !== 0) {
    ac.goal.len = GROUP_PREALLOC
    return
  }
  const { logical, len } = ac.original
  const bytes = Math.max((logical + len) * 2 ** BLOCK_BITS, inode.isize)
  let size = predictedBlocks(bytes)
  let start = bytes <= 1 << 20 ? 0 : logical - (logical % size)
  start = Math.max(start, logical - (logical % BLOCKS_PER_GROUP))
  if (start + size > EXT_MAX_BLOCKS) size = EXT_MAX_BLOCKS - start
  if (ac.pleft !== 0 && start <= ac.lleft) {
    size -= ac.lleft + 1 - start
    start = ac.lleft + 1
  }
  if (ac.pright !== 0 && start + size - 1 >= ac.lright) size -= start + size - ac.lright
  size = Math.min(size, BLOCKS_PER_GROUP)

  let end = start + size
  for (const pa of inode.preallocs) {
    const paEnd = pa.lstart + pa.len
    if (pa.lstart >= end || paEnd <= start) continue
    if (paEnd <= logical) start = paEnd
    else if (pa.lstart > logical) end = pa.lstart
  }
  size = end - start
  ac.goal.logical = start
  ac.goal.len = size

  if (ac.pright !== 0 && ac.lright === end && ac.pright >= size) setGoal(fs, ac.pright - size)
  if (ac.pleft !== 0 && ac.lleft + 1 === start && ac.pleft + 1 < fs.device.blocks) setGoal(fs, ac.pleft + 1)
}

/** The place where the request would continue its neighbour: it is tried before anything else. */
function setGoal(fs: Ext4Blocks, block: number): void {
  fs.ac.goal.group = Math.floor(block / BLOCKS_PER_GROUP)
  fs.ac.goal.start = block % BLOCKS_PER_GROUP
  fs.ac.flags |= MB_HINT_TRY_GOAL
}
