/**
 * Invariants between mapping entries, block map and page tables: I13 to I18, I38, I51.
 * @module
 */

import { type Invariant, PMEM_BASE_PFN, PTRS_PER_PMD_LEAF, type Violation } from '@mm-model/core'
import type { EntrySnapshot } from './entries.ts'
import type { DaxSnapshot, FileLeaf, InodeSnapshot } from './snapshot.ts'

type Complaint = { readonly found: string; readonly expected: string } | null

/** Asks of every leaf of every file. */
export function eachFileLeaf(
  { inodes }: DaxSnapshot,
  invariant: string,
  ask: (leaf: FileLeaf, inode: InodeSnapshot) => Complaint,
): Violation[] {
  const found: Violation[] = []
  for (const inode of inodes) {
    for (const leaf of inode.leaves) {
      const complaint = ask(leaf, inode)
      if (complaint === null) continue
      found.push({ invariant, ...atLeaf(leaf, inode), ...complaint })
    }
  }
  return found
}

/** `0x600000001000 in mm1, page 1 of a`. */
export function atLeaf(leaf: FileLeaf, { name }: InodeSnapshot): { where: string; address: number } {
  const { address, space, page } = leaf
  return { where: `0x${address.toString(16)} in ${space.name}, page ${page} of ${name}`, address }
}

/** `page 1 of a`. */
export function atPage(page: number, name: string): { where: string; address: null } {
  return { where: `page ${page} of ${name}`, address: null }
}

export function describeLeaf({ space, i }: FileLeaf): string {
  return space.leaves.describe(i)
}

/** `the entry 'frame 0x40000, 2 MiB'`, or `no entry`. */
export function describeFound(entry: EntrySnapshot | null): string {
  return entry === null ? 'no entry' : `the entry '${entry.text}'`
}

export const I13: Invariant<DaxSnapshot> = {
  id: 'I13',
  title: 'a page-table entry for a page of a file has a mapping entry for the same frame',
  kind: 'S',
  source: 'fs/dax.c: dax_insert_entry; mm/memory.c: insert_pfn',
  check(snapshot) {
    return eachFileLeaf(snapshot, 'I13', (leaf, { entries }) => {
      if (leaf.what !== 'block') return null
      const entry = entries.find(leaf.page)
      if (entry === null || entry.kind !== 'block') {
        return {
          found: `${describeLeaf(leaf)} over ${describeFound(entry)}`,
          expected: 'a mapping entry for that frame',
        }
      }
      const pfn = entry.pfn + (leaf.page - entry.start)
      if (pfn === leaf.pfn) return null
      return {
        found: `${describeLeaf(leaf)} over ${describeFound(entry)}`,
        expected: `frame 0x${pfn.toString(16)}, as the mapping entry says`,
      }
    })
  },
}

export const I14: Invariant<DaxSnapshot> = {
  id: 'I14',
  title: 'where zeros stand for a page of a file, the mapping says so: by an entry, or by the page itself',
  kind: 'S',
  source: 'fs/dax.c: dax_load_hole; mm/truncate.c: invalidate_inode_pages2_range',
  check(snapshot) {
    return eachFileLeaf(snapshot, 'I14', (leaf, { entries, pages }) => {
      if (leaf.what !== 'zero') return null
      if (pages.get(leaf.page) === leaf.pfn) return null
      const entry = entries.find(leaf.page)
      if (entry?.kind === 'zero') return null
      // Smaller entries below the huge zero page are I51's.
      if (leaf.pages > 1 && smallerEntries(leaf, entries.overlapping(leaf.page, leaf.page + leaf.pages - 1)))
        return null
      return {
        found: `${describeLeaf(leaf)} over ${describeFound(entry)}`,
        expected: 'a mapping entry for the zero page, or that page in the page cache',
      }
    })
  },
}

function smallerEntries({ pages }: FileLeaf, entries: readonly EntrySnapshot[]): boolean {
  return entries.some((entry) => entry.pages < pages)
}

