// Derived from ../steps/munmap.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Unmapping: `munmap` and the part that other calls share.
 * @module
 */

import { pageOffset, pmdStart } from '../address.ts'
import { EINVAL, ENOMEM } from '../errno.ts'
import type { Mm } from '../mm.ts'
import { PAGE_SIZE, PMD_SIZE } from '../physical-memory.ts'
import type { Task } from '../task.ts'
import { VM_SHARED } from '../vm-flags.ts'
import type { Vma } from '../vma.ts'
import { unlinkAnonVmas } from './anon-rmap.ts'
import { downWrite, upWrite } from './locking.ts'
import { tlbFinishMmu, tlbGatherMmu } from './tlb-flush.ts'
import { splitVmaAnyway } from './vma-adjust.ts'
import { mmapWriteLock, mmapWriteUnlock, vmaStartWrite } from './vma-lock.ts'
import { unmapPageRange } from './zap.ts'

/** Entries of a table of any level (`PTRS_PER_PTE` and its kin). */
const PTRS_PER_TABLE = 512

/** munmap(2); 0 or a negative error number (mm/mmap.c: __vm_munmap, 6.1). Addresses and lengths in bytes. */
export function munmap(t: Task, start: number, length: number): number {
  mmapWriteLock(t, t.mm)
  const ret = doMunmap(t, t.mm, start, length)
  mmapWriteUnlock(t, t.mm)
  return ret
}

/** The same with `mmap_lock` held for writing (mm/mmap.c: do_mas_munmap, do_mas_align_munmap, 6.1). */
export function doMunmap(t: Task, mm: Mm, start: number, length: number): number {
  const { taskSize } = t.machine.machineArch
  const { maxMapCount } = t.machine.kernel
  if (pageOffset(start) !== 0 || start > taskSize || length > taskSize - start) return -EINVAL
  const end = start + Math.ceil(length / PAGE_SIZE) * PAGE_SIZE
  if (end === start) return -EINVAL
  const first = mm.areas.findIntersection(start, end)
  if (first === null) return 0
  if (start > first.vmStart) {
    if (end < first.vmEnd && mm.mapCount >= maxMapCount) return -ENOMEM
    splitVmaAnyway(t, first, start, false)
  }
  const last = mm.areas.findIntersection(end - PAGE_SIZE, end)
  if (last !== null && last.vmEnd > end && last.vmStart < end) splitVmaAnyway(t, last, end, true)

  const detached: Vma[] = []
  for (
    let vma = mm.areas.findIntersection(start, end);
    vma !== null;
    vma = mm.areas.findIntersection(start, end)
  ) {
    vmaStartWrite(t, vma)
    mm.areas.remove(vma)
    detached.push(vma)
    mm.totalVm -= (vma.vmEnd - vma.vmStart) / PAGE_SIZE
  }
  if (detached.length > 0) unmapRegion(t, mm, detached, start, end)
  for (const vma of detached) flushCmtime(t, vma)
  return 0
}

/** Times that faults in the area deferred are written (mm/mmap.c: remove_vma with the deferred-mtime patches of 2012). */
export function flushCmtime(t: Task, vma: Vma): void {
  const file = vma.vmFile
  if (file?.mapping.asCmtime !== true || (vma.vmFlags & VM_SHARED) === 0) return
  if (file.ops.plain.flushCmtime !== undefined) file.ops.plain.flushCmtime(t, file)
}

/** Clears, frees page tables that no neighbour needs, and flushes once (mm/mmap.c: unmap_region, 6.1). */
function unmapRegion(t: Task, mm: Mm, detached: Vma[], start: number, end: number): void {
  const floor = mm.areas.findPrev(start)?.vmEnd ?? 0
  const ceiling = mm.areas.findVma(start)?.vmStart ?? Infinity
  tlbGatherMmu(t, mm)
  for (const vma of detached) {
    unmapPageRange(t, vma, Math.max(start, vma.vmStart), Math.min(end, vma.vmEnd), true)
  }
  for (let i = 0; i < detached.length; ) {
    const from = detached[i]!.vmStart
    let to = 0
    do {
      const vma = detached[i++]!
      to = vma.vmEnd
      unlinkAnonVmas(vma)
      unlinkFileVma(t, vma)
    } while (i < detached.length && detached[i]!.vmStart <= to + PMD_SIZE)
    freePgdRange(t, mm, from, to, floor, i < detached.length ? detached[i]!.vmStart : ceiling)
  }
  tlbFinishMmu(t, mm)
}

