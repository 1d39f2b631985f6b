/**
 * The probes that the guest's kernel is asked for, as it takes them in `kprobe_events`. Each has the name that events
 * have in recordings, or one that `src/observe/events.ts` knows; `{…}` is an offset in a structure of the kernel.
 */

/** Offsets in structures of the kernel, in bytes; `pnpm capture offsets` reads them out of an image. */
export interface KernelLayout {
  /** `vm_area_struct.vm_mm` */
  readonly vmMm: number
  /** `vm_area_struct.vm_page_prot` */
  readonly vmPageProt: number
  /** `vm_area_struct.vm_flags` */
  readonly vmFlags: number
  /** `mm_struct.pgd` */
  readonly mmPgd: number
  /** `vm_fault.flags` */
  readonly faultFlags: number
  /** `vm_fault.orig_pte` */
  readonly faultOrigPte: number
}

/** Which member of which structure each offset is. */
export const LAYOUT_MEMBERS: Readonly<Record<keyof KernelLayout, readonly [struct: string, member: string]>> =
  {
    vmMm: ['vm_area_struct', 'vm_mm'],
    vmPageProt: ['vm_area_struct', 'vm_page_prot'],
    vmFlags: ['vm_area_struct', 'vm_flags'],
    mmPgd: ['mm_struct', 'pgd'],
    faultFlags: ['vm_fault', 'flags'],
    faultOrigPte: ['vm_fault', 'orig_pte'],
  }

/** Name of the event, and the rest of the line. `hmf_ret` returns from its function, the others enter theirs. */
const PROBES = {
  hmf: 'handle_mm_fault addr=$arg2:x64 flags=$arg3:x32 vmflags=+{vmFlags}($arg1):x64 vmprot=+{vmPageProt}($arg1):x64 pgd=+{mmPgd}(+{vmMm}($arg1)):x64',
  hmf_ret: 'handle_mm_fault ret=$retval:x32',
  do_wp_page: 'do_wp_page flags=+{faultFlags}($arg1):x32 orig=+{faultOrigPte}($arg1):x64',
  finish_fault: 'finish_fault',
  wp_page_copy: 'wp_page_copy',
  do_page_mkwrite: 'do_page_mkwrite',
  fault_dirty_shared_page: 'fault_dirty_shared_page',
  vmf_insert_mixed: 'vmf_insert_mixed addr=$arg2:x64 pfn=$arg3:x64',
  vmf_insert_mixed_mkwrite: 'vmf_insert_mixed_mkwrite addr=$arg2:x64 pfn=$arg3:x64',
  vmf_insert_pfn_pmd: 'vmf_insert_pfn_pmd_prot',
  dax_iomap_fault: 'dax_iomap_fault order=$arg2:u32',
  dax_finish_sync_fault: 'dax_finish_sync_fault',
  dax_writeback: 'dax_writeback_mapping_range',
  dax_layout_busy: 'dax_layout_busy_page_range',
  pfn_mkclean: 'pfn_mkclean_range',
  file_update_time: 'file_update_time',
  unmap_mapping_range: 'unmap_mapping_range start=$arg2:x64 len=$arg3:x64 even_cows=$arg4',
  unmap_mapping_pages: 'unmap_mapping_pages start=$arg2:x64 nr=$arg3:x64 even_cows=$arg4',
  flush_tlb_mm_range: 'flush_tlb_mm_range start=$arg2:x64 end=$arg3:x64',
  ptep_set_access_flags: 'ptep_set_access_flags addr=$arg2:x64 entry=$arg4:x64 dirty=$arg5',
  pmdp_set_access_flags: 'pmdp_set_access_flags addr=$arg2:x64 entry=$arg4:x64 dirty=$arg5',
  ptep_clear_flush: 'ptep_clear_flush addr=$arg2:x64',
  vma_set_page_prot: 'vma_set_page_prot',
  change_protection: 'change_protection',
  copy_page_range: 'copy_page_range',
  ext4_dax_huge_fault: 'ext4_dax_huge_fault',
  ext4_iomap_begin: 'ext4_iomap_begin pos=$arg2 len=$arg3 flags=$arg4:x32',
  xfs_write_iomap: 'xfs_direct_write_iomap_begin pos=$arg2 len=$arg3 flags=$arg4:x32',
} as const

export type ProbeName = keyof typeof PROBES

/** The lines for one kernel. `absent` are those that it has no function for, or is recorded without. */
export function probeLines(layout: KernelLayout, absent: readonly ProbeName[]): readonly string[] {
  return (Object.keys(PROBES) as ProbeName[])
    .filter((name) => !absent.includes(name))
    .map((name) => {
      const rest = PROBES[name].replace(/\{(\w+)\}/g, (_, key) => `${layout[key as keyof KernelLayout]}`)
      return `${name === 'hmf_ret' ? 'r' : 'p'}:${name} ${rest}`
    })
}
