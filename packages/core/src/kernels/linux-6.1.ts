/**
 * Linux 6.1, the recorded reference.
 * @module
 */

import { x86Arch } from '@mm-model/pgprot/x86-64'
import type { KernelProfile } from '../profile.ts'

/** Linux 6.1 (recorded: Debian's 6.1.176, and 6.1.192 with other strategies). */
export const kernel61: KernelProfile = /*#__PURE__*/ Object.freeze<KernelProfile>({
  name: '6.1',
  /** arch/x86/include/asm/pgtable_types.h: `_PAGE_BIT_DEVMAP` is bit 58, and no bit saves D of read-only entries. */
  x86Arch,
  /** include/linux/mm.h: `DEFAULT_MAX_MAP_COUNT`, 2^16 less a margin of 5 for core dumps; do_mmap tests for more. */
  maxMapCount: 65530,
  /** arch/x86/include/asm/page_64.h: `TASK_SIZE_MAX`, one page short of 2^47. */
  taskSize: 0x7ffffffff000,
  canonicalEnd: 0x800000000000,
  /** arch/x86/mm/tlb.c: `tlb_single_page_flush_ceiling`. */
  tlbFlushCeiling: 33,
  /**
   * fs/dax.c: dax_insert_entry of 6.0 and 6.1 lost the condition that the fault writes; 6.2 has it again (commit
   * 169004265860).
   */
  daxReadFaultsTagDirty: true,
})
