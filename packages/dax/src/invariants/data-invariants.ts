/**
 * Invariants of data, and of what file calls take out of mappings: I30, I32, I33, I46 to I49.
 * @module
 */

import {
  type Invariant,
  MADV_REMOVE,
  PAGE_SIZE,
  spaceOf,
  type Violation,
  VM_MAYWRITE,
  VM_SHARED,
} from '@mm-model/core'
import { DaxFile, type DaxInode } from '../inode.ts'
import type { DaxCall, DaxTransition } from './call.ts'
import { isCopy, readFrame } from './contents.ts'
import { atLeaf, atPage, describeFound, describeLeaf } from './entry-invariants.ts'
import type { History } from './history.ts'
import { punchedPages } from './punch.ts'
import { areaAt, type DaxSnapshot, type InodeSnapshot, inodeIn, pageAt } from './snapshot.ts'

const ZEROS: Uint8Array = new Uint8Array(PAGE_SIZE)

/** The first byte in which the page on the device is not what it must be, as a phrase; null when all are. */
export function pageDifference(
  snapshot: DaxSnapshot,
  inode: DaxInode,
  page: number,
  wanted: Uint8Array | undefined,
): { found: string; expected: string } | null {
  const block = inodeIn(snapshot, inode)?.extents.writtenBlock(page) ?? -1
  const is = block < 0 ? ZEROS : (snapshot.sb.machine.memory.pmemPage(block) ?? ZEROS)
  return difference(is, wanted ?? ZEROS)
}

function difference(is: Uint8Array, wanted: Uint8Array): { found: string; expected: string } | null {
  for (let i = 0; i < PAGE_SIZE; i++) {
    if (is[i] === wanted[i]) continue
    return { found: `byte ${is[i]!} at ${i}`, expected: `byte ${wanted[i]!}` }
  }
  return null
}

export const I30: Invariant<DaxTransition> = {
  id: 'I30',
  title: 'a store through a private mapping changes no byte of the file',
  kind: 'T',
  source: 'mm/memory.c: do_cow_fault, wp_page_copy; CVE-2016-5195',
  check({ after, history: { contents } }) {
    return contents.touched.flatMap(({ inode, page, mayChange }) => {
      if (mayChange) return []
      const wrong = pageDifference(after, inode, page, contents.filePage(inode, page))
      return wrong === null ? [] : [{ invariant: 'I30', ...atPage(page, inode.name), ...wrong }]
    })
  },
}

export const I32: Invariant<DaxTransition> = {
  id: 'I32',
  title: 'a private copy begins as what was seen there, and only stores of its own change it',
  kind: 'T',
  source: 'fs/dax.c: dax_fault_cow_page; mm/memory.c: __wp_page_copy_user, should_zap_page',
  check({ after, call, history: { contents } }) {
    const found: Violation[] = []
    for (const { space, address, pfn, bytes } of contents.fresh) {
      const wrong = difference(readFrame(after, pfn), bytes)
      if (wrong === null) continue
      found.push({ invariant: 'I32', where: `0x${address.toString(16)} in ${space.name}`, address, ...wrong })
    }
    const loaded = loadedFrom(after, call)
    if (loaded === null || loaded.copy < 0) return found
    const wanted = contents.frame(loaded.copy)?.[call.address % PAGE_SIZE]
    if (wanted !== undefined && wanted !== call.ret) found.push(wrongLoad('I32', call, wanted))
    return found
  },
}

/** The frame of the private copy that a load read, or -1 and the page of the file. */
function loadedFrom(
  after: DaxSnapshot,
  call: DaxCall,
): { copy: number; inode: DaxInode | null; page: number } | null {
  if (call.name !== 'load' || call.signal !== null) return null
  const space = spaceOf(after.memory, call.task.mm)
  const area = areaAt(space, call.address)
  if (space === null || area === null) return null
  const leaf = space.leaves.find(call.address)
  const pfn = leaf < 0 ? -1 : space.leaves.frameAt(leaf, call.address)
  const copy = isCopy(after, pfn) ? pfn : -1
  const inode = area.file instanceof DaxFile ? area.file.inode : null
  return { copy, inode, page: pageAt(area, call.address) }
}

function wrongLoad(invariant: string, { address, ret, task }: DaxCall, wanted: number): Violation {
  const name = task.mm.mmapLock.name.replace('.mmap_lock', '')
  const where = `0x${address.toString(16)} in ${name}`
  return { invariant, where, address, found: `byte ${ret} loaded`, expected: `byte ${wanted}` }
}

