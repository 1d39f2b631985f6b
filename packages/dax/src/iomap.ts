/**
 * What a file system says about a range of a file (include/linux/iomap.h, 6.1).
 * @module
 */

export const IOMAP_HOLE: number = 0
export const IOMAP_MAPPED: number = 2
export const IOMAP_UNWRITTEN: number = 3

/** Blocks were allocated or converted for this request. */
export const IOMAP_F_NEW: number = 0x1
/** Metadata needed to reach the blocks is not on the medium yet. */
export const IOMAP_F_DIRTY: number = 0x2
/** Other files have the blocks, too; for a write: the blocks are those of a copy to be. */
export const IOMAP_F_SHARED: number = 0x4

export const IOMAP_WRITE: number = 0x1
export const IOMAP_ZERO: number = 0x2
export const IOMAP_FAULT: number = 0x8
export const IOMAP_DAX: number = 0x100

/** One extent: the answer to a request, reused from request to request (struct iomap, 6.1). */
export class Iomap {
  type: number = IOMAP_HOLE
  /** `IOMAP_F_*`. */
  flags = 0
  /** First byte in the file. */
  offset = 0
  /** Bytes. */
  length = 0
  /** First block on the device; meaningless for a hole. */
  block = 0

  /** Device block of the file's byte `pos`, which lies in the extent (fs/dax.c: dax_iomap_pgoff, 6.1). */
  blockAt(pos: number): number {
    return this.block + (Math.floor(pos / 4096) - Math.floor(this.offset / 4096))
  }
}
