// Derived from ../steps/msync.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Flushing a mapping: `msync`.
 * @module
 */

import { pageOffset } from '../address.ts'
import { EBUSY, EINVAL, ENOMEM } from '../errno.ts'
import { PAGE_SIZE } from '../physical-memory.ts'
import { MS_ASYNC, MS_INVALIDATE, MS_SYNC } from '../syscall-flags.ts'
import type { Task } from '../task.ts'
import { VM_LOCKED, VM_SHARED } from '../vm-flags.ts'
import { upRead } from './locking.ts'
import { flushCmtime } from './munmap.ts'
import { mmapReadLock } from './vma-lock.ts'

/**
 * msync(2); 0 or a negative error number. Only `MS_SYNC` on a shared file area does anything: an fsync of its part
 * of the file, without `mmap_lock` (mm/msync.c: msync, 6.1).
 */
export function msync(t: Task, start: number, length: number, flags: number): number {
  if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) !== 0) return -EINVAL
  if (pageOffset(start) !== 0) return -EINVAL
  if ((flags & MS_ASYNC) !== 0 && (flags & MS_SYNC) !== 0) return -EINVAL
  const end = start + Math.ceil(length / PAGE_SIZE) * PAGE_SIZE
  if (end === start) return 0
  const mm = t.mm
  let unmapped = 0
  let from = start
  mmapReadLock(t, mm)
  for (;;) {
    const vma = mm.areas.findVma(from)
    if (vma === null) break
    if (from < vma.vmStart) {
      if (flags === MS_ASYNC) break
      from = vma.vmStart
      if (from >= end) break
      unmapped = -ENOMEM
    }
    if ((flags & MS_INVALIDATE) !== 0 && (vma.vmFlags & VM_LOCKED) !== 0) {
      upRead(t, mm.mmapLock)
      return -EBUSY
    }
    const file = vma.vmFile
    const first = from - vma.vmStart + vma.vmPgoff * PAGE_SIZE
    const last = first + (Math.min(end, vma.vmEnd) - from) - 1
    from = vma.vmEnd
    flushCmtime(t, vma)
    if ((flags & MS_SYNC) !== 0 && file !== null && (vma.vmFlags & VM_SHARED) !== 0) {
      upRead(t, mm.mmapLock)
      const error = file.ops.plain.fsync(t, file, first, last, true)
      if (error !== 0) return error
      if (from >= end) return unmapped
      mmapReadLock(t, mm)
    } else if (from >= end) {
      upRead(t, mm.mmapLock)
      return unmapped
    }
  }
  upRead(t, mm.mmapLock)
  return -ENOMEM
}