export const I33: Invariant<DaxTransition> = {
  id: 'I33',
  title: 'cutting a file takes the private copies behind its end and no others; no other file call takes any',
  kind: 'T',
  source:
    'mm/truncate.c: truncate_pagecache, truncate_pagecache_range; mm/memory.c: unmap_mapping_pages (even_cows)',
  check({ before, after, call }) {
    const file = call.inode !== null || (call.name === 'madvise' && call.flags === MADV_REMOVE)
    if (!file && call.name !== 'freeze' && call.name !== 'thaw') return []
    const found: Violation[] = []
    for (const was of before.inodes) {
      const kept = was.inode === call.inode ? firstCutPage(call) : Infinity
      for (const leaf of was.leaves) {
        if (leaf.what !== 'copy') continue
        const now = spaceOf(after.memory, leaf.space.mm)?.leaves
        const at = now?.find(leaf.address) ?? -1
        const there = now !== undefined && at >= 0 && now.pfn[at] === leaf.pfn
        if (there === leaf.page < kept) continue
        found.push({
          invariant: 'I33',
          ...atLeaf(leaf, was),
          found: there
            ? 'a private copy behind the end of the file'
            : `the private copy gone after ${call.name}`,
          expected: there ? 'that it is unmapped' : 'that it stays',
        })
      }
    }
    return found
  },
}

/** First page whose private copies a call takes away. */
function firstCutPage({ name, ret, length }: DaxCall): number {
  if (name === 'create') return 0
  return name === 'truncate' && ret === 0 ? Math.ceil(length / PAGE_SIZE) : Infinity
}

export const I46: Invariant<DaxTransition> = {
  id: 'I46',
  title: 'what write(2) wrote is seen through every mapping: no zero page stays in its way',
  kind: 'T',
  source:
    'fs/dax.c: dax_iomap_iter (IOMAP_F_NEW); mm/truncate.c: invalidate_inode_pages2_range; cd656375f946',
  check({ after, call, history }) {
    return call.name === 'fill' && call.ret > 0 ? maskingZeroPages('I46', after, history) : []
  },
}

/** Zero pages mapped where the file holds something else, but for those that the kernel itself forgets. */
function maskingZeroPages(invariant: string, after: DaxSnapshot, history: History): Violation[] {
  const found: Violation[] = []
  for (const inode of after.inodes) {
    for (const leaf of inode.leaves) {
      if (leaf.what !== 'zero') continue
      for (let page = leaf.page; page < leaf.page + leaf.pages; page++) {
        const bytes = history.contents.filePage(inode.inode, page)
        const wrong = bytes === undefined ? null : difference(ZEROS, bytes)
        if (wrong === null || history.zeroedAround(inode.inode, page)) continue
        found.push({
          invariant,
          ...atLeaf(leaf, inode),
          found: `${describeLeaf(leaf)} over page ${page}, which holds data`,
          expected: 'that it is unmapped',
        })
        break
      }
    }
  }
  return found
}

export const I47: Invariant<DaxTransition> = {
  id: 'I47',
  title: 'there is one copy of the data of a file: every load and read(2) sees the last store and write(2)',
  kind: 'T',
  source: 'Documentation/filesystems/dax.rst: mappings are of the storage itself',
  check({ after, call, history }) {
    const { contents } = history
    const found: Violation[] = []
    for (const { inode, page, mayChange } of contents.touched) {
      const wrong = mayChange ? pageDifference(after, inode, page, contents.filePage(inode, page)) : null
      if (wrong !== null) found.push({ invariant: 'I47', ...atPage(page, inode.name), ...wrong })
    }
    if (call.name !== 'fill') found.push(...maskingZeroPages('I47', after, history))
    const loaded = loadedFrom(after, call)
    if (loaded !== null && loaded.copy < 0) {
      const bytes = loaded.inode === null ? undefined : contents.filePage(loaded.inode, loaded.page)
      const wanted = bytes?.[call.address % PAGE_SIZE] ?? 0
      const forgotten = loaded.inode !== null && history.zeroedAround(loaded.inode, loaded.page)
      if (wanted !== call.ret && !(forgotten && call.ret === 0)) found.push(wrongLoad('I47', call, wanted))
    }
    if (call.name === 'pread' && call.inode !== null && call.ret >= 0) {
      const wanted =
        contents.filePage(call.inode, Math.floor(call.offset / PAGE_SIZE))?.[call.offset % PAGE_SIZE] ?? 0
      if (wanted !== call.ret) {
        const where = atPage(Math.floor(call.offset / PAGE_SIZE), call.inode.name)
        found.push({ invariant: 'I47', ...where, found: `byte ${call.ret} read`, expected: `byte ${wanted}` })
      }
    }
    return found
  },
}

