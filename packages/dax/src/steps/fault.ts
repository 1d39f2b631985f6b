/**
 * The DAX fault handlers: from a locked entry and an extent to an installed page-table entry.
 * @module
 */

import {
  FAULT_FLAG_WRITE,
  HUGE_ZERO_PFN,
  hugeFaultSize,
  PE_SIZE_PMD,
  PE_SIZE_PTE,
  PMD_SIZE,
  pmdStart,
  STEP_FLAG,
  type Steps,
  type Task,
  TOUCH_ACQUIRE,
  TOUCH_ENTRIES,
  TOUCH_FILE_SYSTEM,
  TOUCH_FRAME,
  TOUCH_READ,
  TOUCH_SIZE,
  TOUCH_TABLE,
  TOUCH_WRITE,
  touches,
  touchesFaultDeed,
  VM_FAULT_DONE_COW,
  VM_FAULT_ERROR,
  VM_FAULT_FALLBACK,
  VM_FAULT_MAJOR,
  VM_FAULT_NEEDDSYNC,
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
  VM_FAULT_SIGBUS,
  VM_SHARED,
  VM_SYNC,
  type VmFault,
  ZERO_PFN,
} from '@mm-model/core'
import {
  finishFault,
  fromScratch,
  lockTable,
  splitHugePmd,
  unlockTable,
  unmapMappingPages,
  vmfInsertForRead,
  vmfInsertForWrite,
  vmfInsertMixedMkwrite,
  vmfInsertPfnPmd,
  vmfInsertPfnPmdOver,
} from '@mm-model/core/steps'
import {
  DAX_PMD,
  DAX_ZERO_PAGE,
  daxIsEmptyEntry,
  daxIsPmdEntry,
  daxIsZeroEntry,
  daxMakeEntry,
  PG_PMD_NR,
  PMD_ORDER,
} from '../entry.ts'
import { WAKE_NEXT } from '../entry-waiters.ts'
import { daxContext, type FaultContext } from '../fault-context.ts'
import type { DaxFile, DaxInode } from '../inode.ts'
import {
  IOMAP_DAX,
  IOMAP_F_DIRTY,
  IOMAP_F_NEW,
  IOMAP_F_SHARED,
  IOMAP_FAULT,
  IOMAP_HOLE,
  IOMAP_MAPPED,
  IOMAP_UNWRITTEN,
  IOMAP_WRITE,
} from '../iomap.ts'
import { iomapBegin, iomapEnd, iomapLength } from '../iomap-begin.ts'
import { touchesCow, touchesEntry, touchesNew } from '../touch.ts'
import { PAGECACHE_TAG_DIRTY, PAGECACHE_TAG_TOWRITE } from '../xarray.ts'
import { daxIomapCowCopy } from './dax-io.ts'
import { daxUnlockEntry, ENTRY_CONFLICT, getUnlockedEntry, grabMappingEntry, lockedEntry } from './entries.ts'
import { putUnlockedEntry } from './entry-wait.ts'
import { iomapBeginAndZero, tagAfterInsert } from './old-fault.ts'

/**
 * Handles a fault at one size; sizes other than PTE and PMD fall back, and where entries have no DEVMAP bit
 * PMD too: CONFIG_FS_DAX_PMD needs CONFIG_ZONE_DEVICE, and that the bit (fs/dax.c: dax_iomap_fault; fs/Kconfig, 6.1). For
 * `VM_FAULT_NEEDDSYNC` the frame is in the task's fault context.
 */
export function* daxIomapFault(t: Task, vmf: VmFault, peSize: number): Steps<number> {
  const m = t.machine
  if (m.trace !== null) m.trace('dax_iomap_fault', t, hugeFaultSize(m, peSize), 0, 0)
  if (peSize === PE_SIZE_PTE) return yield* daxIomapPteFault(t, vmf)
  if (peSize === PE_SIZE_PMD && m.arch.hasDevmap) return yield* daxIomapPmdFault(t, vmf)
  return VM_FAULT_FALLBACK
}

