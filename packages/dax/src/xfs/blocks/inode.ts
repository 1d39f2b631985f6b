/**
 * What xfs knows about an inode besides what every file system does.
 * @module
 */

import { FileExtents } from './file-extents.ts'

/** struct xfs_inode and its log item, 6.1. */
export class XfsInode {
  readonly extents: FileExtents = new FileExtents()
  /** Blocks for copies to be, some of them ahead of need; a written one is about to go into `extents` (the COW fork). */
  readonly cow: FileExtents = new FileExtents()
  /** It may have shared blocks: it was the source or the target of a remapping (`XFS_DIFLAG2_REFLINK`). */
  reflink = false
  /** Its blocks are being made another file's, too: nobody may change the block map (`XFS_IREMAPPING`). */
  remapping = false
  /** Blocks of the COW fork (`i_delayed_blks`, of which this file system has no others). */
  cowBlocks = 0
  /** The inode's own block, where its first allocation wants to be near to. */
  readonly home: number
  /** Blocks of data and of the extent tree (`i_nblocks`). */
  blocks = 0
  /** Block of the extent tree's one leaf, or -1: the extents fit into the inode. */
  leaf = -1
  /** Changes of the inode wait for the log (`i_pincount`). */
  pinned = false
  /** More than times changed since an fsync of this inode, or a freeze, wrote it out (`ili_fsync_fields`). */
  changed = false

  constructor(home: number) {
    this.home = home
  }

  /** Logs a change; of the times alone, or of more (fs/xfs/libxfs/xfs_trans_inode.c: xfs_trans_log_inode, 6.1). */
  log(timesOnly: boolean): void {
    this.pinned = true
    if (!timesOnly) this.changed = true
  }

  /** From now on writes have to ask whether blocks are shared (fs/xfs/xfs_reflink.c: xfs_reflink_set_inode_flag, 6.1). */
  setReflink(): void {
    if (this.reflink) return
    this.reflink = true
    this.log(false)
  }
}
