/**
 * Freeze protection: sections that a freeze waits for and then keeps out, and the freeze itself.
 * @module
 */

import {
  EBUSY,
  EINVAL,
  STEP_LOCK,
  STEP_UNLOCK,
  type Steps,
  type Task,
  TOUCH_ACQUIRE,
  TOUCH_ACQUIRE_SHARED,
  TOUCH_ENTRIES,
  TOUCH_FILE_SYSTEM,
  TOUCH_FREEZE,
  TOUCH_READ,
  TOUCH_RELEASE_SHARED,
  TOUCH_WRITE,
  touches,
} from '@mm-model/core'
import { blocked } from '@mm-model/core/steps'
import {
  SB_FREEZE_COMPLETE,
  SB_FREEZE_FS,
  SB_FREEZE_PAGEFAULT,
  SB_FREEZE_WRITE,
  SB_UNFROZEN,
  type SuperBlock,
} from '../super-block.ts'
import { touchesCmtime, touchesCommitted, touchesFrozen } from '../touch.ts'
import { mappingFlushCmtime } from './times.ts'

/** Enters a section, once the file system is not frozen to its level (include/linux/fs.h: sb_start_write, 6.1). */
export function* sbStart(t: Task, sb: SuperBlock, level: number): Steps<void> {
  yield STEP_LOCK
  while (sb.frozen >= level) {
    touches(t, TOUCH_FREEZE, level, TOUCH_ACQUIRE_SHARED)
    yield blocked(t, { name: sb.levelName(level) })
  }
  touches(t, TOUCH_FREEZE, level, TOUCH_ACQUIRE_SHARED)
  sb.writers[level]!++
}

/** include/linux/fs.h: sb_end_write, sb_end_pagefault, 6.1. */
export function* sbEnd(t: Task, sb: SuperBlock, level: number): Steps<void> {
  touches(t, TOUCH_FREEZE, level, TOUCH_RELEASE_SHARED)
  sb.end(t, level)
  yield STEP_UNLOCK
}

/**
 * Freezes: no new writes, then no new write faults, then everything dirty is written back, which in 6.1 write-protects
 * every mapping; 0 or a negative error number (fs/super.c: freeze_super, 6.1). The flusher thread writes back: its events
 * are not the caller's.
 */
export function* freezeSuper(t: Task, sb: SuperBlock): Steps<number> {
  touchesFrozen(t, TOUCH_READ)
  if (sb.frozen !== SB_UNFROZEN) return -EBUSY
  for (let level = SB_FREEZE_WRITE; level <= SB_FREEZE_PAGEFAULT; level++) {
    touchesFrozen(t, TOUCH_WRITE)
    sb.frozen = level
    yield STEP_LOCK
    while (sb.writers[level]! > 0) {
      touches(t, TOUCH_FREEZE, level, TOUCH_ACQUIRE)
      yield blocked(t, { name: sb.levelName(level) })
    }
    touches(t, TOUCH_FREEZE, level, TOUCH_ACQUIRE)
  }
  const trace = t.machine.trace
  t.machine.trace = null
  for (const inode of sb.inodes) {
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
    if (t.machine.defects['freeze-without-writeback']) continue
    inode.dirtyPages = false
    yield* sb.fileOperations.steps.writepages(t, inode, 0, Infinity)
    touchesCmtime(t, inode)
    mappingFlushCmtime(inode)
  }
  t.machine.trace = trace
  touches(t, TOUCH_FILE_SYSTEM, 0, TOUCH_WRITE)
  touchesFrozen(t, TOUCH_WRITE)
  sb.frozen = SB_FREEZE_FS
  sb.personality.commit()
  touchesCommitted(t)
  sb.frozen = SB_FREEZE_COMPLETE
  return 0
}

/** fs/super.c: thaw_super, 6.1. */
export function* thawSuper(_t: Task, sb: SuperBlock): Steps<number> {
  touchesFrozen(_t, TOUCH_WRITE)
  if (sb.frozen !== SB_FREEZE_COMPLETE) return -EINVAL
  sb.frozen = SB_UNFROZEN
  yield STEP_UNLOCK
  return 0
}
