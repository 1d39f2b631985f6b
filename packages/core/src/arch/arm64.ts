/**
 * arm64: what `arch/arm64/` does, 6.1. The processor's walk is that of `@mm-model/pgprot`.
 * @module
 */

import type { PageTableArch } from '@mm-model/pgprot'
import { ESR_ELx_EC_DABT_LOW, ESR_ELx_FSC_PERM, ESR_ELx_WNR } from '@mm-model/pgprot/arm64'
import { TRAP_FETCH, TRAP_WRITE } from '../fault-flags.ts'
import { PMD_SIZE } from '../physical-memory.ts'
import type { Task } from '../task.ts'
import { VM_EXEC, VM_READ, VM_WRITE } from '../vm-flags.ts'
import { type MachineArch, MMAP_GAP } from './machine-arch.ts'
import { walkCode, walkTables } from './walk.ts'

/** arm64 in one configuration. */
export function arm64MachineArch(arch: PageTableArch): MachineArch {
  // arch/arm64/include/asm/processor.h: TASK_SIZE_64
  const taskSize = 2 ** arch.userBits
  const mayRead = VM_READ | VM_WRITE | (execImpliesRead(arch) ? VM_EXEC : 0)
  return Object.freeze<MachineArch>({
    taskSize,
    canonicalEnd: Infinity,
    // arch/arm64/mm/fault.c: do_translation_fault, is_ttbr0_addr
    lookupEnd: taskSize,
    mmapBase: taskSize - MMAP_GAP,
    hasMap32Bit: false,
    walk,
    trapCode: walkCode,
    // arch/arm64/mm/fault.c: do_page_fault, __do_page_fault
    accessError: (trap, vmFlags) =>
      (vmFlags & ((trap & TRAP_FETCH) !== 0 ? VM_EXEC : (trap & TRAP_WRITE) !== 0 ? VM_WRITE : mayRead)) ===
      0,
    // arch/arm64/include/asm/pgtable.h: cpu_has_hw_af
    hasHwPteYoung: arch.hwAccessed,
    // arch/arm64/mm/fault.c: ptep_set_access_flags
    storesYoungEntries: true,
    flushesUpgrades: true,
    alwaysReportsChange: false,
    updateMmuCacheFlushes: false,
    storeAccessFlags,
    // arch/arm64/include/asm/pgtable.h: pte_accessible
    pteAccessible: (lo, hi, i) => arch.ptePresent(lo, hi, i) && !arch.pteProtnone(lo, hi, i),
    // include/asm-generic/tlb.h: pte_needs_flush, huge_pmd_needs_flush
    pteNeedsFlush: () => true,
    // arch/arm64/include/asm/tlbflush.h: MAX_TLBI_OPS, of a CPU that flushes page by page (no FEAT_TLBIRANGE)
    tlbFlushCeiling: 511,
    pmdFlushStride: PMD_SIZE,
    gatherFlushesAll: false,
    // include/asm-generic/pgtable-nop4d.h: p4d_free_tlb
    countsFoldedTables: false,
  })
}

/** ESR.IL, set in every data abort. */
const IL = 0x0200_0000
/** A store that a cached page did not allow; the status ends in the level, 3 for a page. */
const STORE_4K = ((ESR_ELx_EC_DABT_LOW << 26) | IL | ESR_ELx_WNR | ESR_ELx_FSC_PERM | 3) >>> 0
const STORE_2M = (STORE_4K & ~1) >>> 0

function walk(t: Task, address: number, write: boolean): number {
  return walkTables(t, address, write, STORE_4K, STORE_2M)
}

/** Without EPAN user space can read what it can execute: the protection of `PROT_EXEC` alone tells. */
function execImpliesRead(arch: PageTableArch): boolean {
  const lo = new Uint32Array(1)
  const hi = new Uint32Array(1)
  arch.vmGetPageProt(VM_EXEC, lo, hi, 0)
  return arch.pteUser(lo, hi, 0)
}

const RDONLY = 0x80
const AF = 0x400
const WRITE_HI = 0x0008_0000
const DIRTY_HI = 0x0080_0000

/**
 * Merges, and so never takes away what the hardware has set meanwhile: AF, WRITE and DIRTY are or-ed, RDONLY is and-ed
 * (arch/arm64/mm/fault.c: ptep_set_access_flags, 6.1).
 */
function storeAccessFlags(lo: Uint32Array, hi: Uint32Array, i: number, newLo: number, newHi: number): void {
  lo[i] = (lo[i]! | (newLo & AF)) & (newLo | ~RDONLY)
  hi[i]! |= newHi & (WRITE_HI | DIRTY_HI)
}
