/**
 * What the kit holds strategies to.
 * @module
 */

/** One rule for strategies. */
export interface Check {
  /** A stable name. */
  readonly id: CheckId
  /** What it demands, as a sentence. */
  readonly title: string
  /** Where the rule comes from. */
  readonly source: string
  /** Numbers of the model's invariants whose violation is a finding of this check. */
  readonly invariants: readonly string[]
}

export type CheckId =
  | 'contract'
  | 'bytes'
  | 'rights'
  | 'areas'
  | 'zero-page'
  | 'dirty-tag'
  | 'times'
  | 'private'
  | 'frozen'
  | 'progress'
  | 'declared'
  | 'rules'

export const CHECKS: readonly Check[] = [
  {
    id: 'contract',
    title:
      'hooks answer, with the constants they may use, alike when asked twice, and leave their context alone',
    source: 'the contract of @mm-model/core',
    invariants: [],
  },
  {
    id: 'bytes',
    title: 'every access and every call answers as under Linux, and the files end with the same bytes',
    source: 'fs/dax.c, 6.1, as recorded with mkwrite',
    invariants: ['I28', 'I29', 'I32', 'I46', 'I47', 'I48', 'I52'],
  },
  {
    id: 'rights',
    title: 'after every operation the same pages are mapped, to the same frames, as writable as under Linux',
    source: 'mm/memory.c, 6.1, as recorded with mkwrite',
    invariants: ['I13', 'I15', 'I17', 'I18', 'I6'],
  },
  {
    id: 'areas',
    title: 'no entry for a page of a file is ever writable in an area that is not VM_WRITE and VM_SHARED',
    source: 'the question of 2016; mm/memory.c: maybe_mkwrite, do_fault, 6.1',
    invariants: ['I1', 'I2', 'I3', 'I5', 'I8'],
  },
  {
    id: 'zero-page',
    title: 'the zero page is never mapped writable',
    source: 'fs/dax.c: dax_load_hole, 6.1',
    invariants: ['I12', 'I14'],
  },
  {
    id: 'dirty-tag',
    title: 'a writable entry becomes visible only when its mapping entry is tagged dirty, or locked',
    source: 'fs/dax.c: dax_insert_entry, dax_writeback_one, 6.1',
    invariants: ['I19', 'I20', 'I21', 'I22', 'I25'],
  },
  {
    id: 'times',
    title:
      'the times of a file are marked between a store and the sync or unmap that follows, and by nothing else',
    source: 'POSIX msync; fs/inode.c: file_update_time, 6.1',
    invariants: ['I35', 'I36', 'I37'],
  },
  {
    id: 'private',
    title: 'a private store changes nothing of the file',
    source: 'mm/memory.c: do_cow_fault, wp_page_copy, 6.1',
    invariants: ['I30', 'I31'],
  },
  {
    id: 'frozen',
    title: 'nothing of a frozen file system is mapped writable',
    source: 'fs/super.c: freeze_super, 6.1',
    invariants: ['I34'],
  },
  {
    id: 'progress',
    title: 'each access ends after a bounded number of faults',
    source: 'mm/memory.c: handle_pte_fault, 6.1',
    invariants: ['I11', 'I41', 'I42', 'I43'],
  },
  {
    id: 'declared',
    title: 'the strategy does what its capabilities say, no more and no less',
    source: 'the contract of @mm-model/core',
    invariants: [],
  },
  {
    id: 'rules',
    title: 'every other rule of the kernel that the model checks holds',
    source: '@mm-model/core and @mm-model/dax, invariants',
    invariants: [],
  },
]

/** The check that a broken invariant is a finding of. */
export function checkOf(invariant: string): CheckId {
  return CHECKS.find(({ invariants }) => invariants.includes(invariant))?.id ?? 'rules'
}

/** Something that a strategy did wrong. */
export interface Finding {
  readonly check: CheckId
  /** The combination, by name. */
  readonly combination: string
  /** The program, to run it again. */
  readonly scenario: string
  /** The operation, as the program spells it; empty when it is about the run as a whole. */
  readonly operation: string
  readonly found: string
  readonly expected: string
}
