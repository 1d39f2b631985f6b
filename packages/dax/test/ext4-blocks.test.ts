import { expect, test } from 'vitest'
import {
  BLOCK_SIZE,
  type BlockDevice,
  BlockMap,
  ENOSPC,
  EXT_MAX_BLOCKS,
  Ext4Blocks,
  type Ext4BlocksOptions,
  ext4AllocFileBlocks,
  ext4Evict,
  ext4ExtRemoveSpace,
  ext4IomapBegin,
  ext4MapBlocks,
  ext4PunchHole,
  ext4ReleaseFile,
  ext4ShouldRetryAlloc,
  ext4Truncate,
  GET_BLOCKS_CREATE,
  GET_BLOCKS_CREATE_UNWRIT_EXT,
  GET_BLOCKS_CREATE_ZERO,
  GET_BLOCKS_NO_NORMALIZE,
  GET_BLOCKS_UNWRIT_EXT,
  GET_BLOCKS_ZERO,
  type InodeBlocks,
  MAP_MAPPED,
  MAP_NEW,
  MAP_UNWRITTEN,
} from '../src/ext4/blocks/index.ts'

const MIB = 256

function make(blocks = 131072, options: Ext4BlocksOptions = {}) {
  const zeroed: [number, number][] = []
  const device: BlockDevice = { blocks, zero: (pblk, count) => void zeroed.push([pblk, count]) }
  const fs = new Ext4Blocks(device, options)
  return { fs, zeroed, map: new BlockMap(), inode: fs.newInode() }
}

/** The extents of a leaf or of all leaves: `first+count`, `u` if unwritten. */
function extents(inode: InodeBlocks, node = inode.root): string[] {
  if (node.depth > 0) return node.children.flatMap((child) => extents(inode, child))
  return Array.from({ length: node.entries }, (_, i) => {
    const raw = node.raw[i]!
    return `${node.block[i]}+${raw > 32768 ? `${raw - 32768}u` : raw}`
  })
}

function write(
  fs: Ext4Blocks,
  inode: InodeBlocks,
  map: BlockMap,
  lblk: number,
  count: number,
  isize: number,
) {
  const err = ext4IomapBegin(
    fs,
    inode,
    map,
    lblk * BLOCK_SIZE,
    count * BLOCK_SIZE,
    true,
    isize * BLOCK_SIZE,
    true,
    false,
  )
  expect(err).toBe(0)
  return map
}

test('a write allocates written, zeroed blocks and says so once', () => {
  const { fs, inode, map, zeroed } = make()
  write(fs, inode, map, 3, 2, 16)
  expect(map).toMatchObject({ lblk: 3, len: 2, flags: MAP_NEW | MAP_MAPPED })
  expect(zeroed).toEqual([[map.pblk, 2]])
  const first = map.pblk
  write(fs, inode, map, 3, 2, 16)
  expect(map).toMatchObject({ len: 2, pblk: first, flags: MAP_MAPPED })
  expect(inode.iBlocks).toBe(16)
  expect(zeroed).toHaveLength(1)
})

test('a lookup of a hole tells how far it goes, as far as asked', () => {
  const { fs, inode, map } = make()
  expect(ext4MapBlocks(fs, inode, map.set(5, 100), 0, 0, true)).toBe(0)
  expect(map).toMatchObject({ len: 100, pblk: 0, flags: 0 })
  write(fs, inode, map, 20, 1, 100)
  expect(ext4MapBlocks(fs, inode, map.set(5, 100), 0, 100 * BLOCK_SIZE, true)).toBe(0)
  expect(map.len).toBe(15)
})

test('a punched block splits the cached hole, and a later request for 512 blocks ends there', () => {
  const { fs, inode, map } = make()
  const isize = 1024 * BLOCK_SIZE
  ext4MapBlocks(fs, inode, map.set(512, 512), 0, isize, true)
  ext4PunchHole(fs, inode, 523 * BLOCK_SIZE, BLOCK_SIZE, isize)
  write(fs, inode, map, 512, 512, 1024)
  expect(map).toMatchObject({ len: 11, flags: MAP_NEW | MAP_MAPPED })
  write(fs, inode, map, 523, 501, 1024)
  expect(map.len).toBe(501)
})

