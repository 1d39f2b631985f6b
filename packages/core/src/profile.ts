/**
 * What differs between kernel versions, as data: the code asks the profile, never a version number.
 * @module
 */

/** Limits and behaviour of one kernel version. */
export interface KernelProfile {
  /** `6.1`, as the command line names it. */
  readonly name: string
  /** Highest number of areas in one address space plus one (`sysctl_max_map_count`). */
  readonly maxMapCount: number
  /** First address that user space cannot map: `TASK_SIZE_MAX` of 4-level x86-64. */
  readonly taskSize: number
  /** First address that is not canonical: 2^47 with four levels (Intel SDM vol. 1, 3.3.7.1). */
  readonly canonicalEnd: number
  /** Pages above which a range flush becomes a full one (`tlb_single_page_flush_ceiling`). */
  readonly tlbFlushCeiling: number
  /** fs/dax.c: dax_insert_entry of 6.0 and 6.1 tags entries dirty on read faults too. */
  readonly daxReadFaultsTagDirty: boolean
}

/** Linux 6.1, the recorded reference. */
export const kernel61: KernelProfile = Object.freeze({
  name: '6.1',
  maxMapCount: 65530,
  taskSize: 0x7ffffffff000,
  canonicalEnd: 0x800000000000,
  tlbFlushCeiling: 33,
  daxReadFaultsTagDirty: true,
})
