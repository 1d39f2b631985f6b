/**
 * The request and the answer of `ext4MapBlocks` (`struct ext4_map_blocks`). Reuse one object: a call allocates none.
 */
export class BlockMap {
  /** In: first logical block. Never changed. */
  lblk: number = 0
  /** In: blocks asked for. Out: blocks described, at least 1; for a hole too. */
  len: number = 0
  /** Out: first physical block, 0 for a hole. */
  pblk: number = 0
  /** Out: `MAP_NEW`, `MAP_MAPPED`, `MAP_UNWRITTEN`; 0 for a hole. */
  flags: number = 0

  set(lblk: number, len: number): this {
    this.lblk = lblk
    this.len = len
    this.pblk = 0
    this.flags = 0
    return this
  }
}
