/**
 * What steps say of faults and calls beside what they touch (`touch.ts`): events that rules of a checker are about. Their ids are
 * words with a space in between, the first of which says what it is; addresses, frames and masks are decimal numbers.
 * @module
 */

import { FAULT_FLAG_MKWRITE, FAULT_FLAG_VMA_LOCK } from './fault-flags.ts'
import type { AddressSpace } from './file.ts'
import type { Mm } from './mm.ts'
import type { Task } from './task.ts'
import {
  EVENT_ACCESS,
  EVENT_CALL,
  EVENT_FAULT,
  EVENT_STORED,
  EVENT_STORED_PRIVATE,
  TOUCH_FRAME,
  TOUCH_WRITE,
} from './touch.ts'
import { isCowMapping, VM_MIXEDMAP, VM_SHARED } from './vm-flags.ts'
import type { Vma } from './vma.ts'

/** What a fault does that not every fault may. */
export type FaultDeed =
  /** Enters a section that a freeze waits for (include/linux/fs.h: sb_start_pagefault). */
  | 'freeze'
  /** Updates the times of the file, or leaves word that they are to be. */
  | 'times'
  /** Allocates blocks. */
  | 'block'
  /** Tags the entry dirty. */
  | 'dirty'
  /** Its handler is about to return, and says that an fsync is still needed. */
  | 'unsynced'

/** {@link EVENT_FAULT} `deed`. */
export function touchesFaultDeed(t: Task, deed: FaultDeed, does: boolean = true): void {
  if (does) t.machine.touched?.(EVENT_FAULT, deed, TOUCH_WRITE, t)
}

/** Whether the lock that a fault runs under is held, for all that can be seen: `held`, or `free`, or by another for writing. */
function lockWord(t: Task, vma: Vma, flags: number): string {
  const { writer, readers } = ((flags & FAULT_FLAG_VMA_LOCK) !== 0 && vma.vmLock) || vma.vmMm.mmapLock
  if (writer !== null) return writer === t ? 'held' : 'taken'
  return readers > 0 ? 'held' : 'free'
}

/** {@link EVENT_FAULT} `begins LOCK FLAGS`: {@link lockWord}, `FAULT_FLAG_*`. */
export function touchesFaultBegins(t: Task, vma: Vma, flags: number): void {
  t.machine.touched?.(EVENT_FAULT, `begins ${lockWord(t, vma, flags)} ${flags}`, TOUCH_WRITE, t)
}

/**
 * {@link EVENT_FAULT} `ends LOCK FLAGS RESULT VM_FLAGS LAST_FLAGS ENTRY`: as it began, the `VM_FAULT_*` mask, `VM_*` of the area,
 * the flags by now, and with `FAULT_FLAG_MKWRITE` among them `read-only` if the entry that it was about was there and so; else `-`.
 */
export function touchesFaultEnds(t: Task, vma: Vma, flags: number, ret: number): void {
  const sink = t.machine.touched
  if (sink === null) return
  const { vmf } = t
  let entry = '-'
  if ((vmf.flags & FAULT_FLAG_MKWRITE) !== 0) {
    const { arch } = t.machine
    const lo = Uint32Array.of(vmf.origLo)
    const hi = Uint32Array.of(vmf.origHi)
    if (arch.ptePresent(lo, hi, 0) && !arch.pteWrite(lo, hi, 0)) entry = 'read-only'
  }
  const words = `ends ${lockWord(t, vma, flags)} ${flags} ${ret} ${vma.vmFlags} ${vmf.flags} ${entry}`
  sink(EVENT_FAULT, words, TOUCH_WRITE, t)
}

/**
 * {@link EVENT_FAULT} `traps ADDRESS LO HI enough|less`: the hardware raises a page fault; the halves of the entry there, and whether it
 * would let the access through.
 */
export function touchesTrap(t: Task, address: number, write: boolean): void {
  const sink = t.machine.touched
  if (sink === null) return
  const pt = t.machine.pageTables
  const { arch } = pt
  const pmd = pt.pmdSlot(t.mm.pgd, address)
  const huge = pmd >= 0 && !pt.isNone(pmd) && pt.pmdIsLeaf(pmd)
  const slot = pmd < 0 || pt.isNone(pmd) ? -1 : huge ? pmd : pt.pteSlotAt(pmd, address)
  if (slot < 0 || pt.isNone(slot)) return
  const writes = huge ? arch.pmdWrite(pt.lo, pt.hi, slot) : arch.pteWrite(pt.lo, pt.hi, slot)
  const enough = arch.ptePresent(pt.lo, pt.hi, slot) && (writes || !write)
  const words = `traps ${address} ${pt.lo[slot]!} ${pt.hi[slot]!} ${enough ? 'enough' : 'less'}`
  sink(EVENT_FAULT, words, TOUCH_WRITE, t)
}

