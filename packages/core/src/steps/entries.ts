/**
 * Entry helpers that the fault path, the system calls and the backends share: what `vm_normal_page`,
 * `ptep_set_access_flags` and `ptep_clear_flush` do.
 * @module
 */

import { touchesWritable } from '../events.ts'
import { PAGE_SIZE, PMD_SIZE } from '../physical-memory.ts'
import { STEP_ENTRY_WRITE, type Steps } from '../step.ts'
import type { Task } from '../task.ts'
import { TOUCH_TABLE, TOUCH_TLB, TOUCH_WRITE, touches } from '../touch.ts'
import { VM_WRITE } from '../vm-flags.ts'
import type { Vma } from '../vma.ts'
import { flushTlbMmRange } from './tlb-flush.ts'

/**
 * Frame of the page behind the present entry at `slot`, or -1 where there is no `struct page` to speak of: special,
 * devmap and zero-page entries (mm/memory.c: vm_normal_page, 6.1).
 */
export function vmNormalPage(t: Task, slot: number): number {
  const pt = t.machine.pageTables
  return pt.arch.pteSpecial(pt.lo, pt.hi, slot) ? -1 : pt.arch.ptePfn(pt.lo, pt.hi, slot)
}

/** Makes scratch entry `i` writable when the area allows it (include/linux/mm.h: maybe_mkwrite, 6.1). */
export function maybeMkwrite(t: Task, vma: Vma, i: number): void {
  const m = t.machine
  if ((vma.vmFlags & VM_WRITE) !== 0) m.arch.pteMkwrite(t.scratchLo, t.scratchHi, i)
}

/** include/linux/huge_mm.h: maybe_pmd_mkwrite, 6.1. */
export function maybePmdMkwrite(t: Task, vma: Vma, i: number): void {
  const m = t.machine
  if ((vma.vmFlags & VM_WRITE) !== 0) m.arch.pmdMkwrite(t.scratchLo, t.scratchHi, i)
}

/**
 * Gives the PTE at `slot` the flags of scratch entry 0, which has more rights or marks; true when that changes it. An
 * architecture whose hardware sets accessed bits leaves an entry that only becomes young, when `dirty` is not set
 * (arch/x86/mm/pgtable.c, arch/arm64/mm/fault.c, arch/riscv/include/asm/pgtable.h: ptep_set_access_flags, 6.1).
 */
export function* ptepSetAccessFlags(t: Task, address: number, slot: number, dirty: boolean): Steps<boolean> {
  const m = t.machine
  if (m.trace !== null) m.trace('ptep_set_access_flags', t, address, t.scratchLo[0]!, t.scratchHi[0]!)
  return yield* setAccessFlags(t, address, slot, dirty)
}

/** The same for a PMD leaf; `address` is aligned (pmdp_set_access_flags in the same files, 6.1). */
export function* pmdpSetAccessFlags(t: Task, address: number, slot: number, dirty: boolean): Steps<boolean> {
  const m = t.machine
  if (m.trace !== null) m.trace('pmdp_set_access_flags', t, address, t.scratchLo[0]!, t.scratchHi[0]!)
  return yield* setAccessFlags(t, address, slot, dirty)
}

function* setAccessFlags(t: Task, address: number, slot: number, dirty: boolean): Steps<boolean> {
  const m = t.machine
  const pt = m.pageTables
  const { machineArch } = m
  const lo = t.scratchLo[0]!
  const hi = t.scratchHi[0]!
  const changed = pt.lo[slot] !== lo || pt.hi[slot] !== hi
  if (changed && (dirty || machineArch.storesYoungEntries)) {
    yield STEP_ENTRY_WRITE
    touches(t, TOUCH_TABLE, slot >>> 9, TOUCH_WRITE)
    touchesWritable(t, slot, 0)
    machineArch.storeAccessFlags(pt.lo, pt.hi, slot, lo, hi)
    if (dirty && machineArch.flushesUpgrades) {
      yield* flushTlbMmRange(t, t.mm, address, address + PAGE_SIZE, PAGE_SIZE)
    }
  }
  return changed || machineArch.alwaysReportsChange
}

