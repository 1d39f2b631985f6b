/**
 * An address space: `struct mm_struct`.
 * @module
 */

import { RwSem } from './locks.ts'
import type { Machine } from './machine.ts'
import { VmaSet } from './vma-set.ts'

/** include/linux/mm_types.h: struct mm_struct, 6.1 and 6.12. */
export class Mm {
  readonly machine: Machine
  readonly areas: VmaSet = new VmaSet()
  readonly mmapLock: RwSem
  /**
   * Counts the times that `mmap_lock` was released after writing; an area that carries the current number is locked for
   * writing (`mm_lock_seq`, 6.12).
   */
  mmLockSeq = 0
  /** Locks of areas made so far, to name the next one by. */
  vmLocks = 0
  /** Table number of the root (`mm->pgd`). */
  readonly pgd: number
  /** What TLB entries of this address space carry; a full flush gives it a new one. */
  tlbContext: number
  /** Bytes mapped, for `RLIMIT_AS` (`total_vm`, in pages). */
  totalVm = 0
  /** Batches of flushes in progress (`tlb_flush_pending`). */
  tlbFlushPending = 0

  constructor(machine: Machine, id: number) {
    this.machine = machine
    this.mmapLock = new RwSem(`mm${id}.mmap_lock`, 1)
    this.pgd = machine.pageTables.allocTable()
    this.tlbContext = machine.newTlbContext()
  }

  /** Areas mapped (`map_count`). */
  get mapCount(): number {
    return this.areas.size
  }
}
