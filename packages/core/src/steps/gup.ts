/**
 * Faults that the kernel takes itself: populate, mlock and `MADV_POPULATE_*` (`__get_user_pages` without a list of
 * pages to fill), and writes through `/proc/self/mem`.
 * @module
 */

import { pageOffset, pmdStart } from '../address.ts'
import { EFAULT, EINVAL, EIO, ENOMEM } from '../errno.ts'
import { MachineError } from '../errors.ts'
import { touchesStored } from '../events.ts'
import {
  FAULT_FLAG_REMOTE,
  FAULT_FLAG_WRITE,
  VM_FAULT_ERROR,
  VM_FAULT_OOM,
  VM_FAULT_RETRY,
  VM_FAULT_WRITE,
} from '../fault-flags.ts'
import type { Mm } from '../mm.ts'
import { HUGE_ZERO_PFN, PAGE_SIZE, ZERO_PFN } from '../physical-memory.ts'
import type { Steps } from '../step.ts'
import { raiseStrategyError } from '../strategy/host.ts'
import type { Task } from '../task.ts'
import { TOUCH_FRAMES, TOUCH_READ, TOUCH_TABLE, TOUCH_WRITE, touches, touchesPath } from '../touch.ts'
import {
  isCowMapping,
  VM_ACCESS_FLAGS,
  VM_IO,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_PFNMAP,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
} from '../vm-flags.ts'
import type { Vma } from '../vma.ts'
import { toScratch, updateMmuCache, vmNormalPage } from './entries.ts'
import { handleMmFault, touchPmd } from './fault.ts'
import { lockTable, unlockTable, upRead } from './locking.ts'
import { mmapReadLock } from './vma-lock.ts'

/** Faults that one page may take before the model calls it a livelock. */
const MAX_FAULTS = 64

const FOLL_WRITE = 0x1
const FOLL_FORCE = 0x10
const FOLL_MADV_POPULATE = 0x200
const FOLL_REMOTE = 0x2000
/** A forced write has had its page copied; kernels from 4.9 to 5.19 remembered it so. */
const FOLL_COW = 0x4000

/** What {@link followPage} found: nothing usable, a page, or a whole 2 MiB page. */
const FOLLOW_NONE = 0
const FOLLOW_PAGE = 1
const FOLLOW_HUGE = 2

