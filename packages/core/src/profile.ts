/**
 * What differs between kernel versions, as data: the code asks the profile, never a version number. Each kernel has a
 * file of its own in `kernels/`, which says where every value comes from.
 * @module
 */

import type { PageTableArch } from '@mm-model/pgprot'

/** Limits and behaviour of one kernel version. */
export interface KernelProfile {
  /** `6.1`, as the command line names it. */
  readonly name: string
  /** Entries of x86-64 with four levels as this kernel uses their software bits; a machine can be given others. */
  readonly x86Arch: PageTableArch
  /** Configurations of other architectures that this kernel is built for, as `archByName` of `@mm-model/pgprot` names them. */
  readonly otherArchs: readonly string[]
  /** Highest number of areas in one address space plus one (`sysctl_max_map_count`). */
  readonly maxMapCount: number
  /** Name of the write-fault strategy that this kernel itself follows. */
  readonly strategy: string

  /** `FAULT_FLAG_*` of a hardware fault before it is known what it was (arch/x86/mm/fault.c: do_user_addr_fault). */
  readonly faultFlags: number
  /** The same of a fault that the kernel takes by itself and that may drop `mmap_lock` (mm/gup.c: faultin_page). */
  readonly gupFaultFlags: number
  /**
   * Whether a forced write that had its page copied goes on as a read, which may find another page (mm/gup.c: faultin_page;
   * CVE-2016-5195).
   */
  readonly gupDropsFollWrite: boolean
  /** Whether a fault that asked for another try must not ask again: the second time `ALLOW_RETRY` is clear. */
  readonly retriesOnce: boolean
  /** Whether a fault says that it read an entry first (`FAULT_FLAG_ORIG_PTE_VALID`). */
  readonly notesOrigPte: boolean
  /** Whether a fault tries 1 GiB before 2 MiB (mm/memory.c: create_huge_pud). */
  readonly pudFaults: boolean
  /** Whether the table for the entry is there before the handler is asked for a page (mm/memory.c: __handle_mm_fault). */
  readonly allocatesPteTableFirst: boolean
  /** Whether the fault path splits a 2 MiB entry that the handler could not make writable (mm/memory.c: wp_huge_pmd). */
  readonly splitsOnWpFallback: boolean
  /**
   * Whether the fault path itself makes the entry writable after `->pfn_mkwrite`, whatever that returned short of an
   * error; otherwise `VM_FAULT_NOPAGE` says that the handler did (mm/memory.c: wp_pfn_shared).
   */
  readonly coreFinishesPfnMkwrite: boolean

