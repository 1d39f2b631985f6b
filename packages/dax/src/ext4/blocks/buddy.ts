import { clearBit, clearBits, findNextSet, findNextZero, setBit, setBits, testBit } from './bitmap.ts'
import type { Prealloc } from './prealloc.ts'

/** Blocks in a group: one bitmap block has a bit for each. */
export const BLOCKS_PER_GROUP: number = 32768
/** Orders of chunks the buddy knows: 2^0 .. 2^13 blocks (`MB_NUM_ORDERS`, block-size bits + 2). */
export const BUDDY_ORDERS: number = 14

/** A run of blocks of one group, and the logical block it stands for (`struct ext4_free_extent`). */
export class FreeExtent {
  logical: number = 0
  group: number = 0
  start: number = 0
  len: number = 0

  copy(from: FreeExtent): void {
    this.logical = from.logical
    this.group = from.group
    this.start = from.start
    this.len = from.len
  }
}

/**
 * One block group: its bitmap on disk, what the allocator may take, and the buddy over the latter
 * (fs/ext4/mballoc.c, 6.1: ext4_group_info, ext4_buddy).
 *
 * `bitmap` has a bit set for every block the allocator must not take: allocated, preallocated, or freed in a
 * transaction that is not committed. `disk` has only the allocated ones. In `buddies[k]` a *clear* bit is a free
 * aligned chunk of 2^k blocks that is not part of a larger free chunk.
 */
export class BlockGroup {
  readonly index: number
  readonly bitmap: Uint32Array
  readonly disk: Uint32Array
  private readonly buddies: Uint32Array[] = []
  /** What the buddies of orders from 1 up are parts of. */
  readonly #chunks: Uint32Array
  readonly counters: Int32Array = new Int32Array(BUDDY_ORDERS)
  free: number = 0
  fragments: number = 0
  /** No free block before this one. */
  firstFree: number = 0
  largestFreeOrder: number = -1
  /** The bitmap was not read since mount, and reading it would be I/O: criteria 0 and 1 pass over the group. */
  unread: boolean
  /** Preallocations whose blocks lie here, the newest first. */
  readonly preallocs: Prealloc[] = []

