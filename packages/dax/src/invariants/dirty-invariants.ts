/**
 * Invariants of dirtiness, durability and freezing: I19, I20, I22, I23, I26, I34.
 * @module
 */

import {
  type Invariant,
  MS_SYNC,
  PMEM_BASE_PFN,
  spaceOf,
  type Violation,
  VM_SHARED,
  VM_SYNC,
} from '@mm-model/core'
import { DaxFile } from '../inode.ts'
import { SB_FREEZE_FS } from '../super-block.ts'
import type { DaxTransition } from './call.ts'
import type { EntrySnapshot } from './entries.ts'
import { atLeaf, atPage, describeFound, describeLeaf, eachFileLeaf } from './entry-invariants.ts'
import { type DaxSnapshot, type FileLeaf, type InodeSnapshot, inodeIn, pageAt } from './snapshot.ts'

function writable({ space, i }: FileLeaf): boolean {
  return space.leaves.writable(i)
}

/** An entry of a shared area for a block of the file. */
function sharedBlock({ what, area }: FileLeaf): boolean {
  return what === 'block' && (area.flags & VM_SHARED) !== 0
}

export const I19: Invariant<DaxSnapshot> = {
  id: 'I19',
  title: 'a page of a file that can be stored to through a shared mapping is marked dirty',
  kind: 'S',
  source: 'fs/dax.c: dax_insert_entry, dax_insert_pfn_mkwrite, dax_writeback_one',
  check(snapshot) {
    return eachFileLeaf(snapshot, 'I19', (leaf, { entries }) => {
      if (!sharedBlock(leaf) || !writable(leaf)) return null
      const entry = entries.find(leaf.page)
      if (entry === null || entry.dirty) return null
      return {
        found: `${describeLeaf(leaf)} over ${describeFound(entry)}, which is clean`,
        expected: 'the DIRTY mark before the entry is writable, and until it is not',
      }
    })
  },
}

export const I20: Invariant<DaxSnapshot> = {
  id: 'I20',
  title: 'every shared mapping of a page that is not marked dirty is clean (that it is read-only is I19)',
  kind: 'S',
  source: 'fs/dax.c: dax_writeback_one; mm/rmap.c: pfn_mkclean_range',
  check(snapshot) {
    return eachFileLeaf(snapshot, 'I20', (leaf, { entries }) => {
      if (!sharedBlock(leaf) || writable(leaf) || !leaf.space.leaves.dirty(leaf.i)) return null
      const entry = entries.find(leaf.page)
      if (entry === null || entry.dirty) return null
      return {
        found: `${describeLeaf(leaf)} over ${describeFound(entry)}, which is clean`,
        expected: 'a clean entry',
      }
    })
  },
}

export const I22: Invariant<DaxSnapshot> = {
  id: 'I22',
  title: 'marks belong to mapping entries, and between calls none waits for writeback that is not dirty',
  kind: 'S',
  source: 'mm/page-writeback.c: tag_pages_for_writeback; fs/dax.c: dax_writeback_one',
  check({ inodes }) {
    return inodes.flatMap(({ entries, name }): Violation[] => [
      ...entries.problems
        .filter(({ invariant }) => invariant === 'I22')
        .map(({ page, found, expected }) => ({ invariant: 'I22', ...atPage(page, name), found, expected })),
      ...entries.all
        .filter(({ toWrite, dirty }) => toWrite && !dirty)
        .map((entry) => ({
          invariant: 'I22',
          ...atPage(entry.start, name),
          found: `the TOWRITE mark on ${describeFound(entry)}, which is clean`,
          expected: 'TOWRITE only on what is dirty',
        })),
    ])
  },
}

export const I23: Invariant<DaxTransition> = {
  id: 'I23',
  title: 'fsync and msync return when what was stored is written back and the way to it is committed',
  kind: 'T',
  source: 'fs/ext4/fsync.c: ext4_sync_file; mm/msync.c: msync; fs/dax.c: dax_writeback_mapping_range',
  check(transition) {
    const { after, call } = transition
    if (call.name === 'fsync' && call.ret === 0) {
      const inode = inodeIn(after, call.inode)
      return inode === null ? [] : unsynced(inode, inode.entries.all, inode.syncDirty)
    }
    if (call.name === 'msync' && call.ret === 0 && (call.flags & MS_SYNC) !== 0)
      return unsyncedMapping(transition)
    return []
  },
}

function unsynced(
  inode: InodeSnapshot,
  entries: readonly EntrySnapshot[],
  uncommitted: boolean,
): Violation[] {
  const found = entries
    .filter(({ dirty }) => dirty)
    .map(
      (entry): Violation => ({
        invariant: 'I23',
        ...atPage(entry.start, inode.name),
        found: `${describeFound(entry)}, still dirty`,
        expected: 'that it was written back',
      }),
    )
  if (uncommitted) {
    found.push({
      invariant: 'I23',
      where: `inode ${inode.name}`,
      address: null,
      found: 'changes in the running transaction',
      expected: 'that they are committed',
    })
  }
  return found
}

function unsyncedMapping({ after, call }: DaxTransition): Violation[] {
  const found: Violation[] = []
  const end = call.address + Math.ceil(call.length / 4096) * 4096
  for (const area of spaceOf(after.memory, call.task.mm)?.areas ?? []) {
    const first = Math.max(area.start, call.address)
    const last = Math.min(area.end, end)
    if (first >= last || (area.flags & VM_SHARED) === 0 || !(area.file instanceof DaxFile)) continue
    const inode = inodeIn(after, area.file.inode)
    if (inode === null) continue
    const entries = inode.entries.overlapping(pageAt(area, first), pageAt(area, last - 1))
    found.push(...unsynced(inode, entries, inode.datasyncDirty))
  }
  return found
}

export const I26: Invariant<DaxTransition> = {
  id: 'I26',
  title: 'a MAP_SYNC mapping can be stored to only where a crash would leave the block to the file',
  kind: 'T',
  source: 'fs/dax.c: dax_finish_sync_fault, dax_fault_is_synchronous',
  check({ after, history }) {
    return eachFileLeaf(after, 'I26', (leaf, { inode }) => {
      if (!sharedBlock(leaf) || (leaf.area.flags & VM_SYNC) === 0 || !writable(leaf)) return null
      const committed = history.committed(inode)
      for (let i = 0; i < leaf.pages; i++) {
        const block = leaf.pfn - PMEM_BASE_PFN + i
        if (committed.writtenBlock(leaf.page + i) === block) continue
        return {
          found: `${describeLeaf(leaf)}, while page ${leaf.page + i} is ${committed.describe(leaf.page + i)} in the journal`,
          expected: `block ${block} committed`,
        }
      }
      return null
    })
  },
}

export const I34: Invariant<DaxSnapshot> = {
  id: 'I34',
  title: 'no mapping of a frozen file system can be stored to',
  kind: 'S',
  source: 'fs/super.c: freeze_super; fs/ext4/file.c: ext4_dax_huge_fault (sb_start_pagefault)',
  check(snapshot) {
    if (snapshot.frozen < SB_FREEZE_FS) return []
    return snapshot.inodes.flatMap((inode) =>
      inode.leaves
        .filter((leaf) => leaf.what === 'block' && writable(leaf))
        .map((leaf) => ({
          invariant: 'I34',
          ...atLeaf(leaf, inode),
          found: `${describeLeaf(leaf)} while the file system is frozen`,
          expected: 'a read-only entry',
        })),
    )
  },
}
