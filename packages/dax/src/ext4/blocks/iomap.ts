import type { BlockMap } from './block-map.ts'
import { BLOCK_SIZE, EINVAL, ENOSPC } from './device.ts'
import { GET_BLOCKS_CREATE, GET_BLOCKS_CREATE_ZERO, MAP_MAPPED } from './flags.ts'
import { ext4ShouldRetryAlloc } from './free-blocks.ts'
import type { Ext4Blocks } from './fs.ts'
import type { InodeBlocks } from './inode.ts'
import { ext4MapBlocks } from './map-blocks.ts'

/** The last block a file can have (`EXT4_MAX_LOGICAL_BLOCK`). */
const MAX_LOGICAL_BLOCK = 0xfffffffe

/** Most blocks one write maps at a time (`DIO_MAX_BLOCKS`). */
const MAX_WRITE_BLOCKS = 4096

/**
 * The extent for `length` bytes from `offset` on of a DAX file, in `map` (fs/ext4/inode.c: ext4_iomap_begin,
 * ext4_iomap_alloc, 6.1). For a write inside the file a lookup comes first and shortens what is then allocated.
 *
 * Flags of `map` to iomap: UNWRITTEN → IOMAP_UNWRITTEN, else MAPPED → IOMAP_MAPPED, else IOMAP_HOLE; NEW → IOMAP_F_NEW.
 * `nested`: the caller holds a journal handle (a write fault), so that a lack of space is not answered by a commit
 * here; the fault handler does that and starts again. Returns 0, -ENOSPC, or -EINVAL past the last block a file can have.
 */
export function ext4IomapBegin(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  map: BlockMap,
  offset: number,
  length: number,
  write: boolean,
  isize: number,
  openForWrite: boolean,
  nested: boolean,
): number {
  const lblk = Math.floor(offset / BLOCK_SIZE)
  if (lblk > MAX_LOGICAL_BLOCK) return -EINVAL
  map.set(lblk, Math.floor((offset + length - 1) / BLOCK_SIZE) - lblk + 1)
  if (!write || offset + length <= isize) {
    const mapped = ext4MapBlocks(fs, inode, map, 0, isize, openForWrite)
    if (!write || (mapped > 0 && (map.flags & MAP_MAPPED) !== 0)) return 0
  }
  if (map.len > MAX_WRITE_BLOCKS) map.len = MAX_WRITE_BLOCKS
  for (let tries = 1; ; tries++) {
    const flags = nested && fs.leavesZeroingToFaults ? GET_BLOCKS_CREATE : GET_BLOCKS_CREATE_ZERO
    const mapped = ext4MapBlocks(fs, inode, map, flags, isize, openForWrite)
    if (mapped >= 0) return 0
    if (mapped !== -ENOSPC || nested || !ext4ShouldRetryAlloc(fs, tries)) return mapped
  }
}
