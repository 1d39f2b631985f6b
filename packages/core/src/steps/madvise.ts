/**
 * Advice: `madvise`.
 * @module
 */

import { pageOffset, pmdStart } from '../address.ts'
import { EACCES, EAGAIN, EFAULT, EINVAL, ENOMEM } from '../errno.ts'
import { notModelled } from '../errors.ts'
import { PAGE_SIZE, PMD_SIZE } from '../physical-memory.ts'
import { STEP_ENTRY_WRITE, type Steps } from '../step.ts'
import { raiseStrategyError } from '../strategy/host.ts'
import {
  MADV_DOFORK,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_FREE,
  MADV_HUGEPAGE,
  MADV_NOHUGEPAGE,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_REMOVE,
  MADV_WILLNEED,
} from '../syscall-flags.ts'
import type { Task } from '../task.ts'
import {
  TOUCH_AREAS,
  TOUCH_FRAMES,
  TOUCH_READ,
  TOUCH_TABLE,
  TOUCH_WRITE,
  touches,
  touchesPath,
} from '../touch.ts'
import {
  VM_DONTCOPY,
  VM_HUGEPAGE,
  VM_LOCKED,
  VM_MAYWRITE,
  VM_NOHUGEPAGE,
  VM_PFNMAP,
  VM_SHARED,
} from '../vm-flags.ts'
import type { Vma } from '../vma.ts'
import { toScratch, vmNormalPage } from './entries.ts'
import { faultinPageRange, faultinVmaPageRange } from './gup.ts'
import { madviseFreeHugePmd } from './huge-anon.ts'
import { lockTable, unlockTable, upRead } from './locking.ts'
import { tlbFinishMmu, tlbGatherMmu } from './tlb-flush.ts'
import { isolateVma, vmaMerge } from './vma-adjust.ts'
import { mmapReadLock, mmapWriteLock, mmapWriteUnlock, vmaStartWrite } from './vma-lock.ts'
import { zapPageRangeSingle } from './zap.ts'

/** What this model does; a kernel may take more, or less. */
const MODELLED: ReadonlySet<number> = new Set([
  MADV_WILLNEED,
  MADV_DONTNEED,
  MADV_FREE,
  MADV_REMOVE,
  MADV_DONTFORK,
  MADV_DOFORK,
  MADV_HUGEPAGE,
  MADV_NOHUGEPAGE,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
])

/** mm/madvise.c: madvise_need_mmap_write, 6.1. */
function needsMmapWrite(behaviour: number): boolean {
  return (
    behaviour === MADV_DONTFORK ||
    behaviour === MADV_DOFORK ||
    behaviour === MADV_HUGEPAGE ||
    behaviour === MADV_NOHUGEPAGE
  )
}

/**
 * madvise(2); 0 or a negative error number (mm/madvise.c: do_madvise, 6.1 and 6.12).
 * @throws MachineError NOT_MODELLED for advice that the kernel takes and this model does not; StrategyError
 */
export function* madvise(t: Task, start: number, length: number, behaviour: number): Steps<number> {
  if (!t.machine.kernel.madviseTakes.has(behaviour)) return -EINVAL
  if (!MODELLED.has(behaviour)) throw notModelled(`madvise ${behaviour}`)
  if (pageOffset(start) !== 0) return -EINVAL
  const end = start + Math.ceil(length / PAGE_SIZE) * PAGE_SIZE
  if (end === start) return 0
  const write = needsMmapWrite(behaviour)
  if (write) yield* mmapWriteLock(t, t.mm)
  else yield* mmapReadLock(t, t.mm)
  const populates = behaviour === MADV_POPULATE_READ || behaviour === MADV_POPULATE_WRITE
  const ret =
    populates && t.machine.kernel.madvisePopulateEndsAtHole
      ? yield* madvisePopulateRange(t, start, end, behaviour === MADV_POPULATE_WRITE)
      : yield* madviseWalkVmas(t, start, end, behaviour)
  if (write) yield* mmapWriteUnlock(t, t.mm)
  else yield* upRead(t, t.mm.mmapLock)
  raiseStrategyError(t)
  return ret
}

