// Derived from ../steps/insert.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Installing entries for frames that have no `struct page` in the area: `insert_pfn` and the `vmf_insert_*` helpers
 * that backends call.
 * @module
 */

import { pmdStart } from '../address.ts'
import { VM_FAULT_NOPAGE, VM_FAULT_READONLY, VM_FAULT_SIGBUS } from '../fault-flags.ts'
import { ZERO_PFN } from '../physical-memory.ts'
import {
  AFTER_HINT,
  INSTALL_DIRTY,
  INSTALL_MKWRITE,
  INSTALL_READ_ONLY,
  INSTALL_UNCHECKED,
  INSTALL_UPGRADE,
  INSTALL_WRITABLE,
  INSTALL_YOUNG,
} from '../strategy/contract.ts'
import type { Task } from '../task.ts'
import type { CoreEventName } from '../trace.ts'
import type { VmFault } from '../vm-operations.ts'
import type { Vma } from '../vma.ts'
import {
  fromScratch,
  maybeMkwrite,
  maybePmdMkwrite,
  pmdpSetAccessFlags,
  ptepSetAccessFlags,
  toScratch,
  updateMmuCache,
} from './entries.ts'
import { lockTable, unlockTable } from './locking.ts'

/**
 * Slot of the PTE for `address`, making the tables above it (mm/memory.c: __get_locked_pte, 6.1). The table's lock is
 * held on return.
 */
function getLockedPte(t: Task, vma: Vma, address: number): number {
  const pt = t.machine.pageTables
  const pud = pt.pudSlot(vma.vmMm.pgd, address, true)
  if (pt.isNone(pud)) pt.populate(pud, pt.allocTable())
  const pmd = pt.pmdSlotAt(pud, address)
  if (pt.isNone(pmd)) pt.populate(pmd, pt.allocTable())
  lockTable(t, pt.tableAt(pmd))
  return pt.pteSlotAt(pmd, address)
}

/**
 * Installs `pfn` at `address` with protection (`protLo`, `protHi`) and the rights of `how`, bits of `INSTALL_*`. An entry that
 * is there stays, unless `how` has `INSTALL_UPGRADE` and it maps the same frame: then it gets these rights (mm/memory.c:
 * insert_pfn, 6.1, where `mkwrite` is {@link INSTALL_MKWRITE}). The zero page is no devmap page; where
 * entries have no such bit, persistent memory is special like it, as with CONFIG_FS_DAX_LIMITED.
 */
function insertPfn(
  t: Task,
  vma: Vma,
  address: number,
  pfn: number,
  protLo: number,
  protHi: number,
  how: number,
): number {
  const m = t.machine
  const pt = m.pageTables
  const slot = getLockedPte(t, vma, address)
  const { arch } = m
  const { scratchLo, scratchHi } = t
  if (!pt.isNone(slot)) {
    if ((how & INSTALL_UPGRADE) !== 0 && arch.ptePfn(pt.lo, pt.hi, slot) === pfn) {
      toScratch(t, slot, 0)
      addRights(t, vma, how)
      if (m.defects['set-pte-over-valid']) fromScratch(t, slot, 0)
      else if (ptepSetAccessFlags(t, address, slot, true)) updateMmuCache(t, address)
    }
  } else {
    arch.pfnPte(scratchLo, scratchHi, 0, pfn, protLo, protHi)
    if (pfn !== ZERO_PFN && arch.hasDevmap) arch.pteMkdevmap(scratchLo, scratchHi, 0)
    else arch.pteMkspecial(scratchLo, scratchHi, 0)
    addRights(t, vma, how)
    fromScratch(t, slot, 0)
    updateMmuCache(t, address)
  }
  unlockTable(t, slot >>> 9)
  return VM_FAULT_NOPAGE
}

/** Gives scratch entry 0 the rights of `how`, in the order of the kernel: young, dirty, writable. */
function addRights(t: Task, vma: Vma, how: number): void {
  const { arch } = t.machine
  if ((how & INSTALL_YOUNG) !== 0) arch.pteMkyoung(t.scratchLo, t.scratchHi, 0)
  if ((how & INSTALL_DIRTY) !== 0) arch.pteMkdirty(t.scratchLo, t.scratchHi, 0)
  if ((how & INSTALL_UNCHECKED) !== 0) arch.pteMkwrite(t.scratchLo, t.scratchHi, 0)
  else if ((how & INSTALL_WRITABLE) !== 0) maybeMkwrite(t, vma, 0)
}

/** Installs as a read fault would, with `vm_page_prot` (mm/memory.c: vmf_insert_mixed, 6.1). */
export function vmfInsertMixed(t: Task, vmf: VmFault, pfn: number): number {
  return insertMixed(t, vmf, pfn, INSTALL_READ_ONLY, 'vmf_insert_mixed')
}

/** Installs writable, dirty and young, or upgrades (mm/memory.c: vmf_insert_mixed_mkwrite, 6.1). */
export function vmfInsertMixedMkwrite(t: Task, vmf: VmFault, pfn: number): number {
  return insertMixed(t, vmf, pfn, INSTALL_MKWRITE, 'vmf_insert_mixed_mkwrite')
}

