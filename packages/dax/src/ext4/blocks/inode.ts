import { ExtentNode, ROOT_ENTRIES } from './extent-node.ts'
import { ExtentStatusTree } from './extent-status.ts'
import type { Journal } from './journal.ts'
import type { Prealloc } from './prealloc.ts'

/**
 * What an inode knows about its blocks: extent tree, extent-status tree, preallocations.
 * Made by `Ext4Blocks.newInode`.
 */
export class InodeBlocks {
  /** 512-byte sectors, tree blocks included: `st_blocks`. */
  iBlocks: number = 0
  /** The root of the extent tree, in the inode body. */
  readonly root: ExtentNode = new ExtentNode(0, ROOT_ENTRIES, 0)
  readonly es: ExtentStatusTree = new ExtentStatusTree()
  /** Blocks set aside for this inode, the most recently used first (`i_prealloc_list`). */
  readonly preallocs: Prealloc[] = []
  /** What the last call was told: the size in bytes, and whether somebody has the file open for writing. */
  isize: number = 0
  openForWrite: boolean = false
  private readonly journal: Journal
  private datasyncTid: number

  constructor(journal: Journal) {
    this.journal = journal
    this.datasyncTid = journal.tid
  }

  /**
   * A transaction that fdatasync must wait for is not committed (`i_datasync_tid`): extents were added or converted,
   * or the inode is new. `Ext4Blocks.commit` clears it. Whoever changes the size sets it too: ext4 does when it
   * writes a new size into the inode.
   */
  get datasyncDirty(): boolean {
    return this.datasyncTid === this.journal.tid
  }

  set datasyncDirty(dirty: boolean) {
    this.datasyncTid = dirty ? this.journal.tid : -1
  }
}
