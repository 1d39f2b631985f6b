/**
 * Linux 6.12, recorded as Debian has it.
 * @module
 */

import { x86Arch612 } from '@mm-model/pgprot'
import type { KernelProfile } from '../profile.ts'
import { kernel61 } from './linux-6.1.ts'

/** Linux 6.12 (recorded: Debian's 6.12.111; read: 6.12.117). What is not listed here is as in 6.1. */
export const kernel612: KernelProfile = /*#__PURE__*/ Object.freeze<KernelProfile>({
  ...kernel61,
  name: '6.12',
  /** No other architecture's entries of 6.12 are there. */
  otherArchs: /*#__PURE__*/ Object.freeze([]),
  /**
   * arch/x86/include/asm/pgtable_types.h: bit 58 is `_PAGE_BIT_SAVED_DIRTY` (6.6), where D goes while the entry is read-only,
   * and `_PAGE_BIT_DEVMAP` has moved to bit 57.
   */
  x86Arch: x86Arch612,
  /** arch/x86/mm/fault.c: do_user_addr_fault since 6.4; for all kinds of areas since 6.8. Flag `VMA_LOCK` in every recording. */
  perVmaLock: true,
  /** mm/memory.c: wp_huge_pmd since 6.2 tests for `VM_SHARED | VM_MAYSHARE` first. */
  wpHugePmdAsksPrivate: false,
  /** include/linux/mm.h: `huge_fault(vmf, order)` since 6.6; recordings show `dax_iomap_fault` with orders 18, 9 and 0. */
  hugeFaultTakesOrder: true,
  /** mm/mprotect.c: can_change_pte_writable since 6.2 asks a private page only whether it is exclusive. */
  mprotectMakesCleanAnonWritable: true,
  /** mm/huge_memory.c: change_huge_pmd, can_change_pmd_writable, since 6.2. */
  mprotectMakesPmdWritable: true,
  /** mm/mprotect.c: mprotect_fixup since 6.7 clears `VM_ACCOUNT` of an anonymous area without anon_vma that becomes read-only. */
  mprotectUnaccountsUntouched: true,
  /** mm/huge_memory.c: __split_huge_pmd_locked since 6.2. Recorded: h08-thp, operation 6. */
  splitKeepsDirty: true,
  /** mm/swap.c: folios_put_refs; mm/page_alloc.c: free_unref_folios, since 6.9. Recorded: u4-munmap. */
  freesGatheredInOrder: true,
  /** fs/dax.c: dax_insert_entry, mended in 6.2 (commit 169004265860). */
  daxReadFaultsTagDirty: false,
  /**
   * Not the way that 6.1 has it (`daxSharedExtents`); and Debian's 6.12.111, asked, stopped at a BUG in clear_inode when a
   * file that had shared blocks was removed.
   */
  daxSharedExtents: false,
  /** mm/madvise.c: do_madvise since 6.10 calls madvise_populate for the whole range. Recorded: s0089-vma, operation 11. */
  madvisePopulateEndsAtHole: true,
  /**
   * fs/ext4/extents.c: ext4_fallocate since 6.15, and 6.12 with Debian's stable updates. Recorded: s0141-trunc, operation 9,
   * a punch behind the size that sets the times and unmaps the file.
   */
  ext4FallocatePreparesFirst: true,
  /** fs/ext4/inode.c: ext4_punch_hole since 6.9 inserts `EXTENT_STATUS_HOLE`. Recorded: s0070-pmd, operation 5. */
  ext4PunchCachesHole: true,
  /**
   * fs/ext4/inode.c: ext4_setattr, ext4_block_truncate_page; fs/ext4/extents.c: ext4_alloc_file_blocks. Recorded: s0006-trunc,
   * operation 13, an `iomap_begin` at the old size; k4-growing-tail, operation 16, a byte that is gone.
   */
  ext4ZeroesTailOfGrowing: true,
  /** fs/xfs/xfs_iops.c: xfs_setattr_size. Recorded on xfs: s0025-trunc, operation 6, without a writeback. */
  xfsShrinkWritesBack: false,
  /**
   * Debian's 6.12.111: wp_page_copy is inlined into do_wp_page; vmf_insert_pfn_pmd was not probed
   * (`tooling/kernel-capture/src/kernels.ts`, `absentProbes`).
   */
  silentFunctions: new Set(['vmf_insert_pfn_pmd', 'wp_page_copy']),
  /** Recorded: s0137-trunc, operation 12; all recordings of 6.12 here are made so (`--signal-stack cold`). */
  signalStackIsCold: true,
})
