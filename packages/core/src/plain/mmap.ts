// Derived from ../steps/mmap.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Mapping: `mmap` with the kernel's order of checks, and the protection that areas get.
 * @module
 */

import { pageOffset, pageStart } from '../address.ts'
import { EACCES, EEXIST, EINVAL, ENOMEM, EOPNOTSUPP, EOVERFLOW } from '../errno.ts'
import { notModelled } from '../errors.ts'
import { type File, FMODE_READ, FMODE_WRITE } from '../file.ts'
import type { Mm } from '../mm.ts'
import { PAGE_SIZE, PMD_SIZE } from '../physical-memory.ts'
import {
  LEGACY_MAP_MASK,
  MAP_32BIT,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_SYNC,
  MAP_TYPE,
  type MmapRequest,
  PROT_WRITE,
} from '../syscall-flags.ts'
import type { Task } from '../task.ts'
import {
  calcVmFlagBits,
  calcVmProtBits,
  VM_ACCOUNT,
  VM_LOCKED,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_NORESERVE,
  VM_SHARED,
  VM_SOFTDIRTY,
  VM_SPECIAL,
  VM_WRITE,
} from '../vm-flags.ts'
import { Vma } from '../vma.ts'
import { mmPopulate } from './gup.ts'
import { doMunmap } from './munmap.ts'
import { canVmaMergeAfter, canVmaMergeBefore, vmaAdjust, vmaLink, vmaMerge } from './vma-adjust.ts'
import { mmapWriteLock, mmapWriteUnlock } from './vma-lock.ts'

/** Lowest address a hint is moved up to (`mmap_min_addr`). */
const MMAP_MIN_ADDR = 0x10000
/** First page that no mapping of a regular file may reach, whatever its file system holds (`MAX_LFS_FILESIZE`). */
const MAX_FILE_PAGES = 0x7ffffffffffff

/**
 * mmap(2): the address, or a negative error number (mm/mmap.c: ksys_mmap_pgoff, vm_mmap_pgoff, do_mmap, 6.1).
 * @throws MachineError NOT_MODELLED for shared anonymous memory, MAP_GROWSDOWN, MAP_HUGETLB, MAP_32BIT
 */
export function mmap(t: Task, request: MmapRequest): number {
  if (pageOffset(request.offset) !== 0) return -EINVAL
  if ((request.flags & MAP_HUGETLB) !== 0) {
    if (request.file !== null) return -EINVAL
    throw notModelled('huge pages of hugetlbfs')
  }
  const mm = t.mm
  mmapWriteLock(t, mm)
  const ret = doMmap(t, mm, request)
  mmapWriteUnlock(t, mm)
  if (ret >= 0) {
    const length = Math.ceil(request.length / PAGE_SIZE) * PAGE_SIZE
    const locked = (calcVmFlagBits(request.flags) & VM_LOCKED) !== 0
    if (locked || (request.flags & (MAP_POPULATE | MAP_NONBLOCK)) === MAP_POPULATE) {
      mmPopulate(t, ret, length, true)
    }
  }
  return ret
}