test('Linux 6.12 notes a punched hole, and the request is served whole', () => {
  const { fs, inode, map } = make(131072, { punchCachesHole: true })
  ext4MapBlocks(fs, inode, map.set(512, 512), 0, 1024 * BLOCK_SIZE, true)
  ext4PunchHole(fs, inode, 523 * BLOCK_SIZE, BLOCK_SIZE, 1024 * BLOCK_SIZE)
  expect(write(fs, inode, map, 512, 512, 1024).len).toBe(512)
})

test('the fifth extent takes a block for the tree, and the tree gives it back', () => {
  const { fs, inode, map } = make()
  for (const lblk of [0, 2, 4, 6]) write(fs, inode, map, lblk, 1, 16)
  expect([inode.iBlocks, inode.root.depth]).toEqual([32, 0])
  write(fs, inode, map, 8, 1, 16)
  expect([inode.iBlocks, inode.root.depth]).toEqual([48, 1])
  ext4PunchHole(fs, inode, 0, 5 * BLOCK_SIZE, 16 * BLOCK_SIZE)
  expect([inode.iBlocks, inode.root.depth]).toEqual([24, 1])
  write(fs, inode, map, 9, 1, 16)
  expect([inode.iBlocks, inode.root.depth]).toEqual([24, 0])
  ext4Truncate(fs, inode, 0)
  expect([inode.iBlocks, inode.root.entries]).toEqual([0, 0])
})

test('a store into a short unwritten extent makes all of it written, and zeroes the neighbours', () => {
  const { fs, inode, map, zeroed } = make()
  ext4AllocFileBlocks(fs, inode, 0, 5, 5 * BLOCK_SIZE, 0)
  expect(extents(inode)).toEqual(['0+5u'])
  write(fs, inode, map, 2, 1, 5)
  expect(map).toMatchObject({ len: 1, flags: MAP_NEW | MAP_MAPPED })
  expect(extents(inode)).toEqual(['0+5'])
  const start = map.pblk - 2
  expect(zeroed).toEqual([
    [start + 3, 2],
    [start, 2],
    [start + 2, 1],
  ])
  expect(write(fs, inode, map, 4, 1, 5).flags).toBe(MAP_MAPPED)
})

test.each([
  [8, 0, ['0+8']],
  [8, 3, ['0+3u', '3+5']],
  [9, 0, ['0+1', '1+8u']],
  [9, 1, ['0+1u', '1+8']],
  [9, 8, ['0+8u', '8+1']],
  [40, 5, ['0+6', '6+34u']],
  [40, 7, ['0+7u', '7+1', '8+32u']],
  [40, 20, ['0+20u', '20+1', '21+19u']],
  [40, 32, ['0+32u', '32+8']],
])('of %i unwritten blocks a store into block %i leaves %j', (count, lblk, left) => {
  const { fs, inode, map } = make()
  ext4AllocFileBlocks(fs, inode, 0, count, count * BLOCK_SIZE, 0)
  write(fs, inode, map, lblk, 1, count)
  expect(extents(inode)).toEqual(left)
})

test('behind the size nothing is zeroed that was not asked for', () => {
  const { fs, inode, map } = make()
  ext4AllocFileBlocks(fs, inode, 0, 5, 0, BLOCK_SIZE)
  write(fs, inode, map, 1, 1, 2)
  expect(extents(inode)).toEqual(['0+1u', '1+1', '2+3u'])
})

test('the border between written and unwritten moves without zeroing', () => {
  const { fs, inode, map, zeroed } = make()
  ext4AllocFileBlocks(fs, inode, 0, 64, 64 * BLOCK_SIZE, 0)
  write(fs, inode, map, 0, 1, 64)
  zeroed.length = 0
  write(fs, inode, map, 1, 2, 64)
  expect(extents(inode)).toEqual(['0+3', '3+61u'])
  expect(zeroed).toEqual([[map.pblk, 2]])
})

test('a chunk of 2 MiB is aligned to 2 MiB, whether fallocated or written', () => {
  const { fs, inode, map } = make()
  ext4AllocFileBlocks(fs, inode, 0, 512, 512 * BLOCK_SIZE, 0)
  ext4MapBlocks(fs, inode, map.set(0, 512), 0, 512 * BLOCK_SIZE, true)
  expect(map).toMatchObject({ len: 512, flags: MAP_UNWRITTEN })
  expect(map.pblk % 512).toBe(0)
  const other = fs.newInode()
  write(fs, other, map, 512, 512, 1024)
  expect(map.len).toBe(512)
  expect(map.pblk % 512).toBe(0)
})