  /** `MAP_*` that mmap knows beyond those of 2.6, of `MAP_SYNC` and `MAP_FIXED_NOREPLACE`; it ignores the others. */
  readonly newMapFlags: number
  /** Whether mmap knows `MAP_SHARED_VALIDATE`. */
  readonly mapSharedValidate: boolean
  /** Whether DAX mappings without a hint begin at the same place in 2 MiB as in their file (thp_get_unmapped_area). */
  readonly alignsDaxMappings: boolean
  /** Whether mremap grows an area in place by a merge, which areas of `VM_SPECIAL` refuse (mm/mremap.c). */
  readonly mremapGrowsByMerge: boolean
  /** Whether mremap moves whole tables where both ends are aligned (mm/mremap.c: move_normal_pmd, move_normal_pud). */
  readonly mremapMovesTables: boolean
  /** Whether mremap knows that a DAX entry of 2 MiB is no table (mm/mremap.c: move_page_tables; CVE-2020-10757). */
  readonly mremapKnowsDaxPmds: boolean
  /** Whether mprotect makes dirty entries of exclusive private pages writable at once (can_change_pte_writable). */
  readonly mprotectReusesExclusive: boolean
  /** Whether mprotect makes a dirty shared entry writable only if it is soft-dirty too (change_pte_range). */
  readonly mprotectWantsSoftDirty: boolean
  /** Whether mprotect flushes its whole range when there was any entry, not only where rights went. */
  readonly mprotectFlushesWholeRange: boolean
  /**
   * Whether a batch that ends while others are in progress flushes everything: they may have cleared entries that it found empty, and
   * not yet flushed them (mm/mmu_gather.c: tlb_finish_mmu, mm_tlb_flush_nested).
   */
  readonly flushesNestedBatches: boolean
  /** `MADV_*` that madvise takes; what is not among them is `EINVAL`. */
  readonly madviseTakes: ReadonlySet<number>
  /** `VM_*` of areas for which `MADV_HUGEPAGE` and `MADV_NOHUGEPAGE` are `EINVAL` (hugepage_madvise). */
  readonly madviseHugepageRefuses: number
  /** Whether `MADV_FREE` is `MADV_DONTNEED` on a machine without swap, which this one is (mm/madvise.c). */
  readonly madvFreeNeedsSwap: boolean
  /** Whether fork copies entries of 2 MiB of files too, read-only on both sides (mm/huge_memory.c: copy_huge_pmd). */
  readonly forkCopiesFilePmds: boolean
  /** Whether unmapping a file keeps other unmappings and faults that look at its areas out (unmap_mapping_range). */
  readonly unmapsExclusively: boolean
  /**
   * Whether a user-mode fault is first tried under the lock of its area, without `mmap_lock` (CONFIG_PER_VMA_LOCK;
   * arch/x86/mm/fault.c: do_user_addr_fault). What the attempt cannot do it leaves to a second pass, so that handlers may
   * run twice for one trap.
   */
  readonly perVmaLock: boolean
  /**
   * Whether a store to a read-only PMD leaf of a private file area asks the file system, which can only fall back (mm/memory.c:
   * wp_huge_pmd).
   */
  readonly wpHugePmdAsksPrivate: boolean
  /** Whether `->huge_fault` and dax_iomap_fault are told the order in pages (0, 9, 18), not a step of 0, 1, 2 (enum page_entry_size). */
  readonly hugeFaultTakesOrder: boolean
  /** Whether mprotect may give a clean page back its write permission if the address space has it alone (mm/mprotect.c: can_change_pte_writable). */
  readonly mprotectMakesCleanAnonWritable: boolean
  /** Whether mprotect may make a PMD leaf writable without a fault (mm/huge_memory.c: change_huge_pmd). */
  readonly mprotectMakesPmdWritable: boolean
  /** Whether taking a 2 MiB page apart leaves the entries of its pages dirty if its own was (mm/huge_memory.c: __split_huge_pmd_locked). */
  readonly splitKeepsDirty: boolean
  /** Whether the pages of a batch are given back in the order in which they were gathered, not the last of each bundle first (mm/swap.c: folios_put_refs; release_pages). */
  readonly freesGatheredInOrder: boolean
  /** Whether mprotect takes back the accounting of a private area that no page of was ever touched (mm/mprotect.c: mprotect_fixup). */
  readonly mprotectUnaccountsUntouched: boolean

  /** Which fs/dax.c file systems mount with: extents and locked entries, or `get_block` and a radix tree without locks. */
  readonly dax: 'iomap' | 'get-block'
  /** Whether a read fault tags its DAX entry dirty (fs/dax.c: dax_insert_entry). */
  readonly daxReadFaultsTagDirty: boolean
  /** Whether `MADV_POPULATE_*` ends at the first hole, instead of reporting it after the areas behind it (mm/madvise.c: do_madvise). */
  readonly madvisePopulateEndsAtHole: boolean
  /**
   * Whether fallocate on ext4 sets the times and breaks layouts before any mode looks at its range, and punches a hole
   * without writing back first (fs/ext4/extents.c: ext4_fallocate; fs/ext4/inode.c: ext4_punch_hole).
   */
  readonly ext4FallocatePreparesFirst: boolean
  /** Whether ext4 knows a punched range to be a hole at once, so that it does not cut later requests (fs/ext4/inode.c: ext4_punch_hole). */
  readonly ext4PunchCachesHole: boolean
  /** Whether ext4 zeroes the rest of the last block when ftruncate or fallocate make a file longer (ext4_setattr, ext4_alloc_file_blocks). */
  readonly ext4ZeroesTailOfGrowing: boolean
  /** Whether ftruncate on xfs to a smaller size writes back the page it ends in, and an empty range after zeroing it (fs/xfs/xfs_iops.c: xfs_setattr_size). */
  readonly xfsShrinkWritesBack: boolean
  /**
   * Functions that run but leave no event, because the compiler of the recorded build inlined them or the recorder could
   * not probe them.
   */
  readonly silentFunctions: ReadonlySet<string>
  /**
   * Whether a signal makes the kernel take a page for the recording program's signal stack, which shows in the numbers of
   * frames; it depends on where the stack lay when the kernel was recorded.
   */
  readonly signalStackIsCold: boolean

  /**
   * Whether files on DAX can share blocks the way that 6.1 has it. Before 6.0 they cannot; since 6.2 a copy by write(2)
   * unmaps what was mapped, and zeros written to a copy come into the file: that is not modelled (fs/dax.c,
   * fs/xfs/xfs_iomap.c; commits f80e1668888f, 13dd4e04625f).
   */
  readonly daxSharedExtents: boolean

  /** Invariants that this kernel itself does not hold, each with the reason. */
  readonly unheldInvariants: Readonly<Record<string, string>>
}
