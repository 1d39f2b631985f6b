/**
 * Invariants of what entries allow: I1, I2, I12.
 * @module
 */

import { VM_SHARED, VM_WRITE } from '../vm-flags.ts'
import { hex, type Invariant, type Violation } from './invariant.ts'
import type { LeafTable } from './leaves.ts'
import { type AreaSnapshot, at, type MachineSnapshot } from './snapshot.ts'

/** Asks of every entry in an area, and says where the answer is not null. */
function eachLeaf(
  { spaces }: MachineSnapshot,
  invariant: string,
  ask: (leaves: LeafTable, i: number, area: AreaSnapshot) => { found: string; expected: string } | null,
): Violation[] {
  const found: Violation[] = []
  for (const space of spaces) {
    const { leaves, areas } = space
    for (let i = 0; i < leaves.count; i++) {
      const area = areas[leaves.area[i]!]
      if (area === undefined) continue
      const complaint = ask(leaves, i, area)
      if (complaint !== null) found.push({ invariant, ...at(space, leaves.address[i]!), ...complaint })
    }
  }
  return found
}

export const I1: Invariant<MachineSnapshot> = {
  id: 'I1',
  title: 'no entry is writable in an area that is not',
  kind: 'S',
  source: 'include/linux/mm.h: maybe_mkwrite; mm/mprotect.c: change_pte_range',
  check(snapshot) {
    return eachLeaf(snapshot, 'I1', (leaves, i, area) =>
      leaves.writable(i) && (area.flags & VM_WRITE) === 0
        ? {
            found: `${leaves.describe(i)} in an area with vm_flags ${hex(area.flags)}`,
            expected: 'a read-only entry',
          }
        : null,
    )
  },
}

export const I2: Invariant<MachineSnapshot> = {
  id: 'I2',
  title:
    'a writable entry maps a file through a shared area, or a page that this address space has for itself',
  kind: 'S',
  source: 'mm/memory.c: do_wp_page, wp_page_copy; PageAnonExclusive',
  check(snapshot) {
    const { memory } = snapshot.machine
    return eachLeaf(snapshot, 'I2', (leaves, i, area) => {
      if (!leaves.writable(i) || leaves.isZero(i)) return null
      const pfn = leaves.pfn[i]!
      if ((area.flags & VM_SHARED) !== 0) {
        if (memory.isPmem(pfn)) return null
        return {
          found: `${leaves.describe(i)}, which is no page of a file, in a shared area`,
          expected: 'a frame of the file',
        }
      }
      if (!memory.isRam(pfn)) {
        return {
          found: `${leaves.describe(i)}, a page of a file, in a private area`,
          expected: 'a read-only entry, or one for a copy',
        }
      }
      if (snapshot.frames.get(pfn)!.exclusive) return null
      return {
        found: `${leaves.describe(i)}, which others may share`,
        expected: 'a frame that is exclusive to the address space',
      }
    })
  },
}

export const I12: Invariant<MachineSnapshot> = {
  id: 'I12',
  title: 'the zero page and the huge zero page are never mapped writable, nor dirty through a shared area',
  kind: 'S',
  source: 'fs/dax.c: dax_load_hole, dax_pmd_load_hole; mm/memory.c: do_anonymous_page',
  check(snapshot) {
    return eachLeaf(snapshot, 'I12', (leaves, i, area) => {
      if (!leaves.isZero(i)) return null
      const shared = (area.flags & VM_SHARED) !== 0
      if (!leaves.writable(i) && !(shared && leaves.dirty(i))) return null
      return { found: leaves.describe(i), expected: 'a read-only, clean entry for the zero page' }
    })
  },
}