/** Area by area; a hole is skipped and reported at the end (mm/madvise.c: madvise_walk_vmas, 6.1). */
function* madviseWalkVmas(t: Task, start: number, end: number, behaviour: number): Steps<number> {
  const areas = t.mm.areas
  let unmapped = 0
  let from = start
  let vma = areas.findVma(from)
  let prev = vma !== null && from > vma.vmStart ? vma : areas.findPrev(from)
  for (;;) {
    if (vma === null) return -ENOMEM
    if (from < vma.vmStart) {
      unmapped = -ENOMEM
      from = vma.vmStart
      if (from >= end) return unmapped
    }
    const to: number = Math.min(vma.vmEnd, end)
    let error = 0
    if (needsMmapWrite(behaviour)) {
      if (hugepageAdviceRefused(t, vma, behaviour)) return -EINVAL
      const updated: Vma | number = yield* madviseUpdateVma(
        t,
        vma,
        prev,
        from,
        to,
        newFlags(vma.vmFlags, behaviour),
      )
      // What is short may be there later (mm/madvise.c: madvise_vma_behavior).
      if (typeof updated === 'number') return updated === -ENOMEM ? -EAGAIN : updated
      prev = updated
    } else {
      error = yield* madviseVmaBehavior(t, vma, from, to, behaviour)
      prev = behaviour === MADV_REMOVE ? null : vma
    }
    if (error !== 0) return error
    from = prev !== null ? Math.max(to, prev.vmEnd) : to
    if (from >= end) return unmapped
    vma = areas.findVma(prev !== null ? prev.vmEnd : from)
  }
}

/** mm/huge_memory.c: hugepage_madvise (VM_NO_THP), 4.5. */
function hugepageAdviceRefused(t: Task, vma: Vma, behaviour: number): boolean {
  if (behaviour !== MADV_HUGEPAGE && behaviour !== MADV_NOHUGEPAGE) return false
  return (vma.vmFlags & t.machine.kernel.madviseHugepageRefuses) !== 0
}