/** fs/dax.c: dax_iomap_pte_fault, 6.1. */
function* daxIomapPteFault(t: Task, vmf: VmFault): Steps<number> {
  const m = t.machine
  const { defects } = m
  const pt = m.pageTables
  const inode = (vmf.vma.vmFile as DaxFile).inode
  const context = daxContext(t)
  const pos = vmf.pgoff * 4096
  let ret = 0
  if (m.trace !== null) m.trace('dax_pte_fault', t, vmf.pgoff, vmf.flags, 0)
  yield STEP_FLAG
  touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
  if (pos >= inode.size) ret = VM_FAULT_SIGBUS
  else {
    const write = (vmf.flags & FAULT_FLAG_WRITE) !== 0 && vmf.cowPage < 0
    const flags = IOMAP_DAX | IOMAP_FAULT | (write ? IOMAP_WRITE : 0)
    const early = defects['iomap-before-entry']
    let converts = false
    if (early) {
      touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
      context.error = iomapBegin(t, inode, pos, 4096, flags, context)
      touchesNew(t, inode, context, pos, 4096)
      touchesFaultDeed(t, 'block', (context.iomap.flags & IOMAP_F_NEW) !== 0)
    }
    context.xas.bind(inode.entries)
    const entry = yield* grabMappingEntry(t, inode, context.xas, vmf.pgoff, 0)
    context.entry = entry
    touches(t, TOUCH_TABLE, vmf.pmd >>> 9, TOUCH_READ)
    const raced = !pt.isNone(vmf.pmd) && pt.pmdIsLeaf(vmf.pmd)
    if (raced && !defects['pmd-not-looked-at-again']) ret = VM_FAULT_NOPAGE
    else {
      if (write && defects['zeroes-in-fault']) {
        converts = yield* iomapBeginAndZero(t, inode, pos, flags, context)
      } else if (!early) {
        touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
        context.error = iomapBegin(t, inode, pos, 4096, flags, context)
        touchesNew(t, inode, context, pos, 4096)
        touchesFaultDeed(t, 'block', (context.iomap.flags & IOMAP_F_NEW) !== 0)
      }
      if (context.error < 0) ret = daxFaultReturn(context.error)
      else {
        ret = yield* daxFaultIter(t, vmf, inode, context, write, false)
        if (ret !== VM_FAULT_SIGBUS && (context.iomap.flags & IOMAP_F_NEW) !== 0) ret |= VM_FAULT_MAJOR
        touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
        iomapEnd(inode, pos, 4096, (ret & VM_FAULT_ERROR) === 0 ? 4096 : 0, flags)
        if (converts) iomapBegin(t, inode, pos, 4096, flags, context)
      }
    }
    yield* daxUnlockEntry(t, inode, context.xas, context.entry)
  }
  if (m.trace !== null) m.trace('dax_pte_fault_done', t, vmf.pgoff, ret, 0)
  return ret
}

/** fs/dax.c: dax_fault_return and mm.h: vmf_error, 6.1. */
function daxFaultReturn(error: number): number {
  return error === -12 ? VM_FAULT_OOM : VM_FAULT_SIGBUS
}

