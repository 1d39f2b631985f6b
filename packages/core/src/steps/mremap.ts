/**
 * Moving, growing and shrinking: `mremap`.
 * @module
 */

import { pageOffset, pmdStart } from '../address.ts'
import { EFAULT, EINVAL, ENOMEM } from '../errno.ts'
import { notModelled } from '../errors.ts'
import { touchesMoved } from '../events.ts'
import type { Mm } from '../mm.ts'
import { PAGE_SIZE, PMD_SIZE, PUD_SIZE } from '../physical-memory.ts'
import { STEP_ENTRY_WRITE, type Steps } from '../step.ts'
import { MAP_FIXED, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE } from '../syscall-flags.ts'
import type { Task } from '../task.ts'
import {
  TOUCH_AREAS,
  TOUCH_TABLE,
  TOUCH_WRITE,
  touches,
  touchesPath,
  touchesPopulate,
  touchesUpper,
} from '../touch.ts'
import { VM_ACCOUNT, VM_DONTEXPAND, VM_LOCKED, VM_MAYSHARE, VM_PFNMAP, VM_SHARED } from '../vm-flags.ts'
import { Vma } from '../vma.ts'
import { anonVmaClone } from './anon-rmap.ts'
import { toScratch } from './entries.ts'
import { mmPopulate } from './gup.ts'
import { downWrite, lockTable, unlockTable, upWrite } from './locking.ts'
import { getUnmappedArea } from './mmap.ts'
import { doMunmap } from './munmap.ts'
import { flushTlbMmRange } from './tlb-flush.ts'
import { vmaAdjust, vmaLink, vmaMerge } from './vma-adjust.ts'
import { mmapWriteLock, mmapWriteUnlock, vmaStartWrite } from './vma-lock.ts'
import { splitHugePmd } from './zap.ts'

/**
 * mremap(2): the new address, or a negative error number (mm/mremap.c: mremap, 6.1).
 * @throws MachineError NOT_MODELLED for `MREMAP_DONTUNMAP`
 */
export function* mremap(
  t: Task,
  address: number,
  oldLength: number,
  newLength: number,
  flags: number,
  newAddress: number,
): Steps<number> {
  if ((flags & ~(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP)) !== 0) return -EINVAL
  if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0 && (flags & MREMAP_MAYMOVE) === 0) return -EINVAL
  if ((flags & MREMAP_DONTUNMAP) !== 0) {
    if (oldLength !== newLength) return -EINVAL
    throw notModelled('mremap MREMAP_DONTUNMAP')
  }
  if (pageOffset(address) !== 0) return -EINVAL
  const oldLen = Math.ceil(oldLength / PAGE_SIZE) * PAGE_SIZE
  const newLen = Math.ceil(newLength / PAGE_SIZE) * PAGE_SIZE
  if (newLen === 0) return -EINVAL
  const mm = t.mm
  yield* mmapWriteLock(t, mm)
  const ret = yield* mremapLocked(t, mm, address, oldLen, newLen, flags, newAddress)
  yield* mmapWriteUnlock(t, mm)
  if (ret >= 0 && newLen > oldLen) {
    const vma = mm.areas.findVma(ret)
    if (vma !== null && (vma.vmFlags & VM_LOCKED) !== 0)
      yield* mmPopulate(t, ret + oldLen, newLen - oldLen, true)
  }
  return ret
}

