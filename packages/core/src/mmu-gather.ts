/**
 * The range that a batch of entry changes still has to flush: `struct mmu_gather`.
 * @module
 */

/** include/asm-generic/tlb.h: struct mmu_gather, 6.1, as far as it decides what is flushed. */
export class MmuGather {
  /** First and last-plus-one address of what was cleared or reduced; empty while `end` is 0. */
  start: number = Infinity
  end = 0
  /** Bytes of the smallest translation that was cleared (`tlb_get_unmap_size`). */
  stride: number = Infinity
  freedTables = false
  /** RAM frames to give back once the flush is done, in the order in which their entries were cleared. */
  readonly pages: number[] = []

  /** include/asm-generic/tlb.h: __tlb_reset_range, 6.1. */
  reset(): void {
    this.start = Infinity
    this.end = 0
    this.stride = Infinity
    this.freedTables = false
  }

  /** `stride` is the size of a translation that is gone (include/asm-generic/tlb.h: tlb_flush_pmd_range and its kin, 6.1). */
  adjustRange(address: number, size: number, stride: number = size): void {
    if (stride < this.stride) this.stride = stride
    if (address < this.start) this.start = address
    if (address + size > this.end) this.end = address + size
  }

  get isEmpty(): boolean {
    return this.end === 0
  }
}