/** fs/dax.c: dax_iomap_pmd_fault, 6.1. */
function* daxIomapPmdFault(t: Task, vmf: VmFault): Steps<number> {
  const m = t.machine
  const pt = m.pageTables
  const inode = (vmf.vma.vmFile as DaxFile).inode
  const context = daxContext(t)
  const write = (vmf.flags & FAULT_FLAG_WRITE) !== 0
  touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
  const maxPgoff = Math.ceil(inode.size / 4096)
  const index = vmf.pgoff - (vmf.pgoff % PG_PMD_NR)
  let ret = VM_FAULT_FALLBACK
  if (m.trace !== null) m.trace('dax_pmd_fault', t, vmf.pgoff, vmf.flags, 0)
  yield STEP_FLAG
  if (index >= maxPgoff) {
    ret = VM_FAULT_SIGBUS
  } else if (!daxFaultCheckFallback(vmf, index, maxPgoff)) {
    context.xas.bind(inode.entries)
    const entry = yield* grabMappingEntry(t, inode, context.xas, vmf.pgoff, PMD_ORDER)
    if (entry >= 0) {
      context.entry = entry
      touches(t, TOUCH_TABLE, vmf.pmd >>> 9, TOUCH_READ)
      const raced = !pt.isNone(vmf.pmd) && !pt.pmdIsLeaf(vmf.pmd)
      if (raced && !m.defects['pmd-not-looked-at-again']) ret = 0
      else {
        const flags = IOMAP_DAX | IOMAP_FAULT | (write ? IOMAP_WRITE : 0)
        const pos = index * 4096
        touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
        context.error = iomapBegin(t, inode, pos, PMD_SIZE, flags, context)
        touchesNew(t, inode, context, pos, PMD_SIZE)
        touchesFaultDeed(t, 'block', (context.iomap.flags & IOMAP_F_NEW) !== 0)
        if (context.error === 0) {
          const length = iomapLength(pos, PMD_SIZE, context.iomap, context.srcmap)
          if (length === PMD_SIZE) ret = yield* daxFaultIter(t, vmf, inode, context, write, true)
          touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
          iomapEnd(inode, pos, length, ret === VM_FAULT_FALLBACK ? 0 : PMD_SIZE, flags)
        }
      }
      yield* daxUnlockEntry(t, inode, context.xas, context.entry)
    } else ret = -entry
  }
  touches(t, TOUCH_TABLE, vmf.pmd >>> 9, TOUCH_READ)
  if (ret === VM_FAULT_FALLBACK && !pt.isNone(vmf.pmd) && pt.pmdIsLeaf(vmf.pmd)) {
    yield* splitHugePmd(t, vmf.vma, vmf.pmd, vmf.address)
  }
  if (m.trace !== null) m.trace('dax_pmd_fault_done', t, vmf.pgoff, ret, 0)
  return ret
}

/** Whether a 2 MiB attempt must give up before it begins (fs/dax.c: dax_fault_check_fallback, 6.1). */
function daxFaultCheckFallback(vmf: VmFault, index: number, maxPgoff: number): boolean {
  const vma = vmf.vma
  const start = pmdStart(vmf.address)
  if (vmf.pgoff % PG_PMD_NR !== (vmf.address - start) / 4096) return true
  if ((vmf.flags & FAULT_FLAG_WRITE) !== 0 && (vma.vmFlags & VM_SHARED) === 0) return true
  if (start < vma.vmStart || start + PMD_SIZE > vma.vmEnd) return true
  return index + PG_PMD_NR - 1 >= maxPgoff
}

/** One extent's worth of a fault: `context.iomap` is known, `context.entry` locked (fs/dax.c: dax_fault_iter, 6.1). */
function* daxFaultIter(
  t: Task,
  vmf: VmFault,
  inode: DaxInode,
  context: FaultContext,
  write: boolean,
  pmd: boolean,
): Steps<number> {
  const { iomap } = context
  const pos = (pmd ? vmf.pgoff - (vmf.pgoff % PG_PMD_NR) : vmf.pgoff) * 4096
  if (!pmd && vmf.cowPage >= 0) return yield* daxFaultCowPage(t, vmf, inode, context, pos)
  if (!write && (iomap.type === IOMAP_UNWRITTEN || iomap.type === IOMAP_HOLE)) {
    if (pmd) return yield* daxPmdLoadHole(t, vmf, inode, context)
    return yield* daxLoadHole(t, vmf, inode, context)
  }
  if (iomap.type !== IOMAP_MAPPED) return pmd ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS
  const pfn = inode.pfnOf(iomap.blockAt(pos))
  // fs/dax.c: dax_iomap_direct_access wants 2 MiB aligned in physical memory
  if (pmd && pfn % PG_PMD_NR !== 0) return VM_FAULT_FALLBACK
  yield* daxInsertEntry(t, vmf, inode, context, write, pfn, pmd ? DAX_PMD : 0)
  touchesCow(t, inode, context, pos, pmd ? PMD_SIZE : 4096)
  if (write) daxIomapCowCopy(t, pos, pmd ? PMD_SIZE : 4096, context, pmd ? PMD_SIZE : 4096)
  if (isSynchronous(vmf, context, write)) {
    if (t.machine.defects['sync-inserted-early']) yield* insertPfn(t, vmf, pfn, write, pmd)
    context.pfn = pfn
    return VM_FAULT_NEEDDSYNC
  }
  const ret = yield* insertPfn(t, vmf, pfn, write, pmd)
  if (write && t.machine.defects['tag-after-insert']) yield* tagAfterInsert(t, inode, context)
  return ret
}

