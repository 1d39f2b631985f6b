/**
 * A mounted file system and the machine under it between two calls, copied.
 * @module
 */

import {
  type AddressSpace,
  type AreaSnapshot,
  type Machine,
  type MachineSnapshot,
  type MmSnapshot,
  PMEM_BASE_PFN,
  PTRS_PER_PMD_LEAF,
  snapshotMachine,
} from '@mm-model/core'
import { testBit } from '../ext4/blocks/bitmap.ts'
import { BLOCKS_PER_GROUP } from '../ext4/blocks/buddy.ts'
import { Ext4 } from '../ext4/personality.ts'
import type { DaxInode } from '../inode.ts'
import type { SuperBlock } from '../super-block.ts'
import { EntryTable } from './entries.ts'
import { ExtentTable } from './extents.ts'

/** An entry of a page table that maps a page of a file, or zeros in its place, or a private copy. */
export interface FileLeaf {
  readonly space: MmSnapshot
  /** Its place in `space.leaves`. */
  readonly i: number
  readonly address: number
  readonly area: AreaSnapshot
  /** First page of the file. */
  readonly page: number
  /** 1 or 512. */
  readonly pages: number
  readonly pfn: number
  /** What it maps; `zero`: the zero page, or a page of zeros in the page cache. */
  readonly what: 'block' | 'zero' | 'copy'
}

/** One inode as it was. */
export interface InodeSnapshot {
  readonly inode: DaxInode
  readonly name: string
  readonly size: number
  readonly mtime: number
  readonly ctime: number
  /** Whether a strategy that defers times left word that they are due (`asCmtime`). */
  readonly cmtimeDue: boolean
  readonly sectors: number
  readonly syncTid: number
  readonly syncDirty: boolean
  readonly datasyncDirty: boolean
  readonly entries: EntryTable
  /** Frames of its pages in the page cache, by index. */
  readonly pages: ReadonlyMap<number, number>
  readonly extents: ExtentTable
  /** Blocks that wait to become the file's in place of shared ones. */
  readonly copies: ExtentTable
  /** Everything in any address space that maps it, in the order of address spaces and addresses. */
  readonly leaves: readonly FileLeaf[]
}

export interface DaxSnapshot {
  readonly memory: MachineSnapshot
  readonly sb: SuperBlock
  /** `SB_*`. */
  readonly frozen: number
  readonly inodes: readonly InodeSnapshot[]
  /** Blocks that an entry or a cached translation reaches, and that no file has or the allocator calls free. */
  readonly freeButMapped: ReadonlySet<number>
}

/** Copies a file system and its machine; no call may be in progress. */
export function snapshotDax(sb: SuperBlock): DaxSnapshot {
  const memory = snapshotMachine(sb.machine, sb.personality.ramPages + unmappedPages(sb))
  const leaves = fileLeaves(memory)
  const inodes = sb.inodes.map((inode): InodeSnapshot => {
    const { personality } = sb
    return {
      inode,
      name: inode.name,
      size: inode.size,
      mtime: inode.mtime,
      ctime: inode.ctime,
      cmtimeDue: inode.mapping.asCmtime,
      sectors: inode.sectors,
      syncTid: inode.syncTid,
      syncDirty: personality.syncDirty(inode),
      datasyncDirty: personality.datasyncDirty(inode),
      entries: EntryTable.of(inode.entries, sb.entryFormat),
      pages: new Map([...inode.mapping.pages].map(({ index, pfn }) => [index, pfn])),
      extents: ExtentTable.of(inode),
      copies: ExtentTable.ofCopies(inode),
      leaves: leaves.get(inode.mapping) ?? [],
    }
  })
  const ext4 = sb.personality instanceof Ext4 ? sb.personality : null
  return {
    memory,
    sb,
    frozen: sb.frozen,
    inodes,
    freeButMapped: freeButMapped(memory, inodes, ext4),
  }
}

/** That inode in the snapshot, or null if it was not there yet. */
export function inodeIn(snapshot: DaxSnapshot, inode: DaxInode | null): InodeSnapshot | null {
  return snapshot.inodes.find((candidate) => candidate.inode === inode) ?? null
}

/** The area of an address space that holds an address. */
export function areaAt(space: MmSnapshot | null, address: number): AreaSnapshot | null {
  return space?.areas.find(({ start, end }) => address >= start && address < end) ?? null
}

/** Page of the file at an address of the area. */
export function pageAt(area: AreaSnapshot, address: number): number {
  return area.pgoff + Math.floor((address - area.start) / 4096)
}

function fileLeaves(memory: MachineSnapshot): Map<AddressSpace, FileLeaf[]> {
  const byMapping = new Map<AddressSpace, FileLeaf[]>()
  const { machine } = memory
  for (const space of memory.spaces) {
    const { leaves } = space
    for (let i = 0; i < leaves.count; i++) {
      const area = space.areas[leaves.area[i]!]
      if (area === undefined || area.file === null) continue
      const address = leaves.address[i]!
      const pfn = leaves.pfn[i]!
      const list = byMapping.get(area.file.mapping) ?? []
      list.push({
        space,
        i,
        address,
        area,
        page: pageAt(area, address),
        pages: leaves.huge[i] === 1 ? PTRS_PER_PMD_LEAF : 1,
        pfn,
        what: whatIs(machine, pfn, leaves.isZero(i)),
      })
      byMapping.set(area.file.mapping, list)
    }
  }
  return byMapping
}

function whatIs({ memory }: Machine, pfn: number, zero: boolean): FileLeaf['what'] {
  if (zero || memory.isFilePage(pfn)) return 'zero'
  return memory.isPmem(pfn) ? 'block' : 'copy'
}

/** Pages in the page cache that nothing maps. */
function unmappedPages({ inodes, machine }: SuperBlock): number {
  let count = 0
  for (const { mapping } of inodes) {
    for (const { pfn } of mapping.pages) if (machine.memory.mapcount(pfn) === 0) count++
  }
  return count
}

function freeButMapped(
  memory: MachineSnapshot,
  inodes: readonly InodeSnapshot[],
  ext4: Ext4 | null,
): Set<number> {
  const free = new Set<number>()
  const isFree = (block: number): boolean => {
    if (!inodes.some(({ extents }) => extents.holds(block))) return true
    const group = ext4?.blocks.groups[Math.floor(block / BLOCKS_PER_GROUP)]
    return group !== undefined && !testBit(group.disk, block % BLOCKS_PER_GROUP)
  }
  const look = (pfn: number, pages: number): void => {
    if (!memory.machine.memory.isPmem(pfn)) return
    const first = pfn - PMEM_BASE_PFN
    for (let block = first; block < first + pages; block++) if (isFree(block)) free.add(block)
  }
  for (const { leaves } of memory.spaces) {
    for (let i = 0; i < leaves.count; i++) look(leaves.pfn[i]!, leaves.huge[i] === 1 ? PTRS_PER_PMD_LEAF : 1)
  }
  for (const { pfn, huge } of memory.translations) look(pfn, huge ? PTRS_PER_PMD_LEAF : 1)
  return free
}