function* mremapLocked(
  t: Task,
  mm: Mm,
  address: number,
  oldLen: number,
  newLen: number,
  flags: number,
  newAddress: number,
): Steps<number> {
  const found = mm.areas.findVma(address)
  if (found === null || found.vmStart > address) return -EFAULT
  if ((flags & MREMAP_FIXED) !== 0) return yield* mremapTo(t, mm, address, oldLen, newAddress, newLen)
  if (oldLen >= newLen) {
    const ret = yield* doMunmap(t, mm, address + newLen, oldLen - newLen)
    return ret < 0 && oldLen !== newLen ? ret : address
  }
  const vma = vmaToResize(mm, address, oldLen, newLen)
  if (typeof vma === 'number') return vma
  if (oldLen === vma.vmEnd - address && vmaExpandable(t, vma, newLen - oldLen)) {
    if (!(yield* growInPlace(t, vma, address + oldLen, address + newLen))) return -ENOMEM
    mm.totalVm += (newLen - oldLen) / PAGE_SIZE
    return address
  }
  if ((flags & MREMAP_MAYMOVE) === 0) return -ENOMEM
  const pgoff = vma.vmPgoff + (address - vma.vmStart) / PAGE_SIZE
  const free = getUnmappedArea(t, mm, vma.vmFile, 0, newLen, pgoff, vma.vmFlags & VM_MAYSHARE ? 1 : 0)
  if (free < 0) return free
  return yield* moveVma(t, vma, address, oldLen, newLen, free)
}

/** Grows the area from its end, `start`, to `end`; false when the kernel's way to do so fails (mm/mremap.c: mremap, 6.1, 4.5). */
function* growInPlace(t: Task, vma: Vma, start: number, end: number): Steps<boolean> {
  if (!t.machine.kernel.mremapGrowsByMerge) {
    yield* vmaAdjust(t, vma, vma.vmStart, end, vma.vmPgoff, null, vma)
    return true
  }
  const pgoff = vma.vmPgoff + (start - vma.vmStart) / PAGE_SIZE
  const grown = yield* vmaMerge(t, vma.vmMm, vma, start, end, vma.vmFlags, vma.anonVma, vma.vmFile, pgoff)
  return grown !== null
}

/** mm/mremap.c: vma_to_resize, 6.1: the area, or a negative error number. */
function vmaToResize(mm: Mm, address: number, oldLen: number, newLen: number): Vma | number {
  const vma = mm.areas.findVma(address)
  if (vma === null || vma.vmStart > address) return -EFAULT
  if (oldLen === 0 && (vma.vmFlags & (VM_SHARED | VM_MAYSHARE)) === 0) return -EINVAL
  if (oldLen > vma.vmEnd - address) return -EFAULT
  if (newLen === oldLen) return vma
  if ((vma.vmFlags & (VM_DONTEXPAND | VM_PFNMAP)) !== 0) return -EFAULT
  return vma
}

/** mm/mremap.c: vma_expandable, 6.1. */
function vmaExpandable(t: Task, vma: Vma, delta: number): boolean {
  const end = vma.vmEnd + delta
  return end <= t.machine.machineArch.taskSize && vma.vmMm.areas.findIntersection(vma.vmEnd, end) === null
}

/** mm/mremap.c: mremap_to, 6.1. */
function* mremapTo(
  t: Task,
  mm: Mm,
  address: number,
  oldLength: number,
  newAddress: number,
  newLen: number,
): Steps<number> {
  const { taskSize } = t.machine.machineArch
  const { maxMapCount } = t.machine.kernel
  let oldLen = oldLength
  if (pageOffset(newAddress) !== 0) return -EINVAL
  if (newLen > taskSize || newAddress > taskSize - newLen) return -EINVAL
  if (address + oldLen > newAddress && newAddress + newLen > address) return -EINVAL
  if (mm.mapCount + 2 >= maxMapCount - 3) return -ENOMEM
  const unmapped = yield* doMunmap(t, mm, newAddress, newLen)
  if (unmapped !== 0) return unmapped
  if (oldLen > newLen) {
    const ret = yield* doMunmap(t, mm, address + newLen, oldLen - newLen)
    if (ret !== 0) return ret
    oldLen = newLen
  }
  const vma = vmaToResize(mm, address, oldLen, newLen)
  if (typeof vma === 'number') return vma
  const pgoff = vma.vmPgoff + (address - vma.vmStart) / PAGE_SIZE
  const free = getUnmappedArea(t, mm, vma.vmFile, newAddress, newLen, pgoff, MAP_FIXED)
  if (free < 0) return free
  return yield* moveVma(t, vma, address, oldLen, newLen, newAddress)
}

