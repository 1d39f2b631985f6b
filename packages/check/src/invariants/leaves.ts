/**
 * Leaves of an area: what rules and final states look at.
 * @module
 */

import { type Mm, PAGE_SIZE, PMD_SIZE, type Vma } from '@mm-model/core'

/**
 * Calls `visit` for each entry that covers a part of the area, by address, with the slot of the entry and whether it is a
 * PMD; stops at the first answer that is not null, and answers that.
 */
export function visitLeaves(
  vma: Vma,
  visit: (address: number, slot: number, huge: boolean) => string | null,
): string | null {
  const { pageTables: pt } = vma.vmMm.machine
  for (let address = vma.vmStart; address < vma.vmEnd; ) {
    const pmd = pt.pmdSlot(vma.vmMm.pgd, address)
    const next = Math.min(vma.vmEnd, (Math.floor(address / PMD_SIZE) + 1) * PMD_SIZE)
    if (pmd < 0 || pt.isNone(pmd)) {
      address = next
      continue
    }
    if (pt.pmdIsLeaf(pmd)) {
      const answer = visit(address, pmd, true)
      if (answer !== null) return answer
      address = next
      continue
    }
    for (let slot = pt.pteSlotAt(pmd, address); address < next; address += PAGE_SIZE, slot++) {
      if (pt.isNone(slot)) continue
      const answer = visit(address, slot, false)
      if (answer !== null) return answer
    }
  }
  return null
}

/** Calls `visit` with the slot of each entry for memory in the tables of an address space, whether an area is there or not. */
export function visitTables(mm: Mm, visit: (slot: number) => void): void {
  const { pageTables: pt } = mm.machine
  const walk = (table: number, level: number): void => {
    for (let slot = table * 512; slot < table * 512 + 512; slot++) {
      if (pt.isNone(slot)) continue
      if (level === 1 || (level === 2 && pt.pmdIsLeaf(slot))) visit(slot)
      else walk(pt.tableAt(slot), level - 1)
    }
  }
  walk(mm.pgd, pt.levels)
}
