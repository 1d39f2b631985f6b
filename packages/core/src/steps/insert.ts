/**
 * Installing entries for frames that have no `struct page` in the area: `insert_pfn` and the `vmf_insert_*` helpers
 * that backends call.
 * @module
 */

import { pmdStart } from '../address.ts'
import { VM_FAULT_NOPAGE, VM_FAULT_SIGBUS } from '../fault-flags.ts'
import { ZERO_PFN } from '../physical-memory.ts'
import type { Steps } from '../step.ts'
import { INSTALL_MKWRITE, INSTALL_WRITABLE_PROT } from '../strategy.ts'
import type { Task } from '../task.ts'
import type { VmFault } from '../vm-operations.ts'
import type { Vma } from '../vma.ts'
import {
  fromScratch,
  maybeMkwrite,
  maybePmdMkwrite,
  pmdpSetAccessFlags,
  ptepSetAccessFlags,
  toScratch,
} from './entries.ts'
import { lockTable, unlockTable } from './locking.ts'

/**
 * Slot of the PTE for `address`, making the tables above it (mm/memory.c: __get_locked_pte, 6.1). The table's lock is
 * held on return.
 */
function* getLockedPte(t: Task, vma: Vma, address: number): Steps<number> {
  const pt = t.machine.pageTables
  const pud = pt.pudSlot(vma.vmMm.pgd, address, true)
  if (pt.isNone(pud)) pt.populate(pud, pt.allocTable())
  const pmd = pt.pmdSlotAt(pud, address)
  if (pt.isNone(pmd)) pt.populate(pmd, pt.allocTable())
  yield* lockTable(t, pt.tableAt(pmd))
  return pt.pteSlotAt(pmd, address)
}

/**
 * Installs `pfn` at `address` with protection (`protLo`, `protHi`). With `mkwrite` the entry is made young, dirty and, in
 * a writable area, writable; one that is there and maps the same frame is upgraded. Without it an entry that is there
 * stays (mm/memory.c: insert_pfn, 6.1). `devmap` is false only for the zero page.
 */
function* insertPfn(
  t: Task,
  vma: Vma,
  address: number,
  pfn: number,
  devmap: boolean,
  protLo: number,
  protHi: number,
  mkwrite: boolean,
): Steps<number> {
  const m = t.machine
  const pt = m.pageTables
  const slot = yield* getLockedPte(t, vma, address)
  const { arch } = m
  const { scratchLo, scratchHi } = t
  if (!pt.isNone(slot)) {
    if (mkwrite && arch.ptePfn(pt.lo, pt.hi, slot) === pfn) {
      toScratch(t, slot, 0)
      arch.pteMkyoung(scratchLo, scratchHi, 0)
      arch.pteMkdirty(scratchLo, scratchHi, 0)
      maybeMkwrite(t, vma, 0)
      yield* ptepSetAccessFlags(t, address, slot, true)
    }
  } else {
    arch.pfnPte(scratchLo, scratchHi, 0, pfn, protLo, protHi)
    if (devmap) arch.pteMkdevmap(scratchLo, scratchHi, 0)
    else arch.pteMkspecial(scratchLo, scratchHi, 0)
    if (mkwrite) {
      arch.pteMkyoung(scratchLo, scratchHi, 0)
      arch.pteMkdirty(scratchLo, scratchHi, 0)
      maybeMkwrite(t, vma, 0)
    }
    yield* fromScratch(t, slot, 0)
  }
  yield* unlockTable(t, slot >>> 9)
  return VM_FAULT_NOPAGE
}

/** Installs as a read fault would, with `vm_page_prot` (mm/memory.c: vmf_insert_mixed, 6.1). */
export function* vmfInsertMixed(t: Task, vmf: VmFault, pfn: number): Steps<number> {
  const m = t.machine
  const vma = vmf.vma
  if (m.trace !== null) m.trace('vmf_insert_mixed', t, pfn, 0, 0)
  if (vmf.address < vma.vmStart || vmf.address >= vma.vmEnd) return VM_FAULT_SIGBUS
  return yield* insertPfn(
    t,
    vma,
    vmf.address,
    pfn,
    pfn !== ZERO_PFN,
    vma.vmPageProtLo,
    vma.vmPageProtHi,
    false,
  )
}

/** Installs writable, dirty and young, or upgrades (mm/memory.c: vmf_insert_mixed_mkwrite, 6.1). */
export function* vmfInsertMixedMkwrite(t: Task, vmf: VmFault, pfn: number): Steps<number> {
  const m = t.machine
  const vma = vmf.vma
  if (m.trace !== null) m.trace('vmf_insert_mixed_mkwrite', t, pfn, 0, 0)
  if (vmf.address < vma.vmStart || vmf.address >= vma.vmEnd) return VM_FAULT_SIGBUS
  return yield* insertPfn(
    t,
    vma,
    vmf.address,
    pfn,
    pfn !== ZERO_PFN,
    vma.vmPageProtLo,
    vma.vmPageProtHi,
    true,
  )
}

/** Installs with the protection of the area's own flags, write-notify or not (mm/memory.c: vmf_insert_mixed_prot, 6.1). */
export function* vmfInsertMixedProt(t: Task, vmf: VmFault, pfn: number): Steps<number> {
  const m = t.machine
  const vma = vmf.vma
  if (m.trace !== null) m.trace('vmf_insert_mixed_prot', t, pfn, 0, 0)
  if (vmf.address < vma.vmStart || vmf.address >= vma.vmEnd) return VM_FAULT_SIGBUS
  m.arch.vmGetPageProt(vma.vmFlags, t.scratchLo, t.scratchHi, 2)
  return yield* insertPfn(t, vma, vmf.address, pfn, pfn !== ZERO_PFN, t.scratchLo[2]!, t.scratchHi[2]!, false)
}

/**
 * What a write fault on a shared page does once the frame is known: asks the strategy, and installs accordingly. This
 * is the one place where a strategy acts.
 */
export function* vmfInsertForWrite(t: Task, vmf: VmFault, pfn: number): Steps<number> {
  const how = t.machine.strategy.install(t.faultView)
  if (how === INSTALL_MKWRITE) return yield* vmfInsertMixedMkwrite(t, vmf, pfn)
  if (how === INSTALL_WRITABLE_PROT) return yield* vmfInsertMixedProt(t, vmf, pfn)
  return yield* vmfInsertMixed(t, vmf, pfn)
}

/**
 * Installs or upgrades a PMD leaf for the 2 MiB at `pfn` (mm/huge_memory.c: vmf_insert_pfn_pmd, insert_pfn_pmd, 6.1). An
 * entry that is there stays unless `write` and it maps the same frames.
 */
export function* vmfInsertPfnPmd(t: Task, vmf: VmFault, pfn: number, write: boolean): Steps<number> {
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
  yield* lockTable(t, table)
  if (!pt.isNone(slot)) {
    if (write && arch.pmdPfn(pt.lo, pt.hi, slot) === pfn) {
      toScratch(t, slot, 0)
      arch.pmdMkyoung(scratchLo, scratchHi, 0)
      arch.pmdMkdirty(scratchLo, scratchHi, 0)
      maybePmdMkwrite(t, vma, 0)
      yield* pmdpSetAccessFlags(t, address, slot, true)
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
    yield* fromScratch(t, slot, 0)
  }
  yield* unlockTable(t, table)
  return VM_FAULT_NOPAGE
}
