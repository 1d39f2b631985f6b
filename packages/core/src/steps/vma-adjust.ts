/**
 * Changing the limits of areas: split, merge in all its cases, and what both end in.
 * @module
 */

import { pmdStart } from '../address.ts'
import { ENOMEM } from '../errno.ts'
import type { File } from '../file.ts'
import type { Mm } from '../mm.ts'
import { PAGE_SIZE, PMD_SIZE } from '../physical-memory.ts'
import type { Steps } from '../step.ts'
import type { Task } from '../task.ts'
import { TOUCH_AREAS, TOUCH_WRITE, touches, touchesIMmap, touchesPath } from '../touch.ts'
import { VM_SOFTDIRTY, VM_SPECIAL } from '../vm-flags.ts'
import { type AnonVma, Vma } from '../vma.ts'
import { anonVmaClone, unlinkAnonVmas } from './anon-rmap.ts'
import { downWrite, upWrite } from './locking.ts'
import { vmaStartWrite } from './vma-lock.ts'
import { splitHugePmd } from './zap.ts'

/** Puts a new area into its address space, and among those that map its file (mm/mmap.c: vma_link, 6.1). */
export function* vmaLink(t: Task, vma: Vma): Steps<void> {
  yield* vmaStartWrite(t, vma)
  touches(t, TOUCH_AREAS, vma.vmMm.pgd, TOUCH_WRITE)
  vma.vmMm.areas.insert(vma)
  if (vma.vmFile === null) return
  const { mapping } = vma.vmFile
  yield* downWrite(t, mapping.iMmapRwsem)
  touchesIMmap(t, mapping)
  mapping.insertVma(vma)
  yield* upWrite(t, mapping.iMmapRwsem)
}

/** mm/mmap.c: is_mergeable_vma, 6.1; soft-dirty alone never keeps areas apart. */
function isMergeableVma(vma: Vma, file: File | null, vmFlags: number): boolean {
  return ((vma.vmFlags ^ vmFlags) & ~VM_SOFTDIRTY) === 0 && vma.vmFile === file
}

/** mm/mmap.c: is_mergeable_anon_vma, 6.1. */
function isMergeableAnonVma(a: AnonVma | null, b: AnonVma | null, vma: Vma | null): boolean {
  if ((a === null || b === null) && (vma === null || vma.anonVmaChain.length === 1)) return true
  return a === b
}

/** mm/mmap.c: can_vma_merge_before, 6.1. */
export function canVmaMergeBefore(
  vma: Vma,
  vmFlags: number,
  anonVma: AnonVma | null,
  file: File | null,
  pgoff: number,
): boolean {
  return (
    isMergeableVma(vma, file, vmFlags) &&
    isMergeableAnonVma(anonVma, vma.anonVma, vma) &&
    vma.vmPgoff === pgoff
  )
}

/** mm/mmap.c: can_vma_merge_after, 6.1. */
export function canVmaMergeAfter(
  vma: Vma,
  vmFlags: number,
  anonVma: AnonVma | null,
  file: File | null,
  pgoff: number,
): boolean {
  return (
    isMergeableVma(vma, file, vmFlags) &&
    isMergeableAnonVma(anonVma, vma.anonVma, vma) &&
    vma.pgoffEnd === pgoff
  )
}

/**
 * Merges `[start, end)` with what lies before and after it, when flags, file, offset and anon_vma agree; the area that
 * then covers it, or null (mm/mmap.c: vma_merge, cases 1 to 8, 6.1).
 */