test('small files lie side by side, a large one gets what it may grow into', () => {
  const { fs, map, inode } = make()
  const first = write(fs, inode, map, 0, 1, 1).pblk
  expect(write(fs, fs.newInode(), map, 0, 1, 1).pblk).toBe(first + 1)
  expect(write(fs, inode, map, 7, 1, 8).pblk).toBe(first + 2)
  const large = fs.newInode()
  const start = write(fs, large, map, 0, 1, 100).pblk
  expect(write(fs, fs.newInode(), map, 0, 1, 100).pblk).not.toBe(start + 1)
  expect(write(fs, large, map, 17, 1, 100).pblk).toBe(start + 17)
  expect(fs.freeBlocks).toBe(124719 - 6)
})

test('closing the file gives back what it might have grown into', () => {
  const { fs, inode, map } = make()
  const start = write(fs, inode, map, 0, 1, 100).pblk
  ext4ReleaseFile(fs, inode)
  expect(inode.preallocs).toEqual([])
  expect(fs.groups[Math.floor(start / 32768)]!.free).toBe(32703 - 1)
})

test('freed blocks are free at once and available after the commit', () => {
  const { fs, inode, map } = make()
  ext4AllocFileBlocks(fs, inode, 0, 512, 512 * BLOCK_SIZE, 0)
  ext4MapBlocks(fs, inode, map.set(0, 1), 0, 512 * BLOCK_SIZE, true)
  const first = map.pblk
  const free = fs.freeBlocks
  ext4Evict(fs, inode)
  expect(inode.iBlocks).toBe(0)
  expect(fs.freeBlocks).toBe(free + 512)
  expect(write(fs, fs.newInode(), map, 0, 512, 512).pblk).not.toBe(first)
  fs.commit()
  expect(write(fs, fs.newInode(), map, 0, 512, 512).pblk).toBe(first)
})

test('removing space from the tree alone leaves the caches as they were', () => {
  const { fs, inode, map } = make()
  write(fs, inode, map, 0, 8, 8)
  expect(ext4ExtRemoveSpace(fs, inode, 2, 3)).toBe(0)
  expect(extents(inode)).toEqual(['0+2', '4+4'])
  expect(inode.es.count).toBeGreaterThan(0)
})

test('out of space: -ENOSPC, after a commit was tried; root may not take the last two percent', () => {
  let commits = 0
  const forceCommit = () => {
    commits++
    fs.commit()
  }
  const { fs, inode } = make(16 * MIB, { forceCommit })
  const gone = fs.newInode()
  ext4AllocFileBlocks(fs, gone, 0, 300, 300 * BLOCK_SIZE, 0)
  ext4Evict(fs, gone)
  expect(ext4AllocFileBlocks(fs, inode, 0, 16384, 16384 * BLOCK_SIZE, 0)).toBe(-ENOSPC)
  expect(commits).toBeGreaterThan(0)
  expect(fs.freeBlocks).toBe(Math.floor(4096 / 50))
  expect(inode.isize).toBe((inode.iBlocks / 8) * BLOCK_SIZE)
})

test('a fault that found no space is tried again after a commit, three times at most', () => {
  const { fs, inode } = make()
  ext4AllocFileBlocks(fs, inode, 0, 8, 8 * BLOCK_SIZE, 0)
  ext4Evict(fs, inode)
  const { tid } = fs.journal
  expect(ext4ShouldRetryAlloc(fs, 1)).toBe(true)
  expect(fs.journal.tid).toBe(tid + 1)
  expect(ext4ShouldRetryAlloc(fs, 3)).toBe(true)
  expect(ext4ShouldRetryAlloc(fs, 4)).toBe(false)
})