export const I15: Invariant<DaxSnapshot> = {
  id: 'I15',
  title: 'a page-table entry for a page of a file maps the block that the file has there',
  kind: 'S',
  source: 'fs/ext4/inode.c: ext4_punch_hole, ext4_setattr (invalidate_lock, break_layouts); 0f90cc6609c7',
  check(snapshot) {
    return eachFileLeaf(snapshot, 'I15', (leaf, { extents }) => {
      if (leaf.what !== 'block') return null
      for (let i = 0; i < leaf.pages; i++) {
        const page = leaf.page + i
        const block = leaf.pfn - PMEM_BASE_PFN + i
        if (extents.writtenBlock(page) === block) continue
        return {
          found: `${describeLeaf(leaf)}, block ${block} for page ${page}`,
          expected: extents.describe(page),
        }
      }
      return null
    })
  },
}

export const I16: Invariant<DaxSnapshot> = {
  id: 'I16',
  title: 'no block that an entry or a CPU still reaches is free',
  kind: 'S',
  source: 'fs/dax.c: dax_layout_busy_page; fs/ext4/inode.c: ext4_break_layouts',
  check({ freeButMapped }) {
    return Array.from(freeButMapped, (block) => ({
      invariant: 'I16',
      where: `block ${block}`,
      address: null,
      found: 'a free block that is mapped',
      expected: 'that it is unmapped everywhere before it is freed',
    }))
  },
}

export const I17: Invariant<DaxSnapshot> = {
  id: 'I17',
  title:
    'an entry of 2 MiB lies in one area, at the same place in 2 MiB of memory and file, below the end of the file',
  kind: 'S',
  source: 'fs/dax.c: dax_fault_check_fallback',
  check(snapshot) {
    return eachFileLeaf(snapshot, 'I17', (leaf, { entries, size }) => {
      if (leaf.pages === 1) return null
      const found = describeLeaf(leaf)
      if (leaf.page % PTRS_PER_PMD_LEAF !== 0)
        return { found, expected: 'a multiple of 512 pages into the file' }
      if (leaf.address + leaf.pages * 4096 > leaf.area.end)
        return { found, expected: 'an area that reaches as far' }
      if (leaf.page + leaf.pages > Math.ceil(size / 4096)) {
        return { found, expected: `an end below the ${size} bytes of the file` }
      }
      const entry = entries.find(leaf.page)
      if (leaf.what === 'block' && entry !== null && entry.pages === 1) {
        return { found: `${found} over ${describeFound(entry)}`, expected: 'a mapping entry of 2 MiB' }
      }
      return null
    })
  },
}

export const ENTRIES: Invariant<DaxSnapshot> = {
  id: 'I18',
  title: 'mapping entries do not overlap: each covers the pages that it says it covers',
  kind: 'S',
  source: 'fs/dax.c: grab_mapping_entry, dax_is_conflict; lib/xarray.c: xas_find_conflict',
  check({ inodes }) {
    return inodes.flatMap(({ entries, name }) =>
      entries.problems
        .filter(({ invariant }) => invariant === 'I18')
        .map(({ page, found, expected }) => ({ invariant: 'I18', ...atPage(page, name), found, expected })),
    )
  },
}

export const I38: Invariant<DaxSnapshot> = {
  id: 'I38',
  title: 'between calls no mapping entry is locked',
  kind: 'S',
  source: 'fs/dax.c: dax_lock_entry, dax_unlock_entry',
  check({ inodes }) {
    return inodes.flatMap(({ entries, name }) =>
      entries.all
        .filter(({ locked }) => locked)
        .map((entry) => ({
          invariant: 'I38',
          ...atPage(entry.start, name),
          found: describeFound(entry),
          expected: 'that whoever locked it unlocks it',
        })),
    )
  },
}

export const I51: Invariant<DaxSnapshot> = {
  id: 'I51',
  title: 'a mapping entry of 2 MiB is broken up only when no huge zero page is mapped over it',
  kind: 'S',
  source: 'fs/dax.c: grab_mapping_entry',
  check(snapshot) {
    return eachFileLeaf(snapshot, 'I51', (leaf, { entries }) => {
      if (leaf.what !== 'zero' || leaf.pages === 1) return null
      const below = entries.overlapping(leaf.page, leaf.page + leaf.pages - 1)
      if (!smallerEntries(leaf, below)) return null
      return { found: `${describeLeaf(leaf)} over ${below.length} mapping entries`, expected: 'one of 2 MiB' }
    })
  },
}
