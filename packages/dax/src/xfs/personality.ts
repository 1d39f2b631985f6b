/**
 * xfs as DAX sees it: the block map behind `iomap_begin`, the calls that change it, and the log.
 * @module
 */

import { ENOSPC, type Machine, MachineError, notModelled } from '@mm-model/core'
import type { DaxInode } from '../inode.ts'
import {
  IOMAP_F_DIRTY,
  IOMAP_F_NEW,
  IOMAP_HOLE,
  IOMAP_MAPPED,
  IOMAP_UNWRITTEN,
  IOMAP_WRITE,
  IOMAP_ZERO,
  type Iomap,
} from '../iomap.ts'
import type { Personality } from '../super-block.ts'
import { Mapping, xfsRead, xfsUnmap, xfsWrite } from './blocks/block-map.ts'
import { MOST_EXTENT_BLOCKS } from './blocks/file-extents.ts'
import { XfsInode } from './blocks/inode.ts'
import { XfsSpace } from './blocks/space.ts'

/** Most bytes that a write maps at a time. */
const MOST_WRITE = 1024 * 4096

/** The block of the first inodes; 8 inodes a block, the first three of 64 are the file system's own. */
const INODE_BLOCK = 16
const INODES_PER_BLOCK = 8
const OWN_INODES = 3
const INODES = 64

/** Bytes for names in the root directory's inode, and what an entry takes besides its name. */
const NAME_BYTES = 330
const ENTRY_BYTES = 8

/** fs/xfs, 6.1, without reflink: extents, no delayed allocation on DAX, one log. */
export class Xfs implements Personality {
  readonly name: string = 'xfs'
  /** xfs has its own buffers for the log from the mount on. */
  readonly ramPages: number = 0
  readonly space: XfsSpace
  readonly #map: Mapping = new Mapping()
  readonly #inodes: XfsInode[] = []
  #nameBytes = 0

  constructor({ memory }: Machine) {
    this.space = new XfsSpace({
      blocks: memory.pmemPages,
      zero: (block, count) => memory.fillPmem(block, 0, count * 4096, 0),
      forceLog: () => this.forceLog(),
    })
  }

  /** Recordings have a probe on the function that writes and zeroing ask, and none on the one that reads ask. */
  iomapEvent(flags: number): string {
    return (flags & (IOMAP_WRITE | IOMAP_ZERO)) !== 0 ? 'iomap_begin' : 'xfs_read_iomap_begin'
  }

  /** fs/xfs/xfs_iomap.c: xfs_read_iomap_begin, xfs_direct_write_iomap_begin, 6.1. */
  iomapBegin(inode: DaxInode, pos: number, length: number, flags: number, iomap: Iomap): number {
    const xfs = xfsInodeOf(inode)
    const map = this.#map
    const first = Math.floor(pos / 4096)
    xfsRead(xfs, first, Math.ceil((pos + length) / 4096) - first, map)
    iomap.flags = 0
    if ((flags & (IOMAP_WRITE | IOMAP_ZERO)) !== 0 && pos + length > inode.size) iomap.flags = IOMAP_F_DIRTY
    if ((flags & IOMAP_WRITE) !== 0 && (map.isHole || map.unwritten)) {
      const error = this.#allocateForWrite(inode, pos, Math.min(length, MOST_WRITE))
      if (error < 0) return error
      iomap.flags |= IOMAP_F_NEW
    }
    if (xfs.pinned && xfs.changed) iomap.flags |= IOMAP_F_DIRTY
    iomap.type = map.isHole ? IOMAP_HOLE : map.unwritten ? IOMAP_UNWRITTEN : IOMAP_MAPPED
    iomap.offset = map.offset * 4096
    iomap.length = map.count * 4096
    iomap.block = map.block
    return 0
  }

