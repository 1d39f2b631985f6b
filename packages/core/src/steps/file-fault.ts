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
import type { Steps } from '../step.ts'
import type { Task } from '../task.ts'
import {
  TOUCH_FRAME,
  TOUCH_FRAMES,
  TOUCH_READ,
  TOUCH_WRITE,
  touches,
  touchesFrames,
  touchesPopulate,
} from '../touch.ts'
import { VM_SHARED } from '../vm-flags.ts'
import type { VmFault } from '../vm-operations.ts'
import { fromScratch, maybeMkwrite, updateMmuCache } from './entries.ts'
import { lockTable, unlockTable, upRead, upWrite } from './locking.ts'
import { vmfAnonPrepare, vmfCanCallFault } from './vma-lock.ts'
import { wpIfReadOnly } from './wp-fault.ts'

const DONE = VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY | VM_FAULT_DONE_COW

/** mm/memory.c: do_fault, do_read_fault, do_shared_fault, 6.1 and 6.12. */
export function* doFault(t: Task, vmf: VmFault): Steps<number> {
  if ((vmf.flags & FAULT_FLAG_WRITE) === 0) return yield* doReadFault(t, vmf)
  if ((vmf.vma.vmFlags & VM_SHARED) === 0) return yield* doCowFault(t, vmf)
  const retry = yield* vmfCanCallFault(t, vmf)
  if (retry !== 0) return retry
  const ret = yield* vmf.vma.vmOps!.steps.fault(t, vmf)
  if ((ret & DONE) === 0) throw notModelled('a store to a shared page of a page cache')
  // do_shared_fault, with the result that 2016 proposed: the handler installed, but read-only.
  return (ret & VM_FAULT_READONLY) !== 0 ? yield* wpIfReadOnly(t, vmf, ret & ~VM_FAULT_READONLY) : ret
}

/** A load; the page that a handler returns is mapped as it is (mm/memory.c: do_read_fault, 4.5, 6.1). */
function* doReadFault(t: Task, vmf: VmFault): Steps<number> {
  const retry = yield* vmfCanCallFault(t, vmf)
  if (retry !== 0) return retry
  const ret = yield* vmf.vma.vmOps!.steps.fault(t, vmf)
  if ((ret & DONE) !== 0) return ret
  const { page } = vmf
  if ((ret & VM_FAULT_LOCKED) === 0 || page === null)
    throw notModelled('a file mapping whose handler returns a page that is not locked')
  yield* setPteOfFault(t, vmf, page.pfn, false)
  yield* upWrite(t, page.lock)
  vmf.page = null
  return ret
}

/**
 * A store to a private file page that is not mapped: the backend copies straight into a new anonymous page, and maps it
 * (`VM_FAULT_DONE_COW`, since 4.10) or has it mapped here. Then `VM_FAULT_LOCKED` comes with the page it copied from, or
 * with none: `i_mmap_rwsem`, held for reading, keeps truncation out until the copy is mapped (mm/memory.c: do_cow_fault,
 * 4.5, 6.1, 6.12).
 */
function* doCowFault(t: Task, vmf: VmFault): Steps<number> {
  const m = t.machine
  let retry = yield* vmfCanCallFault(t, vmf)
  if (retry === 0) retry = yield* vmfAnonPrepare(t, vmf)
  if (retry !== 0) return retry
  touches(t, TOUCH_FRAMES, 0, TOUCH_WRITE)
  vmf.cowPage = m.memory.allocPage()
  const ret = yield* vmf.vma.vmOps!.steps.fault(t, vmf)
  let mapped = (ret & VM_FAULT_DONE_COW) !== 0
  if ((ret & DONE) === 0) {
    if ((ret & VM_FAULT_LOCKED) === 0)
      throw notModelled('a private file mapping whose handler returns a page that is not locked')
    const { page } = vmf
    if (page !== null) {
      touches(t, TOUCH_FRAME, page.pfn, TOUCH_READ)
      touches(t, TOUCH_FRAME, vmf.cowPage, TOUCH_WRITE)
      m.memory.copyPage(vmf.cowPage, page.pfn)
    }
    mapped = yield* setPteOfFault(t, vmf, vmf.cowPage, true)
    if (page !== null) yield* upWrite(t, page.lock)
    else yield* upRead(t, vmf.vma.vmFile!.mapping.iMmapRwsem)
    vmf.page = null
  }
  touchesFrames(t, mapped ? -1 : vmf.cowPage)
  if (!mapped) m.memory.freePage(vmf.cowPage)
  vmf.cowPage = -1
  return ret
}

/**
 * Maps the frame at the fault, a copy dirty and as writable as the area is; false when somebody else was faster
 * (mm/memory.c: do_set_pte and the lock around it, 4.5, 6.1).
 */
function* setPteOfFault(t: Task, vmf: VmFault, pfn: number, copy: boolean): Steps<boolean> {
  const m = t.machine
  const pt = m.pageTables
  const vma = vmf.vma
  const { arch } = m
  const { scratchLo, scratchHi } = t
  touchesPopulate(t, vmf.pmd)
  if (pt.isNone(vmf.pmd)) pt.populate(vmf.pmd, pt.allocTable())
  else if (pt.pmdIsLeaf(vmf.pmd)) return false
  const slot = pt.pteSlotAt(vmf.pmd, vmf.address)
  yield* lockTable(t, slot >>> 9)
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
    touches(t, TOUCH_FRAMES, 0, TOUCH_WRITE)
    m.memory.addRmap(pfn)
    if (copy) m.memory.setAnonExclusive(pfn, true)
    yield* fromScratch(t, slot, 0)
    updateMmuCache(t, vmf.address)
  }
  yield* unlockTable(t, slot >>> 9)
  return !changed
}

/**
 * Maps `vmf.cowPage` on behalf of a handler (mm/memory.c: finish_fault, 6.1); `VM_FAULT_NOPAGE` when somebody else was
 * faster.
 */
export function* finishFault(t: Task, vmf: VmFault): Steps<number> {
  const m = t.machine
  if (m.trace !== null) m.trace('finish_fault', t, 0, 0, 0)
  return (yield* setPteOfFault(t, vmf, vmf.cowPage, true)) ? 0 : VM_FAULT_NOPAGE
}
