// Derived from ../steps/mprotect.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Changing protection: `mprotect`.
 * @module
 */

import { pageOffset, pmdStart, pudStart } from '../address.ts'
import { EACCES, EINVAL, ENOMEM } from '../errno.ts'
import { HUGE_ZERO_PFN, PAGE_SIZE, PMD_SIZE, PUD_SIZE } from '../physical-memory.ts'
import { raiseStrategyError } from '../strategy/host.ts'
import { PROT_GROWSDOWN, PROT_GROWSUP, PROT_SEM } from '../syscall-flags.ts'
import type { Task } from '../task.ts'
import {
  calcVmProtBits,
  VM_ACCESS_FLAGS,
  VM_ACCOUNT,
  VM_LOCKED,
  VM_NORESERVE,
  VM_SHARED,
  VM_WRITE,
} from '../vm-flags.ts'
import type { Vma } from '../vma.ts'
import { toScratch, vmNormalPage } from './entries.ts'
import { populateVmaPageRange } from './gup.ts'
import { lockTable, unlockTable } from './locking.ts'
import { vmaSetPageProt, vmaWantsWritenotify } from './mmap.ts'
import { flushTlbMmRange, tlbFinishMmu, tlbGatherMmu } from './tlb-flush.ts'
import { isolateVma, vmaMerge } from './vma-adjust.ts'
import { mmapWriteLock, mmapWriteUnlock, vmaStartWrite } from './vma-lock.ts'
import { splitHugePmd } from './zap.ts'

/** mprotect(2); 0 or a negative error number (mm/mprotect.c: do_mprotect_pkey, 6.1). */
export function mprotect(t: Task, start: number, length: number, prot: number): number {
  const grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP)
  if (grows === (PROT_GROWSDOWN | PROT_GROWSUP)) return -EINVAL
  if (pageOffset(start) !== 0) return -EINVAL
  if (length === 0) return 0
  const end = start + Math.ceil(length / PAGE_SIZE) * PAGE_SIZE
  if ((prot & ~(VM_ACCESS_FLAGS | PROT_SEM | grows)) !== 0) return -EINVAL
  mmapWriteLock(t, t.mm)
  const ret = mprotectRange(t, start, end, prot)
  mmapWriteUnlock(t, t.mm)
  raiseStrategyError(t)
  return ret
}

function mprotectRange(t: Task, start: number, end: number, prot: number): number {
  const areas = t.mm.areas
  let vma = areas.findVma(start)
  if (vma === null || vma.vmStart > ((prot & PROT_GROWSDOWN) !== 0 ? end - 1 : start)) return -ENOMEM
  // No area of this model grows.
  if ((prot & (PROT_GROWSDOWN | PROT_GROWSUP)) !== 0) return -EINVAL
  let prev = start > vma.vmStart ? vma : areas.findPrev(start)
  tlbGatherMmu(t, t.mm)
  let error = 0
  for (let from = start; ; ) {
    const newFlags: number = calcVmProtBits(prot) | (vma.vmFlags & ~VM_ACCESS_FLAGS)
    // VM_MAYx is VM_x << 4: rights wanted but not allowed
    if ((newFlags & ~(newFlags >> 4) & VM_ACCESS_FLAGS) !== 0) {
      error = -EACCES
      break
    }
    const to: number = Math.min(vma.vmEnd, end)
    const fixed: Vma | number = mprotectFixup(t, vma, prev, from, to, newFlags)
    if (typeof fixed === 'number') {
      error = fixed
      break
    }
    prev = fixed
    from = Math.max(to, prev.vmEnd)
    if (from >= end) break
    vma = areas.findVma(prev.vmEnd)
    if (vma === null || vma.vmStart !== from) {
      error = -ENOMEM
      break
    }
  }
  if (t.machine.defects['mprotect-without-flush']) t.tlb.reset()
  tlbFinishMmu(t, t.mm)
  return error
}