export function* vmaMerge(
  t: Task,
  mm: Mm,
  prev: Vma | null,
  start: number,
  end: number,
  vmFlags: number,
  anonVma: AnonVma | null,
  file: File | null,
  pgoff: number,
): Steps<Vma | null> {
  if ((vmFlags & VM_SPECIAL) !== 0) return null
  const pages = (end - start) / PAGE_SIZE
  const mid = mm.areas.findVma(prev !== null ? prev.vmEnd : 0)
  const next = mid !== null && mid.vmEnd === end ? mm.areas.findVma(mid.vmEnd) : mid

  const mergePrev =
    prev !== null && prev.vmEnd === start && canVmaMergeAfter(prev, vmFlags, anonVma, file, pgoff)
  const mergeNext =
    next !== null && end === next.vmStart && canVmaMergeBefore(next, vmFlags, anonVma, file, pgoff + pages)

  if (mergePrev && mergeNext && isMergeableAnonVma(prev.anonVma, next.anonVma, null)) {
    yield* vmaAdjust(t, prev, prev.vmStart, next.vmEnd, prev.vmPgoff, null, prev)
    return prev
  }
  if (mergePrev) {
    yield* vmaAdjust(t, prev, prev.vmStart, end, prev.vmPgoff, null, prev)
    return prev
  }
  if (mergeNext) {
    if (prev !== null && start < prev.vmEnd)
      yield* vmaAdjust(t, prev, prev.vmStart, start, prev.vmPgoff, null, next)
    else yield* vmaAdjust(t, mid!, start, next.vmEnd, next.vmPgoff - pages, null, next)
    return next
  }
  return null
}

/** Splits an area if there may be one area more; 0 or a negative error number (mm/mmap.c: split_vma, 6.1). */
function* splitVma(t: Task, vma: Vma, address: number, newBelow: boolean): Steps<number> {
  if (vma.vmMm.mapCount >= t.machine.kernel.maxMapCount) return -ENOMEM
  yield* splitVmaAnyway(t, vma, address, newBelow)
  return 0
}

/**
 * Splits an area at `address` in two. The new half is below when `newBelow`, and `vma` keeps the other (mm/mmap.c:
 * __split_vma, 6.1).
 */
export function* splitVmaAnyway(t: Task, vma: Vma, address: number, newBelow: boolean): Steps<void> {
  const offset = (address - vma.vmStart) / PAGE_SIZE
  const half = new Vma(vma.vmMm, {
    start: newBelow ? vma.vmStart : address,
    end: newBelow ? address : vma.vmEnd,
    flags: vma.vmFlags,
    pgoff: newBelow ? vma.vmPgoff : vma.vmPgoff + offset,
    file: vma.vmFile,
    ops: vma.vmOps,
  })
  half.vmPageProtLo = vma.vmPageProtLo
  half.vmPageProtHi = vma.vmPageProtHi
  half.anonVma = vma.anonVma
  anonVmaClone(half, vma)
  if (newBelow) yield* vmaAdjust(t, vma, address, vma.vmEnd, vma.vmPgoff + offset, half, vma)
  else yield* vmaAdjust(t, vma, vma.vmStart, address, vma.vmPgoff, half, vma)
}

/**
 * Leaves `[start, end)` of an area as an area of its own; 0, or a negative error number with what was split so far left
 * split (mm/mprotect.c: mprotect_fixup; mm/madvise.c: madvise_update_vma; mm/mlock.c: mlock_fixup, 6.1).
 */
export function* isolateVma(t: Task, vma: Vma, start: number, end: number): Steps<number> {
  if (start !== vma.vmStart) {
    const error = yield* splitVma(t, vma, start, true)
    if (error !== 0) return error
  }
  return end === vma.vmEnd ? 0 : yield* splitVma(t, vma, end, false)
}

/**
 * Gives `vma` new limits; neighbours that it then overlaps are shortened or removed, and `insert` is linked beside it
 * (mm/mmap.c: __vma_adjust, 6.1). `expand` is the area that grows in a merge.
 */
