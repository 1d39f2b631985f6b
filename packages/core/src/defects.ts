/**
 * Bugs that Linux had, or nearly had, that a machine can be built with: each brings one back, where it was.
 *
 * `new Machine({ defects: ['pmd-not-write-protected'] })` runs as the recorded kernel does but for that one bug; both forms
 * of the code have it. Some are no bugs but repairs, of what 6.1 itself has wrong.
 * @module
 */

/** The name of a {@link Defect}. */
export type DefectName =
  | 'gup-drops-foll-write'
  | 'gup-trusts-dirty'
  | 'touch-marks-dirty'
  | 'pmd-not-write-protected'
  | 'mkclean-misses-areas'
  | 'mkclean-tests-dirty-only'
  | 'mremap-flushes-late'
  | 'mprotect-without-flush'
  | 'mprotect-makes-clean-writable'
  | 'set-pte-over-valid'
  | 'finish-mkwrite-without-pte-same'
  | 'no-pfn-mkwrite'
  | 'fork-copies-shared-dax'
  | 'no-entry-lock'
  | 'zeroes-in-fault'
  | 'converts-after-insert'
  | 'pmd-entry-over-ptes'
  | 'pmd-not-looked-at-again'
  | 'iomap-before-entry'
  | 'write-leaves-zero-page-mapped'
  | 'clean-entry-evicted'
  | 'pfn-mkwrite-without-entry'
  | 'faults-without-invalidate-lock'
  | 'mtime-on-private-fault'
  | 'punch-frees-before-unmap'
  | 'fork-leaves-pages-writable'
  | 'punch-takes-copies'
  | 'truncate-keeps-copies'
  | 'invalidation-drops-dirty'
  | 'sync-inserted-early'
  | 'sync-fault-not-finished'
  | 'shared-block-written-in-place'
  | 'dirty-cleared-before-flush'
  | 'flush-before-mkclean'
  | 'tag-after-insert'
  | 'writeback-only-flushes'
  | 'freeze-without-writeback'
  | 'faults-pass-a-freeze'
  | 'pmd-fault-waits-for-page'
  | 'put-entry-wakes-nobody'
  | 'invalidate-wakes-one'
  | 'zap-flushes-under-ptl'
  | 'towrite-cleared-last'
  | 'writeback-waits-for-locked'

/** What a machine can be built with. */
export interface Defect {
  /** `repair`: it takes away something wrong with 6.1 instead of bringing something back. */
  readonly kind: 'defect' | 'repair'
  /** Row of the reference's table of bugs (kernel-facts I), or null for one that is not there. */
  readonly row: number | null
  /** The commit that fixed it, or what in Linux prevents it; null for a repair that no kernel has. */
  readonly fix: string | null
  /** First kernel with the fix, or null. */
  readonly fixed: string | null
  /** Invariants (kernel-facts H) that it can break; a repair, those that 6.1 breaks without it. */
  readonly breaks: readonly string[]
  /** What happens, in a sentence. */
  readonly what: string
}

/** Every defect by name. */
export const defects: Readonly<Record<DefectName, Defect>> = /*#__PURE__*/ Object.freeze<
  Record<DefectName, Defect>
