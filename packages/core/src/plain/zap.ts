// Derived from ../steps/zap.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Taking entries away: `zap_pte_range` and everything that ends there (munmap, madvise, truncate, hole punch).
 * @module
 */

import { pmdStart, pudStart } from '../address.ts'
import type { AddressSpace } from '../file.ts'
import type { Mm } from '../mm.ts'
import { PAGE_SIZE, PMD_SIZE, PUD_SIZE } from '../physical-memory.ts'
import type { Task } from '../task.ts'
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
export function splitHugePmd(t: Task, vma: Vma, slot: number, address: number): void {
  const pt = t.machine.pageTables
  const table = slot >>> 9
  lockTable(t, table)
  if (!pt.isNone(slot) && pt.pmdIsLeaf(slot)) {
    if (vma.isAnonymous) splitAnonPmdLocked(t, vma, slot, pmdStart(address))
    else {
      const deferring = deferringMapping(vma)
      if (deferring !== null && pt.arch.pmdDirty(pt.lo, pt.hi, slot)) deferring.asCmtime = true
      pmdpHugeClearFlush(t, vma, pmdStart(address), slot)
    }
  }
  unlockTable(t, table)
}

/**
 * Clears the present entries of `[address, end)` under one PTE table, gathering what to flush in `t.tlb`
 * (mm/memory.c: zap_pte_range, 6.1). Anonymous copies stay unless `evenCows`. A dirty entry is noted in `deferring`.
 */
function zapPteRange(
  t: Task,
  mm: Mm,
  pmdSlot: number,
  address: number,
  end: number,
  evenCows: boolean,
  deferring: AddressSpace | null,
): void {
  const m = t.machine
  const pt = m.pageTables
  const table = pt.tableAt(pmdSlot)
  lockTable(t, table)
  let slot = pt.pteSlotAt(pmdSlot, address)
  for (; address < end; address += PAGE_SIZE, slot++) {
    if (pt.isNone(slot)) continue
    const page = vmNormalPage(t, slot)
    if (page >= 0 && !evenCows && !m.memory.isFilePage(page)) continue
    if (deferring !== null && pt.arch.pteDirty(pt.lo, pt.hi, slot)) deferring.asCmtime = true
    pt.clear(slot)
    t.tlb.adjustRange(address, PAGE_SIZE)
    if (page >= 0 && m.memory.gather(page)) t.tlb.pages.push(page)
  }
  if (m.defects['zap-flushes-under-ptl']) tlbFlushMmuTlbonly(t, mm)
  unlockTable(t, table)
}

/** The mapping that wants to know which dirty entries go, because its times are deferred. */
export function deferringMapping(vma: Vma): AddressSpace | null {
  const mapping = vma.vmFile?.mapping ?? null
  return mapping?.defersCmtime === true && (vma.vmFlags & VM_SHARED) !== 0 ? mapping : null
}

/** mm/memory.c: unmap_page_range, 6.1, down to {@link zapPteRange}. */
export function unmapPageRange(
  t: Task,
  vma: Vma,
  start: number,
  end: number,
  evenCows: boolean,
): void {
  const pt = t.machine.pageTables
  const deferring = deferringMapping(vma)
  let address = start
  while (address < end) {
    const pud = pt.pudSlot(vma.vmMm.pgd, address, false)
    if (pud < 0 || pt.isNone(pud)) {
      address = pudStart(address) + PUD_SIZE
      continue
    }
    const next = Math.min(end, pmdStart(address) + PMD_SIZE)
    const pmd = pt.pmdSlotAt(pud, address)
    if (!pt.isNone(pmd)) {
      if (pt.pmdIsLeaf(pmd)) {
        if (next - address !== PMD_SIZE) splitHugePmd(t, vma, pmd, address)
        else zapHugePmd(t, vma, pmd, address, deferring)
        // The lock is released: somebody may have put a table there.
      }
      if (!pt.isNone(pmd) && !pt.pmdIsLeaf(pmd))
        zapPteRange(t, vma.vmMm, pmd, address, next, evenCows, deferring)
    }
    address = next
  }
}

