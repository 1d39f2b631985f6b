/**
 * How many copies there are of the data of a file: one, and private ones, which are their owners': I32, I33, I47, I52.
 * @module
 */

import {
  EVENT_ACCESS,
  EVENT_CALL,
  EVENT_STORED,
  EVENT_STORED_PRIVATE,
  EVENT_WRITTEN,
  PMEM_BASE_PFN,
  TOUCH_FILE_SYSTEM,
} from '@mm-model/core'
import { type DaxInode, ExtentTable } from '@mm-model/dax'
import { copyKey, losesKeptCopy, mappedAt } from '../facts.ts'
import type { Instance, StateInvariant } from '../program.ts'
import {
  at,
  fileNamed,
  frame,
  frameOf,
  hex,
  isLockedAt,
  isOfFile,
  isWritable,
  LEAVES,
  overLeaves,
  overLeavesOf,
} from './over-leaves.ts'

export const I32: StateInvariant = {
  name: 'I32',
  rule: 'where a private copy was made, the file is not seen again until the copy is given up',
  source: 'mm/memory.c: wp_page_copy, should_zap_page (even_cows)',
  explains: 'what the program has stored to its own memory is gone',
  reads: [EVENT_ACCESS, EVENT_STORED_PRIVATE],
  hears: [EVENT_CALL],
  everyStep: true,
  check: ({ machine }, { happened, remembered: { copies } }) => {
    for (const { kind, words, task } of happened.facts) {
      const [what, address, pfn] = words
      if (kind !== EVENT_ACCESS || what !== 'loads' || !copies.has(copyKey(task.mm, Number(address))))
        continue
      if (!isOfFile(machine, Number(pfn))) continue
      return `the load at ${hex(Number(address))} finds ${frame(Number(pfn))}, and not the copy that was stored to there`
    }
    return null
  },
}

export const I33: StateInvariant = {
  name: 'I33',
  rule: 'cutting a file takes the private copies behind its end and no others; no other file call takes any',
  source:
    'mm/truncate.c: truncate_pagecache, truncate_pagecache_range; mm/memory.c: unmap_mapping_pages (even_cows)',
  explains:
    'what a program has stored to its own memory goes with a hole in the file, or stays where there is no file',
  reads: [],
  hears: [EVENT_CALL],
  everyStep: true,
  check: (instance, { happened }) => {
    for (const fact of happened.facts) {
      const [what, name, second] = fact.words
      if (losesKeptCopy(fact))
        return `the private copy at ${hex(Number(second))} is taken away, and its page is before the end of the file`
      if (fact.kind !== EVENT_CALL || what !== 'cut') continue
      const file = fileNamed(instance, name)
      if (file === null) continue
      const left = overLeavesOf(file, true, (leaf) => {
        const pfn = frameOf(instance, leaf)
        return !isOfFile(instance.machine, pfn) && leaf.page >= Number(second) ? at(file, leaf) : null
      })
      if (left !== null) return `${left}, is a private copy behind the end of the file`
    }
    return null
  },
}

/** The frame of a page of a file, -1 where it reads as zeros. */
function frameIn(inode: DaxInode, page: number): number {
  const block = ExtentTable.of(inode).writtenBlock(page)
  return block < 0 ? -1 : PMEM_BASE_PFN + block
}

export const I47: StateInvariant = {
  name: 'I47',
  rule: 'a load through a mapping of a file sees what the file has there, unless it has a private copy or the entry is locked',
  source: 'Documentation/filesystems/dax.rst: mappings are of the storage itself; 13e451fdc1af, cd656375f946',
  explains: 'two who share a file see two contents of it',
  reads: [EVENT_ACCESS, EVENT_STORED, EVENT_WRITTEN],
  everyStep: true,
  check: ({ machine }, { happened }) => {
    const { memory } = machine
    for (const { kind, words, task } of happened.facts) {
      if (kind !== EVENT_ACCESS || words[0] !== 'loads') continue
      const [address, pfn, byte] = words.slice(1).map(Number) as [number, number, number]
      const mapped = isOfFile(machine, pfn) ? mappedAt(task.mm, address) : null
      if (mapped === null) continue
      const { inode } = mapped.file
      const page = mapped.vma.linearPageIndex(address)
      // What is being cut off, or changed by who holds the lock, is one or the other.
      if (page * 4096 >= inode.size || isLockedAt(inode, page)) continue
      const has = frameIn(inode, page)
      const wanted = has < 0 ? 0 : memory.readByte(has, address % 4096)
      if (wanted === byte) continue
      const where = has < 0 ? 'a hole' : frame(has)
      return `the load at ${hex(address)} finds ${byte} in ${frame(pfn)}, and page ${page} of ${inode.name} is ${where}, with ${wanted}`
    }
    return null
  },
}

/** Blocks that two files have, if any can. */
function sharedBlocks({ files = [] }: Instance): (pfn: number) => boolean {
  const inodes = files[0]?.inode.sb.inodes ?? []
  if (!inodes.some(({ xfs }) => xfs?.reflink === true)) return () => false
  const tables = inodes.map((inode) => ExtentTable.of(inode))
  return (pfn) => tables.filter((extents) => extents.holds(pfn - PMEM_BASE_PFN)).length > 1
}

export const I52: StateInvariant = {
  name: 'I52',
  rule: 'a block that two files have is never written to',
  source: 'fs/dax.c: dax_insert_entry (cow); fs/xfs/xfs_reflink.c: xfs_reflink_allocate_cow',
  explains: 'what is stored to one file shows in the other',
  reads: [...LEAVES, TOUCH_FILE_SYSTEM],
  hears: [EVENT_STORED, EVENT_WRITTEN],
  everyStep: true,
  check: (instance, { happened }) => {
    const isShared = sharedBlocks(instance)
    const stored = happened.stored.find(({ pfn, isPrivate }) => !isPrivate && isShared(pfn))?.pfn
    const written = stored ?? happened.written.find(isShared)
    if (written !== undefined) return `${frame(written)} was written to, and two files have it`
    return overLeaves(instance, false, (file, leaf) => {
      const pfn = frameOf(instance, leaf)
      if (!isWritable(instance, leaf) || !isShared(pfn)) return null
      return `${at(file, leaf)}, can be stored to, and two files have ${frame(pfn)}`
    })
  },
}
