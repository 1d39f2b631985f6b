/**
 * All blocks of a mounted xfs: allocation groups, and the count that reservations are made against.
 * @module
 */

import { AllocationGroup, type AllocationRequest, FOUND, ONLY_BUSY } from './allocation-group.ts'
import { FREE_LIST, xfsLayout } from './layout.ts'

/** Levels that the extent tree of a file can have (`XFS_BM_MAXLEVELS`): all but the root may have to be allocated. */
const MOST_TREE_LEVELS = 5
/** Blocks that every transaction that adds extents reserves besides the extents (`XFS_DIOSTRAT_SPACE_RES`). */
const TREE_BLOCKS: number = MOST_TREE_LEVELS - 1
/** Blocks in each group that nobody can reserve (xfs_alloc_set_aside, 6.1). */
const SET_ASIDE: number = FREE_LIST + 4
/** The pool for transactions that must not fail: 5 %, at most this (xfs_default_resblks, 6.1). */
const MOST_POOL = 8192

/** The blocks of one mounted xfs, freshly made. Block numbers are the device's. */
export class XfsSpace {
  readonly groups: readonly AllocationGroup[]
  /** Blocks that can be reserved (`m_fdblocks` less what is set aside). */
  available: number
  /** Writes zeros to blocks of the device. */
  readonly zero: (block: number, count: number) => void
  /** The first block of the last allocation, and its length. */
  block = 0
  length = 0
  /** Of the last {@link untilShared}. */
  isShared = false
  readonly #forceLog: () => void
  readonly #reclaim: () => void

  constructor(init: {
    blocks: number
    /** Whether files can share blocks; not, unless said. */
    reflink?: boolean
    zero: (block: number, count: number) => void
    /** Gives back what was allocated ahead of need; called when a reservation fails. */
    reclaim?: () => void
    /** Makes freed extents usable; called when nothing else is left (xfs_extent_busy_flush, 6.1). */
    forceLog: () => void
  }) {
    const layout = xfsLayout(init.blocks, init.reflink === true)
    this.groups = layout.map((group) => new AllocationGroup(group))
    this.zero = init.zero
    this.#forceLog = init.forceLog
    this.#reclaim = init.reclaim ?? (() => {})
    const pool = Math.min(Math.floor(init.blocks / 20), MOST_POOL)
    const free = this.groups.reduce((sum, group) => sum + group.freeBlocks + FREE_LIST - group.reserved, 0)
    this.available = free - pool - this.groups.length * SET_ASIDE
  }

  /** Whether a transaction that adds `count` blocks to a file can begin (xfs_trans_alloc, xfs_trans_reserve, 6.1). */
  canReserve(count: number): boolean {
    if (this.available >= count + TREE_BLOCKS) return true
    this.#reclaim()
    return this.available >= count + TREE_BLOCKS
  }

  /** The log holds everything: freed extents can be used again. */
  logForced(): void {
    for (const group of this.groups) group.busy.clear()
  }

  /** Whether a block lies in the group of another. */
  inOneGroup(block: number, other: number): boolean {
    const { start, blocks } = this.#groupOf(block)
    return other >= start && other < start + blocks
  }

  /** The first block of the group that a block is in. */
  groupStart(block: number): number {
    return this.#groupOf(block).start
  }

  /**
   * Allocates up to `length` blocks of a file near `near`, at best all in one extent: `block` and `length` say which. If
   * they are less, then at best `mod` more than a multiple of `prod`.
   * False if there is no space (fs/xfs/libxfs/xfs_bmap.c: xfs_bmap_btalloc, 6.1).
   */
  allocateData(near: number, length: number, minleft: number, prod = 1, mod = 0): boolean {
    const maxlen = Math.min(length, this.groups[0]!.mostUsable)
    const longest = this.#longest(near, maxlen)
    const minlen = Math.min(Math.max(longest, 1), maxlen)
    const request = { near: 0, minlen, maxlen, minleft, userdata: true, prod, mod }
    if (this.#fromNearOn(near, request)) return true
    if (minlen > 1 && this.#fromNearOn(near, { ...request, minlen: 1 })) return true
    return this.groups.some((group) => this.#bySize(group, { ...request, minlen: 1 }))
  }

  /** A block for an extent tree, as near to `near` as can be (xfs_bmap_extents_to_btree, 6.1). */
  allocateTreeBlock(near: number): boolean {
    return this.#fromNearOn(near, {
      near: 0,
      minlen: 1,
      maxlen: 1,
      minleft: 0,
      userdata: false,
      prod: 1,
      mod: 0,
    })
  }

  /**
   * A file does not have the blocks any more: those that no other has are free (fs/xfs/libxfs/xfs_refcount.c:
   * xfs_refcount_decrease_extent; xfs_alloc.c: __xfs_free_extent, 6.1).
   */
  free(block: number, count: number): void {
    const group = this.#groupOf(block)
    group.refcounts.decrease(block - group.start, count, (bno, length) => {
      group.release(bno, length)
      this.available += length
    })
  }

  /** Another file has the blocks, too (fs/xfs/libxfs/xfs_refcount.c: xfs_refcount_increase_extent, 6.1). */
  share(block: number, count: number): void {
    const group = this.#groupOf(block)
    group.refcounts.increase(block - group.start, count)
  }

  /**
   * How many of the blocks, from the first on, are all shared, or none is (xfs_reflink_trim_around_shared, 6.1): which
   * of both is in {@link isShared}.
   */
  untilShared(block: number, count: number): number {
    const group = this.#groupOf(block)
    const { refcounts } = group
    refcounts.findShared(block - group.start, count)
    this.isShared = refcounts.length > 0 && refcounts.bno === block - group.start
    if (refcounts.length === 0) return count
    return this.isShared ? refcounts.length : refcounts.bno - (block - group.start)
  }

  /** The longest extent of any group, the nearest first, until one is long enough (xfs_bmap_btalloc_nullfb, 6.1). */
  #longest(near: number, enough: number): number {
    const first = this.groups.indexOf(this.#groupOf(near))
    let longest = 0
    for (let i = 0; i < this.groups.length && longest < enough; i++) {
      longest = Math.max(longest, this.groups[(first + i) % this.groups.length]!.longest)
    }
    return longest
  }

  /** Near a block, or else anywhere in a later group (xfs_alloc_vextent with XFS_ALLOCTYPE_START_BNO, 6.1). */
  #fromNearOn(near: number, request: AllocationRequest): boolean {
    const home = this.#groupOf(near)
    const first = this.groups.indexOf(home)
    request.near = near - home.start
    if (home.hasSpaceFor(request)) return this.#search(home, () => home.findNear(request))
    for (let i = 1; i < this.groups.length; i++) {
      const group = this.groups[(first + i) % this.groups.length]!
      if (group.hasSpaceFor(request)) return this.#search(group, () => group.findBySize(request))
    }
    return false
  }

  #bySize(group: AllocationGroup, request: AllocationRequest): boolean {
    return group.hasSpaceFor(request) && this.#search(group, () => group.findBySize(request))
  }

  #search(group: AllocationGroup, find: () => number): boolean {
    let found = find()
    if (found === ONLY_BUSY) {
      this.#forceLog()
      found = find()
    }
    if (found !== FOUND) return false
    group.take()
    this.block = group.start + group.bno
    this.length = group.length
    this.available -= group.length
    return true
  }

  #groupOf(block: number): AllocationGroup {
    return this.groups.findLast((group) => group.start <= block)!
  }
}
