/**
 * xfs as DAX sees it: the block map behind `iomap_begin`, the calls that change it, and the log.
 * @module
 */

import { ENOSPC, type Machine, MachineError, notModelled } from '@mm-model/core'
import type { DaxInode } from '../inode.ts'
import {
  IOMAP_F_DIRTY,
  IOMAP_F_NEW,
  IOMAP_F_SHARED,
  IOMAP_HOLE,
  IOMAP_MAPPED,
  IOMAP_UNWRITTEN,
  IOMAP_WRITE,
  IOMAP_ZERO,
  type Iomap,
} from '../iomap.ts'
import type { Personality } from '../super-block.ts'
import { PAGECACHE_TAG_DIRTY } from '../xarray.ts'
import { Mapping, xfsMapExtent, xfsRead, xfsUnmap, xfsUnmapExtent, xfsWrite } from './blocks/block-map.ts'
import { allocateCow, COPY, cancelCow, endCow, trimAroundShared } from './blocks/cow.ts'
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

/** fs/xfs, 6.1: extents, no delayed allocation on DAX, one log; files can share blocks if it was made so. */
export class Xfs implements Personality {
  readonly name: string
  /** xfs has its own buffers for the log from the mount on. */
  readonly ramPages: number = 0
  readonly space: XfsSpace
  readonly #map: Mapping = new Mapping()
  readonly #copy: Mapping = new Mapping()
  readonly #inodes: DaxInode[] = []
  #nameBytes = 0

  /** `reflink` is what mkfs.xfs was told with `-m reflink`. */
  constructor({ memory }: Machine, reflink: boolean) {
    this.name = reflink ? 'xfs-reflink' : 'xfs'
    this.space = new XfsSpace({
      blocks: memory.pmemPages,
      reflink,
      reclaim: () => this.#freeCowBlocks(),
      zero: (block, count) => memory.fillPmem(block, 0, count * 4096, 0),
      forceLog: () => this.forceLog(),
    })
  }

  /** Recordings have a probe on the function that writes and zeroing ask, and none on the one that reads ask. */
  iomapEvent(flags: number): string {
    return (flags & (IOMAP_WRITE | IOMAP_ZERO)) !== 0 ? 'iomap_begin' : 'xfs_read_iomap_begin'
  }