/** mm/gup.c: check_vma_flags, 6.1. */
function checkVmaFlags(vma: Vma, gupFlags: number): number {
  if ((vma.vmFlags & (VM_IO | VM_PFNMAP)) !== 0) return -EFAULT
  if ((gupFlags & FOLL_WRITE) !== 0) {
    if ((vma.vmFlags & VM_WRITE) !== 0) return 0
    return (gupFlags & FOLL_FORCE) !== 0 && isCowMapping(vma.vmFlags) ? 0 : -EFAULT
  }
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

/**
 * Whether a write may go through an entry that is not writable: by force, in a private area, and to an anonymous page that
 * nobody else has (mm/gup.c: can_follow_write_pte; mm/huge_memory.c: can_follow_write_pmd, 6.1). `page` is -1 for frames
 * without a `struct page` of their own. Areas are soft-dirty from their beginning, so that no entry need be.
 */
function canFollowWrite(t: Task, vma: Vma, page: number, dirty: boolean, gupFlags: number): boolean {
  if ((gupFlags & FOLL_FORCE) === 0 || dropsFollWrite(t)) return false
  if (t.machine.defects['gup-trusts-dirty']) return (gupFlags & FOLL_COW) !== 0 && dirty
  if ((vma.vmFlags & (VM_SHARED | VM_MAYSHARE | VM_WRITE | VM_MAYWRITE)) !== VM_MAYWRITE) return false
  touches(t, TOUCH_FRAMES, 0, TOUCH_READ)
  return page >= 0 && t.machine.memory.anonExclusive(page)
}

/** Whether a forced write, once its page was copied, is taken for a read (mm/gup.c: faultin_page, 4.8). */
function dropsFollWrite(t: Task): boolean {
  return t.machine.kernel.gupDropsFollWrite || t.machine.defects['gup-drops-foll-write']
}

/** The byte that a write through `/proc/self/mem` has come for; the page cannot go before its lock does. */
function poke(t: Task, pfn: number, address: number, byte: number): void {
  if (byte < 0) return
  t.accessPfn = pfn
  touchesStored(t, address)
  t.machine.memory.writeByte(pfn, pageOffset(address), byte)
}

/**
 * Whether the page is mapped with the rights asked for; marks it accessed, and writes `byte`, unless that is -1
 * (mm/gup.c: follow_page_mask, 6.1).
 */
function* followPage(t: Task, vma: Vma, address: number, gupFlags: number, byte: number): Steps<number> {
  const m = t.machine
  const pt = m.pageTables
  const { arch } = m
  const { scratchLo, scratchHi } = t
  const write = (gupFlags & FOLL_WRITE) !== 0
  touchesPath(t, vma.vmMm, address)
  const pmd = pt.pmdSlot(vma.vmMm.pgd, address)
  if (pmd < 0 || pt.isNone(pmd)) return FOLLOW_NONE
  if (pt.pmdIsLeaf(pmd)) {
    yield* lockTable(t, pmd >>> 9)
    if (!pt.pmdIsLeaf(pmd) || (write && !canWritePmd(t, vma, pmd, gupFlags))) {
      yield* unlockTable(t, pmd >>> 9)
      return FOLLOW_NONE
    }
    yield* touchPmd(t, address, pmd, write || m.defects['touch-marks-dirty'])
    const pfn = arch.pmdPfn(pt.lo, pt.hi, pmd)
    poke(t, pfn === HUGE_ZERO_PFN ? pfn : pfn + (address - pmdStart(address)) / PAGE_SIZE, address, byte)
    yield* unlockTable(t, pmd >>> 9)
    return arch.pmdDevmap(pt.lo, pt.hi, pmd) ? FOLLOW_PAGE : FOLLOW_HUGE
  }
  const slot = pt.pteSlotAt(pmd, address)
  yield* lockTable(t, slot >>> 9)
  let found = FOLLOW_NONE
  if (arch.ptePresent(pt.lo, pt.hi, slot) && (!write || canWritePte(t, vma, slot, gupFlags))) {
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
    poke(t, arch.ptePfn(pt.lo, pt.hi, slot), address, byte)
  }
  yield* unlockTable(t, slot >>> 9)
  return found
}

function canWritePte(t: Task, vma: Vma, slot: number, gupFlags: number): boolean {
  const { arch, lo, hi } = t.machine.pageTables
  if (arch.pteWrite(lo, hi, slot)) return true
  return canFollowWrite(t, vma, vmNormalPage(t, slot), arch.pteDirty(lo, hi, slot), gupFlags)
}

function canWritePmd(t: Task, vma: Vma, slot: number, gupFlags: number): boolean {
  const { arch, lo, hi } = t.machine.pageTables
  if (arch.pmdWrite(lo, hi, slot)) return true
  const pfn = arch.pmdPfn(lo, hi, slot)
  const page = vma.isAnonymous && pfn !== HUGE_ZERO_PFN ? pfn : -1
  return canFollowWrite(t, vma, page, arch.pmdDirty(lo, hi, slot), gupFlags)
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
  byte: number = -1,
): Steps<number> {
  const remote = (gupFlags & FOLL_REMOTE) !== 0 ? FAULT_FLAG_REMOTE : 0
  const retryFlags = (mayDropLock ? t.machine.kernel.gupFaultFlags : 0) | remote
  let vma: Vma | null = null
  let address = start
  const end = start + pages * PAGE_SIZE
  // mm/gup.c: foll_flags; no kernel of today changes them, page by page, as faults go.
  let follFlags = gupFlags
  let faults = 0
  while (address < end) {
    if (vma === null || address >= vma.vmEnd) {
      vma = mm.areas.findVma(address)
      const error = vma === null || vma.vmStart > address ? noVma(gupFlags) : refusal(vma, gupFlags)
      if (error !== 0) return address > start ? (address - start) / PAGE_SIZE : error
    }
    const found = yield* followPage(t, vma!, address, follFlags, byte)
    if (found === FOLLOW_NONE) {
      if (++faults > MAX_FAULTS) throw noProgress(address)
      const flags = retryFlags | ((follFlags & FOLL_WRITE) !== 0 ? FAULT_FLAG_WRITE : 0)
      const ret = yield* handleMmFault(t, vma!, address, flags)
      if ((ret & VM_FAULT_WRITE) !== 0 && (vma!.vmFlags & VM_WRITE) === 0) {
        // mm/gup.c: faultin_page, 4.8 and 4.9
        if (dropsFollWrite(t)) follFlags &= ~FOLL_WRITE
        else if (t.machine.defects['gup-trusts-dirty']) follFlags |= FOLL_COW
      }
      if ((ret & VM_FAULT_RETRY) !== 0) {
        // The handler has let go of mmap_lock: what lies here may be another area now.
        yield* mmapReadLock(t, mm)
        vma = null
      } else if ((ret & VM_FAULT_ERROR) !== 0) {
        const done = (address - start) / PAGE_SIZE
        return done > 0 ? done : (ret & VM_FAULT_OOM) !== 0 ? -ENOMEM : -EFAULT
      }
      continue
    }
    faults = 0
    follFlags = gupFlags
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
 * pwrite(2) of one byte, 0 … 255, at `address` of `/proc/self/mem`: what a debugger writes to memory of its own, past the
 * protection of private areas; 1 or a negative error number (fs/proc/base.c: mem_rw; mm/memory.c: __access_remote_vm, 6.1).
 * The kernel takes a reference to the page and copies later; here the byte is written when the page is found.
 * @throws StrategyError when the strategy fails in one of the faults
 */
export function* memWrite(t: Task, address: number, byte: number): Steps<number> {
  yield* mmapReadLock(t, t.mm)
  const pages = yield* getUserPages(t, t.mm, address, 1, FOLL_WRITE | FOLL_FORCE | FOLL_REMOTE, false, byte)
  yield* upRead(t, t.mm.mmapLock)
  raiseStrategyError(t)
  return pages > 0 ? pages : -EIO
}

/**
 * Faults in whatever areas overlap `[start, start + length)`, one `mmap_lock` for all (mm/gup.c: __mm_populate, 6.1).
 * @throws StrategyError when the strategy fails in one of the faults
 */
export function* mmPopulate(t: Task, start: number, length: number, ignoreErrors: boolean): Steps<number> {
  const mm = t.mm
  const end = start + length
  let error = 0
  yield* mmapReadLock(t, mm)
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