>({
  'gup-drops-foll-write': {
    kind: 'defect',
    row: 1,
    fix: '19be0eaffa3ac7d8eb6784ad9bdbc7d67ed8e619',
    fixed: '4.9',
    breaks: ['I30', 'I1'],
    what: 'a forced write forgets that it is one once the page was copied, so that its next try takes the page of the file (Dirty COW, CVE-2016-5195)',
  },
  'gup-trusts-dirty': {
    kind: 'defect',
    row: 3,
    fix: '5535be3099717646781ce1540cf725965d680e7b',
    fixed: '6.0',
    breaks: ['I30', 'I2'],
    what: 'a forced write takes an entry that is dirty for a copy of its own, as the first fix of Dirty COW had it (CVE-2022-2590)',
  },
  'touch-marks-dirty': {
    kind: 'defect',
    row: 2,
    fix: 'a8f97366452ed491d13cf1e44241bc0b5740b1f0',
    fixed: '4.15',
    breaks: ['I30', 'I12'],
    what: 'the kernel marks entries dirty that it only reads through, which a forced write takes for its own copy (huge Dirty COW, CVE-2017-1000405)',
  },
  'pmd-not-write-protected': {
    kind: 'defect',
    row: 11,
    fix: 'f729c8c9b24f',
    fixed: '4.10',
    breaks: ['I19', 'I20', 'I25'],
    what: 'writeback cleans entries of 4 KiB only, so that a leaf of 2 MiB stays writable and no later fsync hears of a store through it',
  },
  'mkclean-misses-areas': {
    kind: 'defect',
    row: 12,
    fix: '06083a0921fd5939223a8bf30e83d5f483d348dc',
    fixed: '5.19',
    breaks: ['I19', 'I21'],
    what: 'writeback of an entry cleans only the areas that map its first page, and of those only that page or the leaf of 2 MiB',
  },
  'mkclean-tests-dirty-only': {
    kind: 'defect',
    row: 37,
    fix: 'mm/rmap.c: page_vma_mkclean_one tests both',
    fixed: null,
    breaks: ['I19', 'I21'],
    what: 'writeback leaves leaves alone that are writable and not dirty, as a strategy that inserts them so makes them',
  },
  'mremap-flushes-late': {
    kind: 'defect',
    row: 29,
    fix: 'eb66ae030829605d61fbef1909ce310e29f78821',
    fixed: '4.19',
    breaks: ['I10', 'I15', 'I16'],
    what: 'mremap lets go of the page tables before it flushes, and what it moved can be freed in between (CVE-2018-18281)',
  },
  'mprotect-without-flush': {
    kind: 'defect',
    row: null,
    fix: 'mm/mprotect.c: change_protection ends in tlb_finish_mmu',
    fixed: null,
    breaks: ['I5', 'I8'],
    what: 'mprotect takes the right to write out of the leaves and not out of the TLBs',
  },
  'mprotect-makes-clean-writable': {
    kind: 'defect',
    row: null,
    fix: 'mm/mprotect.c: can_change_pte_writable wants a dirty leaf',
    fixed: null,
    breaks: ['I6', 'I19'],
    what: 'mprotect makes clean shared leaves writable, so that their stores pass by the file system',
  },
  'set-pte-over-valid': {
    kind: 'defect',
    row: 18,
    fix: 'cae85cb8add35f678cf487139d05e083ce2f570a',
    fixed: '5.1',
    breaks: ['I8', 'I11'],
    what: 'the upgrade of a leaf is a plain store over a valid entry, which processors that cache missing rights do not hear of',
  },
  'finish-mkwrite-without-pte-same': {
    kind: 'defect',
    row: 9,
    fix: 'mm/memory.c: wp_pfn_shared compares with the entry that faulted',
    fixed: null,
    breaks: ['I13', 'I15', 'I19'],
    what: 'after pfn_mkwrite the leaf is made writable as it was, although it was taken away meanwhile',
  },
  'no-pfn-mkwrite': {
    kind: 'defect',
    row: 35,
    fix: 'fs/ext4/file.c, fs/xfs/xfs_file.c: operations have pfn_mkwrite',
    fixed: null,
    breaks: ['I3', 'I12', 'I19'],
    what: 'the operations of the file system lack pfn_mkwrite, so that areas begin writable and so does the zero page',
  },
  'fork-copies-shared-dax': {
    kind: 'defect',
    row: 33,
    fix: 'fs/ext4/file.c: DAX areas are not VM_MIXEDMAP',
    fixed: '4.19',
    breaks: ['I50', 'I19'],
    what: 'fork gives the child clean, writable leaves of shared DAX areas, as up to 4.18; sound as long as writeback finds every area',
  },
  'no-entry-lock': {
    kind: 'defect',
    row: 8,
    fix: 'ac401cc782429cc8560ce4840b1405d603740917',
    fixed: '4.7',
    breaks: ['I13', 'I14', 'I25', 'I29', 'I38', 'I41'],
    what: 'entries have no lock, so that two faults on one page, or a fault and writeback, change one at the same time',
  },
  'zeroes-in-fault': {
    kind: 'defect',
    row: 4,
    fix: '843172978bb92997310d2f7fbc172ece423cfc02',
    fixed: '4.3',
    breaks: ['I28', 'I29', 'I47'],
    what: 'the fault itself zeroes a new block, after others can have mapped it and stored to it',
  },
  'converts-after-insert': {
    kind: 'defect',
    row: 6,
    fix: '1ca191576fc862b4766f58e41aa362b28a7c1866',
    fixed: '4.5',
    breaks: ['I29', 'I47'],
    what: 'an unwritten block becomes written once it is mapped, so that two faults both take it for new and zero it',
  },
  'pmd-entry-over-ptes': {
    kind: 'defect',
    row: 7,
    fix: 'de14b9cb5e02b5daaea139590393af5ccccc4229',
    fixed: '4.5',
    breaks: ['I14', 'I18', 'I46'],
    what: 'an entry of 2 MiB takes the place of smaller ones whose zero pages stay mapped',
  },
  'pmd-not-looked-at-again': {
    kind: 'defect',
    row: 16,
    fix: 'e2093926a098',
    fixed: '4.12',
    breaks: ['I18', 'I45'],
    what: 'a fault does not look again, with the entry locked, whether its PMD has become a table or a leaf, and a leaf is installed over the table',
  },
  'iomap-before-entry': {
    kind: 'defect',
    row: 14,
    fix: '13e451fdc1af05568ea379d71c02a126295d2244',
    fixed: '4.12',
    breaks: ['I13', 'I14', 'I46'],
    what: 'a fault asks for blocks before it locks the entry, and maps the zero page where write(2) has allocated meanwhile',
  },
  'write-leaves-zero-page-mapped': {
    kind: 'defect',
    row: 13,
    fix: 'cd656375f94632d7b5af57bf67b7b5c0270c591c',
    fixed: '4.12',
    breaks: ['I14', 'I46'],
    what: 'write(2) to a hole takes the entry of the zero page away and not its leaf',
  },
  'clean-entry-evicted': {
    kind: 'defect',
    row: 15,
    fix: '4636e70bb0a8',
    fixed: '4.12',
    breaks: ['I13', 'I49'],
    what: 'drop_caches takes clean entries away whose pages stay mapped',
  },
  'pfn-mkwrite-without-entry': {
    kind: 'defect',
    row: 9,
    fix: '2f89dc12a25d',
    fixed: '4.10',
    breaks: ['I13', 'I19'],
    what: 'pfn_mkwrite is content to find no entry, and the leaf becomes writable without one',
  },
  'faults-without-invalidate-lock': {
    kind: 'defect',
    row: 10,
    fix: 'ea3d7209ca01da209cda6f0dea8be9cc4b7a933b',
    fixed: '4.5',
    breaks: ['I15', 'I16'],
    what: 'faults of ext4 do not keep a hole punch out, and map blocks that it is about to free (CVE-2015-8839)',
  },
  'mtime-on-private-fault': {
    kind: 'defect',
    row: 25,
    fix: 'fd96b8da68d32a9403726db09b229f4b5ac849c7',
    fixed: '4.14',
    breaks: ['I31', 'I37'],
    what: 'a private store is taken for a shared one: it changes the times of the file and waits for a freeze to end',
  },
  'punch-frees-before-unmap': {
    kind: 'defect',
    row: 42,
    fix: 'fs/ext4/inode.c: ext4_punch_hole unmaps, then frees',
    fixed: null,
    breaks: ['I15', 'I16'],
    what: 'a hole punch on ext4 frees blocks while they are still mapped',
  },
  'fork-leaves-pages-writable': {
    kind: 'defect',
    row: null,
    fix: 'mm/memory.c: copy_present_pte write-protects entries of COW mappings on both sides',
    fixed: null,
    breaks: ['I2', 'I50'],
    what: 'a fork shares private pages and leaves both processes the right to write to them',
  },
  'punch-takes-copies': {
    kind: 'defect',
    row: null,
    fix: 'mm/truncate.c: truncate_pagecache_range unmaps without even_cows',
    fixed: null,
    breaks: ['I32', 'I33'],
    what: 'a hole punch takes private copies along, so that their owners see the file again',
  },
  'truncate-keeps-copies': {
    kind: 'defect',
    row: null,
    fix: 'mm/truncate.c: truncate_pagecache unmaps with even_cows',
    fixed: null,
    breaks: ['I33'],
    what: 'a truncate leaves private copies mapped behind the end of the file',
  },
  'invalidation-drops-dirty': {
    kind: 'defect',
    row: null,
    fix: 'fs/dax.c: __dax_invalidate_entry keeps what is tagged',
    fixed: null,
    breaks: ['I13', 'I49'],
    what: 'write(2) to a hole drops the entries of its pages although they are tagged dirty, and no fsync hears of the stores before it',
  },
  'sync-inserted-early': {
    kind: 'defect',
    row: 44,
    fix: 'fs/dax.c: dax_finish_sync_fault syncs, then inserts',
    fixed: null,
    breaks: ['I26'],
    what: 'a MAP_SYNC fault makes the leaf writable before the block map is durable',
  },
  'sync-fault-not-finished': {
    kind: 'defect',
    row: null,
    fix: 'fs/ext4/file.c: ext4_dax_huge_fault calls dax_finish_sync_fault',
    fixed: null,
    breaks: ['I27'],
    what: 'the handler of a MAP_SYNC fault hands NEEDDSYNC on to the fault path, which does not know what that is',
  },
  'shared-block-written-in-place': {
    kind: 'defect',
    row: null,
    fix: 'fs/xfs/xfs_iomap.c: xfs_direct_write_iomap_begin asks imap_needs_cow',
    fixed: null,
    breaks: ['I52'],
    what: 'a write to a block that two files have gets that block, and no copy',
  },
  'dirty-cleared-before-flush': {
    kind: 'defect',
    row: 39,
    fix: 'fs/dax.c: dax_writeback_one clears DIRTY last',
    fixed: null,
    breaks: ['I19', 'I20', 'I21', 'I23'],
    what: 'writeback takes the tag away before it has cleaned the leaves and flushed the page',
  },
  'flush-before-mkclean': {
    kind: 'defect',
    row: 39,
    fix: 'fs/dax.c: dax_writeback_one cleans, then flushes',
    fixed: null,
    breaks: ['I20', 'I21', 'I23', 'I25'],
    what: 'writeback flushes the page while it can still be stored to, and cleans the leaves then',
  },
  'tag-after-insert': {
    kind: 'defect',
    row: 40,
    fix: 'fs/dax.c: dax_insert_entry tags before the leaf is made',
    fixed: null,
    breaks: ['I19', 'I23'],
    what: 'a fault makes the leaf writable, then tags the entry, and an fsync in between sees nothing dirty',
  },
  'writeback-only-flushes': {
    kind: 'defect',
    row: null,
    fix: '4b4bb46d00b3',
    fixed: '4.10',
    breaks: ['I21', 'I25', 'I34', 'I36'],
    what: 'writeback flushes pages and leaves their leaves writable and their entries tagged dirty, for good, as the kernels without locks of entries had to',
  },
  'freeze-without-writeback': {
    kind: 'defect',
    row: 43,
    fix: 'fs/super.c: freeze_super calls sync_filesystem',
    fixed: null,
    breaks: ['I34'],
    what: 'a freeze leaves dirty pages mapped writable',
  },
  'faults-pass-a-freeze': {
    kind: 'defect',
    row: 43,
    fix: 'fs/ext4/file.c: ext4_dax_huge_fault enters sb_start_pagefault',
    fixed: null,
    breaks: ['I34'],
    what: 'write faults do not wait for a freeze to end',
  },
  'pmd-fault-waits-for-page': {
    kind: 'defect',
    row: 20,
    fix: '23c84eb7837514e16d79ed6d849b13745e0ce688',
    fixed: '5.3',
    breaks: ['I39'],
    what: 'a fault of 2 MiB that meets a locked entry of a page sleeps on the queue of its own first page, where nobody wakes it',
  },
  'put-entry-wakes-nobody': {
    kind: 'defect',
    row: 21,
    fix: 'fs/dax.c: put_unlocked_entry wakes unless there was none, or a conflict',
    fixed: '5.3',
    breaks: ['I39'],
    what: 'who was woken for an entry and leaves it alone does not wake the next',
  },
  'invalidate-wakes-one': {
    kind: 'defect',
    row: 22,
    fix: '237388320deffde7c2d65ed8fc9eef670dc979b3',
    fixed: '5.13',
    breaks: ['I39'],
    what: 'invalidation that removes an entry wakes one of those who wait for it, who finds none and does not wake the next',
  },
  'zap-flushes-under-ptl': {
    kind: 'repair',
    row: null,
    fix: null,
    fixed: null,
    breaks: ['I23', 'I25'],
    what: 'leaves that go are flushed from the TLBs before their table is unlocked, over files of DAX too, which 6.1 does for pages of a page cache alone',
  },
  'towrite-cleared-last': {
    kind: 'repair',
    row: null,
    fix: null,
    fixed: null,
    breaks: ['I24'],
    what: 'writeback takes TOWRITE away together with DIRTY, so that another fsync that passes by sees that there is something to wait for',
  },
  'writeback-waits-for-locked': {
    kind: 'repair',
    row: 41,
    fix: null,
    fixed: null,
    breaks: ['I23', 'I24'],
    what: 'writeback waits for an entry that it finds locked, as it means to; since 5.3 it asks for the next entry of the page instead, finds none and passes by',
  },
})
