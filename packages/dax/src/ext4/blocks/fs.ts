import { AllocationContext } from './allocation.ts'
import { BlockMap } from './block-map.ts'
import { BLOCKS_PER_GROUP, BlockGroup } from './buddy.ts'
import { BLOCK_SIZE, type BlockDevice } from './device.ts'
import { ExtentPath } from './extent-path.ts'
import { ext4Evict } from './file-blocks.ts'
import { GET_BLOCKS_CREATE } from './flags.ts'
import { InodeBlocks } from './inode.ts'
import { Journal } from './journal.ts'
import { ext4Layout } from './layout.ts'
import { ext4MapBlocks } from './map-blocks.ts'
import { PREALLOC_ORDERS, type Prealloc } from './prealloc.ts'

/** What is not decided by `mke2fs` and `mount`. */
export interface Ext4BlocksOptions {
  /**
   * A small file was written and removed before, as on the machine that the recordings come from: the locality group
   * has blocks left, and small files get them one after the other. Default: false, nothing happened since mkfs.
   */
  readonly used?: boolean
  /** Linux 6.12: a punched range is known to be a hole at once. Default: false, as in 6.1. */
  readonly punchCachesHole?: boolean
  /** What a fault allocates or converts it must zero itself, as up to 4.4. Default: false. */
  readonly leavesZeroingToFaults?: boolean
  /**
   * Called when an allocation found no space while freed blocks wait for the journal (ext4_should_retry_alloc): must
   * commit the journal, `Ext4Blocks.commit` included. Without it only `commit` is called.
   */
  readonly forceCommit?: () => void
}

/** The blocks of one mounted ext4 file system, freshly made by `mke2fs -t ext4 -b 4096`. */
export class Ext4Blocks {
  readonly device: BlockDevice
  /** Blocks that statfs would call free: those waiting for a commit are among them (`s_freeclusters_counter`). */
  freeBlocks: number = 0
  /** Blocks kept for metadata that must not fail (`s_resv_clusters`); root may use all others. */
  readonly reservedBlocks: number
  readonly journal: Journal = new Journal()
  readonly groups: BlockGroup[] = []
  /** Preallocations for small files, by order of what they have left; one list set for the one CPU. */
  readonly localityGroup: Prealloc[][] = []
  /** Where the last allocation for a large file ended up (`s_mb_last_group`, `s_mb_last_start`). */
  lastGroup: number = 0
  lastStart: number = 0
  /** Runs freed in the running transaction, [first block, count] after [first block, count]. */
  readonly freed: number[] = []
  readonly forceCommit: () => void
  readonly punchCachesHole: boolean
  readonly leavesZeroingToFaults: boolean
  /** Scratch, so that a lookup makes no objects. */
  readonly path: ExtentPath = new ExtentPath()
  readonly nextPath: ExtentPath = new ExtentPath()
  readonly ac: AllocationContext = new AllocationContext()

  constructor(device: BlockDevice, options: Ext4BlocksOptions = {}) {
    this.device = device
    this.reservedBlocks = Math.min(Math.floor(device.blocks / 50), 4096)
    this.forceCommit = options.forceCommit ?? (() => this.commit())
    this.punchCachesHole = options.punchCachesHole ?? false
    this.leavesZeroingToFaults = options.leavesZeroingToFaults ?? false
    for (const [i, group] of ext4Layout(device.blocks).entries()) {
      this.groups.push(new BlockGroup(i, group.used, group.unread))
      this.freeBlocks += this.groups[i]!.free
    }
    for (let order = 0; order < PREALLOC_ORDERS; order++) this.localityGroup.push([])
    if (options.used === true) this.useOnce()
  }

  private useOnce(): void {
    const inode = this.newInode()
    ext4MapBlocks(this, inode, new BlockMap().set(0, 1), GET_BLOCKS_CREATE, BLOCK_SIZE, true)
    ext4Evict(this, inode)
    this.commit()
  }

  newInode(): InodeBlocks {
    return new InodeBlocks(this.journal)
  }

  /** The journal committed: blocks freed before may be allocated again, no inode is dirty for fdatasync. */
  commit(): void {
    const freed = this.freed
    for (let i = 0; i < freed.length; i += 2) {
      const block = freed[i]!
      this.groups[Math.floor(block / BLOCKS_PER_GROUP)]!.markFree(block % BLOCKS_PER_GROUP, freed[i + 1]!)
    }
    freed.length = 0
    this.journal.tid++
  }
}
