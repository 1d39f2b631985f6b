/**
 * Rules of states in which no call is in progress: what the scenario runner looks at after each call, a checker looks at when all
 * threads have ended.
 * @module
 */

import { coreStateInvariants, type Violation } from '@mm-model/core'
import { type DaxSnapshot, daxStateInvariants } from '@mm-model/dax'
import type { StateInvariant } from '../program.ts'
import { hex } from './over-leaves.ts'

interface Rule {
  readonly id: string
  readonly title: string
  readonly source: string
  readonly check: (snapshot: DaxSnapshot) => readonly Violation[]
}

/** What breaking each of them means for a program or the kernel. */
const EXPLAINS: Readonly<Record<string, string>> = {
  I1: 'the program can store where mprotect or mmap said that it cannot',
  I2: 'a private store goes to the file, or to the page of another process',
  I3: 'a store takes no fault, so that the file system never hears of it',
  I4: 'a look-up finds the wrong area, or the area gives rights that the file does not',
  I7: 'the kernel would wait for pages that have no struct page',
  I8: 'a CPU goes on using an entry that is gone',
  I12: 'a store changes what every hole of every file reads as',
  I13: 'the file system no longer knows of a mapping',
  I14: 'a load finds zeros where the file has data',
  I15: 'the program stores to a block that is free, or another file’s',
  I16: 'a store goes to a block that is given to somebody else next',
  I17: 'an entry of 2 MiB reaches beyond its area or its file',
  I18: 'two entries stand for one page, and each has marks and a lock of its own',
  I19: 'a store takes no fault, and no fsync will flush it',
  I20: 'the D bit says that something was stored, and writeback is not told',
  I22: 'writeback looks for a page that it need not write, or misses one',
  I34: 'a snapshot of the device is taken while a program goes on changing it',
  I38: 'everybody who wants the entry from now on waits for ever',
  I45: 'the kernel says "Bad rss-counter state", or loses the page',
  I51: 'a load finds zeros under a huge zero page where a smaller entry has data',
}

function atEnd({ id, title, source, check }: Rule): StateInvariant {
  return {
    name: id,
    rule: title,
    source,
    explains: EXPLAINS[id] ?? 'the state is not one that the kernel knows',
    reads: [],
    check: (instance, history) => {
      const snapshot = history.atEnd(instance)
      const violation = snapshot === null ? undefined : check(snapshot)[0]
      return violation === undefined
        ? null
        : `${violation.where}: ${violation.found}, not ${violation.expected}`
    },
  }
}

/** Once all threads have ended, data that a file has is what its mappings show. */
const I46: StateInvariant = {
  name: 'I46',
  rule: 'no page of zeros is mapped where the file has data',
  source: 'fs/dax.c: dax_insert_entry, dax_iomap_iter; 13e451fdc1af, cd656375f946',
  explains: 'a program that maps the file does not see what another has written',
  reads: [],
  check: (instance, history) => {
    const snapshot = history.atEnd(instance)
    for (const { name, leaves, extents } of snapshot?.inodes ?? []) {
      for (const { what, page, pages, address } of leaves) {
        for (let i = 0; what === 'zero' && i < pages; i++) {
          const block = extents.writtenBlock(page + i)
          const bytes = block < 0 ? undefined : instance.machine.memory.pmemPage(block)
          if (bytes?.some((byte) => byte !== 0) !== true) continue
          return `page ${page + i} of ${name} has data in block ${block}, and ${hex(address)} shows zeros`
        }
      }
    }
    return null
  },
}

const I48: StateInvariant = {
  name: 'I48',
  rule: 'no entry stands for a page behind the end of the file',
  source: 'mm/truncate.c: truncate_pagecache; fs/ext4/inode.c: ext4_setattr',
  explains: 'what was cut off comes back when the file grows again',
  reads: [],
  check: (instance, history) => {
    for (const { name, size, entries } of history.atEnd(instance)?.inodes ?? []) {
      const behind = entries.all.find(({ start }) => start * 4096 >= size)
      if (behind !== undefined) return `page ${behind.start} of ${name}, of ${size} bytes: ${behind.text}`
    }
    return null
  },
}

/** All of them, in the order of their numbers within core and DAX. */
export const endInvariants: readonly StateInvariant[] = Object.freeze([
  ...coreStateInvariants.map((rule) =>
    atEnd({ ...rule, check: ({ memory }: DaxSnapshot) => rule.check(memory) }),
  ),
  ...daxStateInvariants.map(atEnd),
  I46,
  I48,
])
