/**
 * ext4's block mapping as Linux 6.1 does it for regular, extent-mapped files on a DAX mount with 4 KiB blocks:
 * extent tree, extent-status tree, multi-block allocator.
 *
 * Not modelled: delayed allocation, bigalloc clusters, quota limits, indirect-mapped files, journal credits
 * (a transaction never has to be split) and memory pressure (no cached extent is ever dropped).
 */
export { BlockMap } from './block-map.ts'
export { BLOCK_SIZE, type BlockDevice, ENOSPC } from './device.ts'
export {
  ext4AllocFileBlocks,
  ext4Evict,
  ext4ExtRemoveSpace,
  ext4PunchHole,
  ext4ReleaseFile,
  ext4Truncate,
} from './file-blocks.ts'
export {
  EXT_MAX_BLOCKS,
  GET_BLOCKS_CREATE,
  GET_BLOCKS_CREATE_UNWRIT_EXT,
  GET_BLOCKS_CREATE_ZERO,
  GET_BLOCKS_NO_NORMALIZE,
  GET_BLOCKS_UNWRIT_EXT,
  GET_BLOCKS_ZERO,
  MAP_MAPPED,
  MAP_NEW,
  MAP_UNWRITTEN,
} from './flags.ts'
export { ext4ShouldRetryAlloc } from './free-blocks.ts'
export { Ext4Blocks, type Ext4BlocksOptions } from './fs.ts'
export { InodeBlocks } from './inode.ts'
export { ext4IomapBegin } from './iomap.ts'
export { ext4MapBlocks } from './map-blocks.ts'
