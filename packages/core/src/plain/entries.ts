// Derived from ../steps/entries.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Entry helpers that the fault path, the system calls and the backends share: what `vm_normal_page`,
 * `ptep_set_access_flags` and `ptep_clear_flush` do.
 * @module
 */

import { PAGE_SIZE, PMD_SIZE } from '../physical-memory.ts'
import type { Task } from '../task.ts'
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
 * Replaces the PTE at `slot` by scratch entry 0 when it differs and `dirty` is set; true when it differed
 * (arch/x86/mm/pgtable.c: ptep_set_access_flags, 6.1). No flush: more rights never need one on x86.
 */
export function ptepSetAccessFlags(t: Task, address: number, slot: number, dirty: boolean): boolean {
  const m = t.machine
  const pt = m.pageTables
  const lo = t.scratchLo[0]!
  const hi = t.scratchHi[0]!
  const changed = pt.lo[slot] !== lo || pt.hi[slot] !== hi
  if (m.trace !== null) m.trace('ptep_set_access_flags', t, address, lo, hi)
  if (changed && dirty) {
    pt.set(slot, lo, hi)
  }
  return changed
}

/** arch/x86/mm/pgtable.c: pmdp_set_access_flags, 6.1. */
export function pmdpSetAccessFlags(t: Task, address: number, slot: number, dirty: boolean): boolean {
  const m = t.machine
  const pt = m.pageTables
  const lo = t.scratchLo[0]!
  const hi = t.scratchHi[0]!
  const changed = pt.lo[slot] !== lo || pt.hi[slot] !== hi
  if (m.trace !== null) m.trace('pmdp_set_access_flags', t, address, lo, hi)
  if (changed && dirty) {
    pt.set(slot, lo, hi)
  }
  return changed
}

/** Copies the PTE at `slot` to scratch entry `i`. */
export function toScratch(t: Task, slot: number, i: number): void {
  const m = t.machine
  t.scratchLo[i] = m.pageTables.lo[slot]!
  t.scratchHi[i] = m.pageTables.hi[slot]!
}

/** Writes scratch entry `i` to `slot` (`set_pte_at`). */
export function fromScratch(t: Task, slot: number, i: number): void {
  const m = t.machine
  m.pageTables.set(slot, t.scratchLo[i]!, t.scratchHi[i]!)
}

/**
 * Clears the PTE at `slot`, leaving the old one in scratch entry 0, and flushes its translation when the hardware
 * could have cached it (mm/pgtable-generic.c: ptep_clear_flush, 6.1).
 */
export function ptepClearFlush(t: Task, vma: Vma, address: number, slot: number): void {
  const m = t.machine
  if (m.trace !== null) m.trace('ptep_clear_flush', t, address, 0, 0)
  toScratch(t, slot, 0)
  m.pageTables.clear(slot)
  if ((t.scratchLo[0]! & 1) !== 0)
    flushTlbMmRange(t, vma.vmMm, address, address + PAGE_SIZE, PAGE_SIZE)
}

/** mm/pgtable-generic.c: pmdp_huge_clear_flush, 6.1; `address` is aligned. The old entry is in scratch entry 0. */
export function pmdpHugeClearFlush(t: Task, vma: Vma, address: number, slot: number): void {
  const m = t.machine
  toScratch(t, slot, 0)
  m.pageTables.clear(slot)
  flushTlbMmRange(t, vma.vmMm, address, address + PMD_SIZE, PAGE_SIZE)
}

/**
 * Turns the PMD leaf not-present and flushes it, so that it cannot change under the caller; the old entry is in
 * scratch entry 0 (mm/pgtable-generic.c: pmdp_invalidate, 6.1).
 */
export function pmdpInvalidate(t: Task, vma: Vma, address: number, slot: number): void {
  const m = t.machine
  toScratch(t, slot, 0)
  m.arch.pmdMkinvalid(m.pageTables.lo, m.pageTables.hi, slot)
  flushTlbMmRange(t, vma.vmMm, address, address + PMD_SIZE, PAGE_SIZE)
}

/** True when a change of rights from scratch entry 0 to entry 1 must be flushed (arch: pte_needs_flush, 6.1). */
export function pteNeedsFlush(t: Task, ignoreAccessed: boolean): boolean {
  const m = t.machine
  const oldLo = t.scratchLo[0]!
  const oldHi = t.scratchHi[0]!
  const newLo = t.scratchLo[1]!
  const newHi = t.scratchHi[1]!
  if ((oldLo & PRESENT) === 0) return false
  if (m.arch.ptePfn(t.scratchLo, t.scratchHi, 0) !== m.arch.ptePfn(t.scratchLo, t.scratchHi, 1)) return true
  const cleared = (oldLo ^ newLo) & oldLo & (ignoreAccessed ? PRESENT | DIRTY : PRESENT | DIRTY | ACCESSED)
  return cleared !== 0 || ((oldLo ^ newLo) & CHANGE_LO) !== 0 || ((oldHi ^ newHi) & CHANGE_HI) !== 0
}

const PRESENT = 0x1
const ACCESSED = 0x20
const DIRTY = 0x40
/** RW, US, PWT, PCD, PAT/PSE, G, and PAT of large entries: flushed when they change at all. */
const CHANGE_LO = 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x100
/** Protection key and NX. */
const CHANGE_HI = 0xf8000000
