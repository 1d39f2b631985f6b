/**
 * What a visible step touches that other tasks may touch, too: from it a checker knows which steps of two tasks commute.
 *
 * `src/steps/` says so with calls of `touches…`, which `src/plain/` does not have. An object is named by its kind and
 * an id that is the same whenever the same steps have been run before: a number, or the name of a lock or file. No object
 * has two ids. Things that are only read and written may share one, which makes a checker try more orders than it must; each
 * lock has its own.
 * @module
 */

import type { AddressSpace } from './file.ts'
import type { Mm } from './mm.ts'
import type { Task } from './task.ts'

/** A sleeping lock, by its name. */
export const TOUCH_LOCK: number = 0
/** The lock of a page-table page, by the table's number. */
export const TOUCH_TABLE_LOCK: number = 1
/** The entries of a page-table page, by the table's number. */
export const TOUCH_TABLE: number = 2
/** Which table pages are free; id 0. */
export const TOUCH_TABLES: number = 3
/** What a CPU's TLB holds, by the CPU. */
export const TOUCH_TLB: number = 4
/** The bytes of a frame, by its number. */
export const TOUCH_FRAME: number = 5
/** Which frames of RAM are free, and what is counted per frame; id 0. */
export const TOUCH_FRAMES: number = 6
/** The areas of an address space, by its root table. */
export const TOUCH_AREAS: number = 7
/** Which areas map a file, by the name of the lock that guards it. */
export const TOUCH_I_MMAP: number = 8
/** The entries of a mapping and their marks, by the file's name. */
export const TOUCH_ENTRIES: number = 9
/**
 * The locks of the entries of a mapping, by the file's name and the entry. A step that finds one taken does not wait but goes
 * to sleep on a queue (`TOUCH_QUEUE`), so that it can come before the release as well as after it: for the order of steps
 * taking and releasing are changes like others.
 */
export const TOUCH_ENTRY_LOCK: number = 10
/** The size of a file, by its name. */
export const TOUCH_SIZE: number = 11
/** The times of a file, and whether they are deferred, by the name of the lock of its `i_mmap`. */
export const TOUCH_TIMES: number = 12
/** Block maps, allocator and journal of the file systems; id 0. */
export const TOUCH_FILE_SYSTEM: number = 13
/** A freeze level, and the tasks in a section of it, by the level. */
export const TOUCH_FREEZE: number = 14
/** The machine's tasks and address spaces; id 0. */
export const TOUCH_TASKS: number = 15

/**
 * What a task asked a CPU to flush, and what that CPU answered, by task, CPU and which of the two. The task releases the
 * first, takes back the second and acquires it in the end; the CPU acquires the first and releases the second: signals, not locks
 * that anybody holds.
 */
export const TOUCH_SHOOTDOWN: number = 16
/** Who sleeps until an entry of a mapping is unlocked, by the queue's name. */
export const TOUCH_QUEUE: number = 17
/** That a sleeping task was woken, by the task, which takes it back as it falls asleep: released by who wakes it, acquired when it goes on. A signal, too. */
export const TOUCH_WAKE: number = 18

/**
 * Nothing that others could touch: the task is back in its program, about to try an access again, and of all it has seen only
 * the id, the number of its faults so far, decides how it goes on. A checker can forget the rest.
 */
export const TOUCH_USER_MODE: number = 19

/** How many batches of flushes of an address space are in progress, by its root table. */
export const TOUCH_FLUSHES: number = 20

/*
 * Events: nothing that is looked at or changed, but what a history of the run is made of. Their kinds are 21 … 31, and `how` says
 * nothing. Of the first three (`events.ts` has what says them) the id is words, and the task is told, too: what they say follows from
 * what that task has done and seen, so that no order of steps is tried because of them.
 */

/** A fault of the task begins or ends, or does something on the way. */
export const EVENT_FAULT: number = 21
/** A load, or a private store, has come to a frame. */
export const EVENT_ACCESS: number = 22
/** A system call gives an entry rights, takes something away, or has come to a point from which on something must be so. */
export const EVENT_CALL: number = 23

/** A CPU is about to store to a frame through a shared mapping, or none; the bytes are in its cache. Id: the frame. */
export const EVENT_STORED: number = 24
/** The same through a private mapping. */
export const EVENT_STORED_PRIVATE: number = 25
/** A system call is about to write bytes `from … to - 1` of a frame past the caches; id `frame from to`. */
export const EVENT_WRITTEN: number = 26
/** A frame that the file system has just allocated is zeroed. Id: the frame. */
export const EVENT_ZEROED: number = 27
/** What CPUs have stored to a frame reaches the device. Id: the frame. */
export const EVENT_FLUSHED: number = 28
/** The file systems' journals are committed; id 0. */
export const EVENT_COMMITTED: number = 29
/** Synchronising pages of a file begins: `name first last`, `last` -1 for all. */
export const EVENT_SYNC: number = 30
/** It has succeeded; id as that of {@link EVENT_SYNC}. */
export const EVENT_SYNCED: number = 31

/** Looked at. */
export const TOUCH_READ: number = 0
/** Changed, or may have been. */
export const TOUCH_WRITE: number = 1
/** Taken, as others may take it at the same time; or waited for, and left alone. */
export const TOUCH_ACQUIRE_SHARED: number = 2
/** Taken for oneself. With {@link TOUCH_READ} in the same step it was tried, and would not have been waited for. */
export const TOUCH_ACQUIRE: number = 3
/** The end of {@link TOUCH_ACQUIRE_SHARED}. */
export const TOUCH_RELEASE_SHARED: number = 4
/** The end of {@link TOUCH_ACQUIRE}. */
export const TOUCH_RELEASE: number = 5

