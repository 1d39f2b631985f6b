/**
 * ext4 as DAX sees it: the block map behind `iomap_begin`, and the calls that change it.
 * @module
 */

import { type Machine, MachineError, type PhysicalMemory } from '@mm-model/core'
import type { DaxInode } from '../inode.ts'
import {
  IOMAP_F_DIRTY,
  IOMAP_F_NEW,
  IOMAP_HOLE,
  IOMAP_MAPPED,
  IOMAP_UNWRITTEN,
  IOMAP_WRITE,
  type Iomap,
} from '../iomap.ts'
import type { Personality } from '../super-block.ts'
import {
  BlockMap,
  Ext4Blocks,
  ext4AllocFileBlocks,
  ext4IomapBegin,
  ext4PunchHole,
  ext4ShouldRetryAlloc,
  ext4Truncate,
  type InodeBlocks,
  MAP_MAPPED,
  MAP_NEW,
  MAP_UNWRITTEN,
} from './blocks/index.ts'

/** Blocks of the journal that mke2fs makes on 512 MiB (16 MiB). */
const JOURNAL_BLOCKS = 4096

/** Longest file: 16 TiB less one block, with blocks of 4 KiB (`s_maxbytes`). */
export const EXT4_MAX_BYTES: number = 0xffffffff * 4096

/** fs/ext4, 6.1: extents, no delayed allocation, one journal. */
export class Ext4 implements Personality {
  readonly name: string = 'ext4'
  readonly blocks: Ext4Blocks
  readonly #map: BlockMap = new BlockMap()
  readonly #memory: PhysicalMemory
  /** Blocks of the journal that have a page in the block device's page cache. */
  #logPages = 0

  readonly #lookUpEvent: string

  /** `lookUpEvent`: the function that file calls ask for an extent, by its name in this kernel. */
  constructor(machine: Machine, lookUpEvent = 'iomap_begin') {
    const { memory } = machine
    this.#lookUpEvent = lookUpEvent
    this.#memory = memory
    this.blocks = new Ext4Blocks(
      {
        blocks: memory.pmemPages,
        zero: (block, count) => memory.fillPmem(block, 0, count * 4096, 0),
      },
      {
        forceCommit: () => this.commit(),
        punchCachesHole: machine.kernel.ext4PunchCachesHole,
        leavesZeroingToFaults: machine.defects['zeroes-in-fault'],
      },
    )
  }

  iomapEvent(): string {
    return this.#lookUpEvent
  }

  /** fs/ext4/inode.c: ext4_iomap_begin, ext4_set_iomap, 6.1. */
  iomapBegin(inode: DaxInode, pos: number, length: number, flags: number, iomap: Iomap): number {
    const blocks = blocksOf(inode)
    const map = this.#map
    const write = (flags & IOMAP_WRITE) !== 0
    const error = ext4IomapBegin(
      this.blocks,
      blocks,
      map,
      pos,
      length,
      write,
      inode.size,
      inode.writers > 0,
      (flags & 0x8) !== 0,
    )
    if (error < 0) return error
    if ((map.flags & MAP_NEW) !== 0) this.dirtied(inode)
    iomap.flags = blocks.datasyncDirty || pos + length > inode.size ? IOMAP_F_DIRTY : 0
    if ((map.flags & MAP_NEW) !== 0) iomap.flags |= IOMAP_F_NEW
    iomap.offset = map.lblk * 4096
    iomap.length = map.len * 4096
    iomap.block = map.pblk
    if ((map.flags & MAP_UNWRITTEN) !== 0) iomap.type = IOMAP_UNWRITTEN
    else iomap.type = (map.flags & MAP_MAPPED) !== 0 ? IOMAP_MAPPED : IOMAP_HOLE
    return 0
  }

  /** `ends`: see {@link ext4AllocFileBlocks}. */
  allocate(inode: DaxInode, offset: number, length: number, newSize: number, ends: number[] = []): number {
    const first = Math.floor(offset / 4096)
    const count = Math.ceil((offset + length) / 4096) - first
    this.dirtied(inode)
    const blocks = blocksOf(inode)
    const ret = ext4AllocFileBlocks(this.blocks, blocks, first, count, newSize, inode.size, ends)
    // Short of space, the file still grows over what it got.
    if (newSize !== 0) inode.size = Math.max(inode.size, blocks.isize)
    return ret
  }

  /**
   * After the `tries`-th time that there was no space: whether trying again may help, because a commit has just given
   * freed blocks back (fs/ext4/balloc.c: ext4_should_retry_alloc, 6.1).
   */
  shouldRetryAlloc(tries: number): boolean {
    return ext4ShouldRetryAlloc(this.blocks, tries)
  }

  punch(inode: DaxInode, offset: number, length: number): number {
    return ext4PunchHole(this.blocks, blocksOf(inode), offset, length, inode.size)
  }

  truncate(inode: DaxInode): number {
    return ext4Truncate(this.blocks, blocksOf(inode), inode.size)
  }

  get ramPages(): number {
    return this.#logPages
  }

  sectors(inode: DaxInode): number {
    return blocksOf(inode).iBlocks
  }

  newInode(inode: DaxInode): void {
    inode.blocks = this.blocks.newInode()
  }

  datasyncDirty(inode: DaxInode): boolean {
    return blocksOf(inode).datasyncDirty
  }

  syncDirty(inode: DaxInode): boolean {
    return inode.syncTid === this.blocks.journal.tid
  }

  /** fs/ext4/ext4_jbd2.h: ext4_update_inode_fsync_trans, 6.1. */
  dirtied(inode: DaxInode): void {
    inode.syncTid = this.blocks.journal.tid
  }

  sizeChanged(inode: DaxInode): void {
    this.dirtied(inode)
    blocksOf(inode).datasyncDirty = true
  }

  /**
   * Its descriptor and its commit block are new pages in the page cache until the log has gone round once; the metadata
   * between them is written from where it lies (fs/jbd2/commit.c: jbd2_journal_commit_transaction, 6.1).
   */
  commit(): void {
    this.blocks.commit()
    for (let i = 0; i < 2 && this.#logPages < JOURNAL_BLOCKS; i++, this.#logPages++) this.#memory.allocPage()
  }
}

function blocksOf(inode: DaxInode): InodeBlocks {
  if (inode.blocks === null) {
    throw new MachineError('BAD_CONFIGURATION', {
      found: `inode ${inode.name} without a block map`,
      expected: 'an inode made by this file system',
      remedy: 'create files through openCreate',
    })
  }
  return inode.blocks
}
