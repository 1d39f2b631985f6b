import { clearBits } from './bitmap.ts'
import { BLOCKS_PER_GROUP } from './buddy.ts'
import { SECTORS_PER_BLOCK } from './device.ts'
import type { Ext4Blocks } from './fs.ts'
import type { InodeBlocks } from './inode.ts'
import { hasFreeBlocks } from './mballoc.ts'

/**
 * Frees blocks of an inode. They count as free at once, but until the journal commits the allocator does not see them
 * (fs/ext4/mballoc.c: ext4_free_blocks, ext4_mb_clear_bb, ext4_mb_free_metadata, 6.1).
 */
export function freeBlocks(fs: Ext4Blocks, inode: InodeBlocks, pblk: number, count: number): void {
  let block = pblk
  let left = count
  while (left > 0) {
    const group = fs.groups[Math.floor(block / BLOCKS_PER_GROUP)]!
    const bit = block % BLOCKS_PER_GROUP
    const here = Math.min(left, BLOCKS_PER_GROUP - bit)
    clearBits(group.disk, bit, here)
    fs.freed.push(block, here)
    block += here
    left -= here
  }
  fs.freeBlocks += count
  inode.iBlocks -= count * SECTORS_PER_BLOCK
}

/**
 * After -ENOSPC: is another try worth while? Blocks that wait for the journal become available by forcing a commit
 * (fs/ext4/balloc.c: ext4_should_retry_alloc, 6.1). `tries` counts the calls for one operation, from 1.
 * A write fault asks this after it gave its journal handle back, up to three times.
 */
export function ext4ShouldRetryAlloc(fs: Ext4Blocks, tries: number): boolean {
  if (tries > 3) return false
  if (fs.freed.length === 0) return hasFreeBlocks(fs, 1, 0)
  fs.forceCommit()
  return true
}
