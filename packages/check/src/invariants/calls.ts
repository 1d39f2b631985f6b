/**
 * What must be so once a call has come to some point: I5, I6, I10, I21, I49, I50.
 * @module
 */

import { EVENT_CALL, type Mm, TLB_EXEC, TLB_WRITE, VM_ACCESS_FLAGS, VM_EXEC, VM_WRITE } from '@mm-model/core'
import type { DaxFile } from '@mm-model/dax'
import { type Fact, mmOf } from '../facts.ts'
import type { Instance, StateInvariant } from '../program.ts'
import { visitLeaves, visitTables } from './leaves.ts'
import { at, entryAt, fileNamed, frame, hex, isWritable, type Leaf, overLeavesOf } from './over-leaves.ts'

/** A rule about each thing that calls say: the first complaint. */
function ofFacts(
  rule: Pick<StateInvariant, 'name' | 'rule' | 'source' | 'explains'>,
  check: (fact: Fact, instance: Instance) => string | null,
): StateInvariant {
  return {
    ...rule,
    reads: [],
    hears: [EVENT_CALL],
    everyStep: true,
    check: (instance, { happened }) => {
      for (const fact of happened.facts) {
        const message = fact.kind === EVENT_CALL ? check(fact, instance) : null
        if (message !== null) return message
      }
      return null
    },
  }
}

/** What an area with these `VM_*` lacks for a right, in words; null if nothing. */
function lacking(flags: number, write: boolean, execute: boolean): string | null {
  if ((flags & VM_ACCESS_FLAGS) === 0) return 'cannot be accessed'
  if (write && (flags & VM_WRITE) === 0) return 'cannot be written to'
  return execute && (flags & VM_EXEC) === 0 ? 'cannot be executed' : null
}

/** An entry with more rights than its area, or outside of all areas. */
function excessEntry(mm: Mm): string | null {
  const { pageTables: pt } = mm.machine
  const { arch, lo, hi } = pt
  let inside = 0
  for (const vma of mm.areas) {
    const found = visitLeaves(vma, (address, slot, huge) => {
      inside++
      if (!arch.ptePresent(lo, hi, slot) || (!huge && arch.pteProtnone(lo, hi, slot))) return null
      const writes = huge ? arch.pmdWrite(lo, hi, slot) : arch.pteWrite(lo, hi, slot)
      const lacks = lacking(vma.vmFlags, writes, false)
      return lacks === null
        ? null
        : `the entry at ${hex(address)} lets through what the area does not: it ${lacks}`
    })
    if (found !== null) return found
  }
  let all = 0
  visitTables(mm, () => {
    all++
  })
  return all > inside ? 'an entry is left where there is no area' : null
}

/** The same of what CPUs have cached. */
function excessTranslation(mm: Mm): string | null {
  let message: string | null = null
  for (const [cpu, tlb] of mm.machine.tlbs.entries()) {
    tlb.forEach((context, address, _, rights) => {
      if (message !== null || context !== mm.tlbContext) return
      const vma = mm.areas.findVma(address)
      const cached = `CPU ${cpu} has cached ${hex(address)}`
      if (vma === null || vma.vmStart > address) message = `${cached}, where there is no area`
      else {
        const lacks = lacking(vma.vmFlags, (rights & TLB_WRITE) !== 0, (rights & TLB_EXEC) !== 0)
        if (lacks !== null) message = `${cached} with more rights than the area, which ${lacks}`
      }
    })
  }
  return message
}

export const I5: StateInvariant = ofFacts(
  {
    name: 'I5',
    rule: 'when mprotect or munmap lets go of mmap_lock, no entry and no TLB gives a right that its area lacks',
    source: 'mm/mprotect.c: change_protection; mm/mmu_gather.c: tlb_finish_mmu; arch: pte_needs_flush',
    explains: 'the program was told that nobody can store there any more, and a thread of it does',
  },
  ({ words: [what, pgd] }, { machine }) => {
    const mm = what === 'unlocks' ? mmOf(machine, Number(pgd)) : null
    return mm === null ? null : (excessTranslation(mm) ?? excessEntry(mm))
  },
)

export const I6: StateInvariant = ofFacts(
  {
    name: 'I6',
    rule: 'mprotect makes an entry writable without a fault only if it is dirty, and shared or exclusive',
    source: 'mm/mprotect.c: can_change_pte_writable, can_change_pmd_writable',
    explains: 'the file system does not hear of the store, or the store shows in another process',
  },
  ({ words: [what, address, state, whose], task }) => {
    if (what !== 'mprotect') return null
    const place = `the entry at ${hex(Number(address))}`
    if (whose === 'others') return `${place} becomes writable, and its page is not this process’s alone`
    const { mprotectMakesCleanAnonWritable } = task.machine.kernel
    if (state === 'dirty' || (whose === 'exclusive' && mprotectMakesCleanAnonWritable)) return null
    return `${place} becomes writable without a fault, and is clean`
  },
)

