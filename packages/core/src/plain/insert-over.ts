// Derived from ../steps/insert-over.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Installing a PMD leaf over whatever is there, as kernels before 4.11 do.
 * @module
 */

import { pmdStart } from '../address.ts'
import { VM_FAULT_NOPAGE, VM_FAULT_SIGBUS } from '../fault-flags.ts'
import type { Task } from '../task.ts'
import type { VmFault } from '../vm-operations.ts'
import { fromScratch, maybePmdMkwrite } from './entries.ts'
import { lockTable, unlockTable } from './locking.ts'

/**
 * Installs a PMD leaf for the 2 MiB at `pfn` without a look at the entry that is there; the caller has seen none, or a
 * leaf for the same frames, and a table that another has put there since is lost with its entries (mm/huge_memory.c: vmf_insert_pfn_pmd, insert_pfn_pmd, 4.5; commit 01871e59af5c).
 */
export function vmfInsertPfnPmdOver(t: Task, vmf: VmFault, pfn: number, write: boolean): number {
  const m = t.machine
  const vma = vmf.vma
  const { arch } = m
  const { scratchLo, scratchHi } = t
  const address = pmdStart(vmf.address)
  if (m.trace !== null) m.trace('vmf_insert_pfn_pmd', t, pfn, 0, 0)
  if (address < vma.vmStart || address >= vma.vmEnd) return VM_FAULT_SIGBUS
  const table = vmf.pmd >>> 9
  lockTable(t, table)
  arch.pfnPmd(scratchLo, scratchHi, 0, pfn, vma.vmPageProtLo, vma.vmPageProtHi)
  arch.pmdMkhuge(scratchLo, scratchHi, 0)
  arch.pmdMkdevmap(scratchLo, scratchHi, 0)
  if (write) {
    arch.pmdMkyoung(scratchLo, scratchHi, 0)
    arch.pmdMkdirty(scratchLo, scratchHi, 0)
    maybePmdMkwrite(t, vma, 0)
  }
  fromScratch(t, vmf.pmd, 0)
  unlockTable(t, table)
  return VM_FAULT_NOPAGE
}
