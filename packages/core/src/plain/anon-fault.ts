// Derived from ../steps/anon-fault.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Faults on private anonymous memory: `do_anonymous_page`.
 * @module
 */

import { FAULT_FLAG_WRITE } from '../fault-flags.ts'
import { ZERO_PFN } from '../physical-memory.ts'
import type { Task } from '../task.ts'
import { VM_WRITE } from '../vm-flags.ts'
import type { VmFault } from '../vm-operations.ts'
import { fromScratch, updateMmuCache } from './entries.ts'
import { lockTable, unlockTable } from './locking.ts'
import { vmfAnonPrepare } from './vma-lock.ts'

/** mm/memory.c: do_anonymous_page, 6.1: the zero page for a load, a page of its own for a store. */
export function doAnonymousPage(t: Task, vmf: VmFault): number {
  const m = t.machine
  const pt = m.pageTables
  const vma = vmf.vma
  const { arch } = m
  const { scratchLo, scratchHi } = t
  if (pt.isNone(vmf.pmd)) pt.populate(vmf.pmd, pt.allocTable())
  const table = pt.tableAt(vmf.pmd)
  const slot = pt.pteSlotAt(vmf.pmd, vmf.address)
  let page = ZERO_PFN
  if ((vmf.flags & FAULT_FLAG_WRITE) !== 0) {
    const retry = vmfAnonPrepare(t, vmf)
    if (retry !== 0) return retry
    page = m.memory.allocPage()
  }
  lockTable(t, table)
  if (!pt.isNone(slot)) {
    if (page !== ZERO_PFN) m.memory.freePage(page)
    unlockTable(t, table)
    return 0
  }
  arch.pfnPte(scratchLo, scratchHi, 0, page, vma.vmPageProtLo, vma.vmPageProtHi)
  if (page === ZERO_PFN) arch.pteMkspecial(scratchLo, scratchHi, 0)
  else {
    m.memory.addRmap(page)
    m.memory.setAnonExclusive(page, true)
    if ((vma.vmFlags & VM_WRITE) !== 0) {
      arch.pteMkdirty(scratchLo, scratchHi, 0)
      arch.pteMkwrite(scratchLo, scratchHi, 0)
    }
  }
  fromScratch(t, slot, 0)
  updateMmuCache(t, vmf.address)
  unlockTable(t, table)
  return 0
}
