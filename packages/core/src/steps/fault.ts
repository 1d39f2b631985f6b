/**
 * The fault path from `handle_mm_fault` to the entry: PUD, then PMD, then PTE.
 * @module
 */

import { pageStart, pmdStart } from '../address.ts'
import { notModelled } from '../errors.ts'
import { touchesFaultBegins, touchesFaultEnds, touchesSpurious } from '../events.ts'
import {
  FAULT_FLAG_ORIG_PTE_VALID,
  FAULT_FLAG_WRITE,
  VM_FAULT_FALLBACK,
  VM_FAULT_NOPAGE,
} from '../fault-flags.ts'
import { STEP_ENTRY_READ, type Steps } from '../step.ts'
import { AFTER_CARRY_ON } from '../strategy/contract.ts'
import type { Task } from '../task.ts'
import { TOUCH_READ, TOUCH_TABLE, touches, touchesPopulate, touchesPte, touchesUpper } from '../touch.ts'
import { VM_MAYSHARE, VM_NOHUGEPAGE, VM_SHARED } from '../vm-flags.ts'
import { PE_SIZE_PMD, PE_SIZE_PUD, type VmFault } from '../vm-operations.ts'
import type { Vma } from '../vma.ts'
import { doAnonymousPage } from './anon-fault.ts'
import { pmdpSetAccessFlags, ptepSetAccessFlags, toScratch, updateMmuCache } from './entries.ts'
import { doFault } from './file-fault.ts'
import { doHugePmdAnonymousPage, doHugePmdWpPage } from './huge-anon.ts'
import { lockTable, unlockTable } from './locking.ts'
import { doWpPage, wpIfReadOnly } from './wp-fault.ts'
import { splitHugePmd } from './zap.ts'

/**
 * Handles one fault: `address` to the byte, `flags` `FAULT_FLAG_*`; answers a `VM_FAULT_*` mask. The caller holds
 * `mmap_lock` for reading, or with `FAULT_FLAG_VMA_LOCK` the lock of the area, which `VM_FAULT_RETRY` says is released, and
 * has checked access (mm/memory.c: handle_mm_fault, 6.1 and 6.12).
 */
export function* handleMmFault(t: Task, vma: Vma, address: number, flags: number): Steps<number> {
  const m = t.machine
  if (m.trace !== null) m.trace('handle_mm_fault', t, address, flags, vma.vmFlags)
  touchesFaultBegins(t, vma, flags)
  const ret = yield* handleMmFaultInner(t, vma, address, flags)
  touchesFaultEnds(t, vma, flags, ret)
  if (m.trace !== null) m.trace('handle_mm_fault_ret', t, ret, 0, 0)
  return ret
}

/** mm/memory.c: __handle_mm_fault, 6.1. */
function* handleMmFaultInner(t: Task, vma: Vma, address: number, flags: number): Steps<number> {
  const m = t.machine
  const pt = m.pageTables
  const vmf = t.vmf
  vmf.vma = vma
  vmf.realAddress = address
  vmf.address = pageStart(address)
  vmf.flags = flags
  vmf.pgoff = vma.linearPageIndex(address)
  vmf.cowPage = -1
  vmf.page = null
  vmf.pte = -1
  const hugeAllowed = hugepageVmaCheck(vma)
  const { kernel } = m

  touchesUpper(t, vma.vmMm, address)
  const pud = pt.pudSlot(vma.vmMm.pgd, address, true)
  yield STEP_ENTRY_READ
  touches(t, TOUCH_TABLE, pud >>> 9, TOUCH_READ)
  if (pt.isNone(pud) && hugeAllowed && kernel.pudFaults) {
    const ret = yield* createHugePud(t, vmf)
    if ((ret & VM_FAULT_FALLBACK) === 0) return ret
  }
  touchesPopulate(t, pud)
  if (pt.isNone(pud)) pt.populate(pud, pt.allocTable())
  vmf.pmd = pt.pmdSlotAt(pud, address)

  yield STEP_ENTRY_READ
  touches(t, TOUCH_TABLE, vmf.pmd >>> 9, TOUCH_READ)
  if (pt.isNone(vmf.pmd)) {
    if (hugeAllowed) {
      const ret = yield* createHugePmd(t, vmf)
      if ((ret & VM_FAULT_FALLBACK) === 0) return ret
    }
  } else if (pt.pmdIsLeaf(vmf.pmd)) {
    vmf.origLo = pt.lo[vmf.pmd]!
    vmf.origHi = pt.hi[vmf.pmd]!
    if ((flags & FAULT_FLAG_WRITE) !== 0 && !pt.arch.pmdWrite(pt.lo, pt.hi, vmf.pmd)) {
      const ret = yield* wpHugePmd(t, vmf)
      if ((ret & VM_FAULT_FALLBACK) === 0) return ret
    } else {
      yield* hugePmdSetAccessed(t, vmf)
      return 0
    }
  }
  if (kernel.allocatesPteTableFirst) {
    touchesPopulate(t, vmf.pmd)
    if (pt.isNone(vmf.pmd)) pt.populate(vmf.pmd, pt.allocTable())
  }
  return yield* handlePteFault(t, vmf)
}

