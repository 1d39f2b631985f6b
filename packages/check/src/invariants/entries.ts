/**
 * What leaves, mapping entries and blocks say of each other: I13, I15, I16, I18, I19, I20.
 * @module
 */

import {
  PMEM_BASE_PFN,
  PTRS_PER_PMD_LEAF,
  TOUCH_ENTRIES,
  TOUCH_ENTRY_LOCK,
  TOUCH_FILE_SYSTEM,
  TOUCH_TABLE,
  VM_SHARED,
} from '@mm-model/core'
import { EntryTable, ExtentTable } from '@mm-model/dax'
import type { Instance, StateInvariant } from '../program.ts'
import {
  at,
  entryAt,
  frame,
  frameOf,
  hex,
  isDirty,
  isLockedAt,
  isWritable,
  isZeroPage,
  LEAVES,
  overLeaves,
} from './over-leaves.ts'

const ENTRIES = [...LEAVES, TOUCH_ENTRIES, TOUCH_ENTRY_LOCK]

export const I13: StateInvariant = {
  name: 'I13',
  rule: 'a leaf of a shared DAX mapping that is not of the zero page maps the frame of its entry, or a page that the mapping has there, unless the entry is locked',
  source: 'fs/dax.c: dax_insert_entry; mm/memory.c: insert_pfn',
  explains: 'the file system no longer knows of a mapping, so that neither writeback nor truncation finds it',
  reads: ENTRIES,
  everyStep: true,
  check: (instance) =>
    overLeaves(instance, false, (file, leaf) => {
      const pfn = frameOf(instance, leaf)
      if (leaf.huge || isZeroPage(pfn)) return null
      const entry = entryAt(file.inode, leaf.page)
      if (entry !== null && (entry.locked || entry.huge)) return null
      if (entry?.kind === 'block' && entry.pfn === pfn) return null
      // Before 4.14 a page of zeros stands in the same tree for itself.
      if (file.inode.mapping.pages.find(leaf.page)?.pfn === pfn) return null
      const what = entry === null ? 'there is no entry' : 'its entry says otherwise'
      return `${at(file, leaf)}, maps ${frame(pfn)}, and ${what}`
    }),
}

export const I15: StateInvariant = {
  name: 'I15',
  rule: 'a shared leaf maps the block that the file has at that page, unless its entry is locked',
  source: 'fs/ext4/inode.c: ext4_punch_hole, ext4_setattr (invalidate_lock, break_layouts); 0f90cc6609c7',
  explains: 'the program reads and stores to a block that is free, or that is another file’s by now',
  reads: [...ENTRIES, TOUCH_FILE_SYSTEM],
  everyStep: true,
  check: (instance) => {
    const tables = new Map<string, ExtentTable>()
    return overLeaves(instance, false, (file, leaf) => {
      const { inode } = file
      const pfn = frameOf(instance, leaf)
      if (!instance.machine.memory.isPmem(pfn) || isLockedAt(inode, leaf.page)) return null
      const extents = tables.get(inode.name) ?? ExtentTable.of(inode)
      tables.set(inode.name, extents)
      const first = leaf.page - (leaf.huge ? leaf.page % PTRS_PER_PMD_LEAF : 0)
      const block = extents.writtenBlock(first)
      if (block === pfn - PMEM_BASE_PFN) return null
      return `${at(file, leaf)}, maps block ${pfn - PMEM_BASE_PFN}, where the file has ${extents.describe(first)}`
    })
  },
}

/** Blocks that files have, of all files. */
function takenBlocks({ files = [] }: Instance): ExtentTable[] {
  const inodes = files[0]?.inode.sb.inodes ?? []
  return inodes.flatMap((inode) => [ExtentTable.of(inode), ExtentTable.ofCopies(inode)])
}

export const I16: StateInvariant = {
  name: 'I16',
  rule: 'a block that an entry or a cached translation reaches belongs to a file',
  source: 'fs/dax.c: dax_layout_busy_page; fs/ext4/inode.c: ext4_break_layouts; CVE-2018-18281',
  explains: 'a store goes to a block that is given to somebody else next',
  reads: [TOUCH_TABLE, TOUCH_FILE_SYSTEM],
  everyStep: true,
  check: (instance) => {
    const { machine } = instance
    const taken = takenBlocks(instance)
    const free = (pfn: number): boolean =>
      machine.memory.isPmem(pfn) && !taken.some((extents) => extents.holds(pfn - PMEM_BASE_PFN))
    const mapped = overLeaves(instance, true, (file, leaf) => {
      const pfn = frameOf(instance, leaf)
      return free(pfn) ? `${at(file, leaf)}, maps block ${pfn - PMEM_BASE_PFN}, which is free` : null
    })
    if (mapped !== null) return mapped
    const contexts = new Set(machine.tasks.map(({ mm }) => mm.tlbContext))
    let message: string | null = null
    for (const [cpu, tlb] of machine.tlbs.entries()) {
      tlb.forEach((context, address, pfn) => {
        if (message !== null || !contexts.has(context) || !free(pfn)) return
        message = `CPU ${cpu} has cached ${hex(address)} as block ${pfn - PMEM_BASE_PFN}, which is free`
      })
    }
    return message
  },
}

export const I18: StateInvariant = {
  name: 'I18',
  rule: 'mapping entries do not overlap',
  source: 'fs/dax.c: grab_mapping_entry, dax_is_conflict; lib/xarray.c: xas_find_conflict',
  explains: 'two entries stand for one page, and each has marks and a lock of its own',
  reads: [TOUCH_ENTRIES],
  everyStep: true,
  check: ({ files = [] }) => {
    for (const { inode } of files) {
      const problem = EntryTable.of(inode.entries, inode.sb.entryFormat).problems.find(
        ({ invariant }) => invariant === 'I18',
      )
      if (problem !== undefined)
        return `page ${problem.page} of ${inode.name}: ${problem.found}, not ${problem.expected}`
    }
    return null
  },
}

export const I19: StateInvariant = {
  name: 'I19',
  rule: 'a writable leaf of a shared DAX mapping has an entry that is tagged dirty, or locked by who is changing it',
  source: 'fs/dax.c: dax_insert_entry tags, then installs; dax_writeback_one cleans, flushes, then untags',
  explains: 'a store takes no fault, and no fsync will flush it',
  reads: ENTRIES,
  everyStep: true,
  check: (instance) =>
    overLeaves(instance, false, (file, leaf) => {
      const { inode } = file
      if (!isWritable(instance, leaf)) return null
      const entry = entryAt(inode, leaf.page)
      if (entry?.locked === true || entry?.dirty === true) return null
      const what = entry === null ? 'has no entry' : 'has an entry that is not tagged dirty'
      return `${at(file, leaf)}, can be stored to and ${what}`
    }),
}

export const I20: StateInvariant = {
  name: 'I20',
  rule: 'where an entry is neither locked nor tagged dirty every shared leaf is clean',
  source: 'fs/dax.c: dax_writeback_one; mm/rmap.c: pfn_mkclean_range',
  explains: 'the D bit says that something was stored, and writeback is no longer told',
  reads: ENTRIES,
  everyStep: true,
  check: (instance) =>
    overLeaves(instance, false, (file, leaf) => {
      const { inode } = file
      if ((leaf.vma.vmFlags & VM_SHARED) === 0 || !isDirty(instance, leaf)) return null
      if (isZeroPage(frameOf(instance, leaf))) return null
      const entry = entryAt(inode, leaf.page)
      if (entry === null || entry.locked || entry.dirty) return null
      return `${at(file, leaf)}, is dirty, and its entry is not tagged`
    }),
}
