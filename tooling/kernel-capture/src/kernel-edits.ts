/**
 * What is changed in the kernel's source so that a boot parameter selects the write-fault strategy, as data: places, found
 * by the names of functions, and our own words for them. The code itself is in `kernel/`. No text of the kernel is here.
 */

/** One change of one file. Each place must be there exactly once: another kernel is refused, not guessed at. */
export type Edit =
  /** Includes a file, before the first include or before the definition of a function. */
  | { readonly file: string; readonly kind: 'include'; readonly header: string; readonly before?: string }
  /** Includes a file at the end. */
  | { readonly file: string; readonly kind: 'append'; readonly header: string }
  /** In a function, a call goes to another function. */
  | {
      readonly file: string
      readonly kind: 'redirect'
      readonly in: string
      readonly call: string
      readonly to: string
    }
  /** In a function, a statement follows the one that contains a call of a function, or an assignment. */
  | {
      readonly file: string
      readonly kind: 'follow'
      readonly in: string
      readonly after: string
      readonly statement: string
    }
  /** In a function, a statement comes before the last `return`. */
  | { readonly file: string; readonly kind: 'finish'; readonly in: string; readonly statement: string }
  /** A line follows the one that begins with a word. */
  | { readonly file: string; readonly kind: 'line'; readonly after: string; readonly text: string }

/** Our files, and where they go. */
export const OWN_FILES: readonly (readonly [file: string, to: string])[] = [
  ['dax-strategy.h', 'include/linux/dax_strategy.h'],
  ['dax-strategy.c', 'fs/dax-strategy.c'],
  ['dax-strategy-insert.h', 'fs/dax-strategy-insert.h'],
  ['dax-strategy-fault.h', 'mm/dax-strategy-fault.h'],
]

const STRATEGY = '<linux/dax_strategy.h>'

export const EDITS: readonly Edit[] = [
  // The result "installed, but read-only", and its name in traces.
  {
    file: 'include/linux/mm_types.h',
    kind: 'line',
    after: 'VM_FAULT_SIGSEGV =',
    text: '\tVM_FAULT_READONLY = (__force vm_fault_t)0x000080,',
  },
  {
    file: 'include/linux/mm_types.h',
    kind: 'line',
    after: '{ VM_FAULT_SIGSEGV',
    text: '\t{ VM_FAULT_READONLY, "READONLY" },\t\\',
  },

  { file: 'fs/inode.c', kind: 'append', header: '"dax-strategy.c"' },

  // How a write fault installs.
  { file: 'fs/dax.c', kind: 'include', header: STRATEGY },
  { file: 'fs/dax.c', kind: 'include', header: '"dax-strategy-insert.h"', before: 'dax_fault_iter' },
  {
    file: 'fs/dax.c',
    kind: 'redirect',
    in: 'dax_fault_iter',
    call: 'vmf_insert_mixed_mkwrite',
    to: 'dax_insert_mixed_for_write',
  },

  // What follows a read-only entry.
  { file: 'mm/memory.c', kind: 'include', header: STRATEGY },
  { file: 'mm/memory.c', kind: 'include', header: '"dax-strategy-fault.h"', before: 'do_shared_fault' },
  {
    file: 'mm/memory.c',
    kind: 'redirect',
    in: 'do_shared_fault',
    call: '__do_fault',
    to: '__do_fault_or_wp',
  },
  {
    file: 'mm/memory.c',
    kind: 'redirect',
    in: 'handle_pte_fault',
    call: 'do_fault',
    to: 'do_fault_and_carry_on',
  },
  {
    file: 'mm/memory.c',
    kind: 'follow',
    in: 'wp_pfn_shared',
    after: 'pfn_mkwrite(',
    statement: 'ret &= ~VM_FAULT_READONLY;',
  },

  // When times are updated.
  { file: 'fs/ext4/file.c', kind: 'include', header: STRATEGY },
  {
    file: 'fs/ext4/file.c',
    kind: 'redirect',
    in: 'ext4_dax_huge_fault',
    call: 'file_update_time',
    to: 'dax_fault_update_time',
  },
  { file: 'fs/xfs/xfs_file.c', kind: 'include', header: STRATEGY },
  {
    file: 'fs/xfs/xfs_file.c',
    kind: 'redirect',
    in: '__xfs_filemap_fault',
    call: 'file_update_time',
    to: 'dax_fault_update_time',
  },
  {
    file: 'mm/memory.c',
    kind: 'follow',
    in: 'zap_pte_range',
    after: 'ptep_get_and_clear_full(',
    statement: 'dax_note_dirty(vma, pte_dirty(ptent));',
  },
  { file: 'mm/huge_memory.c', kind: 'include', header: STRATEGY },
  {
    file: 'mm/huge_memory.c',
    kind: 'follow',
    in: 'zap_huge_pmd',
    after: 'pmdp_huge_get_and_clear_full(',
    statement: 'dax_note_dirty(vma, pmd_dirty(orig_pmd));',
  },
  {
    file: 'mm/huge_memory.c',
    kind: 'follow',
    in: '__split_huge_pmd_locked',
    after: 'pmdp_huge_clear_flush_notify(',
    statement: 'dax_note_dirty(vma, pmd_dirty(old_pmd));',
  },
  { file: 'mm/rmap.c', kind: 'include', header: STRATEGY },
  {
    file: 'mm/rmap.c',
    kind: 'follow',
    in: 'page_vma_mkclean_one',
    after: 'ptep_clear_flush(',
    statement: 'dax_note_dirty(vma, pte_dirty(entry));',
  },
  {
    file: 'mm/rmap.c',
    kind: 'follow',
    in: 'page_vma_mkclean_one',
    after: 'pmdp_invalidate(',
    statement: 'dax_note_dirty(vma, pmd_dirty(entry));',
  },
  { file: 'mm/page-writeback.c', kind: 'include', header: STRATEGY },
  {
    file: 'mm/page-writeback.c',
    kind: 'finish',
    in: 'do_writepages',
    statement: 'dax_writepages_done(mapping);',
  },
  { file: 'mm/msync.c', kind: 'include', header: STRATEGY },
  {
    file: 'mm/msync.c',
    kind: 'follow',
    in: 'SYSCALL_DEFINE3',
    after: 'start = vma->vm_end',
    statement: 'dax_vma_done(vma);',
  },
  { file: 'mm/mmap.c', kind: 'include', header: STRATEGY },
  {
    file: 'mm/mmap.c',
    kind: 'follow',
    in: 'remove_vma',
    after: 'vma_close(',
    statement: 'dax_vma_done(vma);',
  },
]