function newFlags(flags: number, behaviour: number): number {
  if (behaviour === MADV_DONTFORK) return flags | VM_DONTCOPY
  if (behaviour === MADV_DOFORK) return flags & ~VM_DONTCOPY
  if (behaviour === MADV_HUGEPAGE) return (flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE
  return (flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE
}

/**
 * New flags for a part of one area; the area that then holds it, or a negative error number (mm/madvise.c:
 * madvise_update_vma, 6.1).
 */
function* madviseUpdateVma(
  t: Task,
  vma: Vma,
  prev: Vma | null,
  start: number,
  end: number,
  flags: number,
): Steps<Vma | number> {
  if (flags === vma.vmFlags) return vma
  const pgoff = vma.vmPgoff + (start - vma.vmStart) / PAGE_SIZE
  const merged = yield* vmaMerge(t, vma.vmMm, prev, start, end, flags, vma.anonVma, vma.vmFile, pgoff)
  const target = merged ?? vma
  if (merged === null) {
    const error = yield* isolateVma(t, vma, start, end)
    if (error !== 0) return error
  }
  yield* vmaStartWrite(t, target)
  touches(t, TOUCH_AREAS, vma.vmMm.pgd, TOUCH_WRITE)
  target.vmFlags = flags
  return target
}

/** mm/madvise.c: madvise_vma_behavior, 6.1, for what needs `mmap_lock` for reading only. */
function* madviseVmaBehavior(
  t: Task,
  vma: Vma,
  start: number,
  end: number,
  behaviour: number,
): Steps<number> {
  if (behaviour === MADV_WILLNEED) return 0
  if (behaviour === MADV_REMOVE) return yield* madviseRemove(t, vma, start, end)
  if (behaviour === MADV_POPULATE_READ || behaviour === MADV_POPULATE_WRITE) {
    return yield* madvisePopulate(t, start, end, behaviour === MADV_POPULATE_WRITE)
  }
  if ((vma.vmFlags & (VM_PFNMAP | VM_LOCKED)) !== 0) return -EINVAL
  if (behaviour === MADV_FREE && !t.machine.kernel.madvFreeNeedsSwap)
    return yield* madviseFree(t, vma, start, end)
  yield* zapPageRangeSingle(t, vma, start, end - start, true)
  return 0
}

/** A hole punched into the file below (mm/madvise.c: madvise_remove, 6.1); drops `mmap_lock` meanwhile. */
function* madviseRemove(t: Task, vma: Vma, start: number, end: number): Steps<number> {
  if ((vma.vmFlags & VM_LOCKED) !== 0 || vma.vmFile === null) return -EINVAL
  if ((vma.vmFlags & (VM_SHARED | VM_MAYWRITE)) !== (VM_SHARED | VM_MAYWRITE)) return -EACCES
  const file = vma.vmFile
  const offset = start - vma.vmStart + vma.vmPgoff * PAGE_SIZE
  yield* upRead(t, t.mm.mmapLock)
  const ret = yield* file.ops.steps.punchHole(t, file, offset, end - start)
  yield* mmapReadLock(t, t.mm)
  return ret
}

/**
 * For a range of any areas: what was done before an error is not lost, and the page that failed is tried once more, first
 * in its turn (mm/madvise.c: madvise_populate, 6.12).
 */
function* madvisePopulateRange(t: Task, start: number, end: number, write: boolean): Steps<number> {
  for (let from = start; from < end; ) {
    const pages: number = yield* faultinPageRange(t, from, end, write)
    if (pages < 0) return pages
    from += pages * PAGE_SIZE
  }
  return 0
}

/** mm/madvise.c: madvise_populate, 6.1. */
function* madvisePopulate(t: Task, start: number, end: number, write: boolean): Steps<number> {
  for (let from = start; from < end; ) {
    const vma = t.mm.areas.findVma(from)
    if (vma === null || vma.vmStart > from) return -ENOMEM
    const pages: number = yield* faultinVmaPageRange(t, vma, from, Math.min(end, vma.vmEnd), write)
    if (pages < 0) return pages === -EINVAL || pages === -EFAULT ? pages : -ENOMEM
    from += pages * PAGE_SIZE
  }
  return 0
}

/** Lets anonymous pages be dropped later: clean and old (mm/madvise.c: madvise_free_pte_range, 6.1). */
function* madviseFree(t: Task, vma: Vma, start: number, end: number): Steps<number> {
  if (!vma.isAnonymous) return -EINVAL
  const m = t.machine
  const pt = m.pageTables
  const { arch } = m
  tlbGatherMmu(t, vma.vmMm)
  for (let address = start; address < end; address += PAGE_SIZE) {
    touchesPath(t, vma.vmMm, address)
    const pmd = pt.pmdSlot(vma.vmMm.pgd, address)
    if (pmd < 0 || pt.isNone(pmd)) continue
    if (pt.pmdIsLeaf(pmd)) {
      const next = Math.min(end, pmdStart(address) + PMD_SIZE)
      if (yield* madviseFreeHugePmd(t, vma, pmd, address, next)) {
        address = next - PAGE_SIZE
        continue
      }
    }
    const slot = pt.pteSlotAt(pmd, address)
    yield* lockTable(t, slot >>> 9)
    touches(t, TOUCH_FRAMES, 0, TOUCH_READ)
    const page = arch.ptePresent(pt.lo, pt.hi, slot) ? vmNormalPage(t, slot) : -1
    if (page >= 0 && m.memory.refcount(page) === 1) {
      toScratch(t, slot, 0)
      if (arch.pteYoung(pt.lo, pt.hi, slot) || arch.pteDirty(pt.lo, pt.hi, slot)) {
        arch.pteMkold(t.scratchLo, t.scratchHi, 0)
        arch.pteMkclean(t.scratchLo, t.scratchHi, 0)
        yield STEP_ENTRY_WRITE
        touches(t, TOUCH_TABLE, slot >>> 9, TOUCH_WRITE)
        pt.set(slot, t.scratchLo[0]!, t.scratchHi[0]!)
        t.tlb.adjustRange(address, PAGE_SIZE)
      }
    }
    yield* unlockTable(t, slot >>> 9)
  }
  yield* tlbFinishMmu(t, vma.vmMm)
  return 0
}
