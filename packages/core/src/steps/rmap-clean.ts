/**
 * Write-protecting and cleaning every entry of a frame range: what writeback of a DAX entry does to its mappings.
 * @module
 */

import { pmdStart } from '../address.ts'
import { PAGE_SIZE, PMD_SIZE } from '../physical-memory.ts'
import type { Steps } from '../step.ts'
import type { Task } from '../task.ts'
import { TOUCH_AREAS, TOUCH_READ, touches, touchesDeferred, touchesPath, touchesTimesOf } from '../touch.ts'
import { VM_SHARED } from '../vm-flags.ts'
import type { Vma } from '../vma.ts'
import { fromScratch, pmdpInvalidate, ptepClearFlush } from './entries.ts'
import { lockTable, unlockTable } from './locking.ts'
import { deferringMapping } from './zap.ts'

/**
 * Makes every entry of one area that maps frames `pfn … pfn + pages - 1`, found at file pages `pgoff …`, read-only and
 * clean, flushing each (mm/rmap.c: pfn_mkclean_range, page_vma_mkclean_one, 6.1). The caller holds `i_mmap_rwsem`.
 */
export function* pfnMkcleanRange(t: Task, vma: Vma, pfn: number, pages: number, pgoff: number): Steps<void> {
  const m = t.machine
  const pt = m.pageTables
  const { arch } = m
  const { scratchLo, scratchHi } = t
  if (m.trace !== null) m.trace('pfn_mkclean', t, 0, 0, 0)
  touches(t, TOUCH_AREAS, vma.vmMm.pgd, TOUCH_READ)
  touchesTimesOf(t, vma.vmFile?.mapping)
  if ((vma.vmFlags & VM_SHARED) === 0) return
  const deferring = deferringMapping(vma)
  // mm/internal.h: vma_pgoff_address, vma_address_end
  const first = Math.max(pgoff, vma.vmPgoff)
  const end = vma.vmStart + (Math.min(pgoff + pages, vma.pgoffEnd) - vma.vmPgoff) * PAGE_SIZE
  let address = vma.vmStart + (first - vma.vmPgoff) * PAGE_SIZE
  while (address < end) {
    touchesPath(t, vma.vmMm, address)
    const pmd = pt.pmdSlot(vma.vmMm.pgd, address)
    const nextPmd = pmdStart(address) + PMD_SIZE
    if (pmd < 0 || pt.isNone(pmd)) {
      address = nextPmd
      continue
    }
    if (pt.pmdIsLeaf(pmd) && m.defects['pmd-not-write-protected']) {
      address = nextPmd
      continue
    }
    if (pt.pmdIsLeaf(pmd)) {
      const table = pmd >>> 9
      yield* lockTable(t, table)
      const mapped = arch.pmdPfn(pt.lo, pt.hi, pmd)
      if (
        mapped < pfn + pages &&
        mapped + 512 > pfn &&
        (arch.pmdDirty(pt.lo, pt.hi, pmd) || arch.pmdWrite(pt.lo, pt.hi, pmd))
      ) {
        yield* pmdpInvalidate(t, vma, nextPmd - PMD_SIZE, pmd)
        touchesDeferred(t, deferring)
        if (deferring !== null && arch.pmdDirty(scratchLo, scratchHi, 0)) deferring.asCmtime = true
        arch.pmdWrprotect(scratchLo, scratchHi, 0)
        arch.pmdMkclean(scratchLo, scratchHi, 0)
        yield* fromScratch(t, pmd, 0)
      }
      yield* unlockTable(t, table)
      address = nextPmd
      continue
    }
    const slot = pt.pteSlotAt(pmd, address)
    const table = slot >>> 9
    yield* lockTable(t, table)
    if (arch.ptePresent(pt.lo, pt.hi, slot)) {
      const mapped = arch.ptePfn(pt.lo, pt.hi, slot)
      const changed =
        arch.pteDirty(pt.lo, pt.hi, slot) ||
        (arch.pteWrite(pt.lo, pt.hi, slot) && !m.defects['mkclean-tests-dirty-only'])
      if (mapped >= pfn && mapped < pfn + pages && changed) {
        yield* ptepClearFlush(t, vma, address, slot)
        touchesDeferred(t, deferring)
        if (deferring !== null && arch.pteDirty(scratchLo, scratchHi, 0)) deferring.asCmtime = true
        arch.pteWrprotect(scratchLo, scratchHi, 0)
        arch.pteMkclean(scratchLo, scratchHi, 0)
        yield* fromScratch(t, slot, 0)
      }
    }
    yield* unlockTable(t, table)
    address += PAGE_SIZE
  }
}
