/**
 * Invariants of times, and of what a private store must leave alone: I31, I35, I36, I37.
 * @module
 */

import {
  type Invariant,
  MADV_POPULATE_WRITE,
  MADV_REMOVE,
  spaceOf,
  type Violation,
  VM_SHARED,
} from '@mm-model/core'
import { DaxFile, type DaxInode } from '../inode.ts'
import type { DaxCall, DaxTransition } from './call.ts'
import { atLeaf, describeLeaf } from './entry-invariants.ts'
import { areaAt, type DaxSnapshot, type InodeSnapshot, inodeIn } from './snapshot.ts'

function ofInode(invariant: string, { name }: InodeSnapshot, found: string, expected: string): Violation {
  return { invariant, where: `inode ${name}`, address: null, found, expected }
}

/** The file behind the address of a store, if the area is of one. */
function storedFile(
  snapshot: DaxSnapshot,
  { task, address }: DaxCall,
): { inode: DaxInode; shared: boolean } | null {
  const area = areaAt(spaceOf(snapshot.memory, task.mm), address)
  if (area === null || !(area.file instanceof DaxFile)) return null
  return { inode: area.file.inode, shared: (area.flags & VM_SHARED) !== 0 }
}

export const I31: Invariant<DaxTransition> = {
  id: 'I31',
  title: 'a private store allocates nothing, changes no time, starts no transaction and marks nothing dirty',
  kind: 'T',
  source: 'fs/ext4/file.c: ext4_dax_huge_fault (write && VM_SHARED); fd96b8da68d3, 1ef6ea0efe8e',
  check({ before, after, call }) {
    if (call.name !== 'store') return []
    const target = storedFile(before, call)
    if (target === null || target.shared) return []
    const was = inodeIn(before, target.inode)
    const is = inodeIn(after, target.inode)
    if (was === null || is === null) return []
    const found: Violation[] = []
    const same = (what: string, old: number, now: number): void => {
      if (old !== now)
        found.push(ofInode('I31', is, `${what} ${now} after a private store`, `${old}, as before`))
    }
    same('mtime', was.mtime, is.mtime)
    same('ctime', was.ctime, is.ctime)
    same('sectors', was.sectors, is.sectors)
    same('transaction', was.syncTid, is.syncTid)
    for (const { start, dirty } of is.entries.all) {
      if (!dirty || was.entries.find(start)?.dirty === true) continue
      found.push(ofInode('I31', is, `page ${start} dirty after a private store`, 'no new DIRTY mark'))
    }
    return found
  },
}

/** Calls that can only take entries along, not make them. */
const MOVING: ReadonlySet<string> = new Set(['mprotect', 'mremap', 'fork'])

export const I35: Invariant<DaxTransition> = {
  id: 'I35',
  title:
    'when a fault makes a shared entry writable, the times of the file are of that moment, or a flag says that they are due',
  kind: 'T',
  source: 'fs/ext4/file.c: ext4_dax_huge_fault (file_update_time)',
  check({ before, after, call }) {
    if (MOVING.has(call.name)) return []
    const { now } = after.memory
    const found: Violation[] = []
    for (const inode of after.inodes) {
      if ((inode.mtime === now && inode.ctime === now) || inode.cmtimeDue) continue
      for (const leaf of inode.leaves) {
        const { space, i, address, what, area } = leaf
        if (what !== 'block' || (area.flags & VM_SHARED) === 0 || !space.leaves.writable(i)) continue
        const old = spaceOf(before.memory, space.mm)?.leaves
        const was = old?.find(address) ?? -1
        if (old !== undefined && was >= 0 && old.writable(was) && old.frameAt(was, address) === leaf.pfn)
          continue
        found.push({
          invariant: 'I35',
          ...atLeaf(leaf, inode),
          found: `${describeLeaf(leaf)}, new at tick ${now}, with mtime ${inode.mtime} and ctime ${inode.ctime}`,
          expected: `both times ${now}`,
        })
      }
    }
    return found
  },
}

export const I36: Invariant<DaxTransition> = {
  id: 'I36',
  title:
    'when an entry has been written back, the times are not older than the moment since which it could be stored to',
  kind: 'T',
  source: 'POSIX msync as Linux takes it: fs/inode.c: file_update_time',
  check({ after, history }) {
    return history.cleaned.flatMap(({ inode, page, writableSince }) => {
      const is = inodeIn(after, inode)
      if (is === null || (is.mtime >= writableSince && is.ctime >= writableSince)) return []
      const found = `mtime ${is.mtime} and ctime ${is.ctime} after page ${page} was written back`
      return [ofInode('I36', is, found, `times from ${writableSince} on, when it became writable`)]
    })
  },
}

export const I37: Invariant<DaxTransition> = {
  id: 'I37',
  title: 'loads, failed stores and calls that change no file leave its times alone (private stores are I31)',
  kind: 'T',
  source: 'fs/inode.c: file_update_time, file_modified; fs/ext4/file.c: ext4_dax_huge_fault',
  check({ before, after, call }) {
    const found: Violation[] = []
    for (const is of after.inodes) {
      const was = inodeIn(before, is.inode)
      if (was === null || (was.mtime === is.mtime && was.ctime === is.ctime)) continue
      if (mayTouch(before, call, is.inode) || wasDue(was)) continue
      found.push(
        ofInode(
          'I37',
          is,
          `mtime ${is.mtime}, ctime ${is.ctime} after ${call.name}`,
          `mtime ${was.mtime}, ctime ${was.ctime}, as before`,
        ),
      )
    }
    return found
  },
}

/** Whether deferred times were due before the call, or it could come upon an entry that makes them due. */
function wasDue({ inode, cmtimeDue, leaves }: InodeSnapshot): boolean {
  if (cmtimeDue) return true
  if (!inode.mapping.defersCmtime) return false
  return leaves.some(
    ({ what, area, space, i }) => what === 'block' && (area.flags & VM_SHARED) !== 0 && space.leaves.dirty(i),
  )
}

/** File calls that change times. */
const CHANGING: ReadonlySet<string> = new Set(['create', 'fill', 'falloc', 'punch', 'truncate', 'reflink'])

function mayTouch(before: DaxSnapshot, call: DaxCall, inode: DaxInode): boolean {
  if (CHANGING.has(call.name)) return call.inode === inode
  if (call.name === 'store') {
    // A fault that ends in SIGBUS has changed the times first; one that is refused has not.
    return storedFile(before, call)?.inode === inode && call.signal?.signal !== 'SIGSEGV'
  }
  if (call.name !== 'madvise' || (call.flags !== MADV_REMOVE && call.flags !== MADV_POPULATE_WRITE))
    return false
  const end = call.address + Math.ceil(call.length / 4096) * 4096
  return (spaceOf(before.memory, call.task.mm)?.areas ?? []).some(
    ({ start, end: areaEnd, file, flags }) =>
      start < end &&
      areaEnd > call.address &&
      (flags & VM_SHARED) !== 0 &&
      file instanceof DaxFile &&
      file.inode === inode,
  )
}