function doMmap(t: Task, mm: Mm, request: MmapRequest): number {
  const { prot, file } = request
  const { kernel } = t.machine
  let flags = request.flags & ~((MAP_SYNC | MAP_FIXED_NOREPLACE) & ~kernel.newMapFlags)
  let pgoff = request.offset / PAGE_SIZE
  if (request.length === 0) return -EINVAL
  if ((flags & MAP_FIXED_NOREPLACE) !== 0) flags |= MAP_FIXED
  const length = Math.ceil(request.length / PAGE_SIZE) * PAGE_SIZE
  if (mm.mapCount > kernel.maxMapCount) return -ENOMEM
  const address = getUnmappedArea(t, mm, file, request.address, length, pgoff, flags)
  if (address < 0) return address
  if ((flags & MAP_FIXED_NOREPLACE) !== 0 && mm.areas.findIntersection(address, address + length) !== null) {
    return -EEXIST
  }
  let vmFlags = calcVmProtBits(prot) | calcVmFlagBits(flags) | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC

  if (file !== null) {
    if (pgoff + length / PAGE_SIZE > MAX_FILE_PAGES) return -EOVERFLOW
    const type = flags & MAP_TYPE
    if (type === MAP_SHARED || (type === MAP_SHARED_VALIDATE && kernel.mapSharedValidate)) {
      const legacy = t.machine.machineArch.hasMap32Bit ? LEGACY_MAP_MASK : LEGACY_MAP_MASK & ~MAP_32BIT
      if (type === MAP_SHARED) flags &= legacy
      if ((flags & ~(legacy | file.ops.mmapSupportedFlags)) !== 0) return -EOPNOTSUPP
      if ((prot & PROT_WRITE) !== 0 && (file.fMode & FMODE_WRITE) === 0) return -EACCES
      vmFlags |= VM_SHARED | VM_MAYSHARE
      if ((file.fMode & FMODE_WRITE) === 0) vmFlags &= ~(VM_MAYWRITE | VM_SHARED)
    } else if (type !== MAP_PRIVATE) return -EINVAL
    if ((file.fMode & FMODE_READ) === 0) return -EACCES
    if ((flags & MAP_GROWSDOWN) !== 0) return -EINVAL
  } else {
    const type = flags & MAP_TYPE
    if ((flags & MAP_ANONYMOUS) !== 0 && type === MAP_SHARED)
      throw notModelled('shared anonymous memory (tmpfs)')
    if (type !== MAP_PRIVATE) return -EINVAL
    if ((flags & MAP_GROWSDOWN) !== 0) throw notModelled('an area that grows down')
    pgoff = address / PAGE_SIZE
  }
  if ((flags & MAP_NORESERVE) !== 0) vmFlags |= VM_NORESERVE
  return mmapRegion(t, mm, file, address, length, vmFlags, pgoff)
}

/** mm/mmap.c: __mmap_region, 6.1: unmaps what is there, merges if it can, otherwise makes a new area. */
function mmapRegion(
  t: Task,
  mm: Mm,
  file: File | null,
  address: number,
  length: number,
  flags: number,
  pgoff: number,
): number {
  const end = address + length
  const pages = length / PAGE_SIZE
  let vmFlags = flags
  if ((doMunmap(t, mm, address, length)) !== 0) return -ENOMEM
  if ((vmFlags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) === VM_WRITE) vmFlags |= VM_ACCOUNT

  const prev = mm.areas.findPrev(address)
  const next = mm.areas.findVma(address)
  let vma: Vma | null = null
  if ((vmFlags & VM_SPECIAL) === 0) {
    let mergeStart = address
    let mergeEnd = end
    let mergePgoff = pgoff
    if (
      next !== null &&
      next.vmStart === end &&
      canVmaMergeBefore(next, vmFlags, null, file, pgoff + pages)
    ) {
      mergeEnd = next.vmEnd
      vma = next
      mergePgoff = next.vmPgoff - pages
    }
    if (
      prev !== null &&
      prev.vmEnd === address &&
      canVmaMergeAfter(prev, vmFlags, vma === null ? null : vma.anonVma, file, pgoff)
    ) {
      mergeStart = prev.vmStart
      vma = prev
      mergePgoff = prev.vmPgoff
    }
    if (vma !== null) vmaAdjust(t, vma, mergeStart, mergeEnd, mergePgoff, null, vma)
  }
  if (vma === null) {
    vma = new Vma(mm, { start: address, end, flags: vmFlags, pgoff, file })
    setVmPageProt(t, vma, vmFlags)
    if (file !== null) {
      const error = file.ops.plain.mmap(t, file, vma)
      if (error !== 0) return error
      let merged: Vma | null = null
      if (vma.vmFlags !== vmFlags && prev !== null) {
        merged = vmaMerge(t, mm, prev, address, end, vma.vmFlags, null, file, vma.vmPgoff)
      }
      vmFlags = vma.vmFlags
      if (merged !== null) vma = merged
      else vmaLink(t, vma)
    } else vmaLink(t, vma)
  }
  mm.totalVm += pages
  if ((vmFlags & VM_LOCKED) !== 0 && ((vmFlags & VM_SPECIAL) !== 0 || vma.isDax)) vma.vmFlags &= ~VM_LOCKED
  if (t.machine.arch.hasSoftDirty) vma.vmFlags |= VM_SOFTDIRTY
  vmaSetPageProt(t, vma)
  return address
}

/**
 * A free range: the hint where it can be had, else the highest that fits below the mmap base (arch/x86/kernel/
 * sys_x86_64.c: arch_get_unmapped_area_topdown; mm/huge_memory.c: thp_get_unmapped_area for DAX files, 6.1).
 */