/** Makes the new area, moves the entries, unmaps the old range (mm/mremap.c: move_vma, 6.1). */
function* moveVma(
  t: Task,
  vma: Vma,
  oldAddress: number,
  oldLen: number,
  newLen: number,
  newAddress: number,
): Steps<number> {
  const mm = vma.vmMm
  if (mm.mapCount >= t.machine.kernel.maxMapCount - 3) return -ENOMEM
  if (!t.machine.kernel.mremapKnowsDaxPmds) refuseFilePmds(t, vma, oldAddress, oldAddress + oldLen)
  const vmFlags = vma.vmFlags
  const pgoff = vma.vmPgoff + (oldAddress - vma.vmStart) / PAGE_SIZE
  yield* vmaStartWrite(t, vma)
  const { source, needRmapLocks } = yield* copyVma(t, vma, newAddress, newLen, pgoff)
  yield* movePageTables(t, source, oldAddress, newAddress, oldLen, needRmapLocks)
  mm.totalVm += newLen / PAGE_SIZE
  // The old area must not be unaccounted twice: VM_ACCOUNT goes for the time of the unmapping.
  let excess = 0
  let split = false
  if ((vmFlags & VM_ACCOUNT) !== 0) {
    touches(t, TOUCH_AREAS, mm.pgd, TOUCH_WRITE)
    source.vmFlags &= ~VM_ACCOUNT
    excess = source.vmEnd - source.vmStart - oldLen
    split = oldAddress > source.vmStart && oldAddress + oldLen < source.vmEnd
  }
  const ret = oldLen === 0 ? -EINVAL : yield* doMunmap(t, mm, oldAddress, oldLen)
  if (ret < 0) excess = 0
  if (excess > 0) {
    touches(t, TOUCH_AREAS, mm.pgd, TOUCH_WRITE)
    source.vmFlags |= VM_ACCOUNT
    if (split) mm.areas.findVma(source.vmEnd)!.vmFlags |= VM_ACCOUNT
  }
  return newAddress
}

/** Entries of 2 MiB of files, which such a kernel takes for tables: what it makes of them is not defined. */
function refuseFilePmds(t: Task, vma: Vma, start: number, end: number): void {
  const pt = t.machine.pageTables
  if (vma.isAnonymous) return
  for (let address = start; address < end; address = pmdStart(address) + PMD_SIZE) {
    const pmd = pt.pmdSlot(vma.vmMm.pgd, address)
    if (pmd < 0 || pt.isNone(pmd) || !pt.pmdIsLeaf(pmd)) continue
    throw notModelled('mremap of a DAX entry of 2 MiB, which this kernel takes for a table (CVE-2020-10757)')
  }
}

/**
 * Makes the area at the new place, by a merge with a neighbour or as a copy. What comes of it: the area that now holds the old
 * place, and whether it comes after the new one where the areas of a file are walked in order, so that a walk has to be kept out
 * while entries move or it could meet them at neither place (mm/mmap.c: copy_vma, 6.1).
 */
function* copyVma(
  t: Task,
  vma: Vma,
  address: number,
  length: number,
  oldPgoff: number,
): Steps<{ readonly source: Vma; readonly needRmapLocks: boolean }> {
  const mm = vma.vmMm
  const start = vma.vmStart
  const pgoff = vma.isAnonymous && vma.anonVma === null ? address / PAGE_SIZE : oldPgoff
  const prev = mm.areas.findPrev(address)
  const end = address + length
  const merged = yield* vmaMerge(t, mm, prev, address, end, vma.vmFlags, vma.anonVma, vma.vmFile, pgoff)
  if (merged !== null) {
    const source = start >= merged.vmStart && start < merged.vmEnd ? merged : vma
    return { source, needRmapLocks: merged.vmPgoff <= source.vmPgoff }
  }
  const area = new Vma(mm, {
    start: address,
    end,
    flags: vma.vmFlags,
    pgoff,
    file: vma.vmFile,
    ops: vma.vmOps,
  })
  area.vmPageProtLo = vma.vmPageProtLo
  area.vmPageProtHi = vma.vmPageProtHi
  area.anonVma = vma.anonVma
  anonVmaClone(area, vma)
  yield* vmaLink(t, area)
  return { source: vma, needRmapLocks: false }
}

