// Derived from ../steps/linux-4.5-ext4-fault.ts by `pnpm straighten`; edit that file, not this one.
/**
 * ext4's fault handlers on a DAX file, 4.5.
 * @module
 */

import { FAULT_FLAG_WRITE, type Task, VM_FAULT_SIGBUS, VM_SHARED, type VmFault } from '@mm-model/core'
import { downRead, upRead } from '@mm-model/core/plain'
import { ext4DaxMmapGetBlock } from '../ext4/get-block.ts'
import type { DaxFile, DaxInode } from '../inode.ts'
import { SB_FREEZE_PAGEFAULT } from '../super-block.ts'
import { sbEnd, sbStart } from './freeze.ts'
import { daxFault, daxPfnMkwrite, sizeInPages } from './linux-4.5-fault.ts'
import { daxPmdFault } from './linux-4.5-pmd-fault.ts'
import { faultUpdateTime, fileUpdateTime } from './times.ts'

/**
 * `->fault` and `->page_mkwrite`: freeze protection and times for every store, private ones too (fs/ext4/file.c:
 * ext4_dax_fault, 4.5; until 4.5-rc6 `->page_mkwrite` was ext4_dax_mkwrite, the same without a journal handle).
 */
export function ext4DaxFault(t: Task, vmf: VmFault): number {
  const m = t.machine
  const { inode } = vmf.vma.vmFile as DaxFile
  const write = (vmf.flags & FAULT_FLAG_WRITE) !== 0
  if (m.trace !== null) m.trace('ext4_dax_fault', t, 0, 0, 0)
  if (write) startPagefault(t, inode, (vmf.vma.vmFlags & VM_SHARED) !== 0)
  downRead(t, inode.mapping.invalidateLock)
  const result = daxFault(t, vmf, ext4DaxMmapGetBlock)
  upRead(t, inode.mapping.invalidateLock)
  if (write) sbEnd(t, inode.sb, SB_FREEZE_PAGEFAULT)
  return result
}

/** `->pmd_fault` (fs/ext4/file.c: ext4_dax_pmd_fault, 4.5). Its result is an event, as a return probe sees it. */
export function ext4DaxPmdFault(t: Task, vmf: VmFault): number {
  const m = t.machine
  const { inode } = vmf.vma.vmFile as DaxFile
  const write = (vmf.flags & FAULT_FLAG_WRITE) !== 0
  if (m.trace !== null) m.trace('ext4_dax_pmd_fault', t, 0, 0, 0)
  if (write) startPagefault(t, inode, (vmf.vma.vmFlags & VM_SHARED) !== 0)
  downRead(t, inode.mapping.invalidateLock)
  const result = daxPmdFault(t, vmf, ext4DaxMmapGetBlock)
  upRead(t, inode.mapping.invalidateLock)
  if (write) sbEnd(t, inode.sb, SB_FREEZE_PAGEFAULT)
  if (m.trace !== null) m.trace('ext4_dax_pmd_fault_ret', t, result, 0, 0)
  return result
}

/** `->pfn_mkwrite`, the second half of the double fault (fs/ext4/file.c: ext4_dax_pfn_mkwrite, 4.5). */
export function ext4DaxPfnMkwrite(t: Task, vmf: VmFault): number {
  const m = t.machine
  const { inode } = vmf.vma.vmFile as DaxFile
  if (m.trace !== null) m.trace('ext4_dax_pfn_mkwrite', t, 0, 0, 0)
  startPagefault(t, inode, true)
  downRead(t, inode.mapping.invalidateLock)
  const result = vmf.pgoff >= sizeInPages(inode) ? VM_FAULT_SIGBUS : daxPfnMkwrite(t, vmf)
  upRead(t, inode.mapping.invalidateLock)
  sbEnd(t, inode.sb, SB_FREEZE_PAGEFAULT)
  return result
}

/** Freeze protection and times. A strategy has a say in those of shared areas; of private ones it knows nothing. */
function startPagefault(t: Task, inode: DaxInode, shared: boolean): void {
  sbStart(t, inode.sb, SB_FREEZE_PAGEFAULT)
  if (shared) faultUpdateTime(t, inode)
  else {
    fileUpdateTime(t, inode)
  }
}