/** Installs with `vm_page_prot` and the rights of `how` (mm/memory.c: __vm_insert_mixed, 6.1). */
function insertMixed(t: Task, vmf: VmFault, pfn: number, how: number, event: CoreEventName): number {
  const m = t.machine
  const vma = vmf.vma
  if (m.trace !== null) m.trace(event, t, pfn, 0, 0)
  if (vmf.address < vma.vmStart || vmf.address >= vma.vmEnd) return VM_FAULT_SIGBUS
  return insertPfn(t, vma, vmf.address, pfn, vma.vmPageProtLo, vma.vmPageProtHi, how)
}

/**
 * Installs with the protection of the area's own flags, write-notify or not, and with the other rights of `how`
 * (mm/memory.c: vmf_insert_mixed_prot, 6.1).
 */
export function vmfInsertMixedProt(
  t: Task,
  vmf: VmFault,
  pfn: number,
  how: number = INSTALL_READ_ONLY,
): number {
  const m = t.machine
  const vma = vmf.vma
  if (m.trace !== null) m.trace('vmf_insert_mixed_prot', t, pfn, 0, 0)
  if (vmf.address < vma.vmStart || vmf.address >= vma.vmEnd) return VM_FAULT_SIGBUS
  m.arch.vmGetPageProt(vma.vmFlags, t.scratchLo, t.scratchHi, 2)
  return insertPfn(t, vma, vmf.address, pfn, t.scratchLo[2]!, t.scratchHi[2]!, how & ~INSTALL_WRITABLE)
}

/** Installs with what a strategy answered, by the kernel's helper that does so. */
function insertAs(t: Task, vmf: VmFault, pfn: number, how: number): number {
  if (how === INSTALL_MKWRITE) return vmfInsertMixedMkwrite(t, vmf, pfn)
  if (how === INSTALL_READ_ONLY) return vmfInsertMixed(t, vmf, pfn)
  if ((how & (INSTALL_WRITABLE | INSTALL_UPGRADE | INSTALL_UNCHECKED)) === INSTALL_WRITABLE)
    return vmfInsertMixedProt(t, vmf, pfn, how)
  return insertMixed(t, vmf, pfn, how, 'vmf_insert_mixed_prot')
}

/**
 * What a write fault on a shared page does once the frame is known: asks the strategy, and installs accordingly. A strategy
 * that fails installs nothing: `VM_FAULT_SIGBUS`.
 */
export function vmfInsertForWrite(t: Task, vmf: VmFault, pfn: number): number {
  const host = t.machine.strategyHost
  vmf.zeroPage = false
  const how = host.install(t)
  if (how < 0) return VM_FAULT_SIGBUS
  const ret = insertAs(t, vmf, pfn, how)
  if (!host.asksAfter || (how & INSTALL_WRITABLE) !== 0 || ret !== VM_FAULT_NOPAGE) return ret
  return host.afterReadOnly(t) === AFTER_HINT ? ret | VM_FAULT_READONLY : ret
}

/** What a read fault does once the frame, or the zero page, is known: read-only, unless the strategy has its own idea. */
export function vmfInsertForRead(t: Task, vmf: VmFault, pfn: number): number {
  const host = t.machine.strategyHost
  if (!host.asksForReads) return vmfInsertMixed(t, vmf, pfn)
  vmf.zeroPage = pfn === ZERO_PFN
  const how = host.installForRead(t)
  return how < 0 ? VM_FAULT_SIGBUS : insertAs(t, vmf, pfn, how)
}

/**
 * Installs or upgrades a PMD leaf for the 2 MiB at `pfn` (mm/huge_memory.c: vmf_insert_pfn_pmd, insert_pfn_pmd, 6.1). An
 * entry that is there stays unless `write` and it maps the same frames.
 */
export function vmfInsertPfnPmd(t: Task, vmf: VmFault, pfn: number, write: boolean): number {
  const m = t.machine
  const vma = vmf.vma
  const pt = m.pageTables
  const { arch } = m
  const { scratchLo, scratchHi } = t
  const address = pmdStart(vmf.address)
  if (m.trace !== null) m.trace('vmf_insert_pfn_pmd', t, pfn, 0, 0)
  if (address < vma.vmStart || address >= vma.vmEnd) return VM_FAULT_SIGBUS
  const slot = vmf.pmd
  const table = slot >>> 9
  lockTable(t, table)
  if (!pt.isNone(slot)) {
    if (write && arch.pmdPfn(pt.lo, pt.hi, slot) === pfn) {
      toScratch(t, slot, 0)
      arch.pmdMkyoung(scratchLo, scratchHi, 0)
      arch.pmdMkdirty(scratchLo, scratchHi, 0)
      maybePmdMkwrite(t, vma, 0)
      if (pmdpSetAccessFlags(t, address, slot, true)) updateMmuCache(t, address)
    }
  } else {
    arch.pfnPmd(scratchLo, scratchHi, 0, pfn, vma.vmPageProtLo, vma.vmPageProtHi)
    arch.pmdMkhuge(scratchLo, scratchHi, 0)
    arch.pmdMkdevmap(scratchLo, scratchHi, 0)
    if (write) {
      arch.pmdMkyoung(scratchLo, scratchHi, 0)
      arch.pmdMkdirty(scratchLo, scratchHi, 0)
      maybePmdMkwrite(t, vma, 0)
    }
    fromScratch(t, slot, 0)
    updateMmuCache(t, address)
  }
  unlockTable(t, table)
  return VM_FAULT_NOPAGE
}
