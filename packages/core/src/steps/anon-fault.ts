/**
 * Faults on private anonymous memory: `do_anonymous_page`.
 * @module
 */

import { FAULT_FLAG_WRITE } from '../fault-flags.ts'
import { ZERO_PFN } from '../physical-memory.ts'
import type { Steps } from '../step.ts'
import type { Task } from '../task.ts'
import { TOUCH_FRAMES, TOUCH_WRITE, touches, touchesFrames, touchesPopulate } from '../touch.ts'
import { VM_WRITE } from '../vm-flags.ts'
import type { VmFault } from '../vm-operations.ts'
import { fromScratch, updateMmuCache } from './entries.ts'
import { lockTable, unlockTable } from './locking.ts'
import { vmfAnonPrepare } from './vma-lock.ts'

/** mm/memory.c: do_anonymous_page, 6.1: the zero page for a load, a page of its own for a store. */
export function* doAnonymousPage(t: Task, vmf: VmFault): Steps<number> {
  const m = t.machine
  const pt = m.pageTables
  const vma = vmf.vma
  const { arch } = m
  const { scratchLo, scratchHi } = t
  touchesPopulate(t, vmf.pmd)
  if (pt.isNone(vmf.pmd)) pt.populate(vmf.pmd, pt.allocTable())
  const table = pt.tableAt(vmf.pmd)
  const slot = pt.pteSlotAt(vmf.pmd, vmf.address)
  let page = ZERO_PFN
  if ((vmf.flags & FAULT_FLAG_WRITE) !== 0) {
    const retry = yield* vmfAnonPrepare(t, vmf)
    if (retry !== 0) return retry
    touches(t, TOUCH_FRAMES, 0, TOUCH_WRITE)
    page = m.memory.allocPage()
  }
  yield* lockTable(t, table)
  touchesFrames(t, page === ZERO_PFN ? -1 : page)
  if (!pt.isNone(slot)) {
    if (page !== ZERO_PFN) m.memory.freePage(page)
    yield* unlockTable(t, table)
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
  yield* fromScratch(t, slot, 0)
  updateMmuCache(t, vmf.address)
  yield* unlockTable(t, table)
  return 0
}
