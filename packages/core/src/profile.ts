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
  /** Highest number of areas in one address space plus one (`sysctl_max_map_count`). */
  readonly maxMapCount: number
  /** First address that user space cannot map: `TASK_SIZE_MAX` of 4-level x86-64. */
  readonly taskSize: number
  /** First address that is not canonical: 2^47 with four levels (Intel SDM vol. 1, 3.3.7.1). */
  readonly canonicalEnd: number
  /** Pages above which a range flush becomes a full one (`tlb_single_page_flush_ceiling`). */
  readonly tlbFlushCeiling: number
  /** Whether a read fault tags its DAX entry dirty (fs/dax.c: dax_insert_entry). */
  readonly daxReadFaultsTagDirty: boolean
}
