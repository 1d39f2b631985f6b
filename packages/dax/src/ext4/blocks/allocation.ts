import { FreeExtent } from './buddy.ts'
import type { Prealloc } from './prealloc.ts'

/** `EXT4_MB_*` (fs/ext4/ext4.h, 6.1): how an allocation may be served. */
export const MB_HINT_FIRST: number = 0x0008
export const MB_HINT_DATA: number = 0x0020
export const MB_HINT_NOPREALLOC: number = 0x0040
export const MB_HINT_GROUP_ALLOC: number = 0x0080
export const MB_HINT_TRY_GOAL: number = 0x0200
export const MB_STREAM_ALLOC: number = 0x0800
export const MB_USE_RESERVED: number = 0x2000
export const MB_STRICT_CHECK: number = 0x4000

export const STATUS_CONTINUE: number = 1
export const STATUS_FOUND: number = 2
export const STATUS_BREAK: number = 3

/**
 * One allocation: the request and its state (`struct ext4_allocation_request`, `struct ext4_allocation_context`).
 * A file system has one, used anew for each allocation.
 */
export class AllocationContext {
  /** Wanted block, and the nearest allocated neighbours of the logical block; `pleft`, `pright` 0: none. */
  goalBlock: number = 0
  logical: number = 0
  lleft: number = 0
  pleft: number = 0
  lright: number = 0
  pright: number = 0
  /** In: blocks wanted. Out: blocks given. */
  len: number = 0
  flags: number = 0

  /** The original request, the normalized one, and the best found so far. */
  readonly original: FreeExtent = new FreeExtent()
  readonly goal: FreeExtent = new FreeExtent()
  readonly best: FreeExtent = new FreeExtent()
  readonly probe: FreeExtent = new FreeExtent()
  /** Free runs looked at. */
  found: number = 0
  /** The order when a power of two is wanted and the buddy can be asked for it; else 0. */
  order: number = 0
  status: number = STATUS_CONTINUE
  pa: Prealloc | null = null
}