  constructor(index: number, used: Uint32Array, unread: boolean) {
    this.index = index
    this.disk = used
    this.bitmap = used.slice()
    this.unread = unread
    // One after the other in one array: a machine is built often.
    const lengths = Array.from({ length: BUDDY_ORDERS - 1 }, (_, i) =>
      Math.max(1, BLOCKS_PER_GROUP >> (i + 6)),
    )
    this.#chunks = new Uint32Array(lengths.reduce((sum, words) => sum + words))
    this.buddies.push(this.bitmap)
    let at = 0
    for (const words of lengths) {
      this.buddies.push(this.#chunks.subarray(at, at + words))
      at += words
    }
    this.generate()
  }

  /** Builds the buddy from the bitmap (ext4_mb_generate_buddy). */
  generate(): void {
    this.#chunks.fill(0xffff_ffff)
    this.counters.fill(0)
    this.fragments = 0
    this.free = 0
    let from = findNextZero(this.bitmap, BLOCKS_PER_GROUP, 0)
    this.firstFree = from
    while (from < BLOCKS_PER_GROUP) {
      const end = findNextSet(this.bitmap, BLOCKS_PER_GROUP, from)
      this.fragments++
      this.free += end - from
      while (from < end) {
        const aligned = from === 0 ? BUDDY_ORDERS - 1 : 31 - Math.clz32(from & -from)
        const order = Math.min(aligned, 31 - Math.clz32(end - from), BUDDY_ORDERS - 1)
        this.counters[order]!++
        if (order > 0) clearBit(this.buddies[order]!, from >> order)
        from += 1 << order
      }
      from = findNextZero(this.bitmap, BLOCKS_PER_GROUP, end)
    }
    this.setLargestFreeOrder()
  }

  /** First free chunk of exactly this order, or -1. */
  firstChunk(order: number): number {
    if (this.counters[order] === 0) return -1
    const limit = BLOCKS_PER_GROUP >> order
    const chunk = findNextZero(this.buddies[order]!, limit, 0)
    return chunk < limit ? chunk << order : -1
  }

  /**
   * The free run from `block` on: chunk by chunk until `needed` blocks are there, so it may be longer. Returns its
   * length, 0 when `block` is in use (mb_find_extent).
   */
  findExtent(block: number, needed: number, out: FreeExtent): number {
    if (testBit(this.bitmap, block)) {
      out.len = 0
      out.start = 0
      out.group = 0
      return 0
    }
    let order = this.orderOf(block)
    let chunk = block >> order
    out.group = this.index
    out.start = block
    out.len = (1 << order) - (block - (chunk << order))
    while (needed > out.len) {
      if (chunk + 1 >= BLOCKS_PER_GROUP >> order) break
      const next = (chunk + 1) << order
      if (testBit(this.bitmap, next)) break
      order = this.orderOf(next)
      chunk = next >> order
      out.len += 1 << order
    }
    return out.len
  }

  /** Takes free blocks, splitting the chunks they are part of (mb_mark_used). */
  markUsed(start: number, count: number): void {
    this.free -= count
    if (this.firstFree === start) this.firstFree += count
    this.fragments += this.neighbours(start, count) - 1
    let from = start
    let left = count
    while (left > 0) {
      const order = this.orderOf(from)
      const size = 1 << order
      if ((from & (size - 1)) === 0 && left >= size) {
        if (order > 0) setBit(this.buddies[order]!, from >> order)
        this.counters[order]!--
        from += size
        left -= size
        continue
      }
      setBit(this.buddies[order]!, from >> order)
      this.counters[order]!--
      const half = (from >> (order - 1)) & ~1
      if (order > 1) {
        clearBit(this.buddies[order - 1]!, half)
        clearBit(this.buddies[order - 1]!, half + 1)
      }
      this.counters[order - 1]! += 2
    }
    setBits(this.bitmap, start, count)
    this.setLargestFreeOrder()
  }

  /** Gives blocks back, joining chunks with their buddies (mb_free_blocks). */
  markFree(start: number, count: number): void {
    const last = start + count - 1
    const leftFree = start !== 0 && !testBit(this.bitmap, start - 1)
    const rightFree = last + 1 < BLOCKS_PER_GROUP && !testBit(this.bitmap, last + 1)
    clearBits(this.bitmap, start, count)
    this.free += count
    if (start < this.firstFree) this.firstFree = start
    this.fragments += 1 - (leftFree ? 1 : 0) - (rightFree ? 1 : 0)
    let first = start
    let end = last
    if ((first & 1) !== 0) {
      if (!leftFree) first++
      this.counters[0]! += leftFree ? -1 : 1
    }
    if ((end & 1) === 0) {
      if (!rightFree) end--
      this.counters[0]! += rightFree ? -1 : 1
    }
    if (first <= end) this.joinChunks(first >> 1, end >> 1)
    this.setLargestFreeOrder()
  }

  /** From order 1 up: settles the borders of [first, last], then goes to the next order (mb_buddy_mark_free). */
  private joinChunks(from: number, to: number): void {
    let first = from
    let last = to
    for (let order = 1; first <= last; order++) {
      const buddy = this.buddies[order]!
      if ((first & 1) !== 0) {
        if (testBit(buddy, first - 1)) {
          clearBit(buddy, first)
          first++
          this.counters[order]!++
        } else {
          first--
          setBit(buddy, first)
          this.counters[order]!--
        }
      }
      if ((last & 1) === 0) {
        if (testBit(buddy, last + 1)) {
          clearBit(buddy, last)
          last--
          this.counters[order]!++
        } else {
          last++
          setBit(buddy, last)
          this.counters[order]!--
        }
      }
      if (first > last) return
      if (first === last || order === BUDDY_ORDERS - 1) {
        clearBits(buddy, first, last - first + 1)
        this.counters[order]! += last - first + 1
        return
      }
      first >>= 1
      last >>= 1
    }
  }

  /** 2 when both neighbours of the run are free, 0 when none is. */
  private neighbours(start: number, count: number): number {
    const left = start !== 0 && !testBit(this.bitmap, start - 1) ? 1 : 0
    const end = start + count
    const right = end < BLOCKS_PER_GROUP && !testBit(this.bitmap, end) ? 1 : 0
    return left + right
  }

  /** Order of the free chunk that `block` is part of; 0 when none larger (mb_find_order_for_block). */
  private orderOf(block: number): number {
    for (let order = 1; order < BUDDY_ORDERS; order++) {
      if (!testBit(this.buddies[order]!, block >> order)) return order
    }
    return 0
  }

  private setLargestFreeOrder(): void {
    let order = BUDDY_ORDERS - 1
    while (order >= 0 && this.counters[order]! <= 0) order--
    this.largestFreeOrder = order
  }
}
