/**
 * What steps say in words (`EVENT_FAULT` … `EVENT_CALL` of `@mm-model/core`), and what has to be remembered of it: by each thread of
 * its own, and by all of private copies.
 *
 * Nothing here is ever changed: a step leads to others.
 * @module
 */

import {
  EVENT_ACCESS,
  EVENT_CALL,
  EVENT_FAULT,
  type Machine,
  type Mm,
  type Task,
  VM_FAULT_RETRY,
  VM_SHARED,
  type Vma,
} from '@mm-model/core'
import { DaxFile } from '@mm-model/dax'
import { visitLeaves } from './invariants/leaves.ts'
import { isOfFile } from './invariants/over-leaves.ts'
import type { Instance } from './program.ts'

/** What a thread has done that later steps of it are judged by. */
export interface ThreadPast {
  /** Its last fault has to be tried again. */
  readonly retries: boolean
  /** `ADDRESS LO HI` of the entry that its last fault had nothing to do about; empty if it had. */
  readonly spurious: string
  /** `FILE PAGE PAGES` that writeback has flushed and not yet untagged; empty for none. */
  readonly flushed: string
  /** It is unmapping a range of a file from everywhere. */
  readonly unmaps: boolean
}

const NO_PAST: ThreadPast = Object.freeze({ retries: false, spurious: '', flushed: '', unmaps: false })

/** What a step has said. */
export interface Said {
  /** An `EVENT_*`. */
  readonly kind: number
  /** The first says what it is. */
  readonly words: readonly string[]
}

/** That, and who said it when. */
export interface Fact extends Said {
  readonly task: Task
  /** What the thread had done before. */
  readonly past: ThreadPast
}

/** What facts have left behind. */
export interface Remembered {
  /** By number of the thread. */
  readonly threads: ReadonlyMap<number, ThreadPast>
  /** Pages that were copied for a private store and that nothing has taken away, as {@link copyKey} has them. */
  readonly copies: ReadonlySet<string>
  /** All {@link ThreadPast.spurious}, which a thread that is back in its program no longer shows; the rest it does. */
  readonly spurious: string
}

export const NOTHING_REMEMBERED: Remembered = Object.freeze({
  threads: new Map(),
  copies: new Set<string>(),
  spurious: '',
})

/** A page of an address space. */
export function copyKey(mm: Mm, address: number): string {
  return `${mm.pgd} ${Math.floor(address / 4096)}`
}

/** What is remembered of an instance that has been set up: the private copies that there are. */
export function rememberedOf({ machine, files = [] }: Instance): Remembered {
  const copies = new Set<string>()
  for (const { inode } of files) {
    for (const vma of inode.mapping.iMmap) {
      if ((vma.vmFlags & VM_SHARED) !== 0) continue
      visitLeaves(vma, (address, slot, huge) => {
        const { arch, lo, hi } = machine.pageTables
        const pfn = huge ? arch.pmdPfn(lo, hi, slot) : arch.ptePfn(lo, hi, slot)
        if (!isOfFile(machine, pfn)) copies.add(copyKey(vma.vmMm, address))
        return null
      })
    }
  }
  return copies.size === 0 ? NOTHING_REMEMBERED : { ...NOTHING_REMEMBERED, copies }
}

/** The area at an address, and the file that it maps. */
export function mappedAt(mm: Mm, address: number): { readonly vma: Vma; readonly file: DaxFile } | null {
  const vma = mm.areas.findVma(address)
  if (vma === null || vma.vmStart > address || !(vma.vmFile instanceof DaxFile)) return null
  return { vma, file: vma.vmFile }
}

/** The address space with that root. */
export function mmOf({ tasks }: Machine, pgd: number): Mm | null {
  return tasks.find(({ mm }) => mm.pgd === pgd)?.mm ?? null
}

/**
 * Whether it is a private copy that a file call has no business with: `loses PGD ADDRESS`, said while a range of a file is unmapped,
 * of a page before the end of the file (mm/truncate.c: truncate_pagecache, 6.1).
 */
export function losesKeptCopy({ words: [what, pgd, address], task, past }: Fact): boolean {
  if (what !== 'loses' || !past.unmaps) return false
  const mm = mmOf(task.machine, Number(pgd))
  const mapped = mm === null ? null : mappedAt(mm, Number(address))
  if (mapped === null) return false
  return mapped.vma.linearPageIndex(Number(address)) * 4096 < mapped.file.inode.size
}

/** What is remembered once thread `i` has said it. */
export function remember(from: Remembered, i: number, fact: Fact): Remembered {
  const past = after(fact)
  const copies = copiesAfter(from.copies, fact)
  if (past === fact.past && copies === from.copies) return from
  if (past === fact.past) return { ...from, copies }
  const threads = new Map(from.threads).set(i, past)
  if (past.spurious === fact.past.spurious) return { ...from, copies, threads }
  const spurious = [...threads]
    .flatMap(([thread, one]) => (one.spurious === '' ? [] : [`${thread} ${one.spurious}`]))
    .sort()
    .join()
  return { threads, copies, spurious }
}

export function pastOf({ threads }: Remembered, i: number): ThreadPast {
  return threads.get(i) ?? NO_PAST
}

function after({ kind, words, past }: Fact): ThreadPast {
  const [what, ...rest] = words
  if (kind === EVENT_FAULT) {
    if (what === 'begins' && past.spurious !== '') return { ...past, spurious: '' }
    if (what === 'spurious') return { ...past, spurious: rest.slice(0, 3).join(' ') }
    if (what !== 'ends') return past
    const retries = (Number(rest[2]) & VM_FAULT_RETRY) !== 0
    return retries === past.retries ? past : { ...past, retries }
  }
  if (kind !== EVENT_CALL) return past
  if (what === 'flushes') return { ...past, flushed: rest.join(' ') }
  if (what === 'untags') return { ...past, flushed: '' }
  return what === 'unmaps' || what === 'unmapped' ? { ...past, unmaps: what === 'unmaps' } : past
}

function copiesAfter(copies: ReadonlySet<string>, fact: Fact): ReadonlySet<string> {
  const { kind, words, task } = fact
  const [what, first, second, third] = words
  if (what === 'stores' && kind === EVENT_ACCESS) {
    const key = copyKey(task.mm, Number(first))
    const isCopy = third === 'mapped' && !task.machine.memory.isPmem(Number(second))
    return !isCopy || copies.has(key) ? copies : new Set(copies).add(key)
  }
  if (what === 'loses' && !losesKeptCopy(fact)) {
    return without(copies, `${first} ${Math.floor(Number(second) / 4096)}`)
  }
  if (what !== 'moved' || copies.size === 0) return copies
  let left = copies
  for (let at = 0; at < Number(second); at += 4096) left = without(left, copyKey(task.mm, Number(first) + at))
  return left
}

function without(copies: ReadonlySet<string>, key: string): ReadonlySet<string> {
  if (!copies.has(key)) return copies
  const left = new Set(copies)
  left.delete(key)
  return left
}