  /** Zeroed, written blocks from `pos` on, where the map says hole or unwritten (xfs_iomap_write_direct, 6.1). */
  #allocateForWrite(inode: DaxInode, pos: number, length: number): number {
    const map = this.#map
    const first = Math.floor(pos / 4096)
    let end = Math.ceil((pos + length) / 4096)
    if (map.isHole && pos + length <= inode.size) end = Math.min(end, map.offset + map.count)
    // Converting may use the pool that is kept for what must not fail.
    if (map.isHole && !this.space.canReserve(end - first)) return -ENOSPC
    return xfsWrite(this.space, xfsInodeOf(inode), first, end - first, 'zeroed', map)
  }

  /** fs/xfs/xfs_bmap_util.c: xfs_alloc_file_space, 6.1. */
  allocate(inode: DaxInode, offset: number, length: number): number {
    const xfs = xfsInodeOf(inode)
    const map = this.#map
    const end = Math.ceil((offset + length) / 4096)
    for (let at = Math.floor(offset / 4096); at < end; at += map.count) {
      // What is allocated already is reserved for, too.
      if (!this.space.canReserve(Math.min(end - at, MOST_EXTENT_BLOCKS))) return -ENOSPC
      const error = xfsWrite(this.space, xfs, at, end - at, 'unwritten', map)
      if (error < 0) return error
      xfs.log(false)
    }
    return 0
  }

  /** fs/xfs/xfs_bmap_util.c: xfs_free_file_space, 6.1, without the zeroing. */
  punch(inode: DaxInode, offset: number, length: number): number {
    const first = Math.ceil(offset / 4096)
    let left = Math.floor((offset + length) / 4096) - first
    while (left > 0) {
      if (!this.space.canReserve(0)) return -ENOSPC
      left = xfsUnmap(this.space, xfsInodeOf(inode), first, left)
    }
    return 0
  }

  /** fs/xfs/xfs_inode.c: xfs_itruncate_extents_flags, 6.1. */
  truncate(inode: DaxInode): number {
    const xfs = xfsInodeOf(inode)
    const first = Math.ceil(inode.size / 4096)
    xfs.log(false)
    for (let left = Number.MAX_SAFE_INTEGER - first; left > 0; ) left = xfsUnmap(this.space, xfs, first, left)
    return 0
  }

  sectors(inode: DaxInode): number {
    return xfsInodeOf(inode).blocks * 8
  }

  /** Room for inodes and names is where `mkfs` put it. */
  newInode(inode: DaxInode): void {
    this.#nameBytes += inode.name.length + ENTRY_BYTES
    const number = OWN_INODES + this.#inodes.length
    if (number >= INODES || this.#nameBytes > NAME_BYTES)
      throw notModelled('an xfs with more files than fit into its first inodes')
    inode.xfs = new XfsInode(INODE_BLOCK + Math.floor(number / INODES_PER_BLOCK))
    inode.xfs.log(false)
    this.#inodes.push(inode.xfs)
  }

  datasyncDirty(inode: DaxInode): boolean {
    const { pinned, changed } = xfsInodeOf(inode)
    return pinned && changed
  }

  syncDirty(inode: DaxInode): boolean {
    return xfsInodeOf(inode).pinned
  }

  /** fs/xfs/xfs_iops.c: xfs_vn_update_time, 6.1. */
  dirtied(inode: DaxInode): void {
    xfsInodeOf(inode).log(true)
  }

  sizeChanged(inode: DaxInode): void {
    xfsInodeOf(inode).log(false)
  }

  /**
   * Forces the log if what a sync of this inode promises waits for it. Another inode's sync makes this one durable,
   * too, but does not forget that more than its times had changed (fs/xfs/xfs_file.c: xfs_fsync_flush_log, 6.1).
   */
  sync(inode: DaxInode, datasync: boolean): void {
    if (!(datasync ? this.datasyncDirty(inode) : this.syncDirty(inode))) return
    this.forceLog()
    xfsInodeOf(inode).changed = false
  }

  /** fs/xfs/xfs_log.c: xfs_log_force, 6.1. */
  forceLog(): void {
    this.space.logForced()
    for (const inode of this.#inodes) inode.pinned = false
  }

  /** Forces the log and writes every inode where it belongs, as a freeze does (fs/xfs/xfs_log.c: xfs_log_quiesce, 6.1). */
  commit(): void {
    this.forceLog()
    for (const inode of this.#inodes) inode.changed = false
  }
}

/** The xfs that an inode is of. */
export function xfsOf({ name, sb }: DaxInode): Xfs {
  if (sb.personality instanceof Xfs) return sb.personality
  throw new MachineError('BAD_CONFIGURATION', {
    found: `inode ${name} of ${sb.personality.name}`,
    expected: 'an inode of xfs',
    remedy: 'create files through openCreate',
  })
}

/** What xfs knows about an inode. */
export function xfsInodeOf(inode: DaxInode): XfsInode {
  if (inode.xfs !== null) return inode.xfs
  throw new MachineError('BAD_CONFIGURATION', {
    found: `inode ${inode.name} without what xfs keeps of it`,
    expected: 'an inode made by this file system',
    remedy: 'create files through openCreate',
  })
}