/** The leaf, by the kernel's helper for its size. */
function* insertPfn(t: Task, vmf: VmFault, pfn: number, write: boolean, pmd: boolean): Steps<number> {
  if (pmd && t.machine.defects['pmd-not-looked-at-again'])
    return yield* vmfInsertPfnPmdOver(t, vmf, pfn, write)
  if (pmd) return yield* vmfInsertPfnPmd(t, vmf, pfn, write)
  return write ? yield* vmfInsertForWrite(t, vmf, pfn) : yield* vmfInsertForRead(t, vmf, pfn)
}

/** fs/dax.c: dax_fault_is_synchronous, 6.1. */
function isSynchronous(vmf: VmFault, context: FaultContext, write: boolean): boolean {
  return write && (vmf.vma.vmFlags & VM_SYNC) !== 0 && (context.iomap.flags & IOMAP_F_DIRTY) !== 0
}

/**
 * Turns the locked entry into one for `pfn`, tags it, and unmaps what a zero page, a smaller truth or a block that is
 * shared left behind (fs/dax.c: dax_insert_entry, 6.1).
 */
function* daxInsertEntry(
  t: Task,
  vmf: VmFault,
  inode: DaxInode,
  context: FaultContext,
  write: boolean,
  pfn: number,
  flags: number,
): Steps<void> {
  const { xas, entry } = context
  const tags = t.machine.kernel.daxReadFaultsTagDirty || write
  const dirty = tags && !isSynchronous(vmf, context, write) && !t.machine.defects['tag-after-insert']
  const cow = write && (context.iomap.flags & IOMAP_F_SHARED) !== 0
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
  if (dirty) inode.dirtyPages = true
  if (cow || (daxIsZeroEntry(entry) && (flags & DAX_ZERO_PAGE) === 0)) {
    const index = xas.index
    if (daxIsPmdEntry(entry))
      yield* unmapMappingPages(t, inode.mapping, index - (index % PG_PMD_NR), PG_PMD_NR, false)
    else yield* unmapMappingPages(t, inode.mapping, index, 1, false)
  }
  yield STEP_FLAG
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
  xas.reset()
  if (cow || daxIsZeroEntry(entry) || daxIsEmptyEntry(entry)) {
    context.entry = daxMakeEntry(pfn, flags)
    xas.store(lockedEntry(t, context.entry))
  } else xas.load()
  touchesFaultDeed(t, 'dirty', dirty)
  if (dirty) xas.setMark(PAGECACHE_TAG_DIRTY)
  // A writeback that is on its way must not leave out the copy.
  if (cow) xas.setMark(PAGECACHE_TAG_TOWRITE)
}

/** A private store: the page is copied out of the file, or is zeros (fs/dax.c: dax_fault_cow_page, 6.1). */
function* daxFaultCowPage(
  t: Task,
  vmf: VmFault,
  inode: DaxInode,
  context: FaultContext,
  pos: number,
): Steps<number> {
  const { iomap } = context
  touches(t, TOUCH_FRAME, vmf.cowPage, TOUCH_WRITE)
  touches(t, TOUCH_FRAME, inode.pfnOf(iomap.type === IOMAP_MAPPED ? iomap.blockAt(pos) : 0), TOUCH_READ)
  if (iomap.type === IOMAP_MAPPED) t.machine.memory.copyPage(vmf.cowPage, inode.pfnOf(iomap.blockAt(pos)))
  const ret = yield* finishFault(t, vmf)
  return ret === 0 ? VM_FAULT_DONE_COW : ret
}

/** fs/dax.c: dax_load_hole, 6.1: a load of a hole maps the zero page. */
function* daxLoadHole(t: Task, vmf: VmFault, inode: DaxInode, context: FaultContext): Steps<number> {
  const m = t.machine
  yield* daxInsertEntry(t, vmf, inode, context, false, ZERO_PFN, DAX_ZERO_PAGE)
  const ret = yield* vmfInsertForRead(t, vmf, ZERO_PFN)
  if (m.trace !== null) m.trace('dax_load_hole', t, vmf.pgoff, ret, 0)
  return ret
}

