// Derived from ../steps/freeze.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Freeze protection: sections that a freeze waits for and then keeps out, and the freeze itself.
 * @module
 */

import { EBUSY, EINVAL, type Task } from '@mm-model/core'
import { blocked } from '@mm-model/core/plain'
import {
  SB_FREEZE_COMPLETE,
  SB_FREEZE_FS,
  SB_FREEZE_PAGEFAULT,
  SB_FREEZE_WRITE,
  SB_UNFROZEN,
  type SuperBlock,
} from '../super-block.ts'
import { mappingFlushCmtime } from './times.ts'

/** Enters a section, once the file system is not frozen to its level (include/linux/fs.h: sb_start_write, 6.1). */
export function sbStart(t: Task, sb: SuperBlock, level: number): void {
  while (sb.frozen >= level) {
    blocked(t, { name: sb.levelName(level) })
  }
  sb.writers[level]!++
}

/** include/linux/fs.h: sb_end_write, sb_end_pagefault, 6.1. */
export function sbEnd(t: Task, sb: SuperBlock, level: number): void {
  sb.end(t, level)
}

/**
 * Freezes: no new writes, then no new write faults, then everything dirty is written back, which in 6.1 write-protects
 * every mapping; 0 or a negative error number (fs/super.c: freeze_super, 6.1). The flusher thread writes back: its events
 * are not the caller's.
 */
export function freezeSuper(t: Task, sb: SuperBlock): number {
  if (sb.frozen !== SB_UNFROZEN) return -EBUSY
  for (let level = SB_FREEZE_WRITE; level <= SB_FREEZE_PAGEFAULT; level++) {
    sb.frozen = level
    while (sb.writers[level]! > 0) {
      blocked(t, { name: sb.levelName(level) })
    }
  }
  const trace = t.machine.trace
  t.machine.trace = null
  for (const inode of sb.inodes) {
    if (t.machine.defects['freeze-without-writeback']) continue
    inode.dirtyPages = false
    sb.fileOperations.plain.writepages(t, inode, 0, Infinity)
    mappingFlushCmtime(inode)
  }
  t.machine.trace = trace
  sb.frozen = SB_FREEZE_FS
  sb.personality.commit()
  sb.frozen = SB_FREEZE_COMPLETE
  return 0
}

/** fs/super.c: thaw_super, 6.1. */
export function thawSuper(_t: Task, sb: SuperBlock): number {
  if (sb.frozen !== SB_FREEZE_COMPLETE) return -EINVAL
  sb.frozen = SB_UNFROZEN
  return 0
}