/** Keeps out who walks the areas of the file (mm/mremap.c: take_rmap_locks, 6.1; there is no lock of an anon_vma here). */
function* takeRmapLocks(t: Task, vma: Vma): Steps<void> {
  if (vma.vmFile !== null) yield* downWrite(t, vma.vmFile.mapping.iMmapRwsem)
}

/** mm/mremap.c: drop_rmap_locks, 6.1. */
function* dropRmapLocks(t: Task, vma: Vma): Steps<void> {
  if (vma.vmFile !== null) yield* upWrite(t, vma.vmFile.mapping.iMmapRwsem)
}

/** mm/mremap.c: move_page_tables, 6.1: whole tables where both ends are aligned, entry by entry elsewhere. */
function* movePageTables(
  t: Task,
  vma: Vma,
  oldAddress: number,
  newAddress: number,
  length: number,
  needRmapLocks: boolean,
): Steps<void> {
  const pt = t.machine.pageTables
  const { mremapMovesTables } = t.machine.kernel
  const pgd = vma.vmMm.pgd
  const oldEnd = oldAddress + length
  let from = oldAddress
  let to = newAddress
  while (from < oldEnd) {
    // mm/mremap.c: get_extent, first for a PUD table, then for a PMD
    const pudExtent = extentOf(from, to, oldEnd, PUD_SIZE)
    touchesPath(t, vma.vmMm, from)
    touchesUpper(t, vma.vmMm, to)
    touchesPath(t, vma.vmMm, to)
    const oldPud = pt.pudSlot(pgd, from, false)
    if (oldPud < 0 || pt.isNone(oldPud)) {
      from += pudExtent
      to += pudExtent
      continue
    }
    const newPud = pt.pudSlot(pgd, to, true)
    if (pudExtent === PUD_SIZE && mremapMovesTables && pt.isNone(newPud)) {
      yield* moveTable(t, vma, oldPud, newPud, from, PUD_SIZE, true)
      from += PUD_SIZE
      to += PUD_SIZE
      continue
    }
    const extent = extentOf(from, to, oldEnd, PMD_SIZE)
    const oldPmd = pt.pmdSlotAt(oldPud, from)
    if (!pt.isNone(oldPmd)) {
      touchesPopulate(t, newPud)
      if (pt.isNone(newPud)) pt.populate(newPud, pt.allocTable())
      const newPmd = pt.pmdSlotAt(newPud, to)
      yield* movePmd(t, vma, oldPmd, newPmd, from, to, extent, needRmapLocks)
    }
    from += extent
    to += extent
  }
}

function extentOf(from: number, to: number, oldEnd: number, size: number): number {
  const extent = Math.min(size - (from % size), oldEnd - from)
  return Math.min(extent, size - (to % size))
}

/** One PMD's worth of {@link movePageTables}. */
function* movePmd(
  t: Task,
  vma: Vma,
  oldPmd: number,
  newPmd: number,
  from: number,
  to: number,
  extent: number,
  needRmapLocks: boolean,
): Steps<void> {
  const pt = t.machine.pageTables
  if (pt.pmdIsLeaf(oldPmd)) {
    if (extent === PMD_SIZE && pt.isNone(newPmd)) {
      yield* moveTable(t, vma, oldPmd, newPmd, from, PMD_SIZE, needRmapLocks)
      return
    }
    yield* splitHugePmd(t, vma, oldPmd, from)
    if (pt.isNone(oldPmd)) return
  } else if (extent === PMD_SIZE && t.machine.kernel.mremapMovesTables && pt.isNone(newPmd)) {
    yield* moveTable(t, vma, oldPmd, newPmd, from, PMD_SIZE, true)
    return
  }
  touchesPopulate(t, newPmd)
  if (pt.isNone(newPmd)) pt.populate(newPmd, pt.allocTable())
  yield* movePtes(t, vma, oldPmd, newPmd, from, to, extent, needRmapLocks)
}