/**
 * Whether a fault may try a leaf above the PTE (mm/huge_memory.c: hugepage_vma_check, in_pf, 6.1, transparent huge pages
 * `always`): any DAX area, and anonymous memory.
 */
function hugepageVmaCheck(vma: Vma): boolean {
  return (vma.vmFlags & VM_NOHUGEPAGE) === 0 && (vma.isDax || vma.isAnonymous)
}

/** mm/memory.c: create_huge_pud, 6.1; nothing without CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD. */
function* createHugePud(t: Task, vmf: VmFault): Steps<number> {
  if (!t.machine.arch.hasPudThp) return VM_FAULT_FALLBACK
  const ops = vmf.vma.vmOps
  if (ops === null || ops.steps.hugeFault === null) return VM_FAULT_FALLBACK
  return yield* ops.steps.hugeFault(t, vmf, PE_SIZE_PUD)
}

/** mm/memory.c: create_huge_pmd, 6.1. */
function* createHugePmd(t: Task, vmf: VmFault): Steps<number> {
  const vma = vmf.vma
  const ops = vma.vmOps
  if (ops === null) return yield* doHugePmdAnonymousPage(t, vmf)
  if (ops.steps.hugeFault === null) return VM_FAULT_FALLBACK
  return yield* ops.steps.hugeFault(t, vmf, PE_SIZE_PMD)
}

/** A store to a read-only PMD leaf; a fallback splits it (mm/memory.c: wp_huge_pmd, 6.1 and 6.12). */
function* wpHugePmd(t: Task, vmf: VmFault): Steps<number> {
  const ops = vmf.vma.vmOps
  if (ops === null) return yield* doHugePmdWpPage(t, vmf)
  const asks = t.machine.kernel.wpHugePmdAsksPrivate || (vmf.vma.vmFlags & (VM_SHARED | VM_MAYSHARE)) !== 0
  if (asks && ops.steps.hugeFault !== null) {
    const ret = yield* ops.steps.hugeFault(t, vmf, PE_SIZE_PMD)
    if ((ret & VM_FAULT_FALLBACK) === 0) return ret
  }
  if (t.machine.kernel.splitsOnWpFallback) yield* splitHugePmd(t, vmf.vma, vmf.pmd, vmf.address)
  return VM_FAULT_FALLBACK
}

/** mm/huge_memory.c: huge_pmd_set_accessed, 6.1. */
function* hugePmdSetAccessed(t: Task, vmf: VmFault): Steps<void> {
  const pt = t.machine.pageTables
  yield* lockTable(t, vmf.pmd >>> 9)
  if (pt.lo[vmf.pmd] === vmf.origLo && pt.hi[vmf.pmd] === vmf.origHi) {
    yield* touchPmd(t, vmf.address, vmf.pmd, (vmf.flags & FAULT_FLAG_WRITE) !== 0)
    touchesSpurious(t, vmf.pmd, true)
  }
  yield* unlockTable(t, vmf.pmd >>> 9)
}