  /** fs/xfs/xfs_iomap.c: xfs_read_iomap_begin, xfs_direct_write_iomap_begin, 6.1. */
  iomapBegin(
    inode: DaxInode,
    pos: number,
    length: number,
    flags: number,
    iomap: Iomap,
    srcmap: Iomap,
  ): number {
    const xfs = xfsInodeOf(inode)
    const map = this.#map
    const first = Math.floor(pos / 4096)
    xfsRead(xfs, first, Math.ceil((pos + length) / 4096) - first, map)
    iomap.flags = 0
    if ((flags & (IOMAP_WRITE | IOMAP_ZERO)) === 0) {
      if (xfs.reflink && trimAroundShared(this.space, map)) iomap.flags = IOMAP_F_SHARED
      return toIomap(xfs, map, iomap)
    }
    if (pos + length > inode.size) iomap.flags = IOMAP_F_DIRTY
    let mapped = length
    if (needsCow(xfs, flags, map) && !inode.sb.machine.defects['shared-block-written-in-place']) {
      const copy = allocateCow(this.space, xfs, map, this.#copy)
      if (copy < 0) return copy
      if (copy === COPY) {
        // What the size says about durability is not asked for a copy.
        iomap.flags = IOMAP_F_SHARED
        if (!map.isHole) toIomap(xfs, map, srcmap)
        return toIomap(xfs, this.#copy, iomap)
      }
      mapped = (map.offset + map.count) * 4096 - pos
    }
    if ((flags & IOMAP_WRITE) !== 0 && (map.isHole || map.unwritten)) {
      const error = this.#allocateForWrite(inode, pos, Math.min(mapped, MOST_WRITE))
      if (error < 0) return error
      iomap.flags |= IOMAP_F_NEW
    }
    return toIomap(xfs, map, iomap)
  }

  /**
   * What was written of a copy becomes the file's; a copy that was not written is given back. Zeroing has no such end on
   * 6.1: what it wrote to a copy the file never gets (fs/xfs/xfs_iomap.c: xfs_dax_write_iomap_end; xfs_zero_range, 6.1).
   */
  iomapEnd(inode: DaxInode, pos: number, length: number, written: number, flags: number): void {
    const xfs = xfsInodeOf(inode)
    if ((flags & IOMAP_WRITE) === 0 || !xfs.reflink) return
    const first = Math.floor(pos / 4096)
    if (written > 0) endCow(this.space, xfs, first, Math.ceil((pos + written) / 4096))
    else cancelCow(this.space, xfs, first, Math.ceil((pos + length) / 4096), true)
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
    cancelCow(this.space, xfs, first, Infinity, true)
    if (xfs.extents.all.length === 0 && xfs.cow.all.length === 0) xfs.reflink = false
    return 0
  }

  /**
   * Makes what one file has at `pos` part of another, instead of what is there: one extent, or a part of it; how many bytes
   * to `length` that were, or a negative error number (fs/xfs/xfs_reflink.c: xfs_reflink_remap_extent, 6.1).
   */
  remapExtent(inodeIn: DaxInode, inodeOut: DaxInode, pos: number, length: number): number {
    const map = this.#map
    const old = this.#copy
    const target = xfsInodeOf(inodeOut)
    const { space } = this
    const first = Math.floor(pos / 4096)
    xfsRead(xfsInodeOf(inodeIn), first, Math.ceil(length / 4096) - first, map)
    const isWritten = !map.isHole && !map.unwritten
    if (!space.canReserve(map.count) && !space.canReserve(0)) return -ENOSPC
    xfsRead(target, first, map.count, old)
    map.count = old.count
    const isEqual = map.block === old.block || (map.unwritten && old.unwritten)
    if (!isEqual && !old.isHole) xfsUnmapExtent(space, target, old)
    if (!isEqual && !old.isHole) space.free(old.block, old.count)
    if (!isEqual && isWritten) space.share(map.block, map.count)
    if (!isEqual && isWritten) xfsMapExtent(space, target, map)
    const end = Math.min((first + map.count) * 4096, length)
    if (!isEqual && end > inodeOut.size) this.setSize(inodeOut, end)
    return (first + map.count) * 4096 - pos
  }

  /** The size becomes larger, on the medium, too. */
  setSize(inode: DaxInode, size: number): void {
    inode.size = size
    xfsInodeOf(inode).log(false)
  }

  sectors(inode: DaxInode): number {
    const { blocks, cowBlocks } = xfsInodeOf(inode)
    return (blocks + cowBlocks) * 8
  }

  /** Room for inodes and names is where `mkfs` put it. */
  newInode(inode: DaxInode): void {
    this.#nameBytes += inode.name.length + ENTRY_BYTES
    const number = OWN_INODES + this.#inodes.length
    if (number >= INODES || this.#nameBytes > NAME_BYTES)
      throw notModelled('an xfs with more files than fit into its first inodes')
    inode.xfs = new XfsInode(INODE_BLOCK + Math.floor(number / INODES_PER_BLOCK))
    inode.xfs.log(false)
    this.#inodes.push(inode)
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
   * Forces the log, for a sync of this inode that waits for it. Another inode's sync makes this one durable,
   * too, but does not forget that more than its times had changed (fs/xfs/xfs_file.c: xfs_fsync_flush_log, 6.1).
   */
  sync(inode: DaxInode): void {
    this.forceLog()
    xfsInodeOf(inode).changed = false
  }

  /** fs/xfs/xfs_log.c: xfs_log_force, 6.1. */
  forceLog(): void {
    this.space.logForced()
    for (const inode of this.#inodes) xfsInodeOf(inode).pinned = false
  }

  /** Forces the log and writes every inode where it belongs, as a freeze does (fs/xfs/xfs_log.c: xfs_log_quiesce, 6.1). */
  commit(): void {
    this.forceLog()
    for (const inode of this.#inodes) xfsInodeOf(inode).changed = false
  }

  /**
   * When a reservation fails: blocks allocated ahead for copies are given back, but not of files with dirty pages or
   * that somebody is working on (fs/xfs/xfs_icache.c: xfs_blockgc_flush_all, xfs_inode_free_cowblocks, 6.1).
   */
  #freeCowBlocks(): void {
    for (const inode of this.#inodes) {
      if (inode.dirtyPages || inode.entries.marked(PAGECACHE_TAG_DIRTY)) continue
      const { rwsem, mapping } = inode
      const isBusy = [rwsem, mapping.invalidateLock].some(
        ({ readers, writer }) => readers > 0 || writer !== null,
      )
      if (!isBusy) cancelCow(this.space, xfsInodeOf(inode), 0, Infinity, false)
    }
  }
}

/** Whether a write has to ask if blocks are shared (fs/xfs/xfs_iomap.c: imap_needs_cow, 6.1). */
function needsCow(xfs: XfsInode, flags: number, map: Mapping): boolean {
  if (!xfs.reflink) return false
  return (flags & IOMAP_ZERO) === 0 || !(map.isHole || map.unwritten)
}

/** A mapping in bytes; `iomap.flags` gains what the log says about it (fs/xfs/xfs_iomap.c: xfs_bmbt_to_iomap, 6.1). */
function toIomap(xfs: XfsInode, map: Mapping, iomap: Iomap): 0 {
  if (xfs.pinned && xfs.changed) iomap.flags |= IOMAP_F_DIRTY
  iomap.type = map.isHole ? IOMAP_HOLE : map.unwritten ? IOMAP_UNWRITTEN : IOMAP_MAPPED
  iomap.offset = map.offset * 4096
  iomap.length = map.count * 4096
  iomap.block = map.block
  return 0
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
