import { findNextSet, findNextZero } from './bitmap.ts'
import { BLOCKS_PER_GROUP } from './buddy.ts'
import type { Ext4Blocks } from './fs.ts'
import type { InodeBlocks } from './inode.ts'

/** Lists of locality-group preallocations, by order of what is left (`PREALLOC_TB_SIZE`). */
export const PREALLOC_ORDERS: number = 10

/**
 * Blocks taken from the buddy in advance (`struct ext4_prealloc_space`).
 *
 * For an inode the space stands for a logical range and never moves: block `lstart + i` will be `pstart + i`.
 * For the locality group it is used up from the front by whatever small file comes next.
 */
export class Prealloc {
  pstart: number
  lstart: number
  len: number
  free: number
  /** The file it belongs to; null for the locality group. */
  readonly inode: InodeBlocks | null

  constructor(inode: InodeBlocks | null, lstart: number, pstart: number, len: number) {
    this.inode = inode
    this.lstart = lstart
    this.pstart = pstart
    this.len = len
    this.free = len
  }
}

function unlink(list: Prealloc[], pa: Prealloc): boolean {
  const i = list.indexOf(pa)
  if (i < 0) return false
  list.splice(i, 1)
  return true
}

/** Makes `pa` the first of its inode's list: the list is kept in order of use. */
export function moveToFront(list: Prealloc[], pa: Prealloc): void {
  unlink(list, pa)
  list.unshift(pa)
}

/** The group list that `pa` is on. A locality-group space that was used up may point into the next group. */
function groupOf(fs: Ext4Blocks, pa: Prealloc): Prealloc[] {
  const block = pa.inode === null && pa.len === 0 ? pa.pstart - 1 : pa.pstart
  return fs.groups[Math.floor(block / BLOCKS_PER_GROUP)]!.preallocs
}

function unlinkFromOwner(fs: Ext4Blocks, pa: Prealloc): void {
  if (pa.inode !== null) {
    unlink(pa.inode.preallocs, pa)
    return
  }
  for (const list of fs.localityGroup) if (unlink(list, pa)) return
}

/** Drops a space that has nothing left (ext4_mb_put_pa). */
export function dropIfUsedUp(fs: Ext4Blocks, pa: Prealloc): void {
  if (pa.free !== 0) return
  unlink(groupOf(fs, pa), pa)
  unlinkFromOwner(fs, pa)
}

/** Gives the blocks that were not used back to the buddy. */
function release(fs: Ext4Blocks, pa: Prealloc): void {
  const group = fs.groups[Math.floor(pa.pstart / BLOCKS_PER_GROUP)]!
  const first = pa.pstart % BLOCKS_PER_GROUP
  if (pa.inode === null) {
    group.markFree(first, pa.len)
    return
  }
  const end = first + pa.len
  let bit = findNextZero(group.disk, end, first)
  while (bit < end) {
    const next = findNextSet(group.disk, end, bit)
    group.markFree(bit, next - bit)
    bit = findNextZero(group.disk, end, next)
  }
}

/**
 * Gives back all preallocations of an inode (fs/ext4/mballoc.c: ext4_discard_preallocations, 6.1): on truncate,
 * punch, the last close for writing, and eviction. Always the least recently used first; `needed` limits how many.
 */
export function discardPreallocations(fs: Ext4Blocks, inode: InodeBlocks, needed = 0): void {
  const keep = needed === 0 ? 0 : Math.max(0, inode.preallocs.length - needed)
  while (inode.preallocs.length > keep) {
    const pa = inode.preallocs.pop()!
    unlink(groupOf(fs, pa), pa)
    release(fs, pa)
  }
}

/** Gives back every preallocation of a group: space is short (ext4_mb_discard_group_preallocations). */
function discardGroup(fs: Ext4Blocks, index: number): number {
  const group = fs.groups[index]!
  let freed = 0
  for (const pa of group.preallocs) freed += pa.free
  for (const pa of group.preallocs.splice(0)) {
    unlinkFromOwner(fs, pa)
    release(fs, pa)
  }
  return freed
}

/** Group by group until `needed` blocks came back (ext4_mb_discard_preallocations). */
export function discardAllPreallocations(fs: Ext4Blocks, needed: number): number {
  let freed = 0
  for (let i = 0; i < fs.groups.length && freed < needed; i++) freed += discardGroup(fs, i)
  return freed
}

/**
 * Puts a locality-group space on the list for what it has left, the smaller first, and thins out a list of more than
 * eight (ext4_mb_add_n_trim, ext4_mb_discard_lg_preallocations).
 */
export function addToLocalityGroup(fs: Ext4Blocks, pa: Prealloc): void {
  unlinkFromOwner(fs, pa)
  const order = Math.min(31 - Math.clz32(pa.free), PREALLOC_ORDERS - 1)
  const list = fs.localityGroup[order]!
  const larger = list.findIndex((other) => pa.free < other.free)
  if (larger < 0) list.push(pa)
  else list.splice(larger, 0, pa)
  let total = list.length
  if (total <= 8) return
  const discarded: Prealloc[] = []
  for (const other of list) {
    if (other === pa) continue
    discarded.unshift(other)
    total--
    if (total <= 5) break
  }
  for (const other of discarded) {
    unlink(list, other)
    unlink(groupOf(fs, other), other)
    release(fs, other)
  }
}
