/**
 * Invariants of what CPUs have cached: I5, I8.
 * @module
 */

import { TLB_DIRTY, TLB_EXEC, TLB_WRITE } from '../tlb.ts'
import { VM_ACCESS_FLAGS, VM_EXEC, VM_WRITE } from '../vm-flags.ts'
import type { Transition } from './call.ts'
import { hex, type Invariant, type Violation } from './invariant.ts'
import {
  type AreaSnapshot,
  at,
  type MachineSnapshot,
  type MmSnapshot,
  spaceOf,
  type Translation,
} from './snapshot.ts'

function describe({ cpu, rights, pfn }: Translation): string {
  const words = [
    (rights & TLB_WRITE) !== 0 ? 'writable' : 'read-only',
    ...((rights & TLB_DIRTY) !== 0 ? ['dirty'] : []),
    ...((rights & TLB_EXEC) !== 0 ? ['executable'] : []),
  ]
  return `a ${words.join(', ')} translation to frame ${hex(pfn)} on CPU ${cpu}`
}

export const I8: Invariant<MachineSnapshot> = {
  id: 'I8',
  title: 'a CPU has cached no translation and no right that the entry does not give',
  kind: 'S',
  source: 'mm/pgtable-generic.c: ptep_clear_flush; mm/mmu_gather.c: tlb_flush_mmu',
  check({ translations }) {
    const found: Violation[] = []
    for (const translation of translations) {
      const { leaves } = translation.space
      const i = leaves.find(translation.address)
      const expected = i < 0 || !leaves.usable(i) ? 'none, as there is no entry' : misses(translation, i)
      if (expected === null) continue
      found.push({
        invariant: 'I8',
        ...at(translation.space, translation.address),
        found: describe(translation),
        expected,
      })
    }
    return found
  },
}

/** What entry `i` does not give; null when it gives everything. */
function misses({ space: { leaves }, address, pfn, rights, huge }: Translation, i: number): string | null {
  if (huge !== (leaves.huge[i] === 1) || leaves.frameAt(i, address) !== pfn) {
    return `one for ${leaves.describe(i)}`
  }
  const given =
    (leaves.writable(i) ? TLB_WRITE : 0) |
    (leaves.dirty(i) ? TLB_DIRTY : 0) |
    (leaves.executable(i) ? TLB_EXEC : 0)
  return (rights & ~given) === 0 ? null : `no more than ${leaves.describe(i)} gives`
}

export const I5: Invariant<Transition> = {
  id: 'I5',
  title: 'after mprotect and munmap no entry and no cached translation gives a right that the area lacks',
  kind: 'T',
  source: 'mm/mprotect.c: change_protection; mm/mmu_gather.c: tlb_finish_mmu; arch: pte_needs_flush',
  check({ after, call }) {
    if (call.name !== 'mprotect' && call.name !== 'munmap') return []
    const space = spaceOf(after, call.task.mm)
    return space === null ? [] : [...excessEntries(space), ...excessTranslations(after, space)]
  },
}

/** Entries that can be read or executed where the area forbids it; writing is I1's. */
function excessEntries(space: MmSnapshot): Violation[] {
  const { leaves, areas } = space
  const found: Violation[] = []
  for (let i = 0; i < leaves.count; i++) {
    const area = areas[leaves.area[i]!]
    if (area === undefined || !leaves.usable(i)) continue
    const lacks = lacking(area, false, leaves.executable(i))
    if (lacks === null) continue
    found.push({
      invariant: 'I5',
      ...at(space, leaves.address[i]!),
      found: leaves.describe(i),
      expected: lacks,
    })
  }
  return found
}

function excessTranslations({ translations }: MachineSnapshot, space: MmSnapshot): Violation[] {
  const found: Violation[] = []
  for (const translation of translations) {
    if (translation.space !== space) continue
    const { address, rights } = translation
    const area = space.areas.find(({ start, end }) => address >= start && address < end)
    const lacks =
      area === undefined
        ? 'no translation outside of every area'
        : lacking(area, (rights & TLB_WRITE) !== 0, (rights & TLB_EXEC) !== 0)
    if (lacks === null) continue
    found.push({ invariant: 'I5', ...at(space, address), found: describe(translation), expected: lacks })
  }
  return found
}

function lacking({ flags }: AreaSnapshot, write: boolean, execute: boolean): string | null {
  if ((flags & VM_ACCESS_FLAGS) === 0) return `no access, by vm_flags ${hex(flags)}`
  if (write && (flags & VM_WRITE) === 0) return `no right to write, by vm_flags ${hex(flags)}`
  if (execute && (flags & VM_EXEC) === 0) return `no right to execute, by vm_flags ${hex(flags)}`
  return null
}