/** Hears of each touch of the step that runs: a `TOUCH_*` or `EVENT_*` kind, the id, and how; of events 21 … 23 the task, too. */
export type TouchSink = (kind: number, id: number | string, how: number, t?: Task) => void

/** Says what the step at hand touches; costs a test when nobody listens. */
export function touches(t: Task, kind: number, id: number | string, how: number): void {
  const sink = t.machine.touched
  if (sink !== null) sink(kind, id, how)
}

/** Every table on the way to the PMD entry of `address` is read, and that entry. */
export function touchesPath(t: Task, mm: Mm, address: number): void {
  const sink = t.machine.touched
  if (sink === null) return
  const pt = t.machine.pageTables
  let table = mm.pgd
  for (let level = pt.levels; level >= 2; level--) {
    sink(TOUCH_TABLE, table, TOUCH_READ)
    const slot = table * 512 + indexAt(address, level)
    if (pt.isNone(slot)) return
    table = pt.tableAt(slot)
  }
}

/** The entry at `pmd` is read, and one of the table that it points to, if it does. */
export function touchesPte(t: Task, pmd: number): void {
  const sink = t.machine.touched
  if (sink === null) return
  const pt = t.machine.pageTables
  sink(TOUCH_TABLE, pmd >>> 9, TOUCH_READ)
  if (!pt.isNone(pmd) && !pt.pmdIsLeaf(pmd)) sink(TOUCH_TABLE, pt.tableAt(pmd), TOUCH_READ)
}

/** The tables down to the PUD of `address` are read, and made where they are missing. */
export function touchesUpper(t: Task, mm: Mm, address: number): void {
  const sink = t.machine.touched
  if (sink === null) return
  const pt = t.machine.pageTables
  let table = mm.pgd
  for (let level = pt.levels; level >= 3; level--) {
    const slot = table * 512 + indexAt(address, level)
    if (level === 3) sink(TOUCH_TABLE, table, TOUCH_READ)
    else touchesPopulate(t, slot)
    if (pt.isNone(slot)) return
    table = pt.tableAt(slot)
  }
}

/** The entry at `slot`, of a table other than of PTEs, is read, and gets a table if it has none. */
export function touchesPopulate(t: Task, slot: number): void {
  const sink = t.machine.touched
  if (sink === null) return
  if (t.machine.pageTables.isNone(slot)) {
    sink(TOUCH_TABLES, 0, TOUCH_WRITE)
    sink(TOUCH_TABLE, slot >>> 9, TOUCH_WRITE)
  } else sink(TOUCH_TABLE, slot >>> 9, TOUCH_READ)
}

/** The hardware is about to walk to `address`: it reads the tables, may set A and D, and changes its own TLB. */
export function touchesWalk(t: Task, address: number, write: boolean): void {
  const sink = t.machine.touched
  if (sink === null) return
  touchesPath(t, t.mm, address)
  sink(TOUCH_TLB, t.cpu, TOUCH_WRITE)
  const pt = t.machine.pageTables
  const { arch } = pt
  const pmd = pt.pmdSlot(t.mm.pgd, address)
  if (pmd < 0 || pt.isNone(pmd)) return
  const huge = pt.pmdIsLeaf(pmd)
  const slot = huge ? pmd : pt.pteSlotAt(pmd, address)
  const young = huge ? arch.pmdYoung(pt.lo, pt.hi, slot) : arch.pteYoung(pt.lo, pt.hi, slot)
  const dirty = huge ? arch.pmdDirty(pt.lo, pt.hi, slot) : arch.pteDirty(pt.lo, pt.hi, slot)
  sink(TOUCH_TABLE, slot >>> 9, !young || (write && !dirty) ? TOUCH_WRITE : TOUCH_READ)
}

/** The TLBs of all CPUs are flushed. */
export function touchesTlbs(t: Task): void {
  const sink = t.machine.touched
  if (sink === null) return
  for (let cpu = 0; cpu < t.machine.tlbs.length; cpu++) sink(TOUCH_TLB, cpu, TOUCH_WRITE)
}

/** The request of the task at `cpu`. */
export function touchesRequest(t: Task, cpu: number, how: number): void {
  touches(t, TOUCH_SHOOTDOWN, t.id * 128 + cpu * 2, how)
}

/** The answer of `cpu` to the task. */
export function touchesAnswer(t: Task, cpu: number, how: number): void {
  touches(t, TOUCH_SHOOTDOWN, t.id * 128 + cpu * 2 + 1, how)
}

/** What is counted for frame `page` changes; -1 is none. */
export function touchesFrames(t: Task, page: number): void {
  if (page >= 0) touches(t, TOUCH_FRAMES, 0, TOUCH_WRITE)
}

/** A dirty entry that goes is noted in `deferring`, unless that is null. */
export function touchesDeferred(t: Task, deferring: AddressSpace | null): void {
  if (deferring !== null) touches(t, TOUCH_TIMES, deferring.iMmapRwsem.name, TOUCH_WRITE)
}

/** Whether the times of what the area maps are deferred is read. */
export function touchesTimesOf(t: Task, mapping: AddressSpace | undefined): void {
  if (mapping !== undefined) touches(t, TOUCH_TIMES, mapping.iMmapRwsem.name, TOUCH_READ)
}

/** The areas that map a file change. */
export function touchesIMmap(t: Task, mapping: AddressSpace | undefined): void {
  if (mapping !== undefined) touches(t, TOUCH_I_MMAP, mapping.iMmapRwsem.name, TOUCH_WRITE)
}

/** Index of `address` in its table of `level`, 1 being PTEs. */
function indexAt(address: number, level: number): number {
  const shifted = Math.floor(address / 2 ** (12 + 9 * (level - 1)))
  return shifted - Math.floor(shifted / 512) * 512
}
