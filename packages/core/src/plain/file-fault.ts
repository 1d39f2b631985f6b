// Derived from ../steps/file-fault.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Faults on file mappings with no entry yet: `do_fault` and its three kinds.
 * @module
 */

import { notModelled } from '../errors.ts'
import {
  FAULT_FLAG_ORIG_PTE_VALID,
  FAULT_FLAG_WRITE,
  VM_FAULT_DONE_COW,
  VM_FAULT_ERROR,
  VM_FAULT_LOCKED,
  VM_FAULT_NOPAGE,
  VM_FAULT_READONLY,
  VM_FAULT_RETRY,
} from '../fault-flags.ts'
import type { Task } from '../task.ts'
import { VM_SHARED } from '../vm-flags.ts'
import type { VmFault } from '../vm-operations.ts'
import { fromScratch, maybeMkwrite, updateMmuCache } from './entries.ts'
import { lockTable, unlockTable, upRead, upWrite } from './locking.ts'
import { vmfAnonPrepare, vmfCanCallFault } from './vma-lock.ts'
import { wpIfReadOnly } from './wp-fault.ts'

const DONE = VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY | VM_FAULT_DONE_COW

/** mm/memory.c: do_fault, do_read_fault, do_shared_fault, 6.1 and 6.12. */
export function doFault(t: Task, vmf: VmFault): number {
  if ((vmf.flags & FAULT_FLAG_WRITE) === 0) return doReadFault(t, vmf)
  if ((vmf.vma.vmFlags & VM_SHARED) === 0) return doCowFault(t, vmf)
  const retry = vmfCanCallFault(t, vmf)
  if (retry !== 0) return retry
  const ret = vmf.vma.vmOps!.plain.fault(t, vmf)
  if ((ret & DONE) === 0) throw notModelled('a store to a shared page of a page cache')
  // do_shared_fault, with the result that 2016 proposed: the handler installed, but read-only.
  return (ret & VM_FAULT_READONLY) !== 0 ? wpIfReadOnly(t, vmf, ret & ~VM_FAULT_READONLY) : ret
}

/** A load; the page that a handler returns is mapped as it is (mm/memory.c: do_read_fault, 4.5, 6.1). */
function doReadFault(t: Task, vmf: VmFault): number {
  const retry = vmfCanCallFault(t, vmf)
  if (retry !== 0) return retry
  const ret = vmf.vma.vmOps!.plain.fault(t, vmf)
  if ((ret & DONE) !== 0) return ret
  const { page } = vmf
  if ((ret & VM_FAULT_LOCKED) === 0 || page === null)
    throw notModelled('a file mapping whose handler returns a page that is not locked')
  setPteOfFault(t, vmf, page.pfn, false)
  upWrite(t, page.lock)
  vmf.page = null
  return ret
}

/**
 * A store to a private file page that is not mapped: the backend copies straight into a new anonymous page, and maps it
 * (`VM_FAULT_DONE_COW`, since 4.10) or has it mapped here. Then `VM_FAULT_LOCKED` comes with the page it copied from, or
 * with none: `i_mmap_rwsem`, held for reading, keeps truncation out until the copy is mapped (mm/memory.c: do_cow_fault,
 * 4.5, 6.1, 6.12).
 */
function doCowFault(t: Task, vmf: VmFault): number {
  const m = t.machine
  let retry = vmfCanCallFault(t, vmf)
  if (retry === 0) retry = vmfAnonPrepare(t, vmf)
  if (retry !== 0) return retry
  vmf.cowPage = m.memory.allocPage()
  const ret = vmf.vma.vmOps!.plain.fault(t, vmf)
  let mapped = (ret & VM_FAULT_DONE_COW) !== 0
  if ((ret & DONE) === 0) {
    if ((ret & VM_FAULT_LOCKED) === 0)
      throw notModelled('a private file mapping whose handler returns a page that is not locked')
    const { page } = vmf
    if (page !== null) {
      m.memory.copyPage(vmf.cowPage, page.pfn)
    }
    mapped = setPteOfFault(t, vmf, vmf.cowPage, true)
    if (page !== null) upWrite(t, page.lock)
    else upRead(t, vmf.vma.vmFile!.mapping.iMmapRwsem)
    vmf.page = null
  }
  if (!mapped) m.memory.freePage(vmf.cowPage)
  vmf.cowPage = -1
  return ret
}

/**
 * Maps the frame at the fault, a copy dirty and as writable as the area is; false when somebody else was faster
 * (mm/memory.c: do_set_pte and the lock around it, 4.5, 6.1).
 */
function setPteOfFault(t: Task, vmf: VmFault, pfn: number, copy: boolean): boolean {
  const m = t.machine
  const pt = m.pageTables
  const vma = vmf.vma
  const { arch } = m
  const { scratchLo, scratchHi } = t
  if (pt.isNone(vmf.pmd)) pt.populate(vmf.pmd, pt.allocTable())
  else if (pt.pmdIsLeaf(vmf.pmd)) return false
  const slot = pt.pteSlotAt(vmf.pmd, vmf.address)
  lockTable(t, slot >>> 9)
  const changed =
    (vmf.flags & FAULT_FLAG_ORIG_PTE_VALID) !== 0
      ? pt.lo[slot] !== vmf.origLo || pt.hi[slot] !== vmf.origHi
      : !pt.isNone(slot)
  if (!changed) {
    arch.pfnPte(scratchLo, scratchHi, 0, pfn, vma.vmPageProtLo, vma.vmPageProtHi)
    if (copy) {
      arch.pteMkdirty(scratchLo, scratchHi, 0)
      maybeMkwrite(t, vma, 0)
    }
    m.memory.addRmap(pfn)
    if (copy) m.memory.setAnonExclusive(pfn, true)
    fromScratch(t, slot, 0)
    updateMmuCache(t, vmf.address)
  }
  unlockTable(t, slot >>> 9)
  return !changed
}

/**
 * Maps `vmf.cowPage` on behalf of a handler (mm/memory.c: finish_fault, 6.1); `VM_FAULT_NOPAGE` when somebody else was
 * faster.
 */
export function finishFault(t: Task, vmf: VmFault): number {
  const m = t.machine
  if (m.trace !== null) m.trace('finish_fault', t, 0, 0, 0)
  return (setPteOfFault(t, vmf, vmf.cowPage, true)) ? 0 : VM_FAULT_NOPAGE
}
