/**
 * What rules about leaves have in common: going over them, and naming them.
 * @module
 */

import {
  HUGE_ZERO_PFN,
  type Machine,
  PTRS_PER_PMD_LEAF,
  TOUCH_AREAS,
  TOUCH_I_MMAP,
  TOUCH_TABLE,
  VM_SHARED,
  type Vma,
  ZERO_PFN,
} from '@mm-model/core'
import { type DaxFile, type DaxInode, type DecodedEntry, PAGECACHE_TAG_DIRTY, XaState } from '@mm-model/dax'
import type { Instance } from '../program.ts'
import { visitLeaves } from './leaves.ts'

/** Kinds of what rules about leaves look at. */
export const LEAVES: readonly number[] = [TOUCH_TABLE, TOUCH_AREAS, TOUCH_I_MMAP]

/** A leaf of an area over a file. */
export interface Leaf {
  readonly vma: Vma
  readonly address: number
  /** Page of the file that {@link address} is. */
  readonly page: number
  readonly slot: number
  readonly huge: boolean
}

/** An entry of a mapping, whatever the kernel makes of its bits. */
export interface MappingEntry extends Pick<DecodedEntry, 'kind' | 'pfn' | 'locked'> {
  readonly huge: boolean
  readonly dirty: boolean
}

/** Each leaf of each area that maps one of the instance's files, private areas only with `privateToo`; the first answer. */
export function overLeaves(
  { files = [] }: Instance,
  privateToo: boolean,
  check: (file: DaxFile, leaf: Leaf) => string | null,
): string | null {
  for (const file of files) {
    const message = overLeavesOf(file, privateToo, (leaf) => check(file, leaf))
    if (message !== null) return message
  }
  return null
}

/** The same of one file. */
export function overLeavesOf(
  { inode }: DaxFile,
  privateToo: boolean,
  check: (leaf: Leaf) => string | null,
): string | null {
  for (const vma of inode.mapping.iMmap) {
    if (!privateToo && (vma.vmFlags & VM_SHARED) === 0) continue
    const message = visitLeaves(vma, (address, slot, huge) =>
      check({ vma, address, page: vma.linearPageIndex(address), slot, huge }),
    )
    if (message !== null) return message
  }
  return null
}

export function isWritable({ machine }: Instance, { slot, huge }: Leaf): boolean {
  const { pageTables: pt } = machine
  return huge ? pt.arch.pmdWrite(pt.lo, pt.hi, slot) : pt.arch.pteWrite(pt.lo, pt.hi, slot)
}

export function isDirty({ machine }: Instance, { slot, huge }: Leaf): boolean {
  const { pageTables: pt } = machine
  return huge ? pt.arch.pmdDirty(pt.lo, pt.hi, slot) : pt.arch.pteDirty(pt.lo, pt.hi, slot)
}

/** Its first frame. */
export function frameOf({ machine }: Instance, { slot, huge }: Leaf): number {
  const { pageTables: pt } = machine
  return huge ? pt.arch.pmdPfn(pt.lo, pt.hi, slot) : pt.arch.ptePfn(pt.lo, pt.hi, slot)
}

/** Whether frame `pfn` holds nothing but zeros, for good. */
export function isZeroPage(pfn: number): boolean {
  return pfn === ZERO_PFN || pfn === HUGE_ZERO_PFN
}

/** Whether a file has frame `pfn`, or it reads as a hole of one: it is no private copy. */
export function isOfFile({ memory }: Machine, pfn: number): boolean {
  return memory.isPmem(pfn) || isZeroPage(pfn)
}

/** The mapping entry of a page of a file, or null. */
export function entryAt({ entries, sb }: DaxInode, page: number): MappingEntry | null {
  const xas = new XaState(entries).set(page, 0)
  let value = xas.load()
  // One of 2 MiB may lie at its first index alone.
  if (value === 0) {
    value = xas.set(page - (page % PTRS_PER_PMD_LEAF), 0).load()
    if (value === 0 || sb.entryFormat.decode(value).pages === 1) return null
  }
  const { kind, pfn, locked, pages } = sb.entryFormat.decode(value)
  return { kind, pfn, locked, huge: pages > 1, dirty: xas.getMark(PAGECACHE_TAG_DIRTY) }
}

/** Whether somebody is about to change the entry of a page, and what it says need not be so yet. */
export function isLockedAt(inode: DaxInode, page: number): boolean {
  return entryAt(inode, page)?.locked === true
}

/** The file of that name, or null. */
export function fileNamed({ files = [] }: Instance, name: string | undefined): DaxFile | null {
  return files.find(({ inode }) => inode.name === name) ?? null
}

/** `page 3 of a, mapped at 0x600000003000`. */
export function at({ inode }: DaxFile, { page, address }: Leaf): string {
  return `page ${page} of ${inode.name}, mapped at ${hex(address)}`
}

/** `frame 0x40007`. */
export function frame(pfn: number): string {
  return `frame ${hex(pfn)}`
}

/** `0x600000003000`. */
export function hex(number: number): string {
  return `0x${number.toString(16)}`
}