/**
 * {@link EVENT_FAULT} `spurious ADDRESS LO HI nothing|marks|more`: the fault has found an entry that lets the access through; what it
 * is now, and what has become of it: nothing, marks of being accessed or dirty, or more than that.
 */
export function touchesSpurious(t: Task, slot: number, huge: boolean): void {
  const sink = t.machine.touched
  if (sink === null) return
  const { arch, lo, hi } = t.machine.pageTables
  const { origLo, origHi, realAddress } = t.vmf
  const marked = [Uint32Array.of(origLo), Uint32Array.of(origHi)] as const
  if (huge) {
    arch.pmdMkyoung(...marked, 0)
    arch.pmdMkdirty(...marked, 0)
  } else {
    arch.pteMkyoung(...marked, 0)
    arch.pteMkdirty(...marked, 0)
  }
  const changedLo = lo[slot]! ^ origLo
  const changedHi = hi[slot]! ^ origHi
  const beyond = (changedLo & ~(marked[0][0]! ^ origLo)) | (changedHi & ~(marked[1][0]! ^ origHi))
  const what = beyond !== 0 ? 'more' : (changedLo | changedHi) !== 0 ? 'marks' : 'nothing'
  sink(EVENT_FAULT, `spurious ${realAddress} ${lo[slot]!} ${hi[slot]!} ${what}`, TOUCH_WRITE, t)
}

/** {@link EVENT_FAULT} `writable ADDRESS`, if the entry at `slot` is about to become so: what is there is not, and scratch entry `i` is. */
export function touchesWritable(t: Task, slot: number, i: number): void {
  const sink = t.machine.touched
  if (sink === null || !becomesWritable(t, slot, i, slot === t.vmf.pmd)) return
  sink(EVENT_FAULT, `writable ${t.vmf.address}`, TOUCH_WRITE, t)
}

/** Whether scratch entry `i` can be written through, and the entry at `slot` cannot. */
function becomesWritable(t: Task, slot: number, i: number, huge: boolean): boolean {
  const { arch, lo, hi } = t.machine.pageTables
  const { scratchLo, scratchHi } = t
  return huge
    ? arch.pmdWrite(scratchLo, scratchHi, i) && !arch.pmdWrite(lo, hi, slot)
    : arch.pteWrite(scratchLo, scratchHi, i) && !arch.pteWrite(lo, hi, slot)
}

/**
 * {@link EVENT_CALL} `mprotect ADDRESS clean|dirty shared|exclusive|others`, if scratch entry 1, about to be stored at `slot`, can be
 * written through and what is there cannot; whose its frame is.
 */
export function touchesMprotected(t: Task, vma: Vma, address: number, slot: number, huge: boolean): void {
  const sink = t.machine.touched
  if (sink === null || !becomesWritable(t, slot, 1, huge)) return
  const { pageTables, memory } = t.machine
  const { arch, lo, hi } = pageTables
  const { scratchLo, scratchHi } = t
  const dirty = huge ? arch.pmdDirty(scratchLo, scratchHi, 1) : arch.pteDirty(scratchLo, scratchHi, 1)
  const pfn = huge ? arch.pmdPfn(lo, hi, slot) : arch.ptePfn(lo, hi, slot)
  const own = !memory.isPmem(pfn) && memory.anonExclusive(pfn) ? 'exclusive' : 'others'
  const whose = (vma.vmFlags & VM_SHARED) !== 0 ? 'shared' : own
  sink(EVENT_CALL, `mprotect ${address} ${dirty ? 'dirty' : 'clean'} ${whose}`, TOUCH_WRITE, t)
}

/**
 * {@link EVENT_CALL} `copies ADDRESS KIND …`: a fork has copied the entry at `oldSlot` to `newSlot`. `KIND` is that of the area, `dax`
 * (shared, over DAX, not VM_MIXEDMAP), `shared`, `cow` or `private`; then what of `other-frame`, `writable`, `dirty` the child's entry
 * is, and `parent-writable`, as both are now. Nothing, if somebody has cleared one meanwhile.
 */
