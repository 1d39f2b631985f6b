// Derived from ../steps/wp-fault.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Stores to entries that are present and read-only: `do_wp_page` in all its branches.
 * @module
 */

import { notModelled } from '../errors.ts'
import {
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_ORIG_PTE_VALID,
  FAULT_FLAG_WRITE,
  VM_FAULT_ERROR,
  VM_FAULT_NOPAGE,
  VM_FAULT_READONLY,
  VM_FAULT_WRITE,
} from '../fault-flags.ts'
import { ZERO_PFN } from '../physical-memory.ts'
import type { Task } from '../task.ts'
import { VM_SHARED, VM_WRITE } from '../vm-flags.ts'
import type { VmFault, VmOperations } from '../vm-operations.ts'
import {
  fromScratch,
  maybeMkwrite,
  ptepClearFlush,
  ptepSetAccessFlags,
  updateMmuCache,
  vmNormalPage,
} from './entries.ts'
import { lockTable, unlockTable } from './locking.ts'
import { vmfAnonPrepare, vmfCanCallFault } from './vma-lock.ts'

/**
 * Entered with the table lock held, `vmf.pte` and `vmf.orig*` valid and the entry read-only; the lock is released on
 * return (mm/memory.c: do_wp_page, 6.1).
 */
export function doWpPage(t: Task, vmf: VmFault): number {
  const m = t.machine
  const vma = vmf.vma
  if (m.trace !== null) m.trace('do_wp_page', t, vmf.origLo, vmf.origHi, 0)
  const page = vmNormalPage(t, vmf.pte)
  if (page < 0) {
    if ((vma.vmFlags & (VM_WRITE | VM_SHARED)) === (VM_WRITE | VM_SHARED)) return wpPfnShared(t, vmf)
    unlockTable(t, vmf.pte >>> 9)
    return wpPageCopy(t, vmf, -1)
  }
  if (m.memory.isFilePage(page)) {
    if ((vma.vmFlags & (VM_WRITE | VM_SHARED)) === (VM_WRITE | VM_SHARED)) return wpPageShared(t, vmf)
    unlockTable(t, vmf.pte >>> 9)
    return wpPageCopy(t, vmf, page)
  }
  if (m.memory.anonExclusive(page) || m.memory.refcount(page) === 1) {
    m.memory.setAnonExclusive(page, true)
    wpPageReuse(t, vmf)
    return VM_FAULT_WRITE
  }
  unlockTable(t, vmf.pte >>> 9)
  return wpPageCopy(t, vmf, page)
}

/**
 * After a write fault on a shared area ended in `ret`: if the entry is there and read-only, goes on into
 * {@link doWpPage} as if the store had trapped again; the result of both.
 */
export function wpIfReadOnly(t: Task, vmf: VmFault, ret: number): number {
  const pt = t.machine.pageTables
  const { arch } = pt
  if (pt.isNone(vmf.pmd) || pt.pmdIsLeaf(vmf.pmd)) return ret
  lockTable(t, pt.tableAt(vmf.pmd))
  vmf.pte = pt.pteSlotAt(vmf.pmd, vmf.address)
  vmf.origLo = pt.lo[vmf.pte]!
  vmf.origHi = pt.hi[vmf.pte]!
  if (t.machine.kernel.notesOrigPte) vmf.flags |= FAULT_FLAG_ORIG_PTE_VALID
  if (!arch.ptePresent(pt.lo, pt.hi, vmf.pte) || arch.pteWrite(pt.lo, pt.hi, vmf.pte)) {
    unlockTable(t, vmf.pte >>> 9)
    return ret
  }
  return ret | (doWpPage(t, vmf))
}

/** mm/memory.c: wp_page_reuse, 6.1: makes the entry writable where it is; releases the table lock. */
function wpPageReuse(t: Task, vmf: VmFault): void {
  const m = t.machine
  t.scratchLo[0] = vmf.origLo
  t.scratchHi[0] = vmf.origHi
  m.arch.pteMkyoung(t.scratchLo, t.scratchHi, 0)
  m.arch.pteMkdirty(t.scratchLo, t.scratchHi, 0)
  maybeMkwrite(t, vmf.vma, 0)
  if (ptepSetAccessFlags(t, vmf.address, vmf.pte, true)) updateMmuCache(t, vmf.address)
  unlockTable(t, vmf.pte >>> 9)
}

/** mm/memory.c: wp_pfn_shared, 6.1 and 6.12: a shared frame without struct page; the file system decides. */
function wpPfnShared(t: Task, vmf: VmFault): number {
  const ops = vmf.vma.vmOps
  const { defects } = t.machine
  if (ops !== null && ops.plain.pfnMkwrite !== null && !defects['no-pfn-mkwrite']) {
    unlockTable(t, vmf.pte >>> 9)
    const retry = vmfCanCallFault(t, vmf)
    if (retry !== 0) return retry
    if (t.machine.kernel.coreFinishesPfnMkwrite) return pfnMkwriteAndReuse(t, vmf, ops)
    vmf.flags |= FAULT_FLAG_MKWRITE
    const ret = (ops.plain.pfnMkwrite(t, vmf)) & ~VM_FAULT_READONLY
    if ((ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)) !== 0) return ret
    return finishMkwriteFault(t, vmf)
  }
  wpPageReuse(t, vmf)
  return VM_FAULT_WRITE
}