/**
 * Moves one upper entry as it is; tables always with walks of the file's areas kept out (mm/mremap.c: move_pgt_entry,
 * move_normal_pud, move_normal_pmd, move_huge_pmd, 6.1).
 */
function* moveTable(
  t: Task,
  vma: Vma,
  oldSlot: number,
  newSlot: number,
  address: number,
  size: number,
  needRmapLocks: boolean,
): Steps<void> {
  const pt = t.machine.pageTables
  if (needRmapLocks) yield* takeRmapLocks(t, vma)
  yield* lockTable(t, oldSlot >>> 9)
  if (newSlot >>> 9 !== oldSlot >>> 9) yield* lockTable(t, newSlot >>> 9)
  const lo = pt.lo[oldSlot]!
  const hi = pt.hi[oldSlot]!
  yield STEP_ENTRY_WRITE
  touches(t, TOUCH_TABLE, oldSlot >>> 9, TOUCH_WRITE)
  touches(t, TOUCH_TABLE, newSlot >>> 9, TOUCH_WRITE)
  pt.clear(oldSlot)
  pt.set(newSlot, lo, hi)
  // A moved leaf is soft-dirty (mm/huge_memory.c: move_soft_dirty_pmd).
  if (size === PMD_SIZE && pt.pmdIsLeaf(newSlot)) pt.arch.pmdMksoftDirty(pt.lo, pt.hi, newSlot)
  yield* flushTlbMmRange(t, vma.vmMm, address, address + size, PAGE_SIZE)
  touchesMoved(t, address, size, true)
  if (newSlot >>> 9 !== oldSlot >>> 9) yield* unlockTable(t, newSlot >>> 9)
  yield* unlockTable(t, oldSlot >>> 9)
  if (needRmapLocks) yield* dropRmapLocks(t, vma)
}

/**
 * Moves entries one by one and flushes the old range before either lock is dropped, so that no CPU keeps using it
 * (mm/mremap.c: move_ptes, 6.1; CVE-2018-18281).
 */
function* movePtes(
  t: Task,
  vma: Vma,
  oldPmd: number,
  newPmd: number,
  from: number,
  to: number,
  extent: number,
  needRmapLocks: boolean,
): Steps<void> {
  const m = t.machine
  const pt = m.pageTables
  let oldSlot = pt.pteSlotAt(oldPmd, from)
  let newSlot = pt.pteSlotAt(newPmd, to)
  const oldTable = oldSlot >>> 9
  const newTable = newSlot >>> 9
  let flush = false
  if (needRmapLocks) yield* takeRmapLocks(t, vma)
  yield* lockTable(t, oldTable)
  if (newTable !== oldTable) yield* lockTable(t, newTable)
  for (let address = from; address < from + extent; address += PAGE_SIZE, oldSlot++, newSlot++) {
    if (pt.isNone(oldSlot)) continue
    toScratch(t, oldSlot, 0)
    yield STEP_ENTRY_WRITE
    touches(t, TOUCH_TABLE, oldSlot >>> 9, TOUCH_WRITE)
    touches(t, TOUCH_TABLE, newSlot >>> 9, TOUCH_WRITE)
    pt.clear(oldSlot)
    if (m.arch.ptePresent(t.scratchLo, t.scratchHi, 0)) {
      flush = true
      m.arch.pteMksoftDirty(t.scratchLo, t.scratchHi, 0)
    }
    pt.set(newSlot, t.scratchLo[0]!, t.scratchHi[0]!)
  }
  const late = m.defects['mremap-flushes-late']
  if (flush && !late) yield* flushTlbMmRange(t, vma.vmMm, from, from + extent, PAGE_SIZE)
  touchesMoved(t, from, extent, flush)
  if (newTable !== oldTable) yield* unlockTable(t, newTable)
  yield* unlockTable(t, oldTable)
  if (needRmapLocks) yield* dropRmapLocks(t, vma)
  if (flush && late) yield* flushTlbMmRange(t, vma.vmMm, from, from + extent, PAGE_SIZE)
}
