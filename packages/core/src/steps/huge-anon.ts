/**
 * Transparent huge pages of anonymous memory (`always`): 2 MiB at a first touch, and what takes them apart again.
 * @module
 */

import { pmdStart } from '../address.ts'
import { FAULT_FLAG_WRITE, VM_FAULT_FALLBACK, VM_FAULT_WRITE } from '../fault-flags.ts'
import { HUGE_ZERO_PFN, PMD_SIZE, PTRS_PER_PMD_LEAF, ZERO_PFN } from '../physical-memory.ts'
import { STEP_ENTRY_WRITE, type Steps } from '../step.ts'
import type { Task } from '../task.ts'
import { TOUCH_FRAMES, TOUCH_READ, TOUCH_TABLE, TOUCH_TABLES, TOUCH_WRITE, touches } from '../touch.ts'
import type { VmFault } from '../vm-operations.ts'
import type { Vma } from '../vma.ts'
import {
  fromScratch,
  maybeMkwrite,
  maybePmdMkwrite,
  pmdpHugeClearFlush,
  pmdpInvalidate,
  pmdpSetAccessFlags,
  toScratch,
  updateMmuCache,
} from './entries.ts'
import { lockTable, unlockTable } from './locking.ts'
import { vmfAnonPrepare } from './vma-lock.ts'

/**
 * A first touch of an aligned 2 MiB range that lies inside the area: the huge zero page for a load, 2 MiB of its own for
 * a store (mm/huge_memory.c: do_huge_pmd_anonymous_page, 6.1).
 */
export function* doHugePmdAnonymousPage(t: Task, vmf: VmFault): Steps<number> {
  const m = t.machine
  const pt = m.pageTables
  const vma = vmf.vma
  const { arch } = m
  const { scratchLo, scratchHi } = t
  const start = pmdStart(vmf.address)
  if (start < vma.vmStart || start + PMD_SIZE > vma.vmEnd) return VM_FAULT_FALLBACK
  const retry = yield* vmfAnonPrepare(t, vmf)
  if (retry !== 0) return retry
  const write = (vmf.flags & FAULT_FLAG_WRITE) !== 0
  touches(t, TOUCH_FRAMES, 0, TOUCH_WRITE)
  const page = write ? m.memory.allocHugePage() : HUGE_ZERO_PFN
  if (page < 0) return VM_FAULT_FALLBACK
  const table = vmf.pmd >>> 9
  yield* lockTable(t, table)
  touches(t, TOUCH_FRAMES, 0, TOUCH_WRITE)
  if (!pt.isNone(vmf.pmd)) {
    if (write) m.memory.freePage(page)
    yield* unlockTable(t, table)
    return 0
  }
  arch.pfnPmd(scratchLo, scratchHi, 0, page, vma.vmPageProtLo, vma.vmPageProtHi)
  arch.pmdMkhuge(scratchLo, scratchHi, 0)
  if (write) {
    m.memory.addHugeRefs(page, 1)
    m.memory.setAnonExclusive(page, true)
    arch.pmdMkdirty(scratchLo, scratchHi, 0)
    maybePmdMkwrite(t, vma, 0)
  }
  yield* fromScratch(t, vmf.pmd, 0)
  updateMmuCache(t, vmf.address)
  yield* unlockTable(t, table)
  return 0
}

/**
 * A store to a read-only 2 MiB page: made writable where it is if nobody else has it, else taken apart so that one page
 * of it is copied (mm/huge_memory.c: do_huge_pmd_wp_page, 6.1).
 */
