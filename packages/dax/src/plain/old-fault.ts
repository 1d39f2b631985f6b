// Derived from ../steps/old-fault.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Parts of the fault as they once were, or must not be: for machines with defects.
 * @module
 */

import { type Task, VM_FAULT_SIGBUS, type VmFault, ZERO_PFN } from '@mm-model/core'
import { downRead, upRead } from '@mm-model/core/plain'
import { daxContext, type FaultContext } from '../fault-context.ts'
import type { DaxFile, DaxInode } from '../inode.ts'
import { IOMAP_F_NEW, IOMAP_MAPPED, IOMAP_UNWRITTEN, IOMAP_WRITE } from '../iomap.ts'
import { iomapBegin } from '../iomap-begin.ts'
import { SB_FREEZE_PAGEFAULT } from '../super-block.ts'
import { PAGECACHE_TAG_DIRTY } from '../xarray.ts'
import { sbEnd, sbStart } from './freeze.ts'
import { faultUpdateTime } from './times.ts'

/**
 * The extent for a store to the page at `pos`, which the fault zeroes itself if it is new, or, where that is a defect too, if
 * it was still unwritten when looked at. Whether it is yet to be converted, once the page is mapped (fs/dax.c: __dax_fault,
 * dax_insert_mapping, 4.2).
 */
export function iomapBeginAndZero(
  t: Task,
  inode: DaxInode,
  pos: number,
  flags: number,
  context: FaultContext,
): boolean {
  const { iomap } = context
  context.error = iomapBegin(t, inode, pos, 4096, flags & ~IOMAP_WRITE, context)
  const unwritten = context.error === 0 && iomap.type === IOMAP_UNWRITTEN
  const converts = unwritten && t.machine.defects['converts-after-insert']
  if (!converts) context.error = iomapBegin(t, inode, pos, 4096, flags, context)
  if (context.error < 0) return false
  if (converts) iomap.type = IOMAP_MAPPED
  if (converts || (iomap.flags & IOMAP_F_NEW) !== 0) {
    t.machine.memory.fillPmem(iomap.blockAt(pos), 0, 4096, 0)
  }
  return converts
}

/** The mark that belongs before the leaf, after it. */
export function tagAfterInsert(t: Task, inode: DaxInode, { xas }: FaultContext): void {
  xas.reset()
  xas.load()
  xas.setMark(PAGECACHE_TAG_DIRTY)
}

/** Whether the entry that faulted is of the zero page: up to 4.14 holes had pages of a page cache, and other handlers. */
export function faultedOnZeroPage(t: Task, vmf: VmFault): boolean {
  t.scratchLo[0] = vmf.origLo
  t.scratchHi[0] = vmf.origHi
  return t.machine.arch.ptePfn(t.scratchLo, t.scratchHi, 0) === ZERO_PFN
}

/**
 * `->pfn_mkwrite` as up to 4.9: tags the entry if there is one, and leaves the rest to the core (fs/ext4/file.c:
 * ext4_dax_pfn_mkwrite; fs/dax.c: dax_pfn_mkwrite, 4.5).
 */
export function ext4DaxPfnMkwrite(t: Task, vmf: VmFault): number {
  const { inode } = vmf.vma.vmFile as DaxFile
  const { sb, mapping } = inode
  const locks = !t.machine.defects['faults-without-invalidate-lock']
  sbStart(t, sb, SB_FREEZE_PAGEFAULT)
  faultUpdateTime(t, inode)
  if (locks) downRead(t, mapping.invalidateLock)
  const beyond = vmf.pgoff * 4096 >= inode.size
  const xas = daxContext(t).xas.bind(inode.entries).set(vmf.pgoff, 0)
  if (!beyond && xas.load() !== 0) xas.setMark(PAGECACHE_TAG_DIRTY)
  if (locks) upRead(t, mapping.invalidateLock)
  sbEnd(t, sb, SB_FREEZE_PAGEFAULT)
  return beyond ? VM_FAULT_SIGBUS : 0
}
