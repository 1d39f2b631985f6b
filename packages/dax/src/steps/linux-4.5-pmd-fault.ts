/**
 * The DAX fault handler of 2 MiB, 4.5: one fault for a store from the beginning.
 * @module
 */

import {
  FAULT_FLAG_WRITE,
  PMD_SIZE,
  pmdStart,
  STEP_FLAG,
  type Steps,
  type Task,
  TOUCH_READ,
  TOUCH_SIZE,
  touches,
  VM_FAULT_FALLBACK,
  VM_FAULT_SIGBUS,
  VM_SHARED,
  type VmFault,
} from '@mm-model/core'
import { downRead, splitHugePmd, upRead, vmfInsertPfnPmdOver } from '@mm-model/core/steps'
import type { GetBlock } from '../buffer-head.ts'
import { PG_PMD_NR } from '../entry.ts'
import { daxContext } from '../fault-context.ts'
import type { DaxFile, DaxInode } from '../inode.ts'
import { SECTORS_PER_PAGE } from '../radix-entry.ts'
import { touchesGetBlock } from '../touch.ts'
import { sizeInPages } from './linux-4.5-fault.ts'
import { daxRadixEntry } from './linux-4.5-radix.ts'
import { truncatePagecacheRange } from './linux-4.5-truncate.ts'

/**
 * Maps 2 MiB, wherever memory and blocks are aligned; where that is in the file is not asked. A load makes no entry. ext4
 * gives holes no length, so that a load of one falls back and the huge zero page is never mapped (fs/dax.c:
 * __dax_pmd_fault, 4.5).
 */
export function* daxPmdFault(t: Task, vmf: VmFault, getBlock: GetBlock): Steps<number> {
  const m = t.machine
  const { vma } = vmf
  const { inode } = vma.vmFile as DaxFile
  const { bh } = daxContext(t)
  const write = (vmf.flags & FAULT_FLAG_WRITE) !== 0
  const start = pmdStart(vmf.address)
  if (m.trace !== null) m.trace('__dax_pmd_fault', t, vmf.pgoff, 0, 0)
  if (write && (vma.vmFlags & VM_SHARED) === 0) {
    yield* splitHugePmd(t, vma, vmf.pmd, vmf.address)
    return VM_FAULT_FALLBACK
  }
  if (start < vma.vmStart || start + PMD_SIZE > vma.vmEnd) return VM_FAULT_FALLBACK
  const pgoff = vma.linearPageIndex(start)
  yield STEP_FLAG
  touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
  const beyond = beyondSize(inode, pgoff)
  if (beyond !== 0) return beyond

  const error = getBlock(t, inode, pgoff, PMD_SIZE, false, bh)
  touchesGetBlock(t, inode, bh)
  if (error !== 0) return VM_FAULT_SIGBUS
  const allocate = !bh.mapped && write
  if (allocate) {
    const failed = getBlock(t, inode, pgoff, PMD_SIZE, true, bh)
    touchesGetBlock(t, inode, bh)
    if (failed !== 0) return VM_FAULT_SIGBUS
  }
  if (!bh.sizeValid || bh.size < PMD_SIZE) return VM_FAULT_FALLBACK
  const { block } = bh
  if (allocate) yield* truncatePagecacheRange(t, inode, pgoff * 4096, pgoff * 4096 + PMD_SIZE - 1)

  yield* downRead(t, inode.mapping.iMmapRwsem)
  touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
  let result = beyondSize(inode, pgoff)
  const pfn = inode.pfnOf(block)
  if (result === 0 && pfn % PG_PMD_NR !== 0) result = VM_FAULT_FALLBACK
  if (result === 0 && write) {
    const error = yield* daxRadixEntry(t, inode, pgoff, block * SECTORS_PER_PAGE, true, true)
    if (error !== 0) result = VM_FAULT_FALLBACK
  }
  if (result === 0) result = yield* vmfInsertPfnPmdOver(t, vmf, pfn, write)
  yield* upRead(t, inode.mapping.iMmapRwsem)
  return result
}

/** The result for 2 MiB that begin, or end, behind the end of the file; 0 inside of it. */
function beyondSize(inode: DaxInode, pgoff: number): number {
  const size = sizeInPages(inode)
  if (pgoff >= size) return VM_FAULT_SIGBUS
  return pgoff - (pgoff % PG_PMD_NR) + PG_PMD_NR - 1 >= size ? VM_FAULT_FALLBACK : 0
}
