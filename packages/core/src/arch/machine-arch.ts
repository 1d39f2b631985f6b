/**
 * What differs between architectures besides the entries themselves: what the processor does on an access, and what
 * `arch/<name>/` of the kernel does on a fault. The code asks this profile, never for a name.
 * @module
 */

import type { EntryTest } from '@mm-model/pgprot'
import type { Task } from '../task.ts'

/**
 * Distance from the end of user space down to `mm->mmap_base`: what is left free for the stack, with the usual limit of
 * 8 MiB for it (mm/util.c: mmap_base, MIN_GAP; arch/x86/mm/mmap.c: mmap_base, 6.1).
 */
export const MMAP_GAP: number = 128 << 20

/** One architecture in one configuration, as the fault path and the system calls see it. */
export interface MachineArch {
  /** First address that user space cannot map (`TASK_SIZE`). */
  readonly taskSize: number
  /** An access from here on raises an exception that names no address, and no page fault; `Infinity` where none does. */
  readonly canonicalEnd: number
  /** A fault from here on is refused without a look at the areas; `Infinity` where all are looked up. */
  readonly lookupEnd: number
  /** Where the search for a free range begins, going down (`mm->mmap_base`, without randomisation). */
  readonly mmapBase: number
  /** `MAP_32BIT` is a flag here; elsewhere its bit is one that nobody knows. */
  readonly hasMap32Bit: boolean

  /**
   * The processor's walk for an access in user mode that the TLB could not serve: -1, with `t.accessPfn` and the TLB
   * filled; or a `TRAP_*` mask for the kernel.
   */
  readonly walk: (t: Task, address: number, write: boolean) => number
  /** What the processor itself calls the trap that {@link walk} has just answered: the number that a trace shows. */
  readonly trapCode: (t: Task, trap: number) => number
  /** Whether an area with these `VM_*` forbids what the access wanted (`access_error`). */
  readonly accessError: (trap: number, vmFlags: number) => boolean

  /** The kernel may leave accessed bits to the hardware (`arch_has_hw_pte_young`). */
  readonly hasHwPteYoung: boolean
  /** `ptep_set_access_flags` stores an entry that only becomes young, too. */
  readonly storesYoungEntries: boolean
  /** `ptep_set_access_flags` flushes the page when it was for a store. */
  readonly flushesUpgrades: boolean
  /** `ptep_set_access_flags` says that the entry changed, even if it did not. */
  readonly alwaysReportsChange: boolean
  /** `update_mmu_cache` drops what this CPU has cached of the page. */
  readonly updateMmuCacheFlushes: boolean
  /** Gives the entry at `i` the flags of the new one, which maps the same frame, as `ptep_set_access_flags` stores it. */
  readonly storeAccessFlags: (
    lo: Uint32Array,
    hi: Uint32Array,
    i: number,
    newLo: number,
    newHi: number,
  ) => void
  /** A CPU may have cached the entry (`pte_accessible`, while no flush is pending). */
  readonly pteAccessible: EntryTest
  /**
   * Whether a change of rights from entry 0 to entry 1 must be flushed (`pte_needs_flush`; `huge_pmd_needs_flush`
   * unless `ignoreAccessed`).
   */
  readonly pteNeedsFlush: (lo: Uint32Array, hi: Uint32Array, ignoreAccessed: boolean) => boolean

  /** More translations than this in one range, and everything is flushed. */
  readonly tlbFlushCeiling: number
  /** Bytes per translation when a PMD leaf is flushed (`flush_pmd_tlb_range`). */
  readonly pmdFlushStride: number
  /** A batch flushes the whole address space, whatever it gathered (`tlb_flush`). */
  readonly gatherFlushesAll: boolean
  /** A level that this configuration folds away still counts as a table freed (`p4d_free_tlb`). */
  readonly countsFoldedTables: boolean
}
