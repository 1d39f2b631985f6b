/**
 * Taking entries away: `zap_pte_range` and everything that ends there (munmap, madvise, truncate, hole punch).
 * @module
 */

import { pmdStart, pudStart } from '../address.ts'
import { touchesDropped, touchesUnmapped, touchesUnmaps } from '../events.ts'
import type { AddressSpace } from '../file.ts'
import type { Mm } from '../mm.ts'
import { PAGE_SIZE, PMD_SIZE, PUD_SIZE } from '../physical-memory.ts'
import { STEP_ENTRY_WRITE, type Steps } from '../step.ts'
import type { Task } from '../task.ts'
import {
  TOUCH_AREAS,
  TOUCH_I_MMAP,
  TOUCH_READ,
  TOUCH_TABLE,
  TOUCH_WRITE,
  touches,
  touchesDeferred,
  touchesFrames,
  touchesPath,
  touchesTimesOf,
} from '../touch.ts'
import { VM_SHARED } from '../vm-flags.ts'
import type { Vma } from '../vma.ts'
import { pmdpHugeClearFlush, vmNormalPage } from './entries.ts'
import { splitAnonPmdLocked, zapAnonPmdLocked } from './huge-anon.ts'
import { downRead, downWrite, lockTable, unlockTable, upRead, upWrite } from './locking.ts'
import { tlbFinishMmu, tlbFlushMmuTlbonly, tlbGatherMmu } from './tlb-flush.ts'

/**
 * Splits the PMD leaf at `slot`. Over a file the leaf is only cleared and flushed: later faults bring its pages back
 * one by one; an anonymous one becomes a table of entries (mm/huge_memory.c: __split_huge_pmd, 6.1).
 */
export function* splitHugePmd(t: Task, vma: Vma, slot: number, address: number): Steps<void> {
  const pt = t.machine.pageTables
  const table = slot >>> 9
  yield* lockTable(t, table)
  if (!pt.isNone(slot) && pt.pmdIsLeaf(slot)) {
    if (vma.isAnonymous) yield* splitAnonPmdLocked(t, vma, slot, pmdStart(address))
    else {
      touchesTimesOf(t, vma.vmFile?.mapping)
      const deferring = deferringMapping(vma)
      touchesDeferred(t, deferring)
      if (deferring !== null && pt.arch.pmdDirty(pt.lo, pt.hi, slot)) deferring.asCmtime = true
      yield* pmdpHugeClearFlush(t, vma, pmdStart(address), slot)
    }
  }
  yield* unlockTable(t, table)
}

/**
 * Clears the present entries of `[address, end)` under one PTE table, gathering what to flush in `t.tlb`
 * (mm/memory.c: zap_pte_range, 6.1). Anonymous copies stay unless `evenCows`. A dirty entry is noted in `deferring`.
 */
function* zapPteRange(
  t: Task,
  mm: Mm,
  pmdSlot: number,
  address: number,
  end: number,
  evenCows: boolean,
  deferring: AddressSpace | null,
): Steps<void> {
  const m = t.machine
  const pt = m.pageTables
  const table = pt.tableAt(pmdSlot)
  yield* lockTable(t, table)
  let slot = pt.pteSlotAt(pmdSlot, address)
  for (; address < end; address += PAGE_SIZE, slot++) {
    if (pt.isNone(slot)) continue
    const page = vmNormalPage(t, slot)
    if (page >= 0 && !evenCows && !m.memory.isFilePage(page)) continue
    yield STEP_ENTRY_WRITE
    touches(t, TOUCH_TABLE, slot >>> 9, TOUCH_WRITE)
    touchesDeferred(t, deferring)
    touchesFrames(t, page)
    touchesDropped(t, mm, address, page)
    if (deferring !== null && pt.arch.pteDirty(pt.lo, pt.hi, slot)) deferring.asCmtime = true
    pt.clear(slot)
    t.tlb.adjustRange(address, PAGE_SIZE)
    if (page >= 0 && m.memory.gather(page)) t.tlb.pages.push(page)
  }
  if (m.defects['zap-flushes-under-ptl']) yield* tlbFlushMmuTlbonly(t, mm)
  yield* unlockTable(t, table)
}

/** The mapping that wants to know which dirty entries go, because its times are deferred. */
export function deferringMapping(vma: Vma): AddressSpace | null {
  const mapping = vma.vmFile?.mapping ?? null
  return mapping?.defersCmtime === true && (vma.vmFlags & VM_SHARED) !== 0 ? mapping : null
}

/** mm/memory.c: unmap_page_range, 6.1, down to {@link zapPteRange}. */
export function* unmapPageRange(
  t: Task,
  vma: Vma,
  start: number,
  end: number,
  evenCows: boolean,
): Steps<void> {
  const pt = t.machine.pageTables
  touchesTimesOf(t, vma.vmFile?.mapping)
  const deferring = deferringMapping(vma)
  let address = start
  while (address < end) {
    touchesPath(t, vma.vmMm, address)
    const pud = pt.pudSlot(vma.vmMm.pgd, address, false)
    if (pud < 0 || pt.isNone(pud)) {
      address = pudStart(address) + PUD_SIZE
      continue
    }
    const next = Math.min(end, pmdStart(address) + PMD_SIZE)
    const pmd = pt.pmdSlotAt(pud, address)
    if (!pt.isNone(pmd)) {
      if (pt.pmdIsLeaf(pmd)) {
        if (next - address !== PMD_SIZE) yield* splitHugePmd(t, vma, pmd, address)
        else yield* zapHugePmd(t, vma, pmd, address, deferring)
        // The lock is released: somebody may have put a table there.
        touches(t, TOUCH_TABLE, pmd >>> 9, TOUCH_READ)
      }
      if (!pt.isNone(pmd) && !pt.pmdIsLeaf(pmd))
        yield* zapPteRange(t, vma.vmMm, pmd, address, next, evenCows, deferring)
    }
    address = next
  }
}

