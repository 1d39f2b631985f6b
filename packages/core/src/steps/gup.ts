/**
 * Faults that the kernel takes itself: populate, mlock and `MADV_POPULATE_*` (`__get_user_pages` without a list of
 * pages to fill).
 * @module
 */

import { pmdStart } from '../address.ts'
import { EFAULT, EINVAL, ENOMEM } from '../errno.ts'
import { MachineError } from '../errors.ts'
import { FAULT_FLAG_WRITE, VM_FAULT_ERROR, VM_FAULT_OOM, VM_FAULT_RETRY } from '../fault-flags.ts'
import type { Mm } from '../mm.ts'
import { PAGE_SIZE, ZERO_PFN } from '../physical-memory.ts'
import type { Steps } from '../step.ts'
import { raiseStrategyError } from '../strategy/host.ts'
import type { Task } from '../task.ts'
import { TOUCH_TABLE, TOUCH_WRITE, touches, touchesPath } from '../touch.ts'
import { VM_ACCESS_FLAGS, VM_IO, VM_MAYREAD, VM_PFNMAP, VM_READ, VM_SHARED, VM_WRITE } from '../vm-flags.ts'
import type { Vma } from '../vma.ts'
import { toScratch, updateMmuCache, vmNormalPage } from './entries.ts'
import { handleMmFault, touchPmd } from './fault.ts'
import { downRead, lockTable, unlockTable, upRead } from './locking.ts'

/** Faults that one page may take before the model calls it a livelock. */
const MAX_FAULTS = 64

const FOLL_WRITE = 0x1
const FOLL_FORCE = 0x10
const FOLL_MADV_POPULATE = 0x200

/** What {@link followPage} found: nothing usable, a page, or a whole 2 MiB page. */
const FOLLOW_NONE = 0
const FOLLOW_PAGE = 1
const FOLLOW_HUGE = 2

/** mm/gup.c: check_vma_flags, 6.1. */
function checkVmaFlags(vma: Vma, gupFlags: number): number {
  if ((vma.vmFlags & (VM_IO | VM_PFNMAP)) !== 0) return -EFAULT
  if ((gupFlags & FOLL_WRITE) !== 0) return (vma.vmFlags & VM_WRITE) === 0 ? -EFAULT : 0
  if ((vma.vmFlags & VM_READ) === 0) {
    if ((gupFlags & FOLL_FORCE) === 0 || (vma.vmFlags & VM_MAYREAD) === 0) return -EFAULT
  }
  return 0
}

/** What a hole answers, and an area that forbids the access; `MADV_POPULATE_*` asks for other errors (mm/gup.c, 6.12). */
function noVma(gupFlags: number): number {
  return (gupFlags & FOLL_MADV_POPULATE) !== 0 ? -ENOMEM : -EFAULT
}

function refusal(vma: Vma, gupFlags: number): number {
  const error = checkVmaFlags(vma, gupFlags)
  return error !== 0 && (gupFlags & FOLL_MADV_POPULATE) !== 0 ? -EINVAL : error
}

/** Whether the page is mapped with the rights asked for; marks it accessed (mm/gup.c: follow_page_mask, 6.1). */
function* followPage(t: Task, vma: Vma, address: number, write: boolean): Steps<number> {
  const m = t.machine
  const pt = m.pageTables
  const { arch } = m
  const { scratchLo, scratchHi } = t
  touchesPath(t, vma.vmMm, address)
  const pmd = pt.pmdSlot(vma.vmMm.pgd, address)
  if (pmd < 0 || pt.isNone(pmd)) return FOLLOW_NONE
  if (pt.pmdIsLeaf(pmd)) {
    if (write && !arch.pmdWrite(pt.lo, pt.hi, pmd)) return FOLLOW_NONE
    yield* lockTable(t, pmd >>> 9)
    yield* touchPmd(t, address, pmd, write)
    yield* unlockTable(t, pmd >>> 9)
    return arch.pmdDevmap(pt.lo, pt.hi, pmd) ? FOLLOW_PAGE : FOLLOW_HUGE
  }
  const slot = pt.pteSlotAt(pmd, address)
  yield* lockTable(t, slot >>> 9)
  let found = FOLLOW_NONE
  if (arch.ptePresent(pt.lo, pt.hi, slot) && (!write || arch.pteWrite(pt.lo, pt.hi, slot))) {
    found = FOLLOW_PAGE
    if (vmNormalPage(t, slot) < 0 && arch.ptePfn(pt.lo, pt.hi, slot) !== ZERO_PFN) {
      // mm/gup.c: follow_pfn_pte
      toScratch(t, slot, 0)
      if (write) arch.pteMkdirty(scratchLo, scratchHi, 0)
      arch.pteMkyoung(scratchLo, scratchHi, 0)
      if (pt.lo[slot] !== scratchLo[0] || pt.hi[slot] !== scratchHi[0]) {
        touches(t, TOUCH_TABLE, slot >>> 9, TOUCH_WRITE)
        pt.set(slot, scratchLo[0]!, scratchHi[0]!)
        updateMmuCache(t, address)
      }
    }
  }
  yield* unlockTable(t, slot >>> 9)
  return found
}

