// Derived from ../steps/vma-lock.ts by `pnpm straighten`; edit that file, not this one.
/**
 * The lock of each area, and `mmap_lock` as far as it decides over them: what lets a fault do without `mmap_lock`
 * (include/linux/mm.h, include/linux/mmap_lock.h, mm/memory.c, 6.12, CONFIG_PER_VMA_LOCK). Kernels without such locks
 * (`KernelProfile.perVmaLock`) pay one test here.
 * @module
 */

import { FAULT_FLAG_VMA_LOCK, VM_FAULT_RETRY } from '../fault-flags.ts'
import type { Mm } from '../mm.ts'
import type { Task } from '../task.ts'
import type { VmFault } from '../vm-operations.ts'
import type { Vma } from '../vma.ts'
import { anonVmaPrepare } from './anon-rmap.ts'
import { downRead, downWrite, upRead, upWrite } from './locking.ts'

/**
 * Takes `mmap_lock` for reading, after which the areas stay as they are seen (include/linux/mmap_lock.h: mmap_read_lock, 6.1).
 */
export function mmapReadLock(t: Task, mm: Mm): void {
  downRead(t, mm.mmapLock)
}

/** Takes `mmap_lock` for writing (include/linux/mmap_lock.h: mmap_write_lock, 6.1). */
export function mmapWriteLock(t: Task, mm: Mm): void {
  downWrite(t, mm.mmapLock)
}

/**
 * Releases `mmap_lock` after writing, and with it the lock of every area that was written to meanwhile
 * (include/linux/mmap_lock.h: mmap_write_unlock, vma_end_write_all, 6.12).
 */
export function mmapWriteUnlock(t: Task, mm: Mm): void {
  mm.mmLockSeq++
  upWrite(t, mm.mmapLock)
}

/** Takes `mmap_lock` for reading if that can be done at once (include/linux/mmap_lock.h: mmap_read_trylock, 6.12). */
function mmapReadTrylock(_t: Task, mm: Mm): boolean {
  if (mm.mmapLock.writer !== null) return false
  mm.mmapLock.readers++
  return true
}

/**
 * The area at `address`, its lock held for reading, without `mmap_lock`; null where that cannot be had at once and the
 * caller has to take `mmap_lock` (mm/memory.c: lock_vma_under_rcu, 6.12). Between finding the area and locking it, it
 * may be removed, and another looked for, or moved, which ends the attempt.
 */
export function lockVmaUnderRcu(t: Task, mm: Mm, address: number): Vma | null {
  for (;;) {
    const vma = mm.areas.findVma(address)
    if (vma === null || vma.vmStart > address) return null
    if (!vmaStartRead(vma)) return null
    if (vma.detached) {
      vmaEndRead(t, vma)
      continue
    }
    if (address < vma.vmStart || address >= vma.vmEnd) {
      vmaEndRead(t, vma)
      return null
    }
    return vma
  }
}

/** include/linux/mm.h: vma_start_read, 6.12: false while somebody writes to the area, or has since `mmap_lock` was taken. */
function vmaStartRead(vma: Vma): boolean {
  const lock = vma.vmLock!
  if (vma.vmLockSeq === vma.vmMm.mmLockSeq || lock.writer !== null) return false
  lock.readers++
  return true
}

/** include/linux/mm.h: vma_end_read, 6.12. */
export function vmaEndRead(t: Task, vma: Vma): void {
  upRead(t, vma.vmLock!)
}

/**
 * Waits for the faults in an area to end, and keeps new ones from it until `mmap_lock`, held for writing, is released
 * (include/linux/mm.h: vma_start_write, 6.12).
 */
export function vmaStartWrite(t: Task, vma: Vma): void {
  const lock = vma.vmLock
  if (lock === null || vma.vmLockSeq === vma.vmMm.mmLockSeq) return
  downWrite(t, lock)
  vma.vmLockSeq = vma.vmMm.mmLockSeq
  upWrite(t, lock)
}

/**
 * 0 when the handler may be called. Under the lock of the area that is so where there is a `->map_pages` (xfs), which the
 * kernel takes for a sign that the handlers do without `mmap_lock`; elsewhere (ext4) the lock is released and the fault tried
 * again (mm/memory.c: vmf_can_call_fault, 6.12).
 */
export function vmfCanCallFault(t: Task, vmf: VmFault): number {
  if ((vmf.flags & FAULT_FLAG_VMA_LOCK) === 0 || vmf.vma.vmOps!.hasMapPages === true) return 0
  vmaEndRead(t, vmf.vma)
  return VM_FAULT_RETRY
}

/**
 * Gives the area of a fault an anon_vma if it has none, for which it looks at its neighbours, under `mmap_lock`; 0, or
 * `VM_FAULT_RETRY` with the lock of the area released (mm/memory.c: vmf_anon_prepare, __vmf_anon_prepare, 6.12).
 */
export function vmfAnonPrepare(t: Task, vmf: VmFault): number {
  const vma = vmf.vma
  if (vma.anonVma !== null) return 0
  if ((vmf.flags & FAULT_FLAG_VMA_LOCK) === 0) {
    anonVmaPrepare(vma)
    return 0
  }
  if (!(mmapReadTrylock(t, vma.vmMm))) {
    vmaEndRead(t, vma)
    return VM_FAULT_RETRY
  }
  anonVmaPrepare(vma)
  upRead(t, vma.vmMm.mmapLock)
  return 0
}