export const I10: StateInvariant = ofFacts(
  {
    name: 'I10',
    rule: 'mremap flushes the old range before it lets go of the page tables’ locks',
    source: 'mm/mremap.c: move_ptes; eb66ae030829, CVE-2018-18281',
    explains: 'who unmaps the page at its new place frees it while a CPU goes on using the old one',
  },
  ({ words: [what, from, length], task: { mm } }, { machine }) => {
    if (what !== 'moved') return null
    const start = Number(from)
    let message: string | null = null
    for (const [cpu, tlb] of machine.tlbs.entries()) {
      tlb.forEach((context, address, pfn) => {
        if (context !== mm.tlbContext || address < start || address >= start + Number(length)) return
        message ??= `CPU ${cpu} has cached ${hex(address)} as ${frame(pfn)}, which has been moved from there`
      })
    }
    return message
  },
)

/** The first shared leaf of pages of a file that `wrong` is true of. */
function leafOf(
  instance: Instance,
  [name, first, last]: readonly [name: string, first: number, last: number],
  wrong: (file: DaxFile, leaf: Leaf) => boolean,
): string | null {
  const file = fileNamed(instance, name)
  if (file === null) return null
  return overLeavesOf(file, false, (leaf) =>
    leaf.page >= first && leaf.page <= last && wrong(file, leaf) ? at(file, leaf) : null,
  )
}

export const I21: StateInvariant = ofFacts(
  {
    name: 'I21',
    rule: 'writeback takes the DIRTY tag with the entry locked, once no leaf is writable, and the page is flushed after that',
    source: 'fs/dax.c: dax_writeback_one; 4b4bb46d00b3',
    explains: 'a store in between is not flushed, and no fsync will hear of it',
  },
  ({ words: [what, name, page, pages, lock], past }, instance) => {
    if (what !== 'flushes' && what !== 'untags') return null
    const first = Number(page)
    const which = `page ${first} of ${name}`
    const range = [name!, first, first + Number(pages) - 1] as const
    const writable = leafOf(instance, range, (_, leaf) => isWritable(instance, leaf))
    if (writable !== null)
      return `${writable}, can be stored to while it is ${what === 'flushes' ? 'flushed' : 'untagged'}`
    if (what === 'flushes') return null
    if (lock !== 'locked') return `the entry of ${which} is untagged and not locked`
    return past.flushed === `${name} ${page} ${pages}`
      ? null
      : `the entry of ${which} is untagged before the page is flushed`
  },
)

export const I49: StateInvariant = ofFacts(
  {
    name: 'I49',
    rule: 'invalidation drops clean entries only, and what drops entries leaves no leaf of theirs',
    source: 'fs/dax.c: __dax_invalidate_entry; mm/truncate.c: invalidate_inode_pages2_range; 4636e70bb0a8',
    explains:
      'a store that is not flushed is forgotten, or goes on to a page that the file system does not know of',
  },
  ({ words: [what, name, page, second, why, tag] }, instance) => {
    const first = Number(page)
    if (what === 'drops') {
      const which = `page ${first} of ${name}`
      if (why === 'invalidating')
        return tag === 'dirty' ? `the entry of ${which} is dirty, and dropped` : null
      const left = leafOf(instance, [name!, first, first + Number(second) - 1], () => true)
      return left === null ? null : `${left}, is mapped, and its entry dropped`
    }
    if (what !== 'invalidated') return null
    const left = leafOf(
      instance,
      [name!, first, Number(second)],
      ({ inode }, leaf) => entryAt(inode, leaf.page) === null,
    )
    return left === null ? null : `${left}, is mapped, and its entry was dropped`
  },
)

/** What is wrong with an entry that a fork has copied. */
function wrongCopy(kind: string, is: ReadonlySet<string>): string | null {
  if (kind === 'dax') return 'is in the child, which is to fault for itself'
  if (is.has('other-frame')) return 'is of another frame in the child'
  if (is.has('writable') && !is.has('parent-writable')) return 'is writable in the child alone'
  if (kind === 'cow' && is.has('writable')) return 'is writable in the child, and copied on a store'
  if (kind === 'cow' && is.has('parent-writable')) return 'is writable in the parent, and copied on a store'
  return kind === 'shared' && is.has('dirty') ? 'is dirty in the child' : null
}

export const I50: StateInvariant = ofFacts(
  {
    name: 'I50',
    rule: 'a fork gives the child no more than the parent has, takes writing from both where pages are copied, and leaves shared DAX areas empty',
    source: 'mm/memory.c: copy_page_range, vma_needs_copy, copy_present_pte',
    explains: 'a store of one shows in the other, or passes by the file system',
  },
  ({ words: [what, address, kind, ...is] }) => {
    const wrong = what === 'copies' ? wrongCopy(kind!, new Set(is)) : null
    return wrong === null ? null : `the entry at ${hex(Number(address))} ${wrong}`
  },
)