/** fs/dax.c: dax_pmd_load_hole, 6.1: a load of a 2 MiB hole maps the huge zero page. */
function* daxPmdLoadHole(t: Task, vmf: VmFault, inode: DaxInode, context: FaultContext): Steps<number> {
  const m = t.machine
  const pt = m.pageTables
  const vma = vmf.vma
  yield* daxInsertEntry(t, vmf, inode, context, false, HUGE_ZERO_PFN, DAX_PMD | DAX_ZERO_PAGE)
  yield* lockTable(t, vmf.pmd >>> 9)
  if (!pt.isNone(vmf.pmd)) {
    yield* unlockTable(t, vmf.pmd >>> 9)
    if (m.trace !== null) m.trace('dax_pmd_load_hole_fallback', t, vmf.pgoff, 0, 0)
    return VM_FAULT_FALLBACK
  }
  m.arch.pfnPmd(t.scratchLo, t.scratchHi, 0, HUGE_ZERO_PFN, vma.vmPageProtLo, vma.vmPageProtHi)
  m.arch.pmdMkhuge(t.scratchLo, t.scratchHi, 0)
  yield* fromScratch(t, vmf.pmd, 0)
  yield* unlockTable(t, vmf.pmd >>> 9)
  if (m.trace !== null) m.trace('dax_pmd_load_hole', t, vmf.pgoff, 0, 0)
  return VM_FAULT_NOPAGE
}

/**
 * The end of a synchronous fault: makes the metadata durable, and only then installs the entry that the first part left
 * out (fs/dax.c: dax_finish_sync_fault, 6.1).
 */
export function* daxFinishSyncFault(t: Task, vmf: VmFault, peSize: number): Steps<number> {
  const m = t.machine
  const file = vmf.vma.vmFile as DaxFile
  if (m.trace !== null) m.trace('dax_finish_sync_fault', t, 0, 0, 0)
  const pfn = daxContext(t).pfn
  const start = vmf.pgoff * 4096
  const error = yield* file.ops.steps.fsync(
    t,
    file,
    start,
    start + (peSize === PE_SIZE_PMD ? PMD_SIZE : 4096) - 1,
    true,
  )
  if (error !== 0) return VM_FAULT_SIGBUS
  return yield* daxInsertPfnMkwrite(t, vmf, file.inode, pfn, peSize === PE_SIZE_PMD ? PMD_ORDER : 0)
}

/** fs/dax.c: dax_insert_pfn_mkwrite, 6.1. */
function* daxInsertPfnMkwrite(
  t: Task,
  vmf: VmFault,
  inode: DaxInode,
  pfn: number,
  order: number,
): Steps<number> {
  const m = t.machine
  const { xas } = daxContext(t)
  xas.bind(inode.entries).set(vmf.pgoff, order)
  const entry = yield* getUnlockedEntry(t, inode, xas, order)
  if (entry === 0 || entry === ENTRY_CONFLICT || (order === 0 && daxIsPmdEntry(entry))) {
    putUnlockedEntry(t, inode, xas, entry, WAKE_NEXT)
    if (m.trace !== null) m.trace('dax_insert_pfn_mkwrite_no_entry', t, vmf.pgoff, VM_FAULT_NOPAGE, 0)
    return VM_FAULT_NOPAGE
  }
  touchesEntry(t, inode.name, xas, entry, TOUCH_ACQUIRE)
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
  xas.setMark(PAGECACHE_TAG_DIRTY)
  xas.store(lockedEntry(t, entry))
  const ret =
    order === 0 ? yield* vmfInsertMixedMkwrite(t, vmf, pfn) : yield* vmfInsertPfnPmd(t, vmf, pfn, true)
  yield* daxUnlockEntry(t, inode, xas, entry)
  if (m.trace !== null) m.trace('dax_insert_pfn_mkwrite', t, vmf.pgoff, ret, 0)
  return ret
}