/**
 * Faults in `pages` pages from `start`; the number done, or a negative error number if none (mm/gup.c:
 * __get_user_pages, faultin_page, 6.1). `mayDropLock` false: the caller holds `mmap_lock` for writing, and no fault may
 * ask for a retry.
 */
function* getUserPages(
  t: Task,
  mm: Mm,
  start: number,
  pages: number,
  gupFlags: number,
  mayDropLock: boolean,
): Steps<number> {
  const retryFlags = mayDropLock ? t.machine.kernel.gupFaultFlags : 0
  let vma: Vma | null = null
  let address = start
  const end = start + pages * PAGE_SIZE
  const write = (gupFlags & FOLL_WRITE) !== 0
  let faults = 0
  while (address < end) {
    if (vma === null || address >= vma.vmEnd) {
      vma = mm.areas.findVma(address)
      const error = vma === null || vma.vmStart > address ? noVma(gupFlags) : refusal(vma, gupFlags)
      if (error !== 0) return address > start ? (address - start) / PAGE_SIZE : error
    }
    const found = yield* followPage(t, vma!, address, write)
    if (found === FOLLOW_NONE) {
      if (++faults > MAX_FAULTS) throw noProgress(address)
      const flags = retryFlags | (write ? FAULT_FLAG_WRITE : 0)
      const ret = yield* handleMmFault(t, vma!, address, flags)
      if ((ret & VM_FAULT_RETRY) !== 0) {
        // The handler has let go of mmap_lock: what lies here may be another area now.
        yield* downRead(t, mm.mmapLock)
        vma = null
      } else if ((ret & VM_FAULT_ERROR) !== 0) {
        const done = (address - start) / PAGE_SIZE
        return done > 0 ? done : (ret & VM_FAULT_OOM) !== 0 ? -ENOMEM : -EFAULT
      }
      continue
    }
    faults = 0
    address += found === FOLLOW_HUGE ? pmdStart(address) + 0x200000 - address : PAGE_SIZE
  }
  return (Math.min(address, end) - start) / PAGE_SIZE
}

/** The kernel would go on for ever. */
function noProgress(address: number): MachineError {
  return new MachineError('NO_PROGRESS', {
    found: `${MAX_FAULTS} faults in a row for the page at 0x${address.toString(16)}`,
    expected: 'that a fault that reports success makes progress (I43)',
    remedy: 'look at the strategy or backend that handles this area',
  })
}

/** Faults in a part of one area as populate does (mm/gup.c: populate_vma_page_range, 6.1). */
export function* populateVmaPageRange(
  t: Task,
  vma: Vma,
  start: number,
  end: number,
  mayDropLock: boolean,
): Steps<number> {
  let gupFlags = 0
  if ((vma.vmFlags & (VM_WRITE | VM_SHARED)) === VM_WRITE) gupFlags |= FOLL_WRITE
  if ((vma.vmFlags & VM_ACCESS_FLAGS) !== 0) gupFlags |= FOLL_FORCE
  return yield* getUserPages(t, vma.vmMm, start, (end - start) / PAGE_SIZE, gupFlags, mayDropLock)
}

/**
 * Faults in a part of one area for `MADV_POPULATE_READ` and `_WRITE`; pages done or a negative error number (mm/gup.c:
 * faultin_vma_page_range, 6.1).
 */
export function* faultinVmaPageRange(
  t: Task,
  vma: Vma,
  start: number,
  end: number,
  write: boolean,
): Steps<number> {
  const gupFlags = write ? FOLL_WRITE : 0
  if (checkVmaFlags(vma, gupFlags) !== 0) return -EINVAL
  return yield* getUserPages(t, vma.vmMm, start, (end - start) / PAGE_SIZE, gupFlags, true)
}

/**
 * The same for a range of any areas: pages up to the first that cannot be had, or why the first cannot (mm/gup.c:
 * faultin_page_range, 6.12).
 */
export function* faultinPageRange(t: Task, start: number, end: number, write: boolean): Steps<number> {
  const gupFlags = FOLL_MADV_POPULATE | (write ? FOLL_WRITE : 0)
  return yield* getUserPages(t, t.mm, start, (end - start) / PAGE_SIZE, gupFlags, true)
}

/**
 * Faults in whatever areas overlap `[start, start + length)`, one `mmap_lock` for all (mm/gup.c: __mm_populate, 6.1).
 * @throws StrategyError when the strategy fails in one of the faults
 */
export function* mmPopulate(t: Task, start: number, length: number, ignoreErrors: boolean): Steps<number> {
  const mm = t.mm
  const end = start + length
  let error = 0
  yield* downRead(t, mm.mmapLock)
  for (let next = start; next < end; ) {
    const vma = mm.areas.findIntersection(next, end)
    if (vma === null) break
    const from = Math.max(next, vma.vmStart)
    const to = Math.min(end, vma.vmEnd)
    next = to
    if ((vma.vmFlags & (VM_IO | VM_PFNMAP)) !== 0) continue
    const ret = yield* populateVmaPageRange(t, vma, from, to, true)
    if (ret < 0) {
      if (ignoreErrors) continue
      error = ret
      break
    }
    next = from + ret * PAGE_SIZE
  }
  yield* upRead(t, mm.mmapLock)
  raiseStrategyError(t)
  return error
}
