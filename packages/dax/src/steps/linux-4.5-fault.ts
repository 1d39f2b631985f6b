/**
 * The DAX fault handler of page size, 4.5: `get_block`, pages of zeros for holes, entries without locks.
 * @module
 */

import {
  CachedPage,
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_WRITE,
  STEP_FLAG,
  type Steps,
  type Task,
  TOUCH_ACQUIRE,
  TOUCH_ENTRIES,
  TOUCH_FRAME,
  TOUCH_FRAMES,
  TOUCH_LOCK,
  TOUCH_READ,
  TOUCH_SIZE,
  TOUCH_WRITE,
  touches,
  VM_FAULT_ERROR,
  VM_FAULT_LOCKED,
  VM_FAULT_MAJOR,
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
  type VmFault,
} from '@mm-model/core'
import {
  downRead,
  downWrite,
  lockPageOrRetry,
  unmapMappingRange,
  upRead,
  upWrite,
  vmfInsertForRead,
  vmfInsertForWrite,
} from '@mm-model/core/steps'
import type { GetBlock } from '../buffer-head.ts'
import { daxContext } from '../fault-context.ts'
import type { DaxFile, DaxInode } from '../inode.ts'
import { SECTORS_PER_PAGE } from '../radix-entry.ts'
import { touchesGetBlock } from '../touch.ts'
import { daxRadixEntry, NO_SECTOR, radixTreeLookup } from './linux-4.5-radix.ts'
import { deleteFromPageCache } from './linux-4.5-truncate.ts'

const EIO = 5

/** Pages of the file, the last one whole. */
export function sizeInPages(inode: DaxInode): number {
  return Math.ceil(inode.size / 4096)
}

/**
 * Maps the block of the page, read-only unless the strategy says otherwise; a load of a hole answers `VM_FAULT_LOCKED` with
 * a page of zeros for the core to map, and a private store with the copy made (fs/dax.c: __dax_fault, 4.5). The caller has
 * freeze protection and `i_mmap_sem`.
 */
export function* daxFault(t: Task, vmf: VmFault, getBlock: GetBlock): Steps<number> {
  const m = t.machine
  const { inode } = vmf.vma.vmFile as DaxFile
  const { mapping } = inode
  const { bh } = daxContext(t)
  if (m.trace !== null) m.trace('__dax_fault', t, vmf.pgoff, 0, 0)
  yield STEP_FLAG
  touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
  if (vmf.pgoff >= sizeInPages(inode)) return VM_FAULT_SIGBUS

  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
  let page = mapping.pages.find(vmf.pgoff)
  while (page !== null) {
    if (!(yield* lockPageOrRetry(t, page, vmf.flags))) return VM_FAULT_RETRY
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
    if (page.mapping !== null) break
    yield* upWrite(t, page.lock)
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
    page = mapping.pages.find(vmf.pgoff)
  }
  touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
  if (page !== null && vmf.pgoff >= sizeInPages(inode)) {
    yield* upWrite(t, page.lock)
    return VM_FAULT_SIGBUS
  }

  let major = 0
  let error = getBlock(t, inode, vmf.pgoff, 4096, false, bh)
  touchesGetBlock(t, inode, bh)
  if (error === 0 && !bh.mapped && vmf.cowPage < 0) {
    if ((vmf.flags & FAULT_FLAG_WRITE) === 0) return yield* daxLoadHole(t, vmf, inode, page)
    error = getBlock(t, inode, vmf.pgoff, 4096, true, bh)
    touchesGetBlock(t, inode, bh)
    major = VM_FAULT_MAJOR
  }
  if (error !== 0) {
    if (page !== null) yield* upWrite(t, page.lock)
    return faultReturn(error) | major
  }
  if (vmf.cowPage >= 0) return yield* copyUserBlock(t, vmf, inode, page)

  // A load may have put a page there since.
  if (page === null && major !== 0) page = yield* findLockPage(t, inode, vmf.pgoff)
  if (page !== null) {
    yield* unmapMappingRange(t, mapping, vmf.pgoff * 4096, 4096, false)
    yield* deleteFromPageCache(t, inode, page)
    yield* upWrite(t, page.lock)
  }
  return (yield* daxInsertMapping(t, vmf, inode)) | major
}

function faultReturn(error: number): number {
  return error === -12 ? VM_FAULT_OOM : VM_FAULT_SIGBUS
}

/** Locked, or null (mm/filemap.c: find_lock_page, 4.5). */
function* findLockPage(t: Task, inode: DaxInode, index: number): Steps<CachedPage | null> {
  const { pages } = inode.mapping
  touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
  for (let page = pages.find(index); page !== null; page = pages.find(index)) {
    yield* downWrite(t, page.lock)
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
    if (page.mapping !== null) return page
    yield* upWrite(t, page.lock)
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_READ)
  }
  return null
}

