// Derived from ../steps/fork.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Copying an address space: `fork`.
 * @module
 */

import { pmdStart } from '../address.ts'
import type { Mm } from '../mm.ts'
import { PAGE_SIZE, PMD_SIZE } from '../physical-memory.ts'
import type { Task } from '../task.ts'
import {
  isCowMapping,
  VM_DONTCOPY,
  VM_LOCKED,
  VM_MIXEDMAP,
  VM_PFNMAP,
  VM_SHARED,
  VM_WIPEONFORK,
} from '../vm-flags.ts'
import { Vma } from '../vma.ts'
import { anonVmaFork } from './anon-rmap.ts'
import { toScratch, vmNormalPage } from './entries.ts'
import { copyHugePmd } from './huge-anon.ts'
import { downWrite, lockTable, unlockTable, upWrite } from './locking.ts'
import { flushTlbMmRange } from './tlb-flush.ts'
import { mmapWriteLock, mmapWriteUnlock, vmaStartWrite } from './vma-lock.ts'

/** fork(2): a task with a copy of the address space, on the same CPU (kernel/fork.c: dup_mmap, 6.1). */
export function fork(t: Task): Task {
  const m = t.machine
  const mm = m.createMm()
  const child = m.addTask(mm, t.cpu)
  dupMmap(t, mm)
  return child
}

function dupMmap(t: Task, mm: Mm): void {
  const m = t.machine
  const oldMm = t.mm
  mmapWriteLock(t, oldMm)
  mmapWriteLock(t, mm)
  mm.totalVm = oldMm.totalVm
  for (const old of oldMm.areas) {
    vmaStartWrite(t, old)
    if ((old.vmFlags & VM_DONTCOPY) !== 0) {
      mm.totalVm -= (old.vmEnd - old.vmStart) / PAGE_SIZE
      continue
    }
    const vma = new Vma(mm, {
      start: old.vmStart,
      end: old.vmEnd,
      flags: old.vmFlags & ~VM_LOCKED,
      pgoff: old.vmPgoff,
      file: old.vmFile,
      ops: old.vmOps,
    })
    vma.vmPageProtLo = old.vmPageProtLo
    vma.vmPageProtHi = old.vmPageProtHi
    if ((vma.vmFlags & VM_WIPEONFORK) === 0) anonVmaFork(vma, old)
    mm.areas.insert(vma)
    if (vma.vmFile !== null) {
      const { mapping } = vma.vmFile
      downWrite(t, mapping.iMmapRwsem)
      mapping.insertVmaAfter(vma, old)
      upWrite(t, mapping.iMmapRwsem)
    }
    if ((vma.vmFlags & VM_WIPEONFORK) === 0) {
      if (m.trace !== null) m.trace('copy_page_range', t, vma.vmStart, vma.vmEnd, 0)
      copyPageRange(t, vma, old)
    }
  }
  mmapWriteUnlock(t, mm)
  flushTlbMmRange(t, oldMm, 0, Infinity, PAGE_SIZE)
  mmapWriteUnlock(t, oldMm)
}

/**
 * Copies entries where a fault could not bring them back: areas with private copies (mm/memory.c: copy_page_range,
 * vma_needs_copy, 6.1). PMD leaves over files are left to faults, or copied, as the kernel has it.
 */
function copyPageRange(t: Task, vma: Vma, old: Vma): void {
  const copies = old.isDax && t.machine.defects['fork-copies-shared-dax']
  if ((old.vmFlags & (VM_PFNMAP | VM_MIXEDMAP)) === 0 && old.anonVma === null && !copies) return
  const pt = t.machine.pageTables
  let address = old.vmStart
  while (address < old.vmEnd) {
    const next = Math.min(old.vmEnd, pmdStart(address) + PMD_SIZE)
    const oldPmd = pt.pmdSlot(old.vmMm.pgd, address)
    if (oldPmd >= 0) {
      const pud = pt.pudSlot(vma.vmMm.pgd, address, true)
      if (pt.isNone(pud)) pt.populate(pud, pt.allocTable())
      if (!pt.isNone(oldPmd) && pt.pmdIsLeaf(oldPmd)) {
        if (old.isAnonymous || t.machine.kernel.forkCopiesFilePmds)
          copyHugePmd(t, oldPmd, pt.pmdSlotAt(pud, address))
      } else if (!pt.isNone(oldPmd)) {
        copyPteRange(t, old, oldPmd, pt.pmdSlotAt(pud, address), address, next)
      }
    }
    address = next
  }
}

/**
 * mm/memory.c: copy_pte_range, copy_present_pte, 6.1: private writable entries become read-only on both sides, shared
 * ones clean in the child, all of them old in the child.
 */
function copyPteRange(
  t: Task,
  old: Vma,
  oldPmd: number,
  newPmd: number,
  start: number,
  end: number,
): void {
  const m = t.machine
  const pt = m.pageTables
  const { arch } = m
  const { scratchLo, scratchHi } = t
  if (pt.isNone(newPmd)) pt.populate(newPmd, pt.allocTable())
  let oldSlot = pt.pteSlotAt(oldPmd, start)
  let newSlot = pt.pteSlotAt(newPmd, start)
  lockTable(t, newSlot >>> 9)
  lockTable(t, oldSlot >>> 9)
  for (let address = start; address < end; address += PAGE_SIZE, oldSlot++, newSlot++) {
    if (!arch.ptePresent(pt.lo, pt.hi, oldSlot)) continue
    const page = vmNormalPage(t, oldSlot)
    if (page >= 0) {
      m.memory.addRmap(page)
      m.memory.setAnonExclusive(page, false)
    }
    const protects = isCowMapping(old.vmFlags) && !m.defects['fork-leaves-pages-writable']
    if (protects && arch.pteWrite(pt.lo, pt.hi, oldSlot)) arch.pteWrprotect(pt.lo, pt.hi, oldSlot)
    toScratch(t, oldSlot, 0)
    if ((old.vmFlags & VM_SHARED) !== 0) arch.pteMkclean(scratchLo, scratchHi, 0)
    arch.pteMkold(scratchLo, scratchHi, 0)
    pt.set(newSlot, scratchLo[0]!, scratchHi[0]!)
  }
  const oldTable = (oldSlot - 1) >>> 9
  const newTable = (newSlot - 1) >>> 9
  unlockTable(t, oldTable)
  unlockTable(t, newTable)
}