export function* vmaAdjust(
  t: Task,
  vma: Vma,
  start: number,
  end: number,
  pgoff: number,
  insert: Vma | null,
  expand: Vma,
): Steps<void> {
  const areas = vma.vmMm.areas
  const original = vma
  let target = vma
  let next: Vma | null = areas.findVma(vma.vmEnd)
  let nextNext: Vma | null = null
  let adjustNext = 0
  let exporter: Vma | null = null
  let importer: Vma | null = null
  if (next !== null && insert === null) {
    if (end >= next.vmEnd) {
      if (next === expand) {
        target = next
        next = original
      } else if (end > next.vmEnd) {
        nextNext = areas.findVma(next.vmEnd)
      }
      exporter = nextNext !== null && next.anonVma === null ? nextNext : next
      importer = target
    } else if (end > next.vmStart) {
      adjustNext = end - next.vmStart
      exporter = next
      importer = vma
    } else if (end < vma.vmEnd) {
      adjustNext = end - vma.vmEnd
      exporter = vma
      importer = next
    }
  }
  yield* vmaStartWrite(t, target)
  if (insert !== null) yield* vmaStartWrite(t, insert)
  if (exporter !== null) yield* vmaStartWrite(t, next!)
  if (nextNext !== null) yield* vmaStartWrite(t, nextNext)
  if (exporter !== null && importer !== null && exporter.anonVma !== null && importer.anonVma === null) {
    importer.anonVma = exporter.anonVma
    anonVmaClone(importer, exporter)
  }
  const removed = exporter !== null && adjustNext === 0 ? next : null

  yield* vmaAdjustTransHuge(t, original, start, end, adjustNext)

  // The interval tree takes areas out and back in, which puts them behind others that begin at the same page.
  const mapping = target.vmFile?.mapping
  if (mapping !== undefined) yield* downWrite(t, mapping.iMmapRwsem)
  touches(t, TOUCH_AREAS, vma.vmMm.pgd, TOUCH_WRITE)
  touchesIMmap(t, mapping)
  if (mapping !== undefined) {
    if (insert !== null) mapping.insertVma(insert)
    mapping.removeVma(target)
    if (adjustNext !== 0) mapping.removeVma(next!)
  }
  if (removed !== null) areas.remove(removed)
  if (nextNext !== null) areas.remove(nextNext)
  if (adjustNext > 0) areas.setLimits(next!, next!.vmStart + adjustNext, next!.vmEnd)
  areas.setLimits(target, start, end)
  target.vmPgoff = pgoff
  if (adjustNext < 0) areas.setLimits(next!, next!.vmStart + adjustNext, next!.vmEnd)
  if (adjustNext !== 0) next!.vmPgoff += adjustNext / PAGE_SIZE
  if (insert !== null) areas.insert(insert)
  if (mapping !== undefined) {
    if (adjustNext !== 0) mapping.insertVma(next!)
    mapping.insertVma(target)
    if (removed !== null) mapping.removeVma(removed)
    if (nextNext !== null) mapping.removeVma(nextNext)
    yield* upWrite(t, mapping.iMmapRwsem)
  }
  touches(t, TOUCH_AREAS, vma.vmMm.pgd, TOUCH_WRITE)
  if (removed !== null) unlinkAnonVmas(removed)
  if (nextNext !== null) unlinkAnonVmas(nextNext)
}

/** Splits PMD leaves that new limits would cut (mm/huge_memory.c: vma_adjust_trans_huge, 6.1). */
function* vmaAdjustTransHuge(t: Task, vma: Vma, start: number, end: number, adjustNext: number): Steps<void> {
  yield* splitHugePmdIfNeeded(t, vma, start)
  yield* splitHugePmdIfNeeded(t, vma, end)
  if (adjustNext > 0) {
    const next = vma.vmMm.areas.findVma(vma.vmEnd)!
    yield* splitHugePmdIfNeeded(t, next, next.vmStart + adjustNext)
  }
}

function* splitHugePmdIfNeeded(t: Task, vma: Vma, address: number): Steps<void> {
  const aligned = pmdStart(address)
  if (aligned === address || aligned < vma.vmStart || aligned + PMD_SIZE > vma.vmEnd) return
  touchesPath(t, vma.vmMm, address)
  const pmd = t.machine.pageTables.pmdSlot(vma.vmMm.pgd, address)
  if (pmd >= 0) yield* splitHugePmd(t, vma, pmd, address)
}
