// Derived from ../steps/xfs-fault.ts by `pnpm straighten`; edit that file, not this one.
/**
 * xfs's fault handlers on a DAX file.
 * @module
 */

import { FAULT_FLAG_WRITE, PE_SIZE_PTE, type Task, VM_FAULT_NEEDDSYNC, VM_SHARED, type VmFault } from '@mm-model/core'
import { downRead, downWrite, upRead, upWrite } from '@mm-model/core/plain'
import type { DaxFile, DaxInode } from '../inode.ts'
import { SB_FREEZE_PAGEFAULT } from '../super-block.ts'
import { daxFinishSyncFault, daxIomapFault } from './fault.ts'
import { sbEnd, sbStart } from './freeze.ts'
import { faultUpdateTime } from './times.ts'

/** `->fault` (fs/xfs/xfs_file.c: xfs_filemap_fault, 6.1). */
export function xfsFilemapFault(t: Task, vmf: VmFault): number {
  return filemapFault(t, vmf, PE_SIZE_PTE, isWriteFault(vmf))
}

/** `->huge_fault` (fs/xfs/xfs_file.c: xfs_filemap_huge_fault, 6.1). */
export function xfsFilemapHugeFault(t: Task, vmf: VmFault, peSize: number): number {
  return filemapFault(t, vmf, peSize, isWriteFault(vmf))
}

/** `->pfn_mkwrite` (fs/xfs/xfs_file.c: xfs_filemap_pfn_mkwrite, 6.1). */
export function xfsFilemapPfnMkwrite(t: Task, vmf: VmFault): number {
  return filemapFault(t, vmf, PE_SIZE_PTE, true)
}

function isWriteFault(vmf: VmFault): boolean {
  const shared = (vmf.vma.vmFlags & VM_SHARED) !== 0
  return (vmf.flags & FAULT_FLAG_WRITE) !== 0 && (shared || isOld(vmf))
}

/** Whether private stores are taken for shared ones, as up to 5.8. */
function isOld(vmf: VmFault): boolean {
  return vmf.vma.vmMm.machine.defects['mtime-on-private-fault']
}

/**
 * Freeze protection and times for stores to shared mappings, and the lock that keeps truncation out
 * (fs/xfs/xfs_file.c: __xfs_filemap_fault, 6.1).
 */
function filemapFault(t: Task, vmf: VmFault, peSize: number, write: boolean): number {
  const m = t.machine
  const { inode } = vmf.vma.vmFile as DaxFile
  const { sb, mapping } = inode
  if (m.trace !== null) m.trace('xfs_filemap_fault', t, peSize, write ? 1 : 0, 0)
  const freezes = write && !m.defects['faults-pass-a-freeze']
  if (freezes) sbStart(t, sb, SB_FREEZE_PAGEFAULT)
  if (write) faultUpdateTime(t, inode)
  const lock = mapping.invalidateLock
  const exclusive = write && (lockForWriteFault(t, inode))
  if (!write) downRead(t, lock)
  let result = daxIomapFault(t, vmf, peSize)
  const unsynced = (result & VM_FAULT_NEEDDSYNC) !== 0 && !m.defects['sync-fault-not-finished']
  if (unsynced) result = daxFinishSyncFault(t, vmf, peSize)
  if (exclusive) upWrite(t, lock)
  else upRead(t, lock)
  if (freezes) sbEnd(t, sb, SB_FREEZE_PAGEFAULT)
  return result
}

/**
 * Keeps truncation out; and, while the file's blocks are being made another file's, too, waits for the end of that.
 * Whether the lock is held for writing (fs/xfs/xfs_file.c: xfs_ilock_for_write_fault, 6.1).
 */
function lockForWriteFault(t: Task, { mapping, xfs }: DaxInode): boolean {
  downRead(t, mapping.invalidateLock)
  if (xfs?.remapping !== true) return false
  upRead(t, mapping.invalidateLock)
  downWrite(t, mapping.invalidateLock)
  return true
}
