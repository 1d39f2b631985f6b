/**
 * DAX entries of 4.5: what an inode's radix tree holds for blocks that were mapped. An entry is a 512-byte sector of the
 * device above a type; there is none for holes and none is ever locked. One of 2 MiB lies at a single index (fs/dax.c,
 * 4.5).
 * @module
 */

import { PMEM_BASE_PFN, PTRS_PER_PMD_LEAF } from '@mm-model/core'
import type { EntryFormat } from './entry-format.ts'

/** `RADIX_DAX_PTE` and `RADIX_DAX_PMD`: a type, and the bit that tells an entry from a page. */
const RADIX_DAX_PTE = 0x6
const RADIX_DAX_PMD = 0xa
const RADIX_DAX_SHIFT_FACTOR = 16

/** Sectors of a page. */
export const SECTORS_PER_PAGE: number = 8

/** fs/dax.c: RADIX_DAX_ENTRY, 4.5; `sector` below 2^48. */
export function radixDaxEntry(sector: number, pmd: boolean): number {
  return sector * RADIX_DAX_SHIFT_FACTOR + (pmd ? RADIX_DAX_PMD : RADIX_DAX_PTE)
}

/** fs/dax.c: RADIX_DAX_TYPE, 4.5. */
export function radixDaxIsPmd(entry: number): boolean {
  return entry % RADIX_DAX_SHIFT_FACTOR === RADIX_DAX_PMD
}

/** fs/dax.c: RADIX_DAX_SECTOR, 4.5. */
export function radixDaxSector(entry: number): number {
  return Math.floor(entry / RADIX_DAX_SHIFT_FACTOR)
}

/** How checks read them. */
export const radixEntries: EntryFormat = Object.freeze<EntryFormat>({
  decode(value) {
    const pmd = radixDaxIsPmd(value)
    const sector = radixDaxSector(value)
    return {
      pages: pmd ? PTRS_PER_PMD_LEAF : 1,
      slots: 1,
      kind: 'block',
      pfn: PMEM_BASE_PFN + sector / SECTORS_PER_PAGE,
      locked: false,
      get text() {
        return `sector 0x${sector.toString(16)}${pmd ? ', 2 MiB' : ''}`
      },
    }
  },
})
