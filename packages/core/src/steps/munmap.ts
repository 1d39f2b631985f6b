/**
 * Unmapping: `munmap` and the part that other calls share.
 * @module
 */

import { pageOffset, pmdStart, pudStart } from '../address.ts'
import { EINVAL, ENOMEM } from '../errno.ts'
import type { Mm } from '../mm.ts'
import { PAGE_SIZE, PMD_SIZE, PUD_SIZE } from '../physical-memory.ts'
import type { Steps } from '../step.ts'
import type { Task } from '../task.ts'
import type { Vma } from '../vma.ts'
import { unlinkAnonVmas } from './anon-rmap.ts'
import { downWrite, upWrite } from './locking.ts'
import { tlbFlushMmu } from './tlb-flush.ts'
import { splitVma } from './vma-adjust.ts'
import { unmapPageRange } from './zap.ts'

/** munmap(2); 0 or a negative error number (mm/mmap.c: __vm_munmap, 6.1). Addresses and lengths in bytes. */
export function* munmap(t: Task, start: number, length: number): Steps<number> {
  yield* downWrite(t, t.mm.mmapLock)
  const ret = yield* doMunmap(t, t.mm, start, length)
  yield* upWrite(t, t.mm.mmapLock)
  return ret
}

/** The same with `mmap_lock` held for writing (mm/mmap.c: do_mas_munmap, do_mas_align_munmap, 6.1). */
export function* doMunmap(t: Task, mm: Mm, start: number, length: number): Steps<number> {
  const { taskSize, maxMapCount } = t.machine.kernel
  if (pageOffset(start) !== 0 || start > taskSize || length > taskSize - start) return -EINVAL
  const end = start + Math.ceil(length / PAGE_SIZE) * PAGE_SIZE
  if (end === start) return -EINVAL
  const first = mm.areas.findIntersection(start, end)
  if (first === null) return 0
  if (start > first.vmStart) {
    if (end < first.vmEnd && mm.mapCount >= maxMapCount) return -ENOMEM
    yield* splitVma(t, first, start, false)
  }
  const last = mm.areas.findIntersection(end - PAGE_SIZE, end)
  if (last !== null && last.vmEnd > end && last.vmStart < end) yield* splitVma(t, last, end, true)

  const detached: Vma[] = []
  for (
    let vma = mm.areas.findIntersection(start, end);
    vma !== null;
    vma = mm.areas.findIntersection(start, end)
  ) {
    mm.areas.remove(vma)
    detached.push(vma)
    mm.totalVm -= (vma.vmEnd - vma.vmStart) / PAGE_SIZE
  }
  if (detached.length > 0) yield* unmapRegion(t, mm, detached, start, end)
  return 0
}

/** Clears, frees page tables that no neighbour needs, and flushes once (mm/mmap.c: unmap_region, 6.1). */
function* unmapRegion(t: Task, mm: Mm, detached: Vma[], start: number, end: number): Steps<void> {
  const floor = mm.areas.findPrev(start)?.vmEnd ?? 0
  const ceiling = mm.areas.findVma(start)?.vmStart ?? Infinity
  t.tlb.reset()
  for (const vma of detached) {
    yield* unmapPageRange(t, vma, Math.max(start, vma.vmStart), Math.min(end, vma.vmEnd), true)
  }
  for (let i = 0; i < detached.length; ) {
    const from = detached[i]!.vmStart
    let to = 0
    do {
      const vma = detached[i++]!
      to = vma.vmEnd
      unlinkAnonVmas(vma)
      vma.vmFile?.mapping.removeVma(vma)
    } while (i < detached.length && detached[i]!.vmStart <= to + PMD_SIZE)
    freePgdRange(t, mm, from, to, floor, i < detached.length ? detached[i]!.vmStart : ceiling)
  }
  yield* tlbFlushMmu(t, mm)
}

/**
 * Frees the table pages under `[start, end)` that nothing between `floor` and `ceiling` can need (mm/memory.c:
 * free_pgd_range, free_pmd_range, free_pte_range, 6.1). What is freed widens the flush of the batch.
 */
function freePgdRange(t: Task, mm: Mm, start: number, end: number, floor: number, ceiling: number): void {
  const pt = t.machine.pageTables
  let address = pmdStart(start)
  if (address < floor) address += PMD_SIZE
  const roof = ceiling - (ceiling % PMD_SIZE || 0)
  let to = end
  if (to > roof) to -= PMD_SIZE
  if (address > to - 1) return
  while (address < to) {
    const next = Math.min(to, pudStart(address) + PUD_SIZE)
    const pud = pt.pudSlot(mm.pgd, address, false)
    if (pud >= 0 && !pt.isNone(pud)) freePmdRange(t, pud, address, next, floor, roof)
    address = next
  }
}

function freePmdRange(
  t: Task,
  pud: number,
  start: number,
  end: number,
  floor: number,
  ceiling: number,
): void {
  const pt = t.machine.pageTables
  for (let address = start; address < end; address = pmdStart(address) + PMD_SIZE) {
    const pmd = pt.pmdSlotAt(pud, address)
    if (pt.isNone(pmd) || pt.pmdIsLeaf(pmd)) continue
    pt.freeTable(pt.tableAt(pmd))
    pt.clear(pmd)
    t.tlb.adjustRange(address, PAGE_SIZE)
    t.tlb.freedTables = true
  }
  const base = pudStart(start)
  if (base < floor) return
  const roof = ceiling === Infinity ? Infinity : pudStart(ceiling)
  if (end > roof) return
  pt.freeTable(pt.tableAt(pud))
  pt.clear(pud)
  t.tlb.adjustRange(base, PAGE_SIZE)
}
