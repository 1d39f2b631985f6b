/**
 * ext4's fault handlers on a DAX file, 4.5.
 * @module
 */

import {
  FAULT_FLAG_WRITE,
  STEP_FLAG,
  type Steps,
  type Task,
  TOUCH_READ,
  TOUCH_SIZE,
  touches,
  touchesFaultDeed,
  VM_FAULT_SIGBUS,
  VM_SHARED,
  type VmFault,
} from '@mm-model/core'
import { downRead, upRead } from '@mm-model/core/steps'
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
export function* ext4DaxFault(t: Task, vmf: VmFault): Steps<number> {
  const m = t.machine
  const { inode } = vmf.vma.vmFile as DaxFile
  const write = (vmf.flags & FAULT_FLAG_WRITE) !== 0
  if (m.trace !== null) m.trace('ext4_dax_fault', t, 0, 0, 0)
  if (write) yield* startPagefault(t, inode, (vmf.vma.vmFlags & VM_SHARED) !== 0)
  yield* downRead(t, inode.mapping.invalidateLock)
  const result = yield* daxFault(t, vmf, ext4DaxMmapGetBlock)
  yield* upRead(t, inode.mapping.invalidateLock)
  if (write) yield* sbEnd(t, inode.sb, SB_FREEZE_PAGEFAULT)
  return result
}

/** `->pmd_fault` (fs/ext4/file.c: ext4_dax_pmd_fault, 4.5). Its result is an event, as a return probe sees it. */
export function* ext4DaxPmdFault(t: Task, vmf: VmFault): Steps<number> {
  const m = t.machine
  const { inode } = vmf.vma.vmFile as DaxFile
  const write = (vmf.flags & FAULT_FLAG_WRITE) !== 0
  if (m.trace !== null) m.trace('ext4_dax_pmd_fault', t, 0, 0, 0)
  if (write) yield* startPagefault(t, inode, (vmf.vma.vmFlags & VM_SHARED) !== 0)
  yield* downRead(t, inode.mapping.invalidateLock)
  const result = yield* daxPmdFault(t, vmf, ext4DaxMmapGetBlock)
  yield* upRead(t, inode.mapping.invalidateLock)
  if (write) yield* sbEnd(t, inode.sb, SB_FREEZE_PAGEFAULT)
  if (m.trace !== null) m.trace('ext4_dax_pmd_fault_ret', t, result, 0, 0)
  return result
}

/** `->pfn_mkwrite`, the second half of the double fault (fs/ext4/file.c: ext4_dax_pfn_mkwrite, 4.5). */
export function* ext4DaxPfnMkwrite(t: Task, vmf: VmFault): Steps<number> {
  const m = t.machine
  const { inode } = vmf.vma.vmFile as DaxFile
  if (m.trace !== null) m.trace('ext4_dax_pfn_mkwrite', t, 0, 0, 0)
  yield* startPagefault(t, inode, true)
  yield* downRead(t, inode.mapping.invalidateLock)
  yield STEP_FLAG
  touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
  const result = vmf.pgoff >= sizeInPages(inode) ? VM_FAULT_SIGBUS : yield* daxPfnMkwrite(t, vmf)
  yield* upRead(t, inode.mapping.invalidateLock)
  yield* sbEnd(t, inode.sb, SB_FREEZE_PAGEFAULT)
  return result
}

/** Freeze protection and times. A strategy has a say in those of shared areas; of private ones it knows nothing. */
function* startPagefault(t: Task, inode: DaxInode, shared: boolean): Steps<void> {
  yield* sbStart(t, inode.sb, SB_FREEZE_PAGEFAULT)
  touchesFaultDeed(t, 'freeze')
  if (shared) faultUpdateTime(t, inode)
  else {
    touchesFaultDeed(t, 'times')
    fileUpdateTime(t, inode)
  }
}
