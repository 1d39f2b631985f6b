/**
 * x86-64: the processor's walk (Intel SDM vol. 3, 4.7, 4.8, 4.10) and what `arch/x86/` does, 6.1.
 * @module
 */

import type { PageTableArch } from '@mm-model/pgprot'
import { pmdStart } from '../address.ts'
import { TRAP_PRESENT, TRAP_USER, TRAP_WRITE } from '../fault-flags.ts'
import { PAGE_SIZE } from '../physical-memory.ts'
import type { Task } from '../task.ts'
import { TLB_DIRTY, TLB_EXEC, TLB_WRITE } from '../tlb.ts'
import { VM_ACCESS_FLAGS, VM_WRITE } from '../vm-flags.ts'
import { type MachineArch, MMAP_GAP } from './machine-arch.ts'

const P = 0x1
const RW = 0x2
const US = 0x4
const A = 0x20
const D = 0x40

/** x86-64 in one configuration. */
export function x86MachineArch(arch: PageTableArch): MachineArch {
  const canonicalEnd = 2 ** arch.userBits
  // arch/x86/include/asm/page_64.h: TASK_SIZE_MAX
  const taskSize = canonicalEnd - PAGE_SIZE
  return Object.freeze<MachineArch>({
    taskSize,
    // Intel SDM vol. 1, 3.3.7.1
    canonicalEnd,
    // arch/x86/mm/fault.c: do_kern_addr_fault
    lookupEnd: taskSize,
    mmapBase: taskSize - MMAP_GAP,
    hasMap32Bit: true,
    walk,
    trapCode,
    accessError,
    hasHwPteYoung: true,
    // arch/x86/mm/pgtable.c: ptep_set_access_flags. More rights never need a flush.
    storesYoungEntries: false,
    flushesUpgrades: false,
    alwaysReportsChange: false,
    updateMmuCacheFlushes: false,
    storeAccessFlags,
    pteAccessible,
    pteNeedsFlush: (lo, hi, ignoreAccessed) => pteNeedsFlush(arch, lo, hi, ignoreAccessed),
    // arch/x86/mm/tlb.c: tlb_single_page_flush_ceiling
    tlbFlushCeiling: 33,
    pmdFlushStride: PAGE_SIZE,
    gatherFlushesAll: false,
    // arch/x86/include/asm/pgtable.h: pgd_none is false with CONFIG_X86_5LEVEL on four levels.
    countsFoldedTables: arch.levels < 5,
  })
}

/**
 * Sets A, and D for a store, fills the TLB and answers -1; or answers the error code of the exception. The CPU drops
 * what it cached for the address before it faults. The walk of `@mm-model/pgprot` says the same of any entry; this one
 * knows that the kernel gives upper levels all rights, and sets their A.
 */
function walk(t: Task, address: number, write: boolean): number {
  const m = t.machine
  const pt = m.pageTables
  const tlb = m.tlbs[t.cpu]!
  const errorCode = TRAP_USER | (write ? TRAP_WRITE : 0)
  const pmd = pt.pmdSlot(t.mm.pgd, address)
  if (pmd >= 0 && (pt.lo[pmd]! & P) !== 0) {
    const huge = pt.pmdIsLeaf(pmd)
    const slot = huge ? pmd : pt.pteSlotAt(pmd, address)
    const lo = pt.lo[slot]!
    if ((lo & P) !== 0) {
      if ((lo & US) === 0 || (write && (lo & RW) === 0)) {
        tlb.flushPage(t.mm.tlbContext, address)
        return errorCode | TRAP_PRESENT
      }
      pt.lo[slot] = (lo | A | (write ? D : 0)) >>> 0
      const rights =
        ((lo & RW) !== 0 ? TLB_WRITE : 0) |
        ((pt.lo[slot]! & D) !== 0 ? TLB_DIRTY : 0) |
        (pt.hi[slot]! >>> 31 === 0 ? TLB_EXEC : 0)
      if (huge) {
        const pfn = pt.arch.pmdPfn(pt.lo, pt.hi, slot)
        tlb.fillHuge(t.mm.tlbContext, address, pfn, rights)
        t.accessPfn = pfn + ((address - pmdStart(address)) >>> 12)
      } else {
        t.accessPfn = pt.arch.ptePfn(pt.lo, pt.hi, slot)
        tlb.fill(t.mm.tlbContext, address, t.accessPfn, rights)
      }
      return -1
    }
  }
  tlb.flushPage(t.mm.tlbContext, address)
  return errorCode
}

/** The error code, whose bits are those of the mask (arch/x86/include/asm/trap_pf.h, 6.1). */
function trapCode(_t: Task, trap: number): number {
  return trap
}

/** arch/x86/mm/fault.c: access_error, 6.1. */
function accessError(trap: number, vmFlags: number): boolean {
  if ((trap & TRAP_WRITE) !== 0) return (vmFlags & VM_WRITE) === 0
  return (trap & TRAP_PRESENT) !== 0 || (vmFlags & VM_ACCESS_FLAGS) === 0
}

function storeAccessFlags(lo: Uint32Array, hi: Uint32Array, i: number, newLo: number, newHi: number): void {
  lo[i] = newLo
  hi[i] = newHi
}

/** arch/x86/include/asm/pgtable.h: pte_accessible, 6.1. */
function pteAccessible(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & P) !== 0
}

/** RW, US, PWT, PCD, PAT/PSE, G, and PAT of large entries: flushed when they change at all. */
const CHANGE_LO = 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x100
/** Protection key and NX. */
const CHANGE_HI = 0xf8000000

/** arch/x86/include/asm/tlbflush.h: pte_needs_flush, huge_pmd_needs_flush, pte_flags_need_flush, 6.1. */
function pteNeedsFlush(
  arch: PageTableArch,
  lo: Uint32Array,
  hi: Uint32Array,
  ignoreAccessed: boolean,
): boolean {
  const oldLo = lo[0]!
  const newLo = lo[1]!
  if ((oldLo & P) === 0) return false
  if (arch.ptePfn(lo, hi, 0) !== arch.ptePfn(lo, hi, 1)) return true
  const cleared = (oldLo ^ newLo) & oldLo & (ignoreAccessed ? P | D : P | D | A)
  return cleared !== 0 || ((oldLo ^ newLo) & CHANGE_LO) !== 0 || ((hi[0]! ^ hi[1]!) & CHANGE_HI) !== 0
}