/**
 * Gives `[start, end)` of one area new flags; the area that then holds it, or a negative error number (mm/mprotect.c:
 * mprotect_fixup, 6.1).
 */
function mprotectFixup(
  t: Task,
  vma: Vma,
  prev: Vma | null,
  start: number,
  end: number,
  flags: number,
): Vma | number {
  const oldFlags = vma.vmFlags
  let newFlags = flags
  if (newFlags === oldFlags) return vma
  if ((newFlags & VM_WRITE) !== 0 && (oldFlags & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE)) === 0) {
    newFlags |= VM_ACCOUNT
  } else if (
    t.machine.kernel.mprotectUnaccountsUntouched &&
    (newFlags & VM_WRITE) === 0 &&
    vma.isAnonymous &&
    vma.anonVma === null
  ) {
    newFlags &= ~VM_ACCOUNT
  }
  const pgoff = vma.vmPgoff + (start - vma.vmStart) / PAGE_SIZE
  const merged = vmaMerge(t, vma.vmMm, prev, start, end, newFlags, vma.anonVma, vma.vmFile, pgoff)
  const target = merged ?? vma
  if (merged === null) {
    const error = isolateVma(t, vma, start, end)
    if (error !== 0) return error
  }
  vmaStartWrite(t, target)
  target.vmFlags = newFlags
  const tryWritable =
    (newFlags & VM_SHARED) !== 0
      ? vmaWantsWritenotify(target)
      : (newFlags & VM_WRITE) !== 0 && t.machine.kernel.mprotectReusesExclusive
  vmaSetPageProt(t, target)
  changeProtection(t, target, start, end, tryWritable)
  if ((oldFlags & (VM_WRITE | VM_SHARED | VM_LOCKED)) === VM_LOCKED && (newFlags & VM_WRITE) !== 0) {
    populateVmaPageRange(t, target, start, end, false)
  }
  return target
}

/** mm/mprotect.c: change_protection, change_pmd_range, 6.1; gathers what to flush in `t.tlb`. */
function changeProtection(t: Task, vma: Vma, start: number, end: number, tryWritable: boolean): void {
  const m = t.machine
  const pt = m.pageTables
  if (m.trace !== null) m.trace('change_protection', t, 0, 0, 0)
  let changed = false
  for (let address = start; address < end; ) {
    const pud = pt.pudSlot(vma.vmMm.pgd, address, false)
    if (pud < 0 || pt.isNone(pud)) {
      address = pudStart(address) + PUD_SIZE
      continue
    }
    const next = Math.min(end, pmdStart(address) + PMD_SIZE)
    const pmd = pt.pmdSlotAt(pud, address)
    if (!pt.isNone(pmd)) {
      if (pt.pmdIsLeaf(pmd)) {
        if (next - address !== PMD_SIZE) splitHugePmd(t, vma, pmd, address)
        else {
          changeHugePmd(t, vma, pmd, address, tryWritable)
          changed = true
        }
      }
      if (!pt.isNone(pmd) && !pt.pmdIsLeaf(pmd)) {
        const any = changePteRange(t, vma, pmd, address, next, tryWritable)
        changed ||= any
      }
    }
    address = next
  }
  if (changed && m.kernel.mprotectFlushesWholeRange) {
    t.tlb.reset()
    flushTlbMmRange(t, vma.vmMm, start, end, PAGE_SIZE)
  }
}

