/**
 * What a power failure may take and what it may not, in any state: I23, I24, I25, I26, I28, I29, I36.
 * @module
 */

import {
  EVENT_COMMITTED,
  EVENT_FLUSHED,
  EVENT_STORED,
  EVENT_SYNC,
  EVENT_SYNCED,
  EVENT_ZEROED,
  PMEM_BASE_PFN,
  PTRS_PER_PMD_LEAF,
  TOUCH_ENTRIES,
  TOUCH_ENTRY_LOCK,
  TOUCH_FILE_SYSTEM,
  TOUCH_TIMES,
  VM_SYNC,
} from '@mm-model/core'
import { type DaxFile, ExtentTable } from '@mm-model/dax'
import type { RunHistory, Sync } from '../history.ts'
import type { Instance, StateInvariant } from '../program.ts'
import {
  at,
  entryAt,
  fileNamed,
  frameOf,
  isWritable,
  LEAVES,
  overLeaves,
  overLeavesOf,
} from './over-leaves.ts'

const STORES = [EVENT_STORED, EVENT_FLUSHED, EVENT_COMMITTED, EVENT_SYNC, EVENT_SYNCED]

/** Whether any shared leaf maps the page. */
function isMapped(file: DaxFile, page: number): boolean {
  const leaf = overLeavesOf(file, false, ({ page: first, huge }) =>
    page >= first && page < first + (huge ? PTRS_PER_PMD_LEAF : 1) ? 'it' : null,
  )
  return leaf !== null
}

/** The first page of the range that holds a store from before the call, of which a power failure would leave nothing. */
function lostBy(instance: Instance, history: RunHistory, sync: Sync): string | null {
  const file = fileNamed(instance, sync.file)
  if (file === null) return null
  const { inode } = file
  const committed = history.committed.get(sync.file)?.extents
  for (const { page: first, pages, block, unwritten } of ExtentTable.of(inode).all) {
    for (let i = 0; i < pages && !unwritten; i++) {
      const page = first + i
      if (page < sync.first || page > sync.last || page * 4096 >= inode.size) continue
      // Of a page that is being cut off or punched, which is mapped no more, nobody was promised anything.
      if (entryAt(inode, page) === null && !isMapped(file, page)) continue
      const pfn = PMEM_BASE_PFN + block + i
      if ((history.unflushed.get(pfn) ?? Infinity) <= sync.since)
        return `page ${page} of ${sync.file} was stored to before, and is not flushed`
      if ((history.stores.get(pfn) ?? Infinity) <= sync.since && committed?.writtenBlock(page) !== block + i)
        return `page ${page} of ${sync.file} has a block that no commit knows of`
    }
  }
  return null
}

function lost(instance: Instance, history: RunHistory, ofTwo: boolean): string | null {
  for (const sync of history.happened.synced) {
    const message = lostBy(instance, history, sync)
    if (message === null) continue
    const other = history.syncs.some(({ file, thread }) => file === sync.file && thread !== sync.thread)
    if (other === ofTwo) return message
  }
  return null
}

export const I23: StateInvariant = {
  name: 'I23',
  rule: 'when fsync or msync returns, what was stored before it was called is durable',
  source: 'fs/dax.c: dax_writeback_mapping_range; fs/ext4/fsync.c: ext4_sync_file',
  explains: 'the program was told that its data is safe, and a power failure takes it',
  reads: STORES,
  everyStep: true,
  check: (instance, history) => lost(instance, history, false),
}

export const I24: StateInvariant = {
  name: 'I24',
  rule: 'of two that synchronise one file neither returns before a flush that the other has begun is done',
  source: 'fs/dax.c: dax_writeback_one waits for a locked entry',
  explains: 'the second was told that its data is safe while the first is still to flush it',
  reads: STORES,
  everyStep: true,
  check: (instance, history) => lost(instance, history, true),
}

export const I25: StateInvariant = {
  name: 'I25',
  rule: 'a page with stores that are not flushed has an entry that is tagged dirty, or locked',
  source: 'fs/dax.c: dax_writeback_one; 4.10: fs/dax.c: dax_mapping_entry_mkclean',
  explains: 'no fsync that is called from now on will make the store durable',
  reads: [...STORES, TOUCH_ENTRIES, TOUCH_ENTRY_LOCK],
  everyStep: true,
  check: (instance, history) => {
    if (history.unflushed.size === 0) return null
    for (const { inode } of instance.files ?? []) {
      for (const { page: first, pages, block, unwritten } of ExtentTable.of(inode).all) {
        for (let i = 0; i < pages && !unwritten; i++) {
          if (!history.unflushed.has(PMEM_BASE_PFN + block + i)) continue
          const entry = entryAt(inode, first + i)
          // An entry that is gone went with its page, or is the business of I13.
          if (entry === null || entry.locked || entry.dirty) continue
          return `page ${first + i} of ${inode.name} was stored to, is not flushed, and its entry is clean`
        }
      }
    }
    return null
  },
}

