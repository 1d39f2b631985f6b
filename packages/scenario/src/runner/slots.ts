/**
 * Where the recorded agent puts the scenario's mappings.
 * @module
 */

import type { Machine } from '@mm-model/core'

/** Distance between two mappings, in bytes. */
export const SLOT: number = 0x40000000

/** Addresses that hold the scenario's mappings, and nothing else. */
export interface Slots {
  /** Where `mmap` operations of a process map: one {@link SLOT} each, also for those that fail. */
  readonly first: number
  /** Where `mremap … move` moves to. */
  readonly firstMove: number
  /** First address after the last one. */
  readonly end: number
}

const RECORDED: Slots = Object.freeze({
  first: 0x600000000000,
  firstMove: 0x700000000000,
  end: 0x701000000000,
})

/** The recordings' addresses; the second and third quarter of a user space that is too small for them (Sv39). */
export function slotsOf({ machineArch: { taskSize } }: Machine): Slots {
  if (taskSize >= RECORDED.end) return RECORDED
  return { first: taskSize / 4, firstMove: taskSize / 2, end: (taskSize / 4) * 3 }
}