test('a change of extents makes the inode dirty for fdatasync until the commit', () => {
  const { fs, inode, map } = make()
  expect(inode.datasyncDirty).toBe(true)
  fs.commit()
  expect(inode.datasyncDirty).toBe(false)
  write(fs, inode, map, 0, 1, 1)
  expect(inode.datasyncDirty).toBe(true)
  fs.commit()
  ext4MapBlocks(fs, inode, map.set(0, 1), GET_BLOCKS_CREATE_ZERO, BLOCK_SIZE, true)
  expect(inode.datasyncDirty).toBe(false)
  ext4PunchHole(fs, inode, 8 * BLOCK_SIZE, BLOCK_SIZE, BLOCK_SIZE)
  expect(inode.datasyncDirty).toBe(false)
  ext4PunchHole(fs, inode, 0, 10, BLOCK_SIZE)
  expect(inode.datasyncDirty).toBe(true)
  inode.datasyncDirty = false
  expect(inode.datasyncDirty).toBe(false)
})

test('allocation without zeroing leaves the device alone', () => {
  const { fs, inode, map, zeroed } = make()
  expect(ext4MapBlocks(fs, inode, map.set(0, 4), GET_BLOCKS_CREATE, 0, true)).toBe(4)
  expect(zeroed).toEqual([])
})

test('a file nobody has open for writing gets exactly what is asked', () => {
  const { fs, inode, map } = make()
  expect(ext4MapBlocks(fs, inode, map.set(90, 10), GET_BLOCKS_CREATE, 100 * BLOCK_SIZE, false)).toBe(10)
  expect(inode.preallocs).toEqual([])
})

test('unwritten blocks are allocated as asked, without preallocation', () => {
  const { fs, inode, map, zeroed } = make()
  const flags = GET_BLOCKS_CREATE_UNWRIT_EXT | GET_BLOCKS_NO_NORMALIZE
  expect(flags & (GET_BLOCKS_CREATE | GET_BLOCKS_UNWRIT_EXT)).toBe(GET_BLOCKS_CREATE_UNWRIT_EXT)
  expect(ext4MapBlocks(fs, inode, map.set(0, 100), flags, 0, true)).toBe(100)
  expect(map.flags).toBe(MAP_NEW | MAP_MAPPED | MAP_UNWRITTEN)
  expect(inode.preallocs).toEqual([])
  expect(ext4MapBlocks(fs, inode, map.set(50, 100), flags, 0, true)).toBe(50)
  expect(map.flags).toBe(MAP_MAPPED | MAP_UNWRITTEN)
  const convert = GET_BLOCKS_CREATE | GET_BLOCKS_ZERO
  expect(convert).toBe(GET_BLOCKS_CREATE_ZERO)
  expect(ext4MapBlocks(fs, inode, map.set(0, EXT_MAX_BLOCKS), convert, 0, true)).toBe(100)
  expect(zeroed).toEqual([[map.pblk, 100]])
})

test('without a block for the tree the extent becomes written, and 6.1 forgets to zero what lies before', () => {
  const { fs, inode, map, zeroed } = make(64 * MIB)
  const isize = 300 * BLOCK_SIZE
  ext4AllocFileBlocks(fs, inode, 0, 100, isize, 0)
  write(fs, inode, map, 50, 1, 300)
  ext4AllocFileBlocks(fs, inode, 200, 10, 0, isize)
  expect(extents(inode)).toEqual(['0+50u', '50+1', '51+49u', '200+10u'])
  // All that the allocator sees is taken; the blocks that count as free wait for a commit.
  const [pending, rest] = [fs.newInode(), fs.newInode()]
  ext4AllocFileBlocks(fs, pending, 0, 1000, 0, 0)
  expect(ext4AllocFileBlocks(fs, rest, 0, 16384, 0, 0)).toBe(-ENOSPC)
  ext4Evict(fs, pending)
  expect(ext4AllocFileBlocks(fs, rest, 20000, fs.reservedBlocks, 0, 0)).toBe(0)
  expect(fs.groups.every((group) => group.free === 0)).toBe(true)

  zeroed.length = 0
  write(fs, inode, map, 75, 1, 300)
  expect(extents(inode)).toEqual(['0+50u', '50+50', '200+10u'])
  // Blocks 75 to 99 are zeroed; 51 to 74 are not, and only the status tree still knows that they hold nothing.
  expect(zeroed).toEqual([
    [map.pblk + 1, 24],
    [map.pblk, 1],
  ])
  expect(ext4MapBlocks(fs, inode, map.set(60, 1), 0, isize, true)).toBe(1)
  expect(map.flags).toBe(MAP_UNWRITTEN)
})
