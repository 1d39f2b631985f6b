/**
 * `EXT4_GET_BLOCKS_*`: what a caller of `ext4MapBlocks` wants (fs/ext4/ext4.h, 6.1, same values).
 */

/** Allocate blocks that are missing; without it the call only looks up. */
export const GET_BLOCKS_CREATE: number = 0x0001
/** Allocate unwritten extents (fallocate). */
export const GET_BLOCKS_UNWRIT_EXT: number = 0x0002
export const GET_BLOCKS_CREATE_UNWRIT_EXT: number = 0x0003
/** Inside a split: the pieces must not be merged again. No caller outside this folder passes it. */
export const GET_BLOCKS_PRE_IO: number = 0x0008
/** Metadata for a split may come from the reserved blocks. */
export const GET_BLOCKS_METADATA_NOFAIL: number = 0x0020
/** Allocate what was asked for and preallocate nothing. */
export const GET_BLOCKS_NO_NORMALIZE: number = 0x0040
/** Zero what is new before anybody can see it. */
export const GET_BLOCKS_ZERO: number = 0x0200
/** What a DAX write or write fault uses: written, zeroed blocks. */
export const GET_BLOCKS_CREATE_ZERO: number = 0x0201
/** Do not put what the tree walk sees into the extent-status tree (`EXT4_EX_NOCACHE`). */
export const EX_NOCACHE: number = 0x4000_0000

/** `map.flags`: the blocks were allocated, or converted from unwritten, by this call (IOMAP_F_NEW). */
export const MAP_NEW: number = 1
/** `map.flags`: the blocks hold data. */
export const MAP_MAPPED: number = 2
/** `map.flags`: the blocks are allocated and read as zeros. */
export const MAP_UNWRITTEN: number = 4

/** One more than the last logical block a file can have; also the end of the hole behind the last extent. */
export const EXT_MAX_BLOCKS: number = 0xffff_ffff