/** A load of a hole: a page of zeros in the page cache, for the core to map (fs/dax.c: dax_load_hole, 4.5). */
function* daxLoadHole(t: Task, vmf: VmFault, inode: DaxInode, locked: CachedPage | null): Steps<number> {
  const { mapping } = inode
  // A store may allocate the block from here on: it does not see that a page is on its way.
  yield STEP_FLAG
  let page = locked ?? (yield* findLockPage(t, inode, vmf.pgoff))
  if (page === null) {
    // An entry is in the way: there is no page to be had, and the access tries again.
    if (radixTreeLookup(t, inode, vmf.pgoff) !== 0) return VM_FAULT_OOM
    touches(t, TOUCH_FRAMES, 0, TOUCH_WRITE)
    touches(t, TOUCH_ENTRIES, inode.name, TOUCH_WRITE)
    page = new CachedPage(t.machine.memory.allocFilePage(), vmf.pgoff, mapping, inode.name)
    touches(t, TOUCH_FRAME, page.pfn, TOUCH_WRITE)
    touches(t, TOUCH_LOCK, page.lock.name, TOUCH_ACQUIRE)
    page.lock.writer = t
    mapping.pages.add(page)
    yield STEP_FLAG
  }
  touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
  if (vmf.pgoff >= sizeInPages(inode)) {
    yield* upWrite(t, page.lock)
    return VM_FAULT_SIGBUS
  }
  vmf.page = page
  return VM_FAULT_LOCKED
}

/**
 * A private store: the block is copied, or the copy stays zeros. Where no page could be locked, `i_mmap_rwsem` is held on
 * return, and the core lets go of it (fs/dax.c: copy_user_bh and __dax_fault, 4.5).
 */
function* copyUserBlock(t: Task, vmf: VmFault, inode: DaxInode, page: CachedPage | null): Steps<number> {
  const { bh } = daxContext(t)
  touches(t, TOUCH_FRAME, vmf.cowPage, TOUCH_WRITE)
  touches(t, TOUCH_FRAME, inode.pfnOf(bh.mapped ? bh.block : 0), TOUCH_READ)
  if (bh.mapped) t.machine.memory.copyPage(vmf.cowPage, inode.pfnOf(bh.block))
  vmf.page = page
  if (page === null) {
    yield* downRead(t, inode.mapping.iMmapRwsem)
    touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
    if (vmf.pgoff >= sizeInPages(inode)) {
      yield* upRead(t, inode.mapping.iMmapRwsem)
      return VM_FAULT_SIGBUS
    }
  }
  return VM_FAULT_LOCKED
}

/** Entry first, then the page table (fs/dax.c: dax_insert_mapping, 4.5). ext4's blocks come zeroed. */
function* daxInsertMapping(t: Task, vmf: VmFault, inode: DaxInode): Steps<number> {
  const { bh } = daxContext(t)
  const write = (vmf.flags & FAULT_FLAG_WRITE) !== 0
  const { block } = bh
  yield* downRead(t, inode.mapping.iMmapRwsem)
  touches(t, TOUCH_SIZE, inode.name, TOUCH_READ)
  let error = vmf.pgoff >= sizeInPages(inode) ? -EIO : 0
  let ret = 0
  if (error === 0) error = yield* daxRadixEntry(t, inode, vmf.pgoff, block * SECTORS_PER_PAGE, false, write)
  if (error === 0) {
    const { flags } = vmf
    // In ->page_mkwrite: the read-only entry, of the page that was there, is gone.
    vmf.flags &= ~FAULT_FLAG_MKWRITE
    const pfn = inode.pfnOf(block)
    ret = write ? yield* vmfInsertForWrite(t, vmf, pfn) : yield* vmfInsertForRead(t, vmf, pfn)
    vmf.flags = flags
  }
  yield* upRead(t, inode.mapping.iMmapRwsem)
  if (error !== 0) return faultReturn(error)
  return (ret & VM_FAULT_ERROR) !== 0 ? VM_FAULT_SIGBUS : ret
}

/** Marks the entry dirty, if there is one; the core makes the page-table entry writable (fs/dax.c: dax_pfn_mkwrite, 4.5). */
export function* daxPfnMkwrite(t: Task, vmf: VmFault): Steps<number> {
  const { inode } = vmf.vma.vmFile as DaxFile
  const error = yield* daxRadixEntry(t, inode, vmf.pgoff, NO_SECTOR, false, true)
  return error === 0 ? VM_FAULT_NOPAGE : faultReturn(error)
}