/**
 * The handler only takes note, and an error alone stops what follows: the entry becomes writable if it is still the one
 * that faulted. The handler sees a fault of its own, with no more than `WRITE` and `MKWRITE` (mm/memory.c: wp_pfn_shared,
 * 4.5).
 */
function pfnMkwriteAndReuse(t: Task, vmf: VmFault, ops: VmOperations): number {
  const pt = t.machine.pageTables
  const { flags } = vmf
  vmf.flags = FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE
  const ret = ops.plain.pfnMkwrite!(t, vmf)
  vmf.flags = flags
  if ((ret & VM_FAULT_ERROR) !== 0) return ret
  lockTable(t, vmf.pte >>> 9)
  if (pt.lo[vmf.pte] !== vmf.origLo || pt.hi[vmf.pte] !== vmf.origHi) {
    unlockTable(t, vmf.pte >>> 9)
    return 0
  }
  wpPageReuse(t, vmf)
  return VM_FAULT_WRITE
}

/**
 * A store to a page of the page cache: the file system is asked, and has either dealt with it or the fault starts over
 * (mm/memory.c: wp_page_shared, do_page_mkwrite, 4.5). A page that stays to be written to would be data in a page cache.
 */
function wpPageShared(t: Task, vmf: VmFault): number {
  const pageMkwrite = vmf.vma.vmOps?.plain.pageMkwrite
  unlockTable(t, vmf.pte >>> 9)
  if (pageMkwrite === undefined) throw notModelled('a store to a page of a page cache')
  const { flags } = vmf
  vmf.flags = FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE
  const ret = (pageMkwrite(t, vmf)) & ~VM_FAULT_READONLY
  vmf.flags = flags
  if (ret === 0 || (ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)) !== 0) return ret
  throw notModelled('a store to a page of a page cache')
}

/** mm/memory.c: finish_mkwrite_fault, 6.1. */
function finishMkwriteFault(t: Task, vmf: VmFault): number {
  const pt = t.machine.pageTables
  lockTable(t, vmf.pte >>> 9)
  const same = pt.lo[vmf.pte] === vmf.origLo && pt.hi[vmf.pte] === vmf.origHi
  if (!same && !t.machine.defects['finish-mkwrite-without-pte-same']) {
    unlockTable(t, vmf.pte >>> 9)
    return VM_FAULT_NOPAGE
  }
  wpPageReuse(t, vmf)
  return 0
}

/**
 * Copies the page behind the original entry and maps the copy writable; `oldPage` is its frame, or -1 without struct
 * page (mm/memory.c: wp_page_copy, 6.1). The entry is cleared and flushed before the new one is set, so that no two
 * CPUs ever use both.
 */
function wpPageCopy(t: Task, vmf: VmFault, oldPage: number): number {
  const m = t.machine
  const pt = m.pageTables
  const vma = vmf.vma
  if (m.trace !== null) m.trace('wp_page_copy', t, 0, 0, 0)
  const retry = vmfAnonPrepare(t, vmf)
  if (retry !== 0) return retry
  t.scratchLo[0] = vmf.origLo
  t.scratchHi[0] = vmf.origHi
  const source = m.arch.ptePfn(t.scratchLo, t.scratchHi, 0)
  const copy = m.memory.allocPage()
  if (source !== ZERO_PFN) {
    if (oldPage < 0 && !m.machineArch.hasHwPteYoung && !m.arch.pteYoung(t.scratchLo, t.scratchHi, 0))
      wpPageCopyMkyoung(t, vmf)
    m.memory.copyPage(copy, source)
  }
  lockTable(t, vmf.pte >>> 9)
  if (pt.lo[vmf.pte] !== vmf.origLo || pt.hi[vmf.pte] !== vmf.origHi) {
    m.memory.freePage(copy)
    unlockTable(t, vmf.pte >>> 9)
    return 0
  }
  ptepClearFlush(t, vma, vmf.address, vmf.pte)
  m.arch.pfnPte(t.scratchLo, t.scratchHi, 0, copy, vma.vmPageProtLo, vma.vmPageProtHi)
  m.arch.pteMkdirty(t.scratchLo, t.scratchHi, 0)
  maybeMkwrite(t, vma, 0)
  m.memory.addRmap(copy)
  m.memory.setAnonExclusive(copy, true)
  fromScratch(t, vmf.pte, 0)
  updateMmuCache(t, vmf.address)
  unlockTable(t, vmf.pte >>> 9)
  if (oldPage >= 0 && m.memory.removeRmap(oldPage)) m.memory.freePage(oldPage)
  return VM_FAULT_WRITE
}

/**
 * A page without struct page is copied through the address that the program sees, and where the kernel must set accessed
 * bits itself that would fault: so it marks the entry young first. The entry is then no longer the original one, and the
 * access comes back once more (mm/memory.c: __wp_page_copy_user, 6.1).
 */
function wpPageCopyMkyoung(t: Task, vmf: VmFault): void {
  const m = t.machine
  const pt = m.pageTables
  lockTable(t, vmf.pte >>> 9)
  if (pt.lo[vmf.pte] === vmf.origLo && pt.hi[vmf.pte] === vmf.origHi) {
    m.arch.pteMkyoung(t.scratchLo, t.scratchHi, 0)
    if (ptepSetAccessFlags(t, vmf.address, vmf.pte, false)) updateMmuCache(t, vmf.address)
  }
  unlockTable(t, vmf.pte >>> 9)
}