/** mm/huge_memory.c: zap_huge_pmd, 6.1; over a DAX file there is no page to account for. */
function* zapHugePmd(
  t: Task,
  vma: Vma,
  slot: number,
  address: number,
  deferring: AddressSpace | null,
): Steps<void> {
  const pt = t.machine.pageTables
  yield* lockTable(t, slot >>> 9)
  if (vma.isAnonymous) yield* zapAnonPmdLocked(t, slot, address)
  else {
    yield STEP_ENTRY_WRITE
    touches(t, TOUCH_TABLE, slot >>> 9, TOUCH_WRITE)
    touchesDeferred(t, deferring)
    if (deferring !== null && pt.arch.pmdDirty(pt.lo, pt.hi, slot)) deferring.asCmtime = true
    pt.clear(slot)
    t.tlb.adjustRange(address, PMD_SIZE)
    if (t.machine.defects['zap-flushes-under-ptl']) yield* tlbFlushMmuTlbonly(t, vma.vmMm)
  }
  yield* unlockTable(t, slot >>> 9)
}

/** mm/memory.c: zap_page_range_single, 6.1: zaps a part of one area and flushes before it returns. */
export function* zapPageRangeSingle(
  t: Task,
  vma: Vma,
  address: number,
  size: number,
  evenCows: boolean,
): Steps<void> {
  tlbGatherMmu(t, vma.vmMm)
  yield* unmapPageRange(t, vma, address, address + size, evenCows)
  yield* tlbFinishMmu(t, vma.vmMm)
}

/**
 * Unmaps pages `start … start + nr - 1` of a file from every address space; `nr` 0 means to the end (mm/memory.c:
 * unmap_mapping_pages, 6.1). Private copies go only when `evenCows`.
 */
export function* unmapMappingPages(
  t: Task,
  mapping: AddressSpace,
  start: number,
  nr: number,
  evenCows: boolean,
): Steps<void> {
  const m = t.machine
  if (m.trace !== null) m.trace('unmap_mapping_pages', t, start, nr, evenCows ? 1 : 0)
  yield* unmapMappingTree(t, mapping, start, nr === 0 ? Infinity : start + nr - 1, evenCows)
}

function* unmapMappingTree(
  t: Task,
  mapping: AddressSpace,
  first: number,
  last: number,
  evenCows: boolean,
): Steps<void> {
  const exclusive = t.machine.kernel.unmapsExclusively
  if (exclusive) yield* downWrite(t, mapping.iMmapRwsem)
  else yield* downRead(t, mapping.iMmapRwsem)
  touches(t, TOUCH_I_MMAP, mapping.iMmapRwsem.name, TOUCH_READ)
  touchesUnmaps(t, mapping)
  for (let i = 0; i < mapping.iMmap.length; i++) {
    touches(t, TOUCH_I_MMAP, mapping.iMmapRwsem.name, TOUCH_READ)
    const vma = mapping.iMmap[i]!
    touches(t, TOUCH_AREAS, vma.vmMm.pgd, TOUCH_READ)
    const from = Math.max(first, vma.vmPgoff)
    const to = Math.min(last, vma.pgoffEnd - 1)
    if (from > to) continue
    const address = vma.vmStart + (from - vma.vmPgoff) * PAGE_SIZE
    yield* zapPageRangeSingle(t, vma, address, (to - from + 1) * PAGE_SIZE, evenCows)
    touches(t, TOUCH_I_MMAP, mapping.iMmapRwsem.name, TOUCH_READ)
  }
  touchesUnmapped(t)
  if (exclusive) yield* upWrite(t, mapping.iMmapRwsem)
  else yield* upRead(t, mapping.iMmapRwsem)
}

/**
 * Unmaps the bytes `start … start + length - 1` of a file; `length` 0 means to the end (mm/memory.c:
 * unmap_mapping_range, 6.1). Both are rounded to pages as the kernel rounds them.
 */
export function* unmapMappingRange(
  t: Task,
  mapping: AddressSpace,
  start: number,
  length: number,
  evenCows: boolean,
): Steps<void> {
  const m = t.machine
  if (m.trace !== null) m.trace('unmap_mapping_range', t, start, length, evenCows ? 1 : 0)
  const first = Math.floor(start / PAGE_SIZE)
  const pages = Math.ceil(length / PAGE_SIZE)
  // unmap_mapping_pages is inlined here by the recorded compilers: no event of its own.
  yield* unmapMappingTree(t, mapping, first, pages === 0 ? Infinity : first + pages - 1, evenCows)
}
