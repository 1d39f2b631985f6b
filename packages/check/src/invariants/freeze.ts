/**
 * What a frozen file system keeps out: I34.
 * @module
 */

import { EVENT_STORED, PMEM_BASE_PFN, TOUCH_FREEZE } from '@mm-model/core'
import { ExtentTable, SB_FREEZE_FS } from '@mm-model/dax'
import type { StateInvariant } from '../program.ts'
import { at, isWritable, LEAVES, overLeaves } from './over-leaves.ts'

export const I34: StateInvariant = {
  name: 'I34',
  rule: 'a frozen file system has no writable leaf in any address space, and nothing is stored to its files',
  source: 'fs/super.c: freeze_super; include/linux/fs.h: sb_start_pagefault',
  explains: 'a snapshot of the device is taken while a program goes on changing it',
  reads: [...LEAVES, TOUCH_FREEZE, EVENT_STORED],
  everyStep: true,
  check: (instance, { happened }) => {
    for (const { inode } of instance.files ?? []) {
      if (inode.sb.frozen < SB_FREEZE_FS) continue
      const extents = ExtentTable.of(inode)
      const stored = happened.stored.find(
        ({ pfn, isPrivate }) => !isPrivate && extents.holds(pfn - PMEM_BASE_PFN),
      )
      if (stored !== undefined)
        return `${inode.sb.personality.name} is frozen, and block ${stored.pfn - PMEM_BASE_PFN} of ${inode.name} was stored to`
    }
    return overLeaves(instance, false, (file, leaf) => {
      const { sb } = file.inode
      if (sb.frozen < SB_FREEZE_FS || !isWritable(instance, leaf)) return null
      return `${at(file, leaf)}, can be stored to while ${sb.personality.name} is frozen`
    })
  },
}