/** Marks a PMD leaf young, and dirty for a write (mm/huge_memory.c: touch_pmd, 6.1). */
export function* touchPmd(t: Task, address: number, slot: number, write: boolean): Steps<void> {
  const { arch } = t.machine
  const { scratchLo, scratchHi } = t
  toScratch(t, slot, 0)
  arch.pmdMkyoung(scratchLo, scratchHi, 0)
  if (write) arch.pmdMkdirty(scratchLo, scratchHi, 0)
  if (yield* pmdpSetAccessFlags(t, pmdStart(address), slot, write)) updateMmuCache(t, address)
}

/** mm/memory.c: handle_pte_fault, 6.1. */
export function* handlePteFault(t: Task, vmf: VmFault): Steps<number> {
  const m = t.machine
  const pt = m.pageTables
  yield STEP_ENTRY_READ
  touchesPte(t, vmf.pmd)
  if (pt.isNone(vmf.pmd)) {
    vmf.pte = -1
    vmf.flags &= ~FAULT_FLAG_ORIG_PTE_VALID
  } else {
    // pmd_devmap_trans_unstable: a leaf appeared under us; the instruction runs again.
    if (pt.pmdIsLeaf(vmf.pmd)) return 0
    vmf.pte = pt.pteSlotAt(vmf.pmd, vmf.address)
    vmf.origLo = pt.lo[vmf.pte]!
    vmf.origHi = pt.hi[vmf.pte]!
    if (m.kernel.notesOrigPte) vmf.flags |= FAULT_FLAG_ORIG_PTE_VALID
    if (vmf.origLo === 0 && vmf.origHi === 0) vmf.pte = -1
  }
  if (vmf.pte < 0) {
    if (vmf.vma.isAnonymous) return yield* doAnonymousPage(t, vmf)
    const ret = yield* doFault(t, vmf)
    return m.strategyHost.asksAfter ? yield* carryOn(t, vmf, ret) : ret
  }
  if (!pt.arch.ptePresent(pt.lo, pt.hi, vmf.pte))
    throw notModelled('a fault on an entry that is neither present nor empty')

  const { arch } = m
  const { scratchLo, scratchHi } = t
  const table = vmf.pte >>> 9
  yield* lockTable(t, table)
  if (pt.lo[vmf.pte] === vmf.origLo && pt.hi[vmf.pte] === vmf.origHi) {
    const write = (vmf.flags & FAULT_FLAG_WRITE) !== 0
    if (write && !arch.pteWrite(pt.lo, pt.hi, vmf.pte)) return yield* doWpPage(t, vmf)
    toScratch(t, vmf.pte, 0)
    if (write) arch.pteMkdirty(scratchLo, scratchHi, 0)
    arch.pteMkyoung(scratchLo, scratchHi, 0)
    if (yield* ptepSetAccessFlags(t, vmf.address, vmf.pte, write)) updateMmuCache(t, vmf.address)
    touchesSpurious(t, vmf.pte, false)
  }
  yield* unlockTable(t, table)
  return 0
}

/**
 * The generalisation proposed in the 2016 discussion: after a write fault on a shared mapping that returned
 * `VM_FAULT_NOPAGE`, look again, and if the entry is present and read-only go on into the write-protect path in the
 * same fault. No released kernel does this; the patched kernel of the `fallthrough` recordings does.
 */
function* carryOn(t: Task, vmf: VmFault, ret: number): Steps<number> {
  if (
    (ret & VM_FAULT_NOPAGE) === 0 ||
    (vmf.flags & FAULT_FLAG_WRITE) === 0 ||
    (vmf.vma.vmFlags & VM_SHARED) === 0 ||
    t.machine.strategyHost.afterReadOnly(t) !== AFTER_CARRY_ON
  ) {
    return ret
  }
  return yield* wpIfReadOnly(t, vmf, ret)
}