/** mm/huge_memory.c: zap_huge_pmd, 6.1; over a DAX file there is no page to account for. */
function zapHugePmd(
  t: Task,
  vma: Vma,
  slot: number,
  address: number,
  deferring: AddressSpace | null,
): void {
  const pt = t.machine.pageTables
  lockTable(t, slot >>> 9)
  if (vma.isAnonymous) zapAnonPmdLocked(t, slot, address)
  else {
    if (deferring !== null && pt.arch.pmdDirty(pt.lo, pt.hi, slot)) deferring.asCmtime = true
    pt.clear(slot)
    t.tlb.adjustRange(address, PMD_SIZE)
    if (t.machine.defects['zap-flushes-under-ptl']) tlbFlushMmuTlbonly(t, vma.vmMm)
  }
  unlockTable(t, slot >>> 9)
}

/** mm/memory.c: zap_page_range_single, 6.1: zaps a part of one area and flushes before it returns. */
export function zapPageRangeSingle(
  t: Task,
  vma: Vma,
  address: number,
  size: number,
  evenCows: boolean,
): void {
  tlbGatherMmu(t, vma.vmMm)
  unmapPageRange(t, vma, address, address + size, evenCows)
  tlbFinishMmu(t, vma.vmMm)
}

/**
 * Unmaps pages `start … start + nr - 1` of a file from every address space; `nr` 0 means to the end (mm/memory.c:
 * unmap_mapping_pages, 6.1). Private copies go only when `evenCows`.
 */
export function unmapMappingPages(
  t: Task,
  mapping: AddressSpace,
  start: number,
  nr: number,
  evenCows: boolean,
): void {
  const m = t.machine
  if (m.trace !== null) m.trace('unmap_mapping_pages', t, start, nr, evenCows ? 1 : 0)
  unmapMappingTree(t, mapping, start, nr === 0 ? Infinity : start + nr - 1, evenCows)
}

function unmapMappingTree(
  t: Task,
  mapping: AddressSpace,
  first: number,
  last: number,
  evenCows: boolean,
): void {
  const exclusive = t.machine.kernel.unmapsExclusively
  if (exclusive) downWrite(t, mapping.iMmapRwsem)
  else downRead(t, mapping.iMmapRwsem)
  for (let i = 0; i < mapping.iMmap.length; i++) {
    const vma = mapping.iMmap[i]!
    const from = Math.max(first, vma.vmPgoff)
    const to = Math.min(last, vma.pgoffEnd - 1)
    if (from > to) continue
    const address = vma.vmStart + (from - vma.vmPgoff) * PAGE_SIZE
    zapPageRangeSingle(t, vma, address, (to - from + 1) * PAGE_SIZE, evenCows)
  }
  if (exclusive) upWrite(t, mapping.iMmapRwsem)
  else upRead(t, mapping.iMmapRwsem)
}

/**
 * Unmaps the bytes `start … start + length - 1` of a file; `length` 0 means to the end (mm/memory.c:
 * unmap_mapping_range, 6.1). Both are rounded to pages as the kernel rounds them.
 */
export function unmapMappingRange(
  t: Task,
  mapping: AddressSpace,
  start: number,
  length: number,
  evenCows: boolean,
): void {
  const m = t.machine
  if (m.trace !== null) m.trace('unmap_mapping_range', t, start, length, evenCows ? 1 : 0)
  const first = Math.floor(start / PAGE_SIZE)
  const pages = Math.ceil(length / PAGE_SIZE)
  // unmap_mapping_pages is inlined here by the recorded compilers: no event of its own.
  unmapMappingTree(t, mapping, first, pages === 0 ? Infinity : first + pages - 1, evenCows)
}
