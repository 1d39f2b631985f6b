/**
 * What the block code needs from the device below it.
 *
 * A block is 4096 bytes. Block numbers are relative to the device's first block and stay below 2^32.
 */
export interface BlockDevice {
  /** Size in blocks: 131072 for 512 MiB. */
  readonly blocks: number
  /** Fills blocks with zeros (`blkdev_issue_zeroout`; on persistent memory a store with flush). */
  zero(pblk: number, count: number): void
}

/** Bytes in a block, and their number as a power of two. */
export const BLOCK_SIZE: number = 4096
export const BLOCK_BITS: number = 12

/** 512-byte sectors in a block: the unit of `i_blocks`. */
export const SECTORS_PER_BLOCK: number = 8

/** Error numbers, negative as the kernel returns them. */
export const EINVAL: number = 22
export const ENOSPC: number = 28
