/**
 * One allocation group: its free extents, and choosing one of them.
 * @module
 */

import { BusyExtents } from './busy-extents.ts'
import type { GroupLayout } from './layout.ts'
import { RefcountTree } from './refcounts.ts'

/** A run of free blocks, by its first block in the group. */
interface FreeExtent {
  bno: number
  length: number
}

/** What is asked of the allocator (struct xfs_alloc_arg, 6.1); alignment is 1 without a stripe. */
export interface AllocationRequest {
  /** The block in the group to be near to. */
  near: number
  minlen: number
  maxlen: number
  /** Blocks that must be left in the group, for the extent tree. */
  readonly minleft: number
  readonly userdata: boolean
  /** What a length that falls short is to be a multiple of, but for `mod` blocks; 1 for any length. */
  readonly prod: number
  readonly mod: number
}

/** What a search came to: found (see `AllocationGroup.bno`), nothing, or nothing but busy extents. */
export const FOUND: number = 1
const NOTHING = 0
export const ONLY_BUSY: number = -1

/** `fs/xfs/libxfs/xfs_alloc.c`, 6.1, as long as the free-space trees are single leaves (about 500 extents). */
export class AllocationGroup {
  readonly start: number
  readonly blocks: number
  readonly busy: BusyExtents = new BusyExtents()
  readonly refcounts: RefcountTree = new RefcountTree()
  /** Blocks kept for inode trees (`xfs_ag_resv_needed`). */
  readonly reserved: number
  readonly mostUsable: number
  /** The last extent found: block in the group, length. */
  bno = 0
  length = 0
  /** By first block. */
  readonly #free: FreeExtent[]

  constructor(layout: GroupLayout) {
    this.start = layout.start
    this.blocks = layout.blocks
    this.reserved = layout.reserved
    this.mostUsable = layout.mostUsable
    this.#free = layout.free.map(([bno, length]) => ({ bno, length }))
  }

  get freeBlocks(): number {
    return this.#free.reduce((sum, { length }) => sum + length, 0)
  }

  /** Free extents, for tests: [first block in the group, count] each. */
  get freeExtents(): readonly (readonly [bno: number, length: number])[] {
    return this.#free.map(({ bno, length }) => [bno, length])
  }

  /** What the longest free extent has to offer besides reservations (xfs_alloc_longest_free_extent, 6.1). */
  get longest(): number {
    const longest = this.#free.reduce((max, { length }) => Math.max(max, length), 0)
    const delta = Math.max(0, this.reserved - (this.freeBlocks - longest))
    return longest > delta ? Math.min(this.mostUsable, longest - delta) : 1
  }

  /** Whether the group has what is asked; shortens `maxlen` to what it has (xfs_alloc_space_available, 6.1). */
  hasSpaceFor(request: AllocationRequest): boolean {
    if (this.longest < request.minlen) return false
    const available = this.freeBlocks - this.reserved - request.minleft
    if (available < request.minlen) return false
    if (available < request.maxlen) request.maxlen = available
    return true
  }

  /**
   * The extent nearest to the wanted block, in the order of sizes (xfs_alloc_ag_vextent_near and
   * xfs_alloc_ag_vextent_lastblock, 6.1).
   */
  findNear(request: AllocationRequest): number {
    const records = this.#bySize()
    const { minlen, maxlen } = request
    let i = records.findIndex(({ length }) => length >= maxlen)
    if (i < 0) i = records.findIndex(({ length }) => length >= minlen)
    let best = Infinity
    let sawBusy = false
    this.length = 0
    for (; i >= 0 && i < records.length; i++) {
      const { bno, length } = records[i]!
      sawBusy = this.busy.trim(bno, length, minlen, maxlen) || sawBusy
      if (this.busy.length < minlen) continue
      const found = fixLength(request, Math.min(this.busy.length, maxlen))
      if (found < this.length) continue
      const block = nearest(request, found, this.busy.bno, this.busy.length)
      const distance = Math.abs(block - request.near)
      if (distance > best) continue
      best = distance
      this.bno = block
      this.length = found
      if (distance === 0 && found === maxlen) break
    }
    if (this.length === 0) return sawBusy ? ONLY_BUSY : NOTHING
    return FOUND
  }

  /** The smallest extent that is large enough, or else the largest (xfs_alloc_ag_vextent_size, 6.1). */
  findBySize(request: AllocationRequest): number {
    const records = this.#bySize()
    const { minlen, maxlen } = request
    const enough = records.findIndex(({ length }) => length >= maxlen)
    this.length = 0
    let sawBusy = false
    if (enough >= 0) {
      for (const { bno, length } of records.slice(enough)) {
        this.busy.trim(bno, length, minlen, maxlen)
        if (this.busy.length < maxlen) continue
        this.bno = this.busy.bno
        this.length = maxlen
        return FOUND
      }
      return ONLY_BUSY
    }
    for (const { bno, length } of records.toReversed()) {
      if (length < this.length) break
      sawBusy = this.busy.trim(bno, length, minlen, maxlen) || sawBusy
      if (this.busy.length <= this.length) continue
      this.bno = this.busy.bno
      this.length = this.busy.length
    }
    if (this.length >= minlen) {
      this.length = fixLength(request, this.length)
      return FOUND
    }
    return sawBusy ? ONLY_BUSY : NOTHING
  }

  /** Takes the extent that was found (xfs_alloc_fixup_trees, 6.1). */
  take(): void {
    const { bno, length } = this
    const free = this.#free
    const i = free.findLastIndex((extent) => extent.bno <= bno)
    const extent = free[i]!
    const rest = extent.bno + extent.length - (bno + length)
    extent.length = bno - extent.bno
    if (rest > 0) free.splice(i + 1, 0, { bno: bno + length, length: rest })
    if (extent.length === 0) free.splice(i, 1)
  }

  /** Frees blocks: they join their neighbours, and are busy until the log is forced (xfs_free_ag_extent, 6.1). */
  release(bno: number, length: number): void {
    const free = this.#free
    const i = free.findLastIndex((extent) => extent.bno <= bno)
    const left = free[i]
    const right = free[i + 1]
    const joinsLeft = left !== undefined && left.bno + left.length === bno
    const joinsRight = right !== undefined && right.bno === bno + length
    if (joinsLeft) {
      left.length += length
      if (joinsRight) {
        left.length += right.length
        free.splice(i + 1, 1)
      }
    } else if (joinsRight) {
      right.bno = bno
      right.length += length
    } else free.splice(i + 1, 0, { bno, length })
    this.busy.insert(bno, length)
  }

  #bySize(): FreeExtent[] {
    return this.#free.toSorted((a, b) => a.length - b.length || a.bno - b.bno)
  }
}

/** Where in a free extent to begin, to be near to the wanted block (xfs_alloc_compute_diff, 6.1). */
function nearest(request: AllocationRequest, wanted: number, bno: number, length: number): number {
  const end = bno + length
  const wantedEnd = request.near + wanted
  if (bno >= request.near || (request.userdata && end < wantedEnd)) return bno
  return end >= wantedEnd ? request.near : end - wanted
}

/** The length that is asked for, or less: at best what it is to be a multiple of (xfs_alloc_fix_len, 6.1). */
function fixLength({ minlen, maxlen, prod, mod }: AllocationRequest, length: number): number {
  if (prod <= 1 || length < mod || length === maxlen || (mod === 0 && length < prod)) return length
  const over = length % prod
  if (over === mod) return length
  const fixed = over > mod ? length - (over - mod) : length - prod + (mod - over)
  return fixed < minlen ? length : fixed
}