/** Whether there was any entry to change (mm/mprotect.c: change_pte_range, 6.1). */
function changePteRange(
  t: Task,
  vma: Vma,
  pmd: number,
  start: number,
  end: number,
  tryWritable: boolean,
): boolean {
  const m = t.machine
  const pt = m.pageTables
  const { arch } = m
  const { scratchLo, scratchHi } = t
  let any = false
  const table = pt.tableAt(pmd)
  lockTable(t, table)
  let slot = pt.pteSlotAt(pmd, start)
  for (let address = start; address < end; address += PAGE_SIZE, slot++) {
    if (!arch.ptePresent(pt.lo, pt.hi, slot)) continue
    any = true
    toScratch(t, slot, 0)
    toScratch(t, slot, 1)
    arch.pteModify(scratchLo, scratchHi, 1, vma.vmPageProtLo, vma.vmPageProtHi)
    if (tryWritable && !arch.pteWrite(scratchLo, scratchHi, 1) && canChangePteWritable(t, vma, slot)) {
      arch.pteMkwrite(scratchLo, scratchHi, 1)
    }
    pt.set(slot, scratchLo[1]!, scratchHi[1]!)
    if (m.machineArch.pteNeedsFlush(scratchLo, scratchHi, true)) t.tlb.adjustRange(address, PAGE_SIZE)
  }
  unlockTable(t, table)
  return any
}

/**
 * Whether scratch entry 1, the modified entry at `slot`, may become writable without a fault: it is dirty, and shared
 * or this address space's own (mm/mprotect.c: can_change_pte_writable, 6.1). Areas are soft-dirty from their beginning
 * (`VM_SOFTDIRTY`), so that a kernel that asks for it asks the entry.
 */
function canChangePteWritable(t: Task, vma: Vma, slot: number): boolean {
  const { arch, memory, kernel, defects } = t.machine
  const { scratchLo, scratchHi } = t
  if ((vma.vmFlags & VM_WRITE) === 0) return false
  if (arch.pteProtnone(scratchLo, scratchHi, 1)) return false
  const shared = (vma.vmFlags & VM_SHARED) !== 0
  const mayBeClean = shared ? defects['mprotect-makes-clean-writable'] : kernel.mprotectMakesCleanAnonWritable
  if (!mayBeClean && !arch.pteDirty(scratchLo, scratchHi, 1)) return false
  if (shared) return !kernel.mprotectWantsSoftDirty || arch.pteSoftDirty(scratchLo, scratchHi, 1)
  const page = vmNormalPage(t, slot)
  return page >= 0 && memory.anonExclusive(page)
}

/** mm/huge_memory.c: change_huge_pmd, 6.1 and 6.12. */
function changeHugePmd(t: Task, vma: Vma, slot: number, address: number, tryWritable: boolean): void {
  const m = t.machine
  const pt = m.pageTables
  const { arch } = m
  const { scratchLo, scratchHi } = t
  lockTable(t, slot >>> 9)
  toScratch(t, slot, 0)
  toScratch(t, slot, 1)
  arch.pmdModify(scratchLo, scratchHi, 1, vma.vmPageProtLo, vma.vmPageProtHi)
  const mayBeWritable = tryWritable && m.kernel.mprotectMakesPmdWritable
  if (mayBeWritable && !arch.pmdWrite(scratchLo, scratchHi, 1) && canChangePmdWritable(t, vma)) {
    arch.pmdMkwrite(scratchLo, scratchHi, 1)
  }
  pt.set(slot, scratchLo[1]!, scratchHi[1]!)
  if (m.machineArch.pteNeedsFlush(scratchLo, scratchHi, false)) t.tlb.adjustRange(address, PMD_SIZE)
  unlockTable(t, slot >>> 9)
}

/** The same for scratch entry 1 as a PMD leaf (mm/huge_memory.c: can_change_pmd_writable, 6.12). */
function canChangePmdWritable(t: Task, vma: Vma): boolean {
  const { arch, memory } = t.machine
  const { scratchLo, scratchHi } = t
  if ((vma.vmFlags & VM_WRITE) === 0 || arch.pmdProtnone(scratchLo, scratchHi, 1)) return false
  if ((vma.vmFlags & VM_SHARED) !== 0) return arch.pmdDirty(scratchLo, scratchHi, 1)
  const page = arch.pmdPfn(scratchLo, scratchHi, 1)
  return vma.isAnonymous && page !== HUGE_ZERO_PFN && memory.anonExclusive(page)
}