export function getUnmappedArea(
  t: Task,
  mm: Mm,
  file: File | null,
  hint: number,
  length: number,
  pgoff: number,
  flags: number,
): number {
  const { alignsDaxMappings } = t.machine.kernel
  const { taskSize, mmapBase, hasMap32Bit } = t.machine.machineArch
  if (length > taskSize) return -ENOMEM
  if ((flags & MAP_FIXED) !== 0) {
    if (hint > taskSize - length) return -ENOMEM
    return pageOffset(hint) !== 0 ? -EINVAL : hint
  }
  if (hasMap32Bit && (flags & MAP_32BIT) !== 0) throw notModelled('a search below 2 GiB (MAP_32BIT)')
  let wanted = pageStart(hint)
  if (wanted !== 0 && wanted < MMAP_MIN_ADDR) wanted = MMAP_MIN_ADDR
  if (file?.isDax === true && alignsDaxMappings) {
    const offset = pgoff * PAGE_SIZE
    const aligned = Math.ceil(offset / PMD_SIZE) * PMD_SIZE
    if (offset + length >= aligned + PMD_SIZE) {
      const padded = findUnmapped(mm, wanted, length + PMD_SIZE, taskSize, mmapBase)
      if (padded === wanted && wanted !== 0) return wanted
      if (padded >= 0) return padded + ((((offset - padded) % PMD_SIZE) + PMD_SIZE) % PMD_SIZE)
    }
  }
  return findUnmapped(mm, wanted, length, taskSize, mmapBase)
}

function findUnmapped(mm: Mm, hint: number, length: number, taskSize: number, mmapBase: number): number {
  if (hint !== 0 && hint <= taskSize - length) {
    const vma = mm.areas.findVma(hint)
    if (vma === null || hint + length <= vma.vmStart) return hint
  }
  let ceiling = mmapBase
  for (let i = mm.areas.indexOf(mmapBase); i >= 0; i--) {
    const vma = mm.areas.at(i)
    if (vma === null || vma.vmStart >= mmapBase) continue
    if (vma.vmEnd <= ceiling && ceiling - vma.vmEnd >= length) return ceiling - length
    ceiling = Math.min(ceiling, vma.vmStart)
  }
  return ceiling - length >= MMAP_MIN_ADDR ? ceiling - length : -ENOMEM
}

/** Writes `vm_get_page_prot(vmFlags)` into the area as it is. */
function setVmPageProt(t: Task, vma: Vma, vmFlags: number): void {
  const m = t.machine
  m.arch.vmGetPageProt(vmFlags, t.scratchLo, t.scratchHi, 0)
  vma.vmPageProtLo = t.scratchLo[0]!
  vma.vmPageProtHi = t.scratchHi[0]!
}

/**
 * Recomputes `vm_page_prot` from the flags, without write permission where writes are to be noticed (mm/mmap.c:
 * vma_set_page_prot, 6.1).
 */
export function vmaSetPageProt(t: Task, vma: Vma): void {
  const m = t.machine
  if (m.trace !== null) m.trace('vma_set_page_prot', t, 0, 0, 0)
  const wantsWritenotify = vmaWantsWritenotify(vma)
  m.arch.vmGetPageProt(wantsWritenotify ? vma.vmFlags & ~VM_SHARED : vma.vmFlags, t.scratchLo, t.scratchHi, 1)
  t.scratchLo[0] = vma.vmPageProtLo
  t.scratchHi[0] = vma.vmPageProtHi
  m.arch.pgprotModify(t.scratchLo, t.scratchHi, 0, t.scratchLo[1]!, t.scratchHi[1]!)
  vma.vmPageProtLo = t.scratchLo[0]!
  vma.vmPageProtHi = t.scratchHi[0]!
}

/**
 * Whether the first store through each entry must fault although the area is writable (mm/mmap.c:
 * vma_wants_writenotify, 6.1). Every backend here has `pfn_mkwrite` or none needs noticing.
 */
export function vmaWantsWritenotify(vma: Vma): boolean {
  if ((vma.vmFlags & (VM_WRITE | VM_SHARED)) !== (VM_WRITE | VM_SHARED)) return false
  if (vma.vmMm.machine.defects['no-pfn-mkwrite']) return false
  return vma.vmOps !== null && vma.vmOps.plain.pfnMkwrite !== null
}
