/**
 * Inodes of a DAX file system, and files open on them.
 * @module
 */

import { AddressSpace, File, type FileOperations, PMEM_BASE_PFN, RwSem } from '@mm-model/core'
import { EntryWaiters } from './entry-waiters.ts'
import type { InodeBlocks } from './ext4/blocks/index.ts'
import { SB_FREEZE_WRITE, type SuperBlock } from './super-block.ts'
import { XArray } from './xarray.ts'
import type { XfsInode } from './xfs/blocks/inode.ts'

/** include/linux/fs.h: struct inode and struct address_space of a DAX file, 6.1. */
export class DaxInode {
  readonly sb: SuperBlock
  readonly name: string
  readonly mapping: AddressSpace
  /** `i_pages`. */
  readonly entries: XArray = new XArray()
  /** Who sleeps until one of them is unlocked. */
  readonly entryWaiters: EntryWaiters = new EntryWaiters()
  /** `inode_lock`. */
  readonly rwsem: RwSem
  /** Bytes (`i_size`). */
  size = 0
  /** Clock ticks of the last change of data and of the inode. */
  mtime: number
  ctime: number
  /** Clock tick of the last access that was noted (`i_atime` under relatime). */
  atime: number
  /** Journal transaction that last changed the inode (`i_sync_tid` of ext4). */
  syncTid = -1
  /** The block map of an ext4 inode. */
  blocks: InodeBlocks | null = null
  /** What xfs knows about its inode. */
  xfs: XfsInode | null = null
  /** Pages became dirty since the inode was written back whole, as a freeze does (`I_DIRTY_PAGES`). */
  dirtyPages = false
  /** Files open for writing (`i_writecount`). */
  writers = 0

  constructor(sb: SuperBlock, name: string) {
    this.sb = sb
    this.name = name
    this.mapping = new AddressSpace(name)
    this.rwsem = new RwSem(`${name}.i_rwsem`, 0)
    this.mtime = sb.machine.now
    this.ctime = sb.machine.now
    this.atime = sb.machine.now
    sb.personality.newInode(this)
    sb.personality.dirtied(this)
  }

  /** Frame of a device block. */
  pfnOf(block: number): number {
    return PMEM_BASE_PFN + block
  }

  /** 512-byte sectors (`st_blocks`). */
  get sectors(): number {
    return this.sb.personality.sectors(this)
  }

  /**
   * Both times become now, unless they are (fs/inode.c: generic_update_time, 6.1; the clock is ticks, so that a second
   * update in one tick changes nothing).
   */
  touch(): void {
    const { now } = this.sb.machine
    if (this.mtime === now && this.ctime === now) return
    this.mtime = now
    this.ctime = now
    this.sb.personality.dirtied(this)
  }

  /**
   * Notes an access, unless one was noted since the last change, or the file system is frozen (fs/inode.c: touch_atime,
   * relatime_need_update, 6.1).
   */
  accessed(): void {
    if (this.sb.frozen >= SB_FREEZE_WRITE) return
    if (this.atime > this.mtime && this.atime > this.ctime) return
    const { now } = this.sb.machine
    if (this.atime === now) return
    this.atime = now
    this.sb.personality.dirtied(this)
  }
}

/** An open DAX file. */
export class DaxFile extends File {
  readonly inode: DaxInode

  constructor(inode: DaxInode, mode: number, ops: FileOperations) {
    super({ name: inode.name, mapping: inode.mapping, mode, isDax: true, ops })
    this.inode = inode
  }
}
