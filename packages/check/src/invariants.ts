/**
 * Rules about states that are cheap enough to be looked at after every step.
 * @module
 */

import {
  TOUCH_AREAS,
  TOUCH_ENTRIES,
  TOUCH_ENTRY_LOCK,
  TOUCH_FREEZE,
  TOUCH_I_MMAP,
  TOUCH_TABLE,
  VM_SHARED,
  type Vma,
  ZERO_PFN,
} from '@mm-model/core'
import {
  type DaxFile,
  daxIsEmptyEntry,
  daxIsLocked,
  daxIsPmdEntry,
  daxIsZeroEntry,
  daxToPfn,
  PAGECACHE_TAG_DIRTY,
  SB_FREEZE_FS,
  XaState,
} from '@mm-model/dax'
import { visitLeaves } from './leaves.ts'
import type { Instance, StateInvariant } from './program.ts'

/** Each leaf of a shared area over one of the instance's files; the first answer that is not null. */
function overLeaves(
  instance: Instance,
  check: (file: DaxFile, vma: Vma, page: number, slot: number, huge: boolean) => string | null,
): string | null {
  for (const file of instance.files ?? []) {
    for (const vma of file.inode.mapping.iMmap) {
      if ((vma.vmFlags & VM_SHARED) === 0) continue
      const message = visitLeaves(vma, (address, slot, huge) =>
        check(file, vma, vma.linearPageIndex(address), slot, huge),
      )
      if (message !== null) return message
    }
  }
  return null
}

function isWritable(instance: Instance, slot: number, huge: boolean): boolean {
  const { pageTables: pt } = instance.machine
  return huge ? pt.arch.pmdWrite(pt.lo, pt.hi, slot) : pt.arch.pteWrite(pt.lo, pt.hi, slot)
}

const LEAVES = [TOUCH_TABLE, TOUCH_AREAS, TOUCH_I_MMAP]

/** I19 of the reference: a store that needs no fault must not be lost to writeback. */
const writableMeansDirty: StateInvariant = {
  name: 'I19',
  rule: 'a writable leaf of a shared DAX mapping has an entry that is tagged dirty, or locked by who is changing it',
  source: 'fs/dax.c: dax_insert_entry tags, then installs; dax_writeback_one cleans, flushes, then untags',
  reads: [...LEAVES, TOUCH_ENTRIES, TOUCH_ENTRY_LOCK],
  everyStep: true,
  check: (instance) =>
    overLeaves(instance, (file, vma, page, slot, huge) => {
      if (!isWritable(instance, slot, huge)) return null
      const xas = new XaState(file.inode.entries).set(page, 0)
      const entry = xas.load()
      if (entry !== 0 && (daxIsLocked(entry) || xas.getMark(PAGECACHE_TAG_DIRTY))) return null
      const what = entry === 0 ? 'has no entry' : 'has an entry that is not tagged dirty'
      return `page ${page} of ${file.inode.name} can be stored to at ${where(vma, page)} and ${what}`
    }),
}

/** I12: nobody stores to the zero page. */
const zeroPageIsReadOnly: StateInvariant = {
  name: 'I12',
  rule: 'the zero page is never mapped writable',
  source: 'fs/dax.c: dax_load_hole; mm/memory.c: finish_fault',
  reads: LEAVES,
  everyStep: true,
  check: (instance) =>
    overLeaves(instance, (file, vma, page, slot, huge) => {
      const { pageTables: pt } = instance.machine
      if (huge || pt.arch.ptePfn(pt.lo, pt.hi, slot) !== ZERO_PFN || !isWritable(instance, slot, huge))
        return null
      return `page ${page} of ${file.inode.name} is the zero page, writable, at ${where(vma, page)}`
    }),
}

/** I13: a leaf maps what its entry says. */
const leafMatchesEntry: StateInvariant = {
  name: 'I13',
  rule: 'a leaf of a shared DAX mapping that is not of the zero page maps the frame of its entry',
  source: 'fs/dax.c: dax_insert_entry; mm/memory.c: insert_pfn',
  reads: [...LEAVES, TOUCH_ENTRIES, TOUCH_ENTRY_LOCK],
  everyStep: true,
  check: (instance) =>
    overLeaves(instance, (file, vma, page, slot, huge) => {
      const { pageTables: pt } = instance.machine
      if (huge) return null
      const pfn = pt.arch.ptePfn(pt.lo, pt.hi, slot)
      if (pfn === ZERO_PFN) return null
      const entry = new XaState(file.inode.entries).set(page, 0).load()
      if (entry !== 0 && (daxIsLocked(entry) || daxIsPmdEntry(entry))) return null
      if (entry !== 0 && !daxIsEmptyEntry(entry) && !daxIsZeroEntry(entry) && daxToPfn(entry) === pfn)
        return null
      return `page ${page} of ${file.inode.name} is mapped at ${where(vma, page)} to frame ${pfn}, not that of its entry`
    }),
}

/** I34: frozen means that nothing can be stored. */
const frozenIsReadOnly: StateInvariant = {
  name: 'I34',
  rule: 'a frozen file system has no writable leaf in any address space',
  source: 'fs/super.c: freeze_super; include/linux/fs.h: sb_start_pagefault',
  reads: [...LEAVES, TOUCH_FREEZE],
  everyStep: true,
  check: (instance) =>
    overLeaves(instance, (file, vma, page, slot, huge) => {
      if (file.inode.sb.frozen < SB_FREEZE_FS || !isWritable(instance, slot, huge)) return null
      return `${file.inode.sb.personality.name} is frozen and page ${page} of ${file.inode.name} can be stored to at ${where(vma, page)}`
    }),
}

function where(vma: Vma, page: number): string {
  return `0x${(vma.vmStart + (page - vma.vmPgoff) * 4096).toString(16)}`
}

/** What {@link stateInvariants} are, without those that only hold when all threads have ended. */
export const stateInvariants: readonly StateInvariant[] = Object.freeze([
  writableMeansDirty,
  zeroPageIsReadOnly,
  leafMatchesEntry,
  frozenIsReadOnly,
])