export function* doHugePmdWpPage(t: Task, vmf: VmFault): Steps<number> {
  const m = t.machine
  const pt = m.pageTables
  const { arch } = m
  const { scratchLo, scratchHi } = t
  touches(t, TOUCH_TABLE, vmf.pmd >>> 9, TOUCH_READ)
  const page = arch.pmdPfn(pt.lo, pt.hi, vmf.pmd)
  if (page !== HUGE_ZERO_PFN) {
    const table = vmf.pmd >>> 9
    yield* lockTable(t, table)
    if (pt.lo[vmf.pmd] !== vmf.origLo || pt.hi[vmf.pmd] !== vmf.origHi) {
      yield* unlockTable(t, table)
      return 0
    }
    touches(t, TOUCH_FRAMES, 0, TOUCH_WRITE)
    if (m.memory.anonExclusive(page) || m.memory.hugeRefs(page) === 1) {
      m.memory.setAnonExclusive(page, true)
      toScratch(t, vmf.pmd, 0)
      arch.pmdMkyoung(scratchLo, scratchHi, 0)
      arch.pmdMkdirty(scratchLo, scratchHi, 0)
      maybePmdMkwrite(t, vmf.vma, 0)
      if (yield* pmdpSetAccessFlags(t, pmdStart(vmf.address), vmf.pmd, true)) updateMmuCache(t, vmf.address)
      yield* unlockTable(t, table)
      return VM_FAULT_WRITE
    }
    yield* unlockTable(t, table)
  }
  yield* lockTable(t, vmf.pmd >>> 9)
  yield* splitAnonPmdLocked(t, vmf.vma, vmf.pmd, pmdStart(vmf.address))
  yield* unlockTable(t, vmf.pmd >>> 9)
  return VM_FAULT_FALLBACK
}

/**
 * Replaces the PMD leaf at `slot` by a table of 512 PTEs for the same frames; the lock of the PMD table is held. The dirty
 * bit goes to the page, not to the entries (mm/huge_memory.c: __split_huge_pmd_locked, __split_huge_zero_page_pmd,
 * 6.1).
 */
export function* splitAnonPmdLocked(t: Task, vma: Vma, slot: number, start: number): Steps<void> {
  const m = t.machine
  const pt = m.pageTables
  const { arch } = m
  const { scratchLo, scratchHi } = t
  const zero = arch.pmdPfn(pt.lo, pt.hi, slot) === HUGE_ZERO_PFN
  if (zero) yield* pmdpHugeClearFlush(t, vma, start, slot)
  else yield* pmdpInvalidate(t, vma, start, slot)
  const page = arch.pmdPfn(scratchLo, scratchHi, 0)
  const write = arch.pmdWrite(scratchLo, scratchHi, 0)
  const young = arch.pmdYoung(scratchLo, scratchHi, 0)
  const softDirty = arch.pmdSoftDirty(scratchLo, scratchHi, 0)
  const dirty = m.kernel.splitKeepsDirty && arch.pmdDirty(scratchLo, scratchHi, 0)
  const exclusive = !zero && m.memory.anonExclusive(page)
  touches(t, TOUCH_FRAMES, 0, TOUCH_WRITE)
  touches(t, TOUCH_TABLES, 0, TOUCH_WRITE)
  const table = pt.allocTable()
  if (!zero) m.memory.addHugeRefs(page, -1)
  for (let i = 0; i < PTRS_PER_PMD_LEAF; i++) {
    arch.pfnPte(scratchLo, scratchHi, 0, zero ? ZERO_PFN : page + i, vma.vmPageProtLo, vma.vmPageProtHi)
    if (zero) arch.pteMkspecial(scratchLo, scratchHi, 0)
    else {
      maybeMkwrite(t, vma, 0)
      if (!write) arch.pteWrprotect(scratchLo, scratchHi, 0)
      if (!young) arch.pteMkold(scratchLo, scratchHi, 0)
      if (dirty) arch.pteMkdirty(scratchLo, scratchHi, 0)
      if (softDirty) arch.pteMksoftDirty(scratchLo, scratchHi, 0)
      m.memory.addRmap(page + i)
      m.memory.setAnonExclusive(page + i, exclusive)
    }
    pt.set(table * 512 + i, scratchLo[0]!, scratchHi[0]!)
  }
  yield STEP_ENTRY_WRITE
  touches(t, TOUCH_TABLE, slot >>> 9, TOUCH_WRITE)
  pt.populate(slot, table)
}

