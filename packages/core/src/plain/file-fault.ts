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
  VM_FAULT_NOPAGE,
  VM_FAULT_RETRY,
} from '../fault-flags.ts'
import type { Task } from '../task.ts'
import { VM_SHARED } from '../vm-flags.ts'
import type { VmFault } from '../vm-operations.ts'
import { anonVmaPrepare } from './anon-rmap.ts'
import { fromScratch, maybeMkwrite } from './entries.ts'
import { lockTable, unlockTable } from './locking.ts'

const DONE = VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY | VM_FAULT_DONE_COW

/** mm/memory.c: do_fault, 6.1. */
export function doFault(t: Task, vmf: VmFault): number {
  if ((vmf.flags & FAULT_FLAG_WRITE) !== 0 && (vmf.vma.vmFlags & VM_SHARED) === 0)
    return doCowFault(t, vmf)
  const ret = vmf.vma.vmOps!.plain.fault(t, vmf)
  if ((ret & DONE) === 0)
    throw notModelled('a file mapping whose handler returns a page for the core to map (page cache)')
  return ret
}

/**
 * A store to a private file page that is not mapped: the backend copies straight into a new anonymous page
 * (mm/memory.c: do_cow_fault, 6.1).
 */
function doCowFault(t: Task, vmf: VmFault): number {
  const m = t.machine
  anonVmaPrepare(vmf.vma)
  vmf.cowPage = m.memory.allocPage()
  const ret = vmf.vma.vmOps!.plain.fault(t, vmf)
  if ((ret & DONE) === 0)
    throw notModelled('a private file mapping whose handler returns a page (page cache)')
  if ((ret & VM_FAULT_DONE_COW) === 0) m.memory.freePage(vmf.cowPage)
  vmf.cowPage = -1
  return ret
}

/**
 * Maps `vmf.cowPage` (mm/memory.c: finish_fault, do_set_pte, 6.1); `VM_FAULT_NOPAGE` when somebody else was faster.
 * Pages of a page cache are not modelled, so the page is always the private copy.
 */
export function finishFault(t: Task, vmf: VmFault): number {
  const m = t.machine
  const pt = m.pageTables
  const vma = vmf.vma
  const { arch } = m
  const { scratchLo, scratchHi } = t
  if (m.trace !== null) m.trace('finish_fault', t, 0, 0, 0)
  if (pt.isNone(vmf.pmd)) pt.populate(vmf.pmd, pt.allocTable())
  else if (pt.pmdIsLeaf(vmf.pmd)) return VM_FAULT_NOPAGE
  const slot = pt.pteSlotAt(vmf.pmd, vmf.address)
  lockTable(t, slot >>> 9)
  const changed =
    (vmf.flags & FAULT_FLAG_ORIG_PTE_VALID) !== 0
      ? pt.lo[slot] !== vmf.origLo || pt.hi[slot] !== vmf.origHi
      : !pt.isNone(slot)
  if (changed) {
    unlockTable(t, slot >>> 9)
    return VM_FAULT_NOPAGE
  }
  arch.pfnPte(scratchLo, scratchHi, 0, vmf.cowPage, vma.vmPageProtLo, vma.vmPageProtHi)
  arch.pteMkdirty(scratchLo, scratchHi, 0)
  maybeMkwrite(t, vma, 0)
  m.memory.addRmap(vmf.cowPage)
  m.memory.setAnonExclusive(vmf.cowPage, true)
  fromScratch(t, slot, 0)
  unlockTable(t, slot >>> 9)
  return 0
}