/** Whole pages that a call took out of a file: first and last. */
interface Removed {
  readonly inode: InodeSnapshot
  readonly first: number
  readonly last: number
}

export const I48: Invariant<DaxTransition> = {
  id: 'I48',
  title: 'where a file was cut or punched, no mapping entry and no page-table entry is left',
  kind: 'T',
  source: 'fs/ext4/inode.c: ext4_setattr, ext4_punch_hole; mm/truncate.c: truncate_inode_pages_range',
  check({ before, after, call }) {
    return removedPages(before, after, call).flatMap(({ inode, first, last }) => [
      ...inode.entries.at(first, last).map((entry) => ({
        invariant: 'I48',
        ...atPage(entry.start, inode.name),
        found: describeFound(entry),
        expected: `no entry after ${call.name}`,
      })),
      ...inode.leaves
        .filter(({ what, page, pages }) => what !== 'copy' && page <= last && page + pages > first)
        .map((leaf) => ({
          invariant: 'I48',
          ...atLeaf(leaf, inode),
          found: describeLeaf(leaf),
          expected: `no entry after ${call.name}`,
        })),
    ])
  },
}

function removedPages(before: DaxSnapshot, after: DaxSnapshot, call: DaxCall): Removed[] {
  if (call.name === 'madvise' && call.flags === MADV_REMOVE && call.ret === 0)
    return removedByAdvice(before, after, call)
  const inode = inodeIn(after, call.inode)
  if (inode === null || call.ret !== 0) return []
  if (call.name === 'truncate' || call.name === 'create') {
    return [{ inode, first: Math.ceil(call.length / PAGE_SIZE), last: Infinity }]
  }
  if (call.name !== 'punch') return []
  return wholePages(inode, inodeIn(before, call.inode)?.size ?? 0, call.offset, call.length)
}

function removedByAdvice(before: DaxSnapshot, after: DaxSnapshot, call: DaxCall): Removed[] {
  const end = call.address + Math.ceil(call.length / PAGE_SIZE) * PAGE_SIZE
  const shared = VM_SHARED | VM_MAYWRITE
  return (spaceOf(before.memory, call.task.mm)?.areas ?? []).flatMap((area) => {
    const first = Math.max(area.start, call.address)
    const last = Math.min(area.end, end)
    if (first >= last || (area.flags & shared) !== shared || !(area.file instanceof DaxFile)) return []
    const inode = inodeIn(after, area.file.inode)
    const size = inodeIn(before, area.file.inode)?.size ?? 0
    return inode === null ? [] : wholePages(inode, size, pageAt(area, first) * PAGE_SIZE, last - first)
  })
}

function wholePages(inode: InodeSnapshot, size: number, offset: number, length: number): Removed[] {
  const pages = punchedPages(inode.inode.sb, size, offset, length)
  return pages === null ? [] : [{ inode, ...pages }]
}

export const I49: Invariant<DaxTransition> = {
  id: 'I49',
  title: 'write(2) drops no mapping entry that is dirty',
  kind: 'T',
  source: 'fs/dax.c: __dax_invalidate_entry, dax_invalidate_mapping_entry_sync',
  check({ before, after, call }) {
    if (call.name !== 'fill') return []
    const found: Violation[] = []
    for (const was of before.inodes) {
      const is = inodeIn(after, was.inode)
      if (is === null) continue
      for (const entry of was.entries.all) {
        if (!entry.dirty) continue
        const now = is.entries.find(entry.start)
        if (now?.dirty === true) continue
        found.push({
          invariant: 'I49',
          ...atPage(entry.start, was.name),
          found: `${describeFound(now)} where there was ${describeFound(entry)}, dirty`,
          expected: 'that it stays, and dirty',
        })
      }
    }
    return found
  },
}

/** Every page of every file that is not what it must be; for the end of a run. */
export function wrongPages({ after, history: { contents } }: DaxTransition): Violation[] {
  const found: Violation[] = []
  for (const { inode, page } of contents.pages()) {
    const wrong = pageDifference(after, inode, page, contents.filePage(inode, page))
    if (wrong !== null) found.push({ invariant: 'I47', ...atPage(page, inode.name), ...wrong })
  }
  return found
}
