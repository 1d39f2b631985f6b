/**
 * Linux 6.1, the recorded reference.
 * @module
 */

import { x86Arch } from '@mm-model/pgprot/x86-64'
import { FAULT_FLAG_ALLOW_RETRY, FAULT_FLAG_DEFAULT, FAULT_FLAG_KILLABLE } from '../fault-flags.ts'
import type { KernelProfile } from '../profile.ts'
import {
  MADV_DOFORK,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_FREE,
  MADV_HUGEPAGE,
  MADV_NOHUGEPAGE,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_REMOVE,
  MADV_WILLNEED,
  MAP_FIXED_NOREPLACE,
  MAP_SYNC,
} from '../syscall-flags.ts'

/** Linux 6.1 (recorded: Debian's 6.1.176, and 6.1.192 with other strategies). */
export const kernel61: KernelProfile = /*#__PURE__*/ Object.freeze<KernelProfile>({
  name: '6.1',
  /** arch/x86/include/asm/pgtable_types.h: `_PAGE_BIT_DEVMAP` is bit 58, and no bit saves D of read-only entries. */
  x86Arch,
  /** The entries of `@mm-model/pgprot` and the profiles of `arch/` are those of 6.1. */
  otherArchs: /*#__PURE__*/ Object.freeze([
    'arm64-4k',
    'arm64-4k-nodbm',
    'arm64-4k-noaf',
    'riscv64-sv39',
    'riscv64-sv39-svadu',
    'riscv64-sv48',
    'riscv64-sv48-svadu',
  ]),
  /** include/linux/mm.h: `DEFAULT_MAX_MAP_COUNT`, 2^16 less a margin of 5 for core dumps; do_mmap tests for more. */
  maxMapCount: 65530,
  /** fs/dax.c: dax_fault_iter calls vmf_insert_mixed_mkwrite (since 4.14, commit b2770da64254). */
  strategy: 'mkwrite',
  faultFlags: FAULT_FLAG_DEFAULT,
  gupFaultFlags: FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE,
  /** Not since 4.9: mm/gup.c: can_follow_write_pte. */
  gupDropsFollWrite: false,
  /** include/linux/mm_types.h: ALLOW_RETRY and TRIED stand together since 5.7. */
  retriesOnce: false,
  /** mm/memory.c: handle_pte_fault (since 6.0). */
  notesOrigPte: true,
  pudFaults: true,
  /** mm/memory.c: finish_fault and insert_pfn allocate it when they install. */
  allocatesPteTableFirst: false,
  splitsOnWpFallback: true,
  coreFinishesPfnMkwrite: false,
  newMapFlags: MAP_SYNC | MAP_FIXED_NOREPLACE,
  mapSharedValidate: true,
  alignsDaxMappings: true,
  /** mm/mremap.c: vma_merge in place of vma_adjust, in 6.1.y. */
  mremapGrowsByMerge: true,
  mremapMovesTables: true,
  mremapKnowsDaxPmds: true,
  mprotectReusesExclusive: true,
  mprotectWantsSoftDirty: false,
  /** mm/mprotect.c: an mmu_gather, and pte_needs_flush for each entry (since 5.19 and 6.1). */
  mprotectFlushesWholeRange: false,
  /** mm/mmu_gather.c: tlb_finish_mmu. */
  flushesNestedBatches: true,
  /**
   * mm/madvise.c: madvise_behavior_valid of Debian's 6.1. Beside those with names: NORMAL, RANDOM, SEQUENTIAL, MERGEABLE,
   * UNMERGEABLE, DONTDUMP, DODUMP, WIPEONFORK, KEEPONFORK, COLD, PAGEOUT, DONTNEED_LOCKED, COLLAPSE, HWPOISON,
   * SOFT_OFFLINE.
   */
  madviseTakes: /*#__PURE__*/ new Set([
    ...[MADV_WILLNEED, MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTFORK, MADV_DOFORK],
    ...[MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_POPULATE_READ, MADV_POPULATE_WRITE],
    ...[0, 1, 2, 12, 13, 16, 17, 18, 19, 20, 21, 24, 25, 100, 101],
  ]),
  madviseHugepageRefuses: 0,
  madvFreeNeedsSwap: false,
  /** mm/huge_memory.c: copy_huge_pmd leaves them to faults. */
  forkCopiesFilePmds: false,
  unmapsExclusively: false,
  dax: 'iomap',
  /** Area locks are of 6.4; until then every fault takes `mmap_lock`. */
  perVmaLock: false,
  /** mm/memory.c: wp_huge_pmd of 6.1 asks, whatever the area. */
  wpHugePmdAsksPrivate: true,
  /** include/linux/mm.h: enum page_entry_size, until 6.5. */
  hugeFaultTakesOrder: false,
  /** mm/mprotect.c: can_change_pte_writable of 6.1 wants every entry dirty. */
  mprotectMakesCleanAnonWritable: false,
  /** mm/huge_memory.c: change_huge_pmd of 6.1 has no such step. */
  mprotectMakesPmdWritable: false,
  /** mm/mprotect.c: mprotect_fixup of 6.1 only ever accounts. */
  mprotectUnaccountsUntouched: false,
  /** mm/huge_memory.c: __split_huge_pmd_locked of 6.1 marks the page, not the entries. */
  splitKeepsDirty: false,
  /** mm/swap.c: release_pages puts the pages on a list, each in front of the one before. */
  freesGatheredInOrder: false,
  /**
   * fs/dax.c: dax_insert_entry of 6.0 and 6.1 lost the condition that the fault writes; 6.2 has it again (commit
   * 169004265860).
   */
  daxReadFaultsTagDirty: true,
  /** mm/madvise.c: madvise_walk_vmas of 6.1 calls madvise_populate for one area at a time. */
  madvisePopulateEndsAtHole: false,
  /** fs/ext4/inode.c: ext4_punch_hole of 6.1 writes back first, and does nothing else at or after the size. */
  ext4FallocatePreparesFirst: false,
  /** fs/ext4/inode.c: ext4_punch_hole of 6.1 only removes the range from the extent status tree. */
  ext4PunchCachesHole: false,
  /** fs/ext4/inode.c: ext4_setattr of 6.1 leaves what was stored behind the size. */
  ext4ZeroesTailOfGrowing: false,
  /** fs/xfs/xfs_iops.c: xfs_setattr_size of 6.1, before iomap_truncate_page. */
  xfsShrinkWritesBack: true,
  /** Debian's 6.1.176 shows every function that is recorded. */
  silentFunctions: new Set(),
  /** The recordings of 6.1 show none taken (s0137-trunc, operation 12). */
  signalStackIsCold: false,
  daxSharedExtents: true,
  unheldInvariants: /*#__PURE__*/ Object.freeze({}),
})
