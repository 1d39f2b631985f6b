import { SECTORS_PER_BLOCK } from './device.ts'

/** Entries of the root in the inode body (60 bytes) and of a tree block (4096 bytes): header 12, entry 12. */
export const ROOT_ENTRIES: number = 4
export const NODE_ENTRIES: number = 340

/** Most blocks in a written extent; one less in an unwritten one, because a longer length encodes the state. */
export const EXT_INIT_MAX_LEN: number = 32768
export const EXT_UNWRITTEN_MAX_LEN: number = 32767

/** Blocks of an extent from its on-disk length field (`ee_len`): above 32768 the extent is unwritten. */
export function extentLen(raw: number): number {
  return raw <= EXT_INIT_MAX_LEN ? raw : raw - EXT_INIT_MAX_LEN
}

export function isUnwritten(raw: number): boolean {
  return raw > EXT_INIT_MAX_LEN
}

/** The length field of an extent of `len` blocks. */
export function rawLen(len: number, unwritten: boolean): number {
  return unwritten ? len + EXT_INIT_MAX_LEN : len
}

/**
 * A node of the extent tree: the root in the inode, or a block (fs/ext4/ext4_extents.h, 6.1: ext4_extent_header).
 *
 * A leaf (`depth` 0) holds extents: `block`, `raw`, `start`. An index node holds, for each child, the first logical
 * block it is responsible for in `block`, and the child in `children`.
 */
export class ExtentNode {
  depth: number
  entries: number = 0
  readonly max: number
  /** The block the node is stored in; 0 for the root. */
  readonly pblk: number
  /** The buffer was checked since it was last made from nothing; a first read puts a leaf into the status tree. */
  verified: boolean = true
  readonly block: Uint32Array
  readonly start: Uint32Array
  readonly raw: Uint16Array
  readonly children: ExtentNode[] = []

  constructor(depth: number, max: number, pblk: number) {
    this.depth = depth
    this.max = max
    this.pblk = pblk
    this.block = new Uint32Array(max)
    this.start = new Uint32Array(max)
    this.raw = new Uint16Array(max)
  }

  /** The last entry that begins at or before `lblk`, or the first one; -1 in an empty node. */
  search(lblk: number): number {
    let low = 1
    let high = this.entries - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      if (lblk < this.block[middle]!) high = middle - 1
      else low = middle + 1
    }
    return this.entries === 0 ? -1 : low - 1
  }

  /** The block after the last one of extent `i`. */
  end(i: number): number {
    return this.block[i]! + extentLen(this.raw[i]!)
  }

  /** Makes room at `i` and fills it. */
  insertExtent(i: number, block: number, raw: number, start: number): void {
    const n = this.entries
    this.block.copyWithin(i + 1, i, n)
    this.raw.copyWithin(i + 1, i, n)
    this.start.copyWithin(i + 1, i, n)
    this.block[i] = block
    this.raw[i] = raw
    this.start[i] = start
    this.entries = n + 1
  }

  removeExtent(i: number): void {
    const n = this.entries
    this.block.copyWithin(i, i + 1, n)
    this.raw.copyWithin(i, i + 1, n)
    this.start.copyWithin(i, i + 1, n)
    this.entries = n - 1
  }

  insertChild(i: number, block: number, child: ExtentNode): void {
    const n = this.entries
    this.block.copyWithin(i + 1, i, n)
    this.block[i] = block
    this.children.splice(i, 0, child)
    this.entries = n + 1
  }

  removeChild(i: number): void {
    this.block.copyWithin(i, i + 1, this.entries)
    this.children.splice(i, 1)
    this.entries--
  }

  /** Moves the entries from `from` on behind the entries of `to`, a node of the same depth. */
  moveTail(from: number, to: ExtentNode): void {
    const count = this.entries - from
    const at = to.entries
    to.block.set(this.block.subarray(from, from + count), at)
    if (this.depth === 0) {
      to.raw.set(this.raw.subarray(from, from + count), at)
      to.start.set(this.start.subarray(from, from + count), at)
    } else {
      to.children.push(...this.children.splice(from, count))
    }
    to.entries = at + count
    this.entries = from
  }
}

/** Tree blocks below and including `node`, the root not counted: what `i_blocks` holds beyond the data. */
export function treeSectors(node: ExtentNode): number {
  let sectors = node.pblk === 0 ? 0 : SECTORS_PER_BLOCK
  for (const child of node.children) sectors += treeSectors(child)
  return sectors
}
