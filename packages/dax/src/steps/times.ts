/**
 * Times of files that are stored to through mappings: at once in the fault, or when a strategy defers them.
 * @module
 */

import {
  type Task,
  TIMES_AT_FAULT,
  TIMES_DEFERRED,
  TOUCH_TIMES,
  TOUCH_WRITE,
  touches,
  touchesFaultDeed,
} from '@mm-model/core'
import type { DaxInode } from '../inode.ts'
import { touchesCmtime, touchesTimes } from '../touch.ts'

/** fs/inode.c: file_update_time, 6.1. */
export function fileUpdateTime(t: Task, inode: DaxInode): void {
  const m = t.machine
  if (m.trace !== null) m.trace('file_update_time', t, 0, 0, 0)
  touchesTimes(t, inode)
  inode.touch()
}

/**
 * What a handler does about the times of the file before it installs an entry for a store to a shared area: asks the
 * strategy, and updates them, or leaves word that they are to be updated. A page fault section is open.
 */
export function faultUpdateTime(t: Task, inode: DaxInode): void {
  touchesFaultDeed(t, 'times')
  const when = t.machine.strategyHost.updateTimes(t)
  if (when === TIMES_AT_FAULT) fileUpdateTime(t, inode)
  else if (when === TIMES_DEFERRED) {
    touches(t, TOUCH_TIMES, inode.mapping.iMmapRwsem.name, TOUCH_WRITE)
    inode.mapping.defersCmtime = true
    inode.mapping.asCmtime = true
  }
}

/**
 * Takes the flag, and updates the times if it was set (`mapping_flush_cmtime` of the deferred-mtime patches of 2012), after
 * writeback: there is no open file there, so not by {@link fileUpdateTime}. The caller keeps freezes out, or is one.
 */
export function mappingFlushCmtime(inode: DaxInode): void {
  if (!inode.mapping.asCmtime) return
  inode.mapping.asCmtime = false
  inode.touch()
}

/** The same for an area that is synchronised or goes, and has its file. The caller keeps freezes out. */
export function fileFlushCmtime(t: Task, inode: DaxInode): void {
  touchesCmtime(t, inode)
  if (!inode.mapping.asCmtime) return
  inode.mapping.asCmtime = false
  fileUpdateTime(t, inode)
}