export function touchesForked(t: Task, old: Vma, address: number, oldSlot: number, newSlot: number): void {
  const sink = t.machine.touched
  const { pageTables: pt } = t.machine
  if (sink === null || pt.isNone(newSlot) || pt.isNone(oldSlot)) return
  const { arch, lo, hi } = pt
  const huge = pt.pmdIsLeaf(newSlot) && pt.pmdSlot(old.vmMm.pgd, address) === oldSlot
  const writable = (slot: number): boolean =>
    huge ? arch.pmdWrite(lo, hi, slot) : arch.pteWrite(lo, hi, slot)
  const pfn = (slot: number): number => (huge ? arch.pmdPfn(lo, hi, slot) : arch.ptePfn(lo, hi, slot))
  const dirty = huge ? arch.pmdDirty(lo, hi, newSlot) : arch.pteDirty(lo, hi, newSlot)
  let kind = isCowMapping(old.vmFlags) ? 'cow' : 'private'
  if ((old.vmFlags & VM_SHARED) !== 0)
    kind = old.isDax && (old.vmFlags & VM_MIXEDMAP) === 0 ? 'dax' : 'shared'
  const words = [
    'copies',
    address,
    kind,
    ...(pfn(oldSlot) === pfn(newSlot) ? [] : ['other-frame']),
    ...(writable(newSlot) ? ['writable'] : []),
    ...(dirty && !huge ? ['dirty'] : []),
    ...(writable(oldSlot) ? ['parent-writable'] : []),
  ]
  sink(EVENT_CALL, words.join(' '), TOUCH_WRITE, t)
}

/** {@link EVENT_CALL} `loses PGD ADDRESS`: the private copy there is unmapped. */
export function touchesDropped(t: Task, mm: Mm, address: number, page: number): void {
  const { touched, memory } = t.machine
  if (page >= 0 && !memory.isFilePage(page))
    touched?.(EVENT_CALL, `loses ${mm.pgd} ${address}`, TOUCH_WRITE, t)
}

/** {@link EVENT_ACCESS} `loads ADDRESS FRAME BYTE`: the byte, from the frame of the last access. */
export function touchesLoaded(t: Task, address: number): void {
  const sink = t.machine.touched
  if (sink === null) return
  const byte = t.machine.memory.readByte(t.accessPfn, address % 4096)
  sink(EVENT_ACCESS, `loads ${address} ${t.accessPfn} ${byte}`, TOUCH_WRITE, t)
}

/**
 * The task is about to store a byte to the frame of its last access, at `address`; through a private mapping it is also
 * {@link EVENT_ACCESS} `stores ADDRESS FRAME mapped|stale`: whether the tables say so, too, or only the TLB.
 */
export function touchesStored(t: Task, address: number): void {
  const sink = t.machine.touched
  if (sink === null) return
  sink(TOUCH_FRAME, t.accessPfn, TOUCH_WRITE)
  const vma = t.mm.areas.findVma(address)
  const isPrivate = vma !== null && vma.vmStart <= address && (vma.vmFlags & VM_SHARED) === 0
  sink(isPrivate ? EVENT_STORED_PRIVATE : EVENT_STORED, t.accessPfn, TOUCH_WRITE)
  if (!isPrivate) return
  const pt = t.machine.pageTables
  const pmd = pt.pmdSlot(t.mm.pgd, address)
  const slot = pmd < 0 || pt.isNone(pmd) || pt.pmdIsLeaf(pmd) ? -1 : pt.pteSlotAt(pmd, address)
  const mapped = slot >= 0 && !pt.isNone(slot) && pt.arch.ptePfn(pt.lo, pt.hi, slot) === t.accessPfn
  sink(EVENT_ACCESS, `stores ${address} ${t.accessPfn} ${mapped ? 'mapped' : 'stale'}`, TOUCH_WRITE, t)
}

/** {@link EVENT_CALL} `unlocks PGD`: `mmap_lock` is about to be released by who held it for writing. */
export function touchesMmapUnlocked(t: Task, mm: Mm): void {
  t.machine.touched?.(EVENT_CALL, `unlocks ${mm.pgd}`, TOUCH_WRITE, t)
}

/** {@link EVENT_CALL} `moved ADDRESS LENGTH`: the page-table locks under which entries were moved from there are about to be released. */
export function touchesMoved(t: Task, address: number, length: number, moved: boolean): void {
  if (moved) t.machine.touched?.(EVENT_CALL, `moved ${address} ${length}`, TOUCH_WRITE, t)
}

/** {@link EVENT_CALL} `unmaps LOCK`: a range of a file is about to be unmapped everywhere; the name of the lock of its `i_mmap`. */
export function touchesUnmaps(t: Task, mapping: AddressSpace): void {
  t.machine.touched?.(EVENT_CALL, `unmaps ${mapping.iMmapRwsem.name}`, TOUCH_WRITE, t)
}

/** {@link EVENT_CALL} `unmapped`: it was. */
export function touchesUnmapped(t: Task): void {
  t.machine.touched?.(EVENT_CALL, 'unmapped', TOUCH_WRITE, t)
}