/** Takes the whole 2 MiB away, gathering its frames in `t.tlb` (mm/huge_memory.c: zap_huge_pmd, 6.1). */
export function* zapAnonPmdLocked(t: Task, slot: number, start: number): Steps<void> {
  const m = t.machine
  const pt = m.pageTables
  const page = m.arch.pmdPfn(pt.lo, pt.hi, slot)
  yield STEP_ENTRY_WRITE
  touches(t, TOUCH_TABLE, slot >>> 9, TOUCH_WRITE)
  pt.clear(slot)
  t.tlb.adjustRange(start, PMD_SIZE)
  touches(t, TOUCH_FRAMES, 0, TOUCH_WRITE)
  if (page !== HUGE_ZERO_PFN && m.memory.addHugeRefs(page, -1) === 0) t.tlb.pages.push(page)
}

/**
 * Gives a forked child the 2 MiB page, read-only on both sides and old in the child (mm/huge_memory.c: copy_huge_pmd,
 * 6.1). One of persistent memory has nothing to count (4.5, where fork copies those too).
 */
export function* copyHugePmd(t: Task, oldSlot: number, newSlot: number): Steps<void> {
  const m = t.machine
  const pt = m.pageTables
  const { arch } = m
  yield* lockTable(t, newSlot >>> 9)
  yield* lockTable(t, oldSlot >>> 9)
  const page = arch.pmdPfn(pt.lo, pt.hi, oldSlot)
  touches(t, TOUCH_FRAMES, 0, TOUCH_WRITE)
  if (page !== HUGE_ZERO_PFN && !m.memory.isPmem(page)) {
    m.memory.addHugeRefs(page, 1)
    m.memory.setAnonExclusive(page, false)
  }
  yield STEP_ENTRY_WRITE
  touches(t, TOUCH_TABLE, oldSlot >>> 9, TOUCH_WRITE)
  touches(t, TOUCH_TABLE, newSlot >>> 9, TOUCH_WRITE)
  arch.pmdWrprotect(pt.lo, pt.hi, oldSlot)
  toScratch(t, oldSlot, 0)
  arch.pmdMkold(t.scratchLo, t.scratchHi, 0)
  pt.set(newSlot, t.scratchLo[0]!, t.scratchHi[0]!)
  yield* unlockTable(t, oldSlot >>> 9)
  yield* unlockTable(t, newSlot >>> 9)
}

/**
 * Lets a 2 MiB page be dropped later, whole: clean and old; a part of one is taken apart first (mm/huge_memory.c:
 * madvise_free_huge_pmd, 6.1). True when it was dealt with whole.
 */
export function* madviseFreeHugePmd(
  t: Task,
  vma: Vma,
  slot: number,
  address: number,
  end: number,
): Steps<boolean> {
  const m = t.machine
  const pt = m.pageTables
  const { arch } = m
  const { scratchLo, scratchHi } = t
  const start = pmdStart(address)
  yield* lockTable(t, slot >>> 9)
  const page = arch.pmdPfn(pt.lo, pt.hi, slot)
  touches(t, TOUCH_FRAMES, 0, TOUCH_WRITE)
  if (page === HUGE_ZERO_PFN || m.memory.hugeRefs(page) !== 1) {
    yield* unlockTable(t, slot >>> 9)
    return true
  }
  if (end - address < PMD_SIZE) {
    yield* splitAnonPmdLocked(t, vma, slot, start)
    yield* unlockTable(t, slot >>> 9)
    return false
  }
  if (arch.pmdYoung(pt.lo, pt.hi, slot) || arch.pmdDirty(pt.lo, pt.hi, slot)) {
    yield* pmdpInvalidate(t, vma, start, slot)
    arch.pmdMkold(scratchLo, scratchHi, 0)
    arch.pmdMkclean(scratchLo, scratchHi, 0)
    yield* fromScratch(t, slot, 0)
    t.tlb.adjustRange(start, PMD_SIZE)
  }
  yield* unlockTable(t, slot >>> 9)
  return true
}
