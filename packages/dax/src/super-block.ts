/**
 * A mounted DAX file system: freeze protection, the journal, and the personality that knows its extents.
 * @module
 */

import { type Machine, MachineError, type Task, type VmOperations } from '@mm-model/core'
import { type EntryFormat, lockedEntries } from './entry-format.ts'
import type { DaxFileOperations } from './file-operations.ts'
import type { DaxInode } from './inode.ts'
import type { Iomap } from './iomap.ts'

/** Freeze levels (include/linux/fs.h, 6.1). */
export const SB_UNFROZEN: number = 0
export const SB_FREEZE_WRITE: number = 1
export const SB_FREEZE_PAGEFAULT: number = 2
export const SB_FREEZE_FS: number = 3
export const SB_FREEZE_COMPLETE: number = 4

/**
 * What one file system knows and DAX asks. Each call is atomic for other tasks: the locks inside a file system's block
 * map (`i_data_sem`, the journal) are not modelled.
 */
export interface Personality {
  readonly name: string
  /** The event that recordings show for an extent asked for with these flags. */
  iomapEvent(flags: number): string
  /**
   * The extent that begins at `pos` of at most `length` bytes, in `iomap`; allocates for `IOMAP_WRITE`. `srcmap`, which
   * comes as a hole, is set when the blocks are for a copy of others. 0 or a negative error number.
   */
  iomapBegin(inode: DaxInode, pos: number, length: number, flags: number, iomap: Iomap, srcmap: Iomap): number
  /** After a request with these flags, of `length` bytes of the extent: so many were written. */
  iomapEnd?(inode: DaxInode, pos: number, length: number, written: number, flags: number): void
  /** `fallocate(0)`: unwritten blocks where there are none. */
  allocate(inode: DaxInode, offset: number, length: number, newSize: number): number
  /** Frees the whole blocks of a range. */
  punch(inode: DaxInode, offset: number, length: number): number
  /** Frees what lies beyond the size the inode has now. */
  truncate(inode: DaxInode): number
  /** 512-byte sectors the inode uses, the file system's own blocks for it included. */
  sectors(inode: DaxInode): number
  /** A new inode's part of the block map. */
  newInode(inode: DaxInode): void
  /** Whether what fdatasync promises about this inode still waits for a commit (`ext4_inode_datasync_dirty`). */
  datasyncDirty(inode: DaxInode): boolean
  /** Whether anything about this inode still waits for a commit. */
  syncDirty(inode: DaxInode): boolean
  /** The inode's times, and with them the inode, changed in the running transaction. */
  dirtied(inode: DaxInode): void
  /** The inode's size changed in the running transaction. */
  sizeChanged(inode: DaxInode): void
  /** RAM frames that the file system took for itself, for its journal. */
  readonly ramPages: number
  /** Commits the running transaction: everything up to now is durable, freed blocks can be used again. */
  commit(): void
}

/** include/linux/fs.h: struct super_block, as far as faults and file calls need it. */
export class SuperBlock {
  readonly machine: Machine
  readonly personality: Personality
  readonly inodes: DaxInode[] = []
  readonly fileOperations: DaxFileOperations
  readonly vmOperations: VmOperations
  /** What the entries of its inodes mean. */
  readonly entryFormat: EntryFormat
  /** `SB_*`. */
  frozen: number = SB_UNFROZEN
  /** Tasks inside a section of each level (`s_writers.rw_sem`). */
  readonly writers: number[] = [0, 0, 0, 0, 0]

  constructor(
    machine: Machine,
    init: {
      personality: Personality
      fileOperations: DaxFileOperations
      vmOperations: VmOperations
      entryFormat?: EntryFormat
    },
  ) {
    this.machine = machine
    this.personality = init.personality
    this.fileOperations = init.fileOperations
    this.vmOperations = init.vmOperations
    this.entryFormat = init.entryFormat ?? lockedEntries
  }

  /** What a blocked task waits for, by name. */
  levelName(level: number): string {
    const names = ['', 'sb_writers (write)', 'sb_writers (page fault)', 'sb_writers (fs)']
    return `${this.personality.name} ${names[level]!}: the file system is frozen`
  }

  /** Leaves a section (include/linux/fs.h: sb_end_write, sb_end_pagefault, 6.1). */
  end(_t: Task, level: number): void {
    if (this.writers[level] === 0) {
      throw new MachineError('LOCK_NOT_HELD', {
        found: `the end of a section of ${this.levelName(level)} that nobody is in`,
        expected: 'that sections end once',
        remedy: 'this is a defect of the model: report the schedule',
      })
    }
    this.writers[level]!--
  }
}
