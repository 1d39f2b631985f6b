/**
 * Invariants of the tables and of what is counted: I18 as far as tables go, I45.
 * @module
 */

import { PAGE_SIZE, PTRS_PER_PMD_LEAF } from '../physical-memory.ts'
import { hex, type Invariant, type Violation } from './invariant.ts'
import { at, type MachineSnapshot } from './snapshot.ts'

export const TABLES: Invariant<MachineSnapshot> = {
  id: 'I18',
  title: 'an entry above the last level maps memory or points to a table of its own, never both',
  kind: 'S',
  source: 'mm/memory.c: __handle_mm_fault, pmd_install; mm/mremap.c: move_normal_pmd',
  check({ tables, machine }) {
    const found: Violation[] = tables.again.map(({ table, address }) => ({
      invariant: 'I18',
      where: `the table for ${hex(address)}`,
      address,
      found: `table ${table}, which another entry points to`,
      expected: 'a table of its own',
    }))
    for (const table of tables.reached) {
      if (table >= 0 && table < machine.pageTables.ptl.length) continue
      found.push({
        invariant: 'I18',
        where: `table ${table}`,
        address: null,
        found: 'an entry that points to something that is no table',
        expected: 'a leaf or a table',
      })
    }
    return found
  },
}

export const I45: Invariant<MachineSnapshot> = {
  id: 'I45',
  title: 'table pages, RAM frames, map counts and mapped sizes are what the tables and areas add up to',
  kind: 'S',
  source:
    'mm/rmap.c: page_add_anon_rmap, page_remove_rmap; kernel/fork.c: check_mm; mm/mmap.c: vm_stat_account',
  check(snapshot) {
    const found: Violation[] = []
    const complain = (where: string, what: string, expected: string): void => {
      found.push({ invariant: 'I45', where, address: null, found: what, expected })
    }
    const { tables, tablesInUse, frames, hugePages, ramInUse, ramOfBackend, spaces } = snapshot
    if (tables.reached.size !== tablesInUse) {
      complain(
        'page tables',
        `${tablesInUse} table pages in use`,
        `the ${tables.reached.size} that are reached`,
      )
    }
    const mapped = ramMapped(snapshot)
    if (mapped + ramOfBackend !== ramInUse) {
      const kept = ramOfBackend === 0 ? '' : ` and ${ramOfBackend} of the file system`
      complain('RAM', `${ramInUse} frames in use`, `the ${mapped} that are mapped${kept}`)
    }
    for (const [pfn, { entries, hugeEntries, mapcount, exclusive }] of frames) {
      const where = `frame ${hex(pfn)}`
      if (mapcount !== entries)
        complain(where, `a map count of ${mapcount}`, `the ${entries} entries that map it`)
      else if (exclusive && entries + hugeEntries > 1) {
        complain(where, `an exclusive page in ${entries + hugeEntries} entries`, 'one entry')
      }
    }
    for (const [head, { entries, refs }] of hugePages) {
      if (entries !== refs)
        complain(`frame ${hex(head)}`, `${refs} references to 2 MiB`, `the ${entries} entries`)
    }
    for (const space of spaces) {
      const pages = space.areas.reduce((sum, { start, end }) => sum + (end - start) / PAGE_SIZE, 0)
      if (pages === space.totalVm) continue
      found.push({
        invariant: 'I45',
        ...at(space, space.areas[0]?.start ?? 0),
        found: `total_vm of ${space.totalVm} pages`,
        expected: `the ${pages} pages of its areas`,
      })
    }
    return found
  },
}

/** RAM frames that entries keep in use: a 2 MiB page stays whole while any part of it is mapped. */
function ramMapped({ frames, hugePages }: MachineSnapshot): number {
  let single = 0
  for (const { head } of frames.values()) if (head < 0) single++
  return single + hugePages.size * PTRS_PER_PMD_LEAF
}
