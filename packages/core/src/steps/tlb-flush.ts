/**
 * Flushing translations: `flush_tlb_mm_range` and the batches that end in it.
 *
 * The interrupt to the other CPUs and their answers are one visible step, as the caller of the kernel's function sees it;
 * or, with `machine.shootdowns`, the others answer when they come to it, and the caller waits.
 * @module
 */

import type { Mm } from '../mm.ts'
import { PAGE_SIZE } from '../physical-memory.ts'
import { STEP_TLB_FLUSH, type Steps } from '../step.ts'
import type { Task } from '../task.ts'
import { TOUCH_FLUSHES, TOUCH_READ, TOUCH_WRITE, touches, touchesFrames, touchesTlbs } from '../touch.ts'
import { flushTlbMulti } from './shootdown.ts'

/**
 * Flushes `[start, end)` of an address space; `end` `Infinity` flushes all of it (arch/x86/mm/tlb.c:
 * flush_tlb_mm_range, 6.1; flush_tlb_range and its kin elsewhere). More than `tlbFlushCeiling` strides become a full flush.
 */
export function* flushTlbMmRange(t: Task, mm: Mm, start: number, end: number, stride: number): Steps<void> {
  const m = t.machine
  if (m.trace !== null) m.trace('flush_tlb_mm_range', t, start, end, 0)
  yield STEP_TLB_FLUSH
  const whole = (end - start) / stride > m.machineArch.tlbFlushCeiling
  if (m.shootdowns !== null) {
    yield* flushTlbMulti(t, mm, whole ? 0 : start, whole ? Infinity : end, stride)
    return
  }
  touchesTlbs(t)
  if (whole) {
    mm.tlbContext = m.newTlbContext()
    return
  }
  for (const tlb of m.tlbs) {
    for (let address = start; address < end; address += stride) tlb.flushPage(mm.tlbContext, address)
  }
}

/** Begins a batch (mm/mmu_gather.c: tlb_gather_mmu, 6.1). */
export function tlbGatherMmu(t: Task, mm: Mm): void {
  t.tlb.reset()
  touches(t, TOUCH_FLUSHES, mm.pgd, TOUCH_WRITE)
  mm.tlbFlushPending++
}

/**
 * Ends a batch. One that is not alone may have found entries empty that another has cleared and not yet flushed, so it flushes all of
 * the address space (mm/mmu_gather.c: tlb_finish_mmu, 6.1).
 */
export function* tlbFinishMmu(t: Task, mm: Mm): Steps<void> {
  touches(t, TOUCH_FLUSHES, mm.pgd, TOUCH_READ)
  if (mm.tlbFlushPending > 1 && t.machine.kernel.flushesNestedBatches) {
    t.tlb.reset()
    yield* flushTlbMmRange(t, mm, 0, Infinity, PAGE_SIZE)
  }
  yield* tlbFlushMmu(t, mm)
  touches(t, TOUCH_FLUSHES, mm.pgd, TOUCH_WRITE)
  mm.tlbFlushPending--
}

/**
 * Flushes what the batch gathered, and only then gives back its pages (mm/mmu_gather.c: tlb_flush_mmu; asm/tlb.h:
 * tlb_flush, 6.1).
 */
function* tlbFlushMmu(t: Task, mm: Mm): Steps<void> {
  yield* tlbFlushMmuTlbonly(t, mm)
  freeGathered(t)
}

/** Flushes what the batch gathered and keeps its pages (asm-generic/tlb.h: tlb_flush_mmu_tlbonly, 6.1). */
export function* tlbFlushMmuTlbonly(t: Task, mm: Mm): Steps<void> {
  const tlb = t.tlb
  if (!tlb.isEmpty) {
    if (t.machine.machineArch.gatherFlushesAll) yield* flushTlbMmRange(t, mm, 0, Infinity, PAGE_SIZE)
    else yield* flushTlbMmRange(t, mm, tlb.start, tlb.end, tlb.stride)
  }
  tlb.reset()
}

/** Pages that the gather holds in itself, and in each further page of pointers (MMU_GATHER_BUNDLE, MAX_GATHER_BATCH). */
const GATHER_BUNDLE = 8
const GATHER_BATCH = 510

/**
 * Frees what was gathered: in order, or bundle by bundle with the last page of each first. Since the last page freed is the
 * next one handed out, it shows in what is allocated later (mm/mmu_gather.c: tlb_batch_pages_flush; 6.1: mm/swap.c:
 * release_pages, mm/page_alloc.c: free_unref_page_list; 6.12: folios_put_refs, free_unref_folios).
 */
function freeGathered(t: Task): void {
  const { pages } = t.tlb
  touchesFrames(t, pages.length - 1)
  if (t.machine.kernel.freesGatheredInOrder) {
    for (let i = 0; i < pages.length; i++) t.machine.memory.putGathered(pages[i]!)
    pages.length = 0
    return
  }
  for (let first = 0, size = GATHER_BUNDLE; first < pages.length; ) {
    for (let i = Math.min(first + size, pages.length) - 1; i >= first; i--)
      t.machine.memory.putGathered(pages[i]!)
    first += size
    size = GATHER_BATCH
  }
  pages.length = 0
}
