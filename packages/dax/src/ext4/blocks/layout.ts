import { findNextSet, findNextZero, setBits } from './bitmap.ts'
import { BLOCKS_PER_GROUP } from './buddy.ts'

/** Groups whose metadata mke2fs puts together, at the beginning of the first one (`-G`, default). */
export const GROUPS_PER_FLEX: number = 16
/** From this many groups on, mount switches on another search (`mb_optimize_scan`) that is not modelled. */
const MAX_GROUPS = 15
const MIN_BLOCKS = 2048
/** Below 512 MiB mke2fs makes an inode for every block, above for every fourth. */
const SMALL_BLOCKS = 131072
const INODES_PER_BLOCK = 16
const DESCRIPTORS_PER_BLOCK = 64
/** The root directory, lost+found (4 blocks) and the resize inode's indirect block. */
const FIRST_FILES = 6

export interface GroupLayout {
  /** A set bit is a block in use; also what lies behind the end of the device. */
  readonly used: Uint32Array
  /** The bitmap is on disk and not in memory: neither BLOCK_UNINIT nor the first group of a flex group. */
  readonly unread: boolean
}

/** Groups that hold a copy of the superblock: 0, 1 and the powers of 3, 5 and 7 (sparse_super). */
function hasSuper(group: number): boolean {
  if (group <= 1) return true
  return [3, 5, 7].some((base) => {
    let power = base
    while (power < group) power *= base
    return power === group
  })
}

function journalSize(blocks: number): number {
  if (blocks < 32768) return 1024
  return blocks < 262144 ? 4096 : 8192
}

/**
 * What `mke2fs -t ext4 -b 4096` (1.47.0, its default configuration) leaves in use on a device of this many blocks:
 * has_journal, ext_attr, resize_inode, dir_index, filetype, extent, 64bit, flex_bg, sparse_super, metadata_csum.
 * On 512 MiB: four groups; 0 to 2126 are metadata, the root directory and lost+found; 65 blocks at the start of groups
 * 1 and 3 are backups; the journal is 65536 to 69631.
 */
export function ext4Layout(blocks: number): GroupLayout[] {
  const count = Math.ceil(blocks / BLOCKS_PER_GROUP)
  const reserved = Math.ceil(Math.ceil((blocks * 1024) / BLOCKS_PER_GROUP) / DESCRIPTORS_PER_BLOCK) - 1
  const superBlocks = 2 + reserved
  const inodes = Math.floor(blocks / (blocks < SMALL_BLOCKS ? 1 : 4))
  const table = Math.ceil(Math.ceil(inodes / count) / INODES_PER_BLOCK)
  const rest = blocks % BLOCKS_PER_GROUP
  const needed = 52 + table + (hasSuper(count - 1) ? superBlocks : 0)
  if (!(blocks >= MIN_BLOCKS && count <= MAX_GROUPS) || (count > 1 && rest > 0 && rest < needed)) {
    throw new RangeError(
      `ext4: a device of ${blocks} blocks is not modelled: ${MIN_BLOCKS} to ${MAX_GROUPS * BLOCKS_PER_GROUP} are, if ` +
        `the last group of ${BLOCKS_PER_GROUP} has room for its metadata`,
    )
  }
  return place(blocks, count, superBlocks, table)
}

function place(blocks: number, count: number, superBlocks: number, table: number): GroupLayout[] {
  const used: Uint32Array[] = []
  for (let i = 0; i < count; i++) {
    const map = new Uint32Array(BLOCKS_PER_GROUP / 32)
    if (hasSuper(i)) setBits(map, 0, superBlocks)
    used.push(map)
  }
  const size = Math.min(BLOCKS_PER_GROUP, blocks - (count - 1) * BLOCKS_PER_GROUP)
  setBits(used[count - 1]!, size, BLOCKS_PER_GROUP - size)

  const first = used[0]!
  const spread = count === 1 ? GROUPS_PER_FLEX : count
  setBits(first, superBlocks, count)
  setBits(first, superBlocks + spread, count)
  setBits(first, superBlocks + 2 * spread, table * count)
  takeFirst(first, FIRST_FILES)

  const journal = journalGroup(used, blocks)
  takeFirst(used[journal]!, journalSize(blocks))
  return used.map((map, i) => ({ used: map, unread: i > 0 && (i === journal || i === count - 1) }))
}

/** Of the group in the middle and its neighbours, the first one with the most free blocks. */
function journalGroup(used: readonly Uint32Array[], blocks: number): number {
  const middle = Math.floor(Math.floor(blocks / 2) / BLOCKS_PER_GROUP)
  const last = Math.min(middle + 1, used.length - 1)
  let best = Math.max(middle - 1, 0)
  for (let i = best + 1; i <= last; i++) if (freeIn(used[i]!) > freeIn(used[best]!)) best = i
  return best
}

function freeIn(map: Uint32Array): number {
  let free = 0
  for (const word of map) for (let left = ~word; left !== 0; left &= left - 1) free++
  return free
}

function takeFirst(map: Uint32Array, count: number): void {
  let bit = 0
  for (let left = count; left > 0 && bit < BLOCKS_PER_GROUP; ) {
    const from = findNextZero(map, BLOCKS_PER_GROUP, bit)
    const run = Math.min(left, findNextSet(map, BLOCKS_PER_GROUP, from) - from)
    setBits(map, from, run)
    left -= run
    bit = from + run
  }
}
