/**
 * riscv64: what `arch/riscv/` does, 6.1. The processor's walk is that of `@mm-model/pgprot`.
 * @module
 */

import type { PageTableArch } from '@mm-model/pgprot'
import { EXC_STORE_PAGE_FAULT } from '@mm-model/pgprot/riscv64'
import { TRAP_FETCH, TRAP_WRITE } from '../fault-flags.ts'
import { PMD_SIZE } from '../physical-memory.ts'
import type { Task } from '../task.ts'
import { VM_EXEC, VM_READ, VM_WRITE } from '../vm-flags.ts'
import { type MachineArch, MMAP_GAP } from './machine-arch.ts'
import { walkCode, walkTables } from './walk.ts'

/** riscv64 in one configuration. */
export function riscvMachineArch(arch: PageTableArch): MachineArch {
  // arch/riscv/include/asm/pgtable.h: TASK_SIZE_64
  const taskSize = 2 ** arch.userBits
  return Object.freeze<MachineArch>({
    taskSize,
    canonicalEnd: Infinity,
    // arch/riscv/mm/fault.c: do_page_fault looks for an area at any address but the kernel's own.
    lookupEnd: Infinity,
    mmapBase: taskSize - MMAP_GAP,
    hasMap32Bit: false,
    walk,
    trapCode: walkCode,
    accessError,
    // include/linux/pgtable.h: arch_has_hw_pte_young; 6.1 knows of no Svadu, though the CPU may have it.
    hasHwPteYoung: false,
    // arch/riscv/include/asm/pgtable.h: ptep_set_access_flags, update_mmu_cache
    storesYoungEntries: true,
    flushesUpgrades: false,
    alwaysReportsChange: true,
    updateMmuCacheFlushes: true,
    storeAccessFlags,
    // include/linux/pgtable.h: pte_accessible
    pteAccessible: () => true,
    // include/asm-generic/tlb.h: pte_needs_flush, huge_pmd_needs_flush
    pteNeedsFlush: () => true,
    // arch/riscv/mm/tlbflush.c: __sbi_tlb_flush_range, as long as no other CPU has run the address space
    tlbFlushCeiling: 1,
    pmdFlushStride: PMD_SIZE,
    // arch/riscv/include/asm/tlb.h: tlb_flush
    gatherFlushesAll: true,
    // arch/riscv/include/asm/pgalloc.h: pgd_none is false unless there are five levels.
    countsFoldedTables: arch.levels < 5,
  })
}

function walk(t: Task, address: number, write: boolean): number {
  return walkTables(t, address, write, EXC_STORE_PAGE_FAULT, EXC_STORE_PAGE_FAULT)
}

/** arch/riscv/mm/fault.c: access_error, 6.1: writing implies reading, executing does not. */
function accessError(trap: number, vmFlags: number): boolean {
  if ((trap & TRAP_FETCH) !== 0) return (vmFlags & VM_EXEC) === 0
  return (vmFlags & ((trap & TRAP_WRITE) !== 0 ? VM_WRITE : VM_READ | VM_WRITE)) === 0
}

function storeAccessFlags(lo: Uint32Array, hi: Uint32Array, i: number, newLo: number, newHi: number): void {
  lo[i] = newLo
  hi[i] = newHi
}