/**
 * Tells the hardware of an entry that was installed or upgraded: nothing, or an `sfence.vma` of the page on this CPU
 * (arch/riscv/include/asm/pgtable.h: update_mmu_cache, update_mmu_cache_pmd, 6.1).
 */
export function updateMmuCache(t: Task, address: number): void {
  const m = t.machine
  if (!m.machineArch.updateMmuCacheFlushes) return
  touches(t, TOUCH_TLB, t.cpu, TOUCH_WRITE)
  if (m.trace !== null) m.trace('local_flush_tlb_page', t, address, 0, 0)
  m.tlbs[t.cpu]!.flushPage(t.mm.tlbContext, address)
}

/** Copies the PTE at `slot` to scratch entry `i`. */
export function toScratch(t: Task, slot: number, i: number): void {
  const m = t.machine
  t.scratchLo[i] = m.pageTables.lo[slot]!
  t.scratchHi[i] = m.pageTables.hi[slot]!
}

/** Writes scratch entry `i` to `slot` (`set_pte_at`). */
export function* fromScratch(t: Task, slot: number, i: number): Steps<void> {
  const m = t.machine
  yield STEP_ENTRY_WRITE
  touches(t, TOUCH_TABLE, slot >>> 9, TOUCH_WRITE)
  touchesWritable(t, slot, i)
  m.pageTables.set(slot, t.scratchLo[i]!, t.scratchHi[i]!)
}

/**
 * Clears the PTE at `slot`, leaving the old one in scratch entry 0, and flushes its translation when the hardware
 * could have cached it (mm/pgtable-generic.c: ptep_clear_flush, 6.1).
 */
export function* ptepClearFlush(t: Task, vma: Vma, address: number, slot: number): Steps<void> {
  const m = t.machine
  if (m.trace !== null) m.trace('ptep_clear_flush', t, address, 0, 0)
  toScratch(t, slot, 0)
  yield STEP_ENTRY_WRITE
  touches(t, TOUCH_TABLE, slot >>> 9, TOUCH_WRITE)
  m.pageTables.clear(slot)
  if (m.machineArch.pteAccessible(t.scratchLo, t.scratchHi, 0))
    yield* flushTlbMmRange(t, vma.vmMm, address, address + PAGE_SIZE, PAGE_SIZE)
}

/** mm/pgtable-generic.c: pmdp_huge_clear_flush, 6.1; `address` is aligned. The old entry is in scratch entry 0. */
export function* pmdpHugeClearFlush(t: Task, vma: Vma, address: number, slot: number): Steps<void> {
  const m = t.machine
  toScratch(t, slot, 0)
  yield STEP_ENTRY_WRITE
  touches(t, TOUCH_TABLE, slot >>> 9, TOUCH_WRITE)
  m.pageTables.clear(slot)
  yield* flushTlbMmRange(t, vma.vmMm, address, address + PMD_SIZE, m.machineArch.pmdFlushStride)
}

/**
 * Turns the PMD leaf not-present and flushes it, so that it cannot change under the caller; the old entry is in
 * scratch entry 0 (mm/pgtable-generic.c: pmdp_invalidate, 6.1).
 */
export function* pmdpInvalidate(t: Task, vma: Vma, address: number, slot: number): Steps<void> {
  const m = t.machine
  toScratch(t, slot, 0)
  yield STEP_ENTRY_WRITE
  touches(t, TOUCH_TABLE, slot >>> 9, TOUCH_WRITE)
  m.arch.pmdMkinvalid(m.pageTables.lo, m.pageTables.hi, slot)
  yield* flushTlbMmRange(t, vma.vmMm, address, address + PMD_SIZE, m.machineArch.pmdFlushStride)
}
