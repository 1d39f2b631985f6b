/**
 * Linux 4.5, the kernel of the discussion (January to March 2016). There is no recording of it: every value is from the
 * source of its time, and `packages/dax/LINUX-4.5.md` lists what follows from them, with sources and tests.
 * @module
 */

import { x86Arch } from '@mm-model/pgprot/x86-64'
import { FAULT_FLAG_ALLOW_RETRY, FAULT_FLAG_KILLABLE } from '../fault-flags.ts'
import type { KernelProfile } from '../profile.ts'
import {
  MADV_DOFORK,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_FREE,
  MADV_HUGEPAGE,
  MADV_NOHUGEPAGE,
  MADV_REMOVE,
  MADV_WILLNEED,
} from '../syscall-flags.ts'
import { VM_MAYSHARE, VM_SHARED, VM_SPECIAL } from '../vm-flags.ts'

/** Linux 4.5. */
export const kernel45: KernelProfile = /*#__PURE__*/ Object.freeze<KernelProfile>({
  name: '4.5',
  /** arch/x86/include/asm/pgtable_types.h: `_PAGE_BIT_DEVMAP` is `_PAGE_BIT_SOFTW4`, bit 58 (new in 4.5, 69660fd797c3). */
  x86Arch,
  /** Not built: arm64 and riscv64 as 4.5 had them (riscv64 is of 4.15). */
  otherArchs: /*#__PURE__*/ Object.freeze([]),
  maxMapCount: 65530,
  /** fs/dax.c: dax_insert_mapping calls vm_insert_mixed, read-only for stores too. */
  strategy: 'retry',

  /** arch/x86/mm/fault.c: __do_page_fault; INTERRUPTIBLE is of 5.7. */
  faultFlags: FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE,
  /** mm/gup.c: faultin_page; KILLABLE there is of 5.7. */
  gupFaultFlags: FAULT_FLAG_ALLOW_RETRY,
  /** mm/gup.c: faultin_page, up to 4.8 (commit 19be0eaffa3a). */
  gupDropsFollWrite: true,
  /** arch/x86/mm/fault.c: __do_page_fault clears ALLOW_RETRY and sets TRIED. */
  retriesOnce: true,
  notesOrigPte: false,
  /** create_huge_pud is of 4.11. */
  pudFaults: false,
  /** mm/memory.c: __handle_mm_fault calls __pte_alloc before handle_pte_fault. */
  allocatesPteTableFirst: true,
  /** mm/memory.c: wp_huge_pmd only returns FALLBACK; __dax_pmd_fault splits for private stores. */
  splitsOnWpFallback: false,
  /** mm/memory.c: wp_pfn_shared tests for VM_FAULT_ERROR alone. */
  coreFinishesPfnMkwrite: true,

  /** MAP_SYNC is of 4.15 (b6fb293f2497), MAP_FIXED_NOREPLACE of 4.17. */
  newMapFlags: 0,
  /** 1c9725974074, 4.15. */
  mapSharedValidate: false,
  /** thp_get_unmapped_area is of 4.10. */
  alignsDaxMappings: false,
  mremapGrowsByMerge: false,
  /** move_normal_pmd is of 5.2, move_normal_pud of 5.11. */
  mremapMovesTables: false,
  /** 5bfea2d9b17f, 5.8. */
  mremapKnowsDaxPmds: false,
  /** mm/mprotect.c: change_pte_range, `dirty_accountable`: shared areas that want to notice writes, soft-dirty entries. */
  mprotectReusesExclusive: false,
  mprotectWantsSoftDirty: true,
  /** mm/mprotect.c: change_protection_range. */
  mprotectFlushesWholeRange: true,
  /** Not before 4.13 (commit 99baac21e458). */
  flushesNestedBatches: false,
  /** mm/madvise.c: madvise_behavior_valid, with KSM and memory failure built in: no WIPEONFORK, COLD, POPULATE … yet. */
  madviseTakes: /*#__PURE__*/ new Set([
    ...[MADV_WILLNEED, MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTFORK, MADV_DOFORK],
    ...[MADV_HUGEPAGE, MADV_NOHUGEPAGE],
    ...[0, 1, 2, 12, 13, 16, 17, 100, 101],
  ]),
  /** mm/huge_memory.c: VM_NO_THP. */
  madviseHugepageRefuses: VM_SPECIAL | VM_SHARED | VM_MAYSHARE,
  /** mm/madvise.c: madvise_vma falls through to MADV_DONTNEED; 4.12 does not any more. */
  madvFreeNeedsSwap: true,
  /** mm/memory.c: copy_pmd_range copies any entry of 2 MiB in an area that is copied at all. */
  forkCopiesFilePmds: true,
  /** mm/memory.c: unmap_mapping_range, i_mmap_lock_write. */
  unmapsExclusively: true,
  /** Area locks are of 6.4. */
  perVmaLock: false,
  /** mm/memory.c: wp_huge_pmd calls `->pmd_fault` of any area that has it. */
  wpHugePmdAsksPrivate: true,
  /** `->pmd_fault` is for 2 MiB alone. */
  hugeFaultTakesOrder: false,
  /** As above, `mprotectReusesExclusive`. */
  mprotectMakesCleanAnonWritable: false,
  /** mm/huge_memory.c: change_huge_pmd keeps write permission for NUMA balancing alone (`preserve_write`). */
  mprotectMakesPmdWritable: false,
  /** mm/mprotect.c: mprotect_fixup only ever accounts. */
  mprotectUnaccountsUntouched: false,
  /** mm/huge_memory.c: __split_huge_pmd_locked marks the pages (SetPageDirty), not their entries. */
  splitKeepsDirty: false,
  /** mm/swap.c: release_pages puts the pages on a list, each in front of the one before. */
  freesGatheredInOrder: false,

  dax: 'get-block',
  /** fs/dax.c: dax_insert_mapping hands FAULT_FLAG_WRITE on as `dirty`. */
  daxReadFaultsTagDirty: false,
  /** `MADV_POPULATE_*` is of 5.14. */
  madvisePopulateEndsAtHole: false,
  /** fs/ext4/extents.c: ext4_fallocate leaves a punch to ext4_punch_hole at once (`steps/linux-4.5-ext4-file.ts` in `@mm-model/dax`). */
  ext4FallocatePreparesFirst: false,
  /** fs/ext4/inode.c: ext4_punch_hole. */
  ext4PunchCachesHole: false,
  /** fs/ext4/inode.c: ext4_setattr. */
  ext4ZeroesTailOfGrowing: false,
  /** xfs is not built for 4.5; its xfs_setattr_size is not read. */
  xfsShrinkWritesBack: true,
  /** Files share blocks since 4.9, and on DAX since 6.0. */
  daxSharedExtents: false,
  /** Nobody recorded it. */
  silentFunctions: new Set(),
  /** As above. */
  signalStackIsCold: false,

  unheldInvariants: /*#__PURE__*/ Object.freeze({
    I13: 'a read fault of 2 MiB makes no radix-tree entry, and write(2) deletes entries whose pages stay mapped (__dax_pmd_fault, invalidate_inode_pages2_range)',
    I17: '2 MiB are mapped wherever memory and blocks are aligned, whatever the place in the file (__dax_pmd_fault; the colour check is of 4.9)',
    I19: 'dax_pfn_mkwrite succeeds without an entry, and write(2) deletes dirty entries whose pages stay mapped writable',
    I20: 'as I19: a later read fault makes a clean entry for a page that is mapped writable and dirty',
    I21: 'DIRTY is never cleared and nothing is write-protected, because without entry locks a store could be lost (dax_writeback_one)',
    I23: 'what was written back stays marked dirty for good, so that every fsync flushes it again (dax_writeback_one)',
    I24: 'TOWRITE is cleared after a flush that began before the other fsync set it again (dax_writeback_one)',
    I25: 'nothing is write-protected at writeback: a later store does not fault (the series of 4.10)',
    I31: 'the handlers ask for FAULT_FLAG_WRITE alone: a private store changes times and takes freeze protection (ext4_dax_fault; fd96b8da68d3, 4.14)',
    I34: 'a freeze flushes and write-protects nothing: what was writable can be stored to (dax_writeback_mapping_range)',
    I36: 'as I25: a store after an fsync faults no more and updates no times',
    I37: 'as I31: populating a private mapping faults for writing, and changes the times of its file',
    I49: 'write(2) deletes the entries of its range, dirty or not, while the file has pages in the page cache (invalidate_inode_pages2_range; fixed by c6dcf52c23d2, 4.10)',
  }),
})
