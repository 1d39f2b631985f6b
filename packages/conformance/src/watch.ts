/**
 * Looking at a machine between any two steps of a fault: what another CPU could see.
 * @module
 */

import {
  HUGE_ZERO_PFN,
  type Machine,
  PAGE_SIZE,
  type Task,
  VM_SHARED,
  VM_WRITE,
  type Vma,
  ZERO_PFN,
} from '@mm-model/core'
import { DaxFile, daxIsLocked, PAGECACHE_TAG_DIRTY, XaState } from '@mm-model/dax'
import type { CheckId } from './check.ts'

/** What was seen, once for each check. */
export interface Sighting {
  readonly check: CheckId
  readonly found: string
  readonly expected: string
}

/** Pages of an area that are looked at: programs touch no others. */
const PAGES = 4

/** Watches all processes of a machine. */
export class Watch {
  readonly sightings: Map<CheckId, Sighting> = new Map()

  /** Looks at every entry of a file that a program of the kit can have. */
  look(machine: Machine): void {
    for (const task of machine.tasks) {
      // A call that changes areas has the address space for itself: flags first, entries after, then the flush.
      if (task.mm.mmapLock.writer !== null) continue
      for (const vma of task.mm.areas)
        if (vma.vmFile instanceof DaxFile) this.#lookAt(machine, task, vma, vma.vmFile)
    }
  }

  #lookAt(machine: Machine, task: Task, vma: Vma, file: DaxFile): void {
    const pt = machine.pageTables
    const { arch } = machine
    for (let page = 0; page < PAGES; page++) {
      const address = vma.vmStart + page * PAGE_SIZE
      if (address >= vma.vmEnd) return
      const pmd = pt.pmdSlot(task.mm.pgd, address)
      if (pmd < 0 || pt.isNone(pmd)) continue
      const huge = pt.pmdIsLeaf(pmd)
      const slot = huge ? pmd : pt.pteSlotAt(pmd, address)
      if (pt.isNone(slot)) continue
      if (!(huge ? arch.pmdPresent(pt.lo, pt.hi, slot) : arch.ptePresent(pt.lo, pt.hi, slot))) continue
      if (!(huge ? arch.pmdWrite(pt.lo, pt.hi, slot) : arch.pteWrite(pt.lo, pt.hi, slot))) continue
      const pfn = huge ? arch.pmdPfn(pt.lo, pt.hi, slot) : arch.ptePfn(pt.lo, pt.hi, slot)
      const where = `page ${vma.vmPgoff + page} of ${file.name}`
      if (pfn === ZERO_PFN || pfn === HUGE_ZERO_PFN) {
        this.#note('zero-page', `the zero page, writable, as ${where}`, 'the zero page read-only')
        continue
      }
      // A private copy is no page of the file.
      if (!machine.memory.isPmem(pfn)) continue
      const flags = vma.vmFlags & (VM_WRITE | VM_SHARED)
      if (flags !== (VM_WRITE | VM_SHARED)) {
        const lacks = [...(flags & VM_WRITE ? [] : ['VM_WRITE']), ...(flags & VM_SHARED ? [] : ['VM_SHARED'])]
        this.#note(
          'areas',
          `${where} writable in an area without ${lacks.join(' and ')}`,
          'a read-only entry there',
        )
      } else this.#lookForTag(file, vma.vmPgoff + page, where)
    }
  }

  #lookForTag(file: DaxFile, pgoff: number, where: string): void {
    const xas = new XaState(file.inode.entries).set(pgoff, 0)
    const entry = xas.load()
    if (entry !== 0 && (daxIsLocked(entry) || xas.getMark(PAGECACHE_TAG_DIRTY))) return
    this.#note(
      'dirty-tag',
      `${where} writable, its mapping entry ${entry === 0 ? 'not there' : 'neither tagged dirty nor locked'}`,
      'an entry that is tagged dirty, or locked by who is at it',
    )
  }

  #note(check: CheckId, found: string, expected: string): void {
    if (!this.sightings.has(check)) this.sightings.set(check, { check, found, expected })
  }
}