export const I26: StateInvariant = {
  name: 'I26',
  rule: 'a writable leaf of a MAP_SYNC area maps a block that the journal knows the file to have there',
  source: 'fs/dax.c: dax_finish_sync_fault; include/linux/mman.h: MAP_SYNC',
  explains: 'the program flushes its store by itself, and after a power failure no file has the block',
  reads: [...LEAVES, EVENT_COMMITTED, TOUCH_FILE_SYSTEM],
  everyStep: true,
  check: (instance, history) =>
    overLeaves(instance, false, (file, leaf) => {
      if ((leaf.vma.vmFlags & VM_SYNC) === 0 || !isWritable(instance, leaf)) return null
      const committed = history.committed.get(file.inode.name)
      const block = frameOf(instance, leaf) - PMEM_BASE_PFN
      if (committed?.extents.writtenBlock(leaf.page) === block) return null
      return `${at(file, leaf)}, with MAP_SYNC, can be stored to, and no commit has block ${block} there`
    }),
}

export const I28: StateInvariant = {
  name: 'I28',
  rule: 'no block that the journal gives to a file belongs to another by now',
  source: 'fs/ext4/mballoc.c: freed blocks are free once the transaction is committed',
  explains: 'after a power failure one file shows what was stored to another',
  reads: [TOUCH_FILE_SYSTEM, EVENT_COMMITTED],
  everyStep: true,
  check: ({ files = [] }, history) => {
    for (const [name, { extents }] of history.committed) {
      for (const { inode } of files) {
        if (inode.name === name) continue
        // Shared blocks are both files' in the journal, too.
        const theirs = history.committed.get(inode.name)?.extents
        for (const { page, pages, block } of ExtentTable.of(inode).all) {
          for (let i = 0; i < pages; i++) {
            if (!extents.holds(block + i) || theirs?.holds(block + i) === true) continue
            return `block ${block + i} is page ${page + i} of ${inode.name}, and ${name} has it in the journal`
          }
        }
      }
    }
    return null
  },
}

export const I29: StateInvariant = {
  name: 'I29',
  rule: 'a block that is mapped is not zeroed as one just allocated',
  source: '843172978bb9, 1ca191576fc8; fs/ext4/inode.c: ext4_issue_zeroout',
  explains: 'what another thread has stored meanwhile is gone',
  reads: [EVENT_ZEROED, ...LEAVES],
  everyStep: true,
  check: (instance, { happened }) => {
    if (happened.zeroed.length === 0) return null
    return overLeaves(instance, false, (file, leaf) => {
      const first = frameOf(instance, leaf)
      const pages = leaf.huge ? 512 : 1
      return happened.zeroed.some((pfn) => pfn >= first && pfn < first + pages)
        ? `${at(file, leaf)}, was zeroed while it was mapped`
        : null
    })
  },
}

export const I36: StateInvariant = {
  name: 'I36',
  rule: 'when fsync or msync returns, mtime has been updated since the first store that it made durable',
  source: 'fs/ext4/file.c: ext4_dax_huge_fault: file_update_time; the discussion of January 2016',
  explains: 'a backup that looks at mtime leaves the change out',
  reads: [EVENT_STORED, EVENT_SYNCED, TOUCH_TIMES],
  everyStep: true,
  check: (instance, { happened, stores }) => {
    for (const { file, first, last, since } of happened.synced) {
      const inode = fileNamed(instance, file)?.inode
      if (inode === undefined || inode.mtime === instance.machine.now) continue
      for (const { page, pages, block } of ExtentTable.of(inode).all) {
        for (let i = 0; i < pages; i++) {
          const store = stores.get(PMEM_BASE_PFN + block + i) ?? 0
          if (store === 0 || store > since || page + i < first || page + i > last) continue
          return `page ${page + i} of ${file} was stored to and synchronised, and mtime is from before`
        }
      }
    }
    return null
  },
}