/** Takes the area out of what maps its file (mm/mmap.c: unlink_file_vma, 6.1). */
function unlinkFileVma(t: Task, vma: Vma): void {
  if (vma.vmFile === null) return
  const { mapping } = vma.vmFile
  downWrite(t, mapping.iMmapRwsem)
  mapping.removeVma(vma)
  upWrite(t, mapping.iMmapRwsem)
}

/**
 * Frees the table pages under `[start, end)` that nothing between `floor` and `ceiling` can need (mm/memory.c:
 * free_pgd_range, 6.1). What is freed widens the flush of the batch.
 */
function freePgdRange(t: Task, mm: Mm, start: number, end: number, floor: number, ceiling: number): void {
  const pt = t.machine.pageTables
  let address = pmdStart(start)
  if (address < floor) address += PMD_SIZE
  const roof = ceiling - (ceiling % PMD_SIZE || 0)
  let to = end
  if (to > roof) to -= PMD_SIZE
  if (address > to - 1) return
  const span = PAGE_SIZE * PTRS_PER_TABLE ** (pt.levels - 1)
  while (address < to) {
    const next = Math.min(to, Math.floor(address / span) * span + span)
    const slot = mm.pgd * PTRS_PER_TABLE + (Math.floor(address / span) & (PTRS_PER_TABLE - 1))
    if (!pt.isNone(slot)) freeTableRange(t, slot, pt.levels - 1, address, next, floor, roof)
    // The level between, which fewer than five levels fold away, may count as freed whether or not there was a table
    // below it (mm/memory.c: free_p4d_range).
    const base = Math.floor(address / span) * span
    if (
      t.machine.machineArch.countsFoldedTables &&
      base >= floor &&
      next <= (roof === Infinity ? roof : Math.floor(roof / span) * span)
    ) {
      t.tlb.adjustRange(base, PAGE_SIZE, Infinity)
      t.tlb.freedTables = true
    }
    address = next
  }
}

/**
 * The table that the entry at `slot` points to, of `level` (2 is a PMD table): frees what is under `[start, end)` of it, and
 * then itself (mm/memory.c: free_p4d_range, free_pud_range, free_pmd_range, 6.1).
 */
function freeTableRange(
  t: Task,
  slot: number,
  level: number,
  start: number,
  end: number,
  floor: number,
  ceiling: number,
): void {
  const pt = t.machine.pageTables
  const table = pt.tableAt(slot)
  const span = PAGE_SIZE * PTRS_PER_TABLE ** (level - 1)
  for (let address = start; address < end; ) {
    const next = Math.min(end, Math.floor(address / span) * span + span)
    const entry = table * PTRS_PER_TABLE + (Math.floor(address / span) & (PTRS_PER_TABLE - 1))
    if (!pt.isNone(entry) && !(level === 2 && pt.pmdIsLeaf(entry))) {
      if (level > 2) freeTableRange(t, entry, level - 1, address, next, floor, ceiling)
      else freeTable(t, entry, address, span)
    }
    address = next
  }
  const size = span * PTRS_PER_TABLE
  const base = Math.floor(start / size) * size
  if (base < floor) return
  const roof = ceiling === Infinity ? Infinity : Math.floor(ceiling / size) * size
  if (end <= roof) freeTable(t, slot, base, size)
}

/** Frees the table under an entry that covers `span` bytes (include/asm-generic/tlb.h: pte_free_tlb and its kin, 6.1). */
function freeTable(t: Task, slot: number, address: number, span: number): void {
  const pt = t.machine.pageTables
  pt.freeTable(pt.tableAt(slot))
  pt.clear(slot)
  t.tlb.adjustRange(address, PAGE_SIZE, span)
  t.tlb.freedTables = true
}
