/**
 * ext4's `get_block` for DAX faults, before there was iomap.
 * @module
 */

import { MachineError, type Task } from '@mm-model/core'
import type { BufferHead } from '../buffer-head.ts'
import { daxContext } from '../fault-context.ts'
import type { DaxInode } from '../inode.ts'
import { ext4MapBlocks, GET_BLOCKS_CREATE_ZERO, MAP_MAPPED, MAP_NEW, MAP_UNWRITTEN } from './blocks/index.ts'
import { Ext4 } from './personality.ts'

/**
 * The blocks for at most `length` bytes from page `index` on, in `bh`; 0 or a negative error number. A hole leaves `bh`
 * without a size. Unwritten blocks are converted and zeroed in a look-up too, so that a load does it; a lack of space is
 * not tried again after a commit (fs/ext4/inode.c: ext4_dax_mmap_get_block, 4.5).
 */
export function ext4DaxMmapGetBlock(
  t: Task,
  inode: DaxInode,
  index: number,
  length: number,
  create: boolean,
  bh: BufferHead,
): number {
  const m = t.machine
  const { personality } = inode.sb
  if (m.trace !== null) m.trace('ext4_dax_mmap_get_block', t, index * 4096, length, create ? 1 : 0)
  if (!(personality instanceof Ext4) || inode.blocks === null) {
    throw new MachineError('BAD_CONFIGURATION', {
      found: `inode ${inode.name} of ${personality.name}`,
      expected: 'an inode of ext4',
      remedy: 'mount with the handlers of the file system itself',
    })
  }
  const map = daxContext(t).blockMap.set(index, length / 4096)
  bh.clear()
  const open = inode.writers > 0
  const flags = create ? GET_BLOCKS_CREATE_ZERO : 0
  let ret = ext4MapBlocks(personality.blocks, inode.blocks, map, flags, inode.size, open)
  let changed = (map.flags & MAP_NEW) !== 0
  if (ret >= 0 && (map.flags & MAP_UNWRITTEN) !== 0) {
    const { len } = map
    ret = ext4MapBlocks(
      personality.blocks,
      inode.blocks,
      map.set(index, len),
      GET_BLOCKS_CREATE_ZERO,
      inode.size,
      open,
    )
    changed = ret > 0
  }
  if (changed) personality.dirtied(inode)
  if (ret <= 0 || (map.flags & MAP_MAPPED) === 0) return Math.min(ret, 0)
  bh.mapped = true
  bh.sizeValid = true
  bh.size = map.len * 4096
  bh.block = map.pblk
  bh.zeroed = changed
  return 0
}
