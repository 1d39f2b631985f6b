// Derived from ../steps/mlock.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Locking into memory: `mlock`.
 * @module
 */

import { pageOffset, pageStart } from '../address.ts'
import { EAGAIN, EFAULT, ENOMEM } from '../errno.ts'
import { PAGE_SIZE } from '../physical-memory.ts'
import type { Task } from '../task.ts'
import { VM_LOCKED, VM_SPECIAL } from '../vm-flags.ts'
import type { Vma } from '../vma.ts'
import { mmPopulate } from './gup.ts'
import { isolateVma, vmaMerge } from './vma-adjust.ts'
import { mmapWriteLock, mmapWriteUnlock, vmaStartWrite } from './vma-lock.ts'

/** mlock(2); 0 or a negative error number (mm/mlock.c: do_mlock, 6.1, for a task without a limit). */
export function mlock(t: Task, start: number, length: number): number {
  const from = pageStart(start)
  const size = Math.ceil((length + pageOffset(start)) / PAGE_SIZE) * PAGE_SIZE
  mmapWriteLock(t, t.mm)
  const error = size === 0 ? 0 : applyVmaLockFlags(t, from, from + size)
  mmapWriteUnlock(t, t.mm)
  if (error !== 0) return error
  const populated = mmPopulate(t, from, size, false)
  // mm/mlock.c: __mlock_posix_error_return
  if (populated === -EFAULT) return -ENOMEM
  return populated === -ENOMEM ? -EAGAIN : populated
}

function applyVmaLockFlags(t: Task, start: number, end: number): number {
  const areas = t.mm.areas
  let vma = areas.findVma(start)
  if (vma === null || vma.vmStart > start) return -ENOMEM
  let prev = start > vma.vmStart ? vma : areas.findPrev(start)
  for (let from = start; ; ) {
    const to: number = Math.min(vma.vmEnd, end)
    const fixed: Vma | number = mlockFixup(t, vma, prev, from, to)
    if (typeof fixed === 'number') return fixed
    prev = fixed
    from = Math.max(to, prev.vmEnd)
    if (from >= end) return 0
    vma = areas.findVma(prev.vmEnd)
    if (vma === null || vma.vmStart !== from) return -ENOMEM
  }
}

/**
 * Sets `VM_LOCKED` on a part of one area, never on DAX; the area that then holds it, or a negative error number
 * (mm/mlock.c: mlock_fixup, 6.1).
 */
function mlockFixup(t: Task, vma: Vma, prev: Vma | null, start: number, end: number): Vma | number {
  const flags = vma.vmFlags | VM_LOCKED
  if (flags === vma.vmFlags || (vma.vmFlags & VM_SPECIAL) !== 0 || vma.isDax) return vma
  const pgoff = vma.vmPgoff + (start - vma.vmStart) / PAGE_SIZE
  const merged = vmaMerge(t, vma.vmMm, prev, start, end, flags, vma.anonVma, vma.vmFile, pgoff)
  const target = merged ?? vma
  if (merged === null) {
    const error = isolateVma(t, vma, start, end)
    if (error !== 0) return error
  }
  vmaStartWrite(t, target)
  target.vmFlags = flags
  return target
}
