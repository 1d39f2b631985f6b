/**
 * ext4's fault handlers on a DAX file.
 * @module
 */

import {
  ENOSPC,
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_WRITE,
  PE_SIZE_PTE,
  type Steps,
  type Task,
  touchesFaultDeed,
  VM_FAULT_ERROR,
  VM_FAULT_NEEDDSYNC,
  VM_SHARED,
  type VmFault,
} from '@mm-model/core'
import { downRead, upRead } from '@mm-model/core/steps'
import type { Ext4 } from '../ext4/personality.ts'
import { daxContext } from '../fault-context.ts'
import type { DaxFile } from '../inode.ts'
import { SB_FREEZE_PAGEFAULT } from '../super-block.ts'
import { daxFinishSyncFault, daxIomapFault } from './fault.ts'
import { sbEnd, sbStart } from './freeze.ts'
import { ext4DaxPfnMkwrite, faultedOnZeroPage } from './old-fault.ts'
import { faultUpdateTime } from './times.ts'

/** `->fault` (fs/ext4/file.c: ext4_dax_fault, 6.1). */
export function* ext4DaxFault(t: Task, vmf: VmFault): Steps<number> {
  const asOnce = t.machine.defects['pfn-mkwrite-without-entry'] && (vmf.flags & FAULT_FLAG_MKWRITE) !== 0
  if (asOnce && !faultedOnZeroPage(t, vmf)) return yield* ext4DaxPfnMkwrite(t, vmf)
  return yield* ext4DaxHugeFault(t, vmf, PE_SIZE_PTE)
}

/**
 * `->huge_fault`, and with `PE_SIZE_PTE` also `->fault` and `->pfn_mkwrite`: freeze protection, times, and the journal
 * around the DAX handler, for stores to shared mappings only (fs/ext4/file.c: ext4_dax_huge_fault, 6.1).
 */
export function* ext4DaxHugeFault(t: Task, vmf: VmFault, peSize: number): Steps<number> {
  const m = t.machine
  const { inode } = vmf.vma.vmFile as DaxFile
  const { sb, mapping } = inode
  const { defects } = m
  const shared = (vmf.vma.vmFlags & VM_SHARED) !== 0 || defects['mtime-on-private-fault']
  const write = (vmf.flags & FAULT_FLAG_WRITE) !== 0 && shared
  if (m.trace !== null) m.trace('ext4_dax_huge_fault', t, peSize, 0, 0)
  const freezes = write && !defects['faults-pass-a-freeze']
  const locks = !defects['faults-without-invalidate-lock']
  if (freezes) yield* sbStart(t, sb, SB_FREEZE_PAGEFAULT)
  touchesFaultDeed(t, 'freeze', freezes)
  if (write) faultUpdateTime(t, inode)
  if (locks) yield* downRead(t, mapping.invalidateLock)
  const context = daxContext(t)
  context.error = 0
  let result = yield* daxIomapFault(t, vmf, peSize)
  for (let tries = 1; write && (result & VM_FAULT_ERROR) !== 0 && context.error === -ENOSPC; tries++) {
    if (!(sb.personality as Ext4).shouldRetryAlloc(tries)) break
    context.error = 0
    result = yield* daxIomapFault(t, vmf, peSize)
  }
  const unsynced = (result & VM_FAULT_NEEDDSYNC) !== 0 && !defects['sync-fault-not-finished']
  if (unsynced) result = yield* daxFinishSyncFault(t, vmf, peSize)
  touchesFaultDeed(t, 'unsynced', (result & VM_FAULT_NEEDDSYNC) !== 0)
  if (locks) yield* upRead(t, mapping.invalidateLock)
  if (freezes) yield* sbEnd(t, sb, SB_FREEZE_PAGEFAULT)
  return result
}
