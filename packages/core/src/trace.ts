/**
 * What a run can be seen doing: tracepoints and entries into kernel functions, by the names of the recordings
 * (`observation-format.md`). A sink that is off costs one test.
 * @module
 */

import type { Task } from './task.ts'

/** Events of the core; backends add their own names. Numbers are explained beside each name as `a, b, c`. */
export type CoreEventName =
  /** Hardware exception: address, the processor's own code for it. */
  | 'page_fault_user'
  /** Entry into handle_mm_fault: address, flags, vm_flags; then halves of vm_page_prot in `handle_mm_fault_prot`. */
  | 'handle_mm_fault'
  /** Its result: a `VM_FAULT_*` mask. */
  | 'handle_mm_fault_ret'
  /** Original entry: low half, high half. */
  | 'do_wp_page'
  /** An assertion of the strategy does not hold, the first time: its index in the host's warnings, page index, vm_flags. */
  | 'WARN_ON_ONCE'
  | 'wp_page_copy'
  | 'finish_fault'
  /** Frame. */
  | 'vmf_insert_mixed'
  | 'vmf_insert_mixed_mkwrite'
  | 'vmf_insert_mixed_prot'
  | 'vmf_insert_pfn_pmd'
  /** Address, low half, high half of the new entry. */
  | 'ptep_set_access_flags'
  | 'pmdp_set_access_flags'
  /** Address. */
  | 'ptep_clear_flush'
  /** Address: an `sfence.vma` of one page on the CPU of the task (riscv64). */
  | 'local_flush_tlb_page'
  /** First address, address after the last; `Infinity` for all. */
  | 'flush_tlb_mm_range'
  | 'pfn_mkclean'
  /** First byte, length, even_cows. */
  | 'unmap_mapping_range'
  /** First page, pages, even_cows. */
  | 'unmap_mapping_pages'
  | 'vma_set_page_prot'
  | 'change_protection'
  | 'copy_page_range'

/** Receives events in the order in which they happen. Must not touch the machine. */
export type TraceSink = (name: string, t: Task, a: number, b: number, c: number) => void
