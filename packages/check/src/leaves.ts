/**
 * Leaves of an area: what rules and final states look at.
 * @module
 */

import type { Vma } from '@mm-model/core'

/**
 * Calls `visit` for each page of the area that an entry covers, by address, with the slot of the entry and whether it is a
 * PMD; stops at the first answer that is not null, and answers that.
 */
export function visitLeaves(
  vma: Vma,
  visit: (address: number, slot: number, huge: boolean) => string | null,
): string | null {
  const { pageTables: pt } = vma.vmMm.machine
  for (let address = vma.vmStart; address < vma.vmEnd; address += 4096) {
    const pmd = pt.pmdSlot(vma.vmMm.pgd, address)
    if (pmd < 0 || pt.isNone(pmd)) continue
    const huge = pt.pmdIsLeaf(pmd)
    const slot = huge ? pmd : pt.pteSlotAt(pmd, address)
    if (pt.isNone(slot)) continue
    const answer = visit(address, slot, huge)
    if (answer !== null) return answer
  }
  return null
}
