/**
 * The block code against naive twins: a status per block for the status tree, a bit per block for the buddy, and for
 * whole files a map from block to content and state.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BlockGroup, FreeExtent } from '../src/ext4/blocks/buddy.ts'
import { type ExtentNode, extentLen, isUnwritten, treeSectors } from '../src/ext4/blocks/extent-node.ts'
import { ES_HOLE, ES_UNWRITTEN, ES_WRITTEN, ExtentStatusTree } from '../src/ext4/blocks/extent-status.ts'
import {
  BLOCK_SIZE,
  BlockMap,
  ENOSPC,
  Ext4Blocks,
  ext4AllocFileBlocks,
  ext4Evict,
  ext4IomapBegin,
  ext4PunchHole,
  ext4ReleaseFile,
  ext4Truncate,
  type InodeBlocks,
  MAP_MAPPED,
  MAP_NEW,
  MAP_UNWRITTEN,
} from '../src/ext4/blocks/index.ts'

/** `expect` takes microseconds, and there is one of these for every block after every step. */
function must(holds: boolean, what: () => string): void {
  if (!holds) throw new Error(what())
}

/* ---- status tree ---- */

test('the status tree answers as one status per block does, in runs of greatest length', () => {
  const SPAN = 40
  const range = fc.tuple(fc.nat(SPAN - 1), fc.integer({ min: 1, max: 12 }))
  const status = fc.constantFrom(ES_WRITTEN, ES_UNWRITTEN, ES_HOLE)
  const step = fc.tuple(
    fc.constantFrom('insert', 'cache', 'remove'),
    range,
    status,
    fc.constantFrom(100, 101, 300),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const tree = new ExtentStatusTree()
      const twin: ({ status: number; pblk: number } | undefined)[] = new Array(SPAN + 12).fill(undefined)
      for (const [what, [lblk, len], state, base] of steps) {
        const free = twin.slice(lblk, lblk + len).every((block) => block === undefined)
        if (what === 'insert') tree.insert(lblk, len, base + lblk, state)
        else if (what === 'cache') tree.cache(lblk, len, base + lblk, state)
        else tree.remove(lblk, len)
        for (let i = lblk; i < lblk + len; i++) {
          if (what === 'remove') twin[i] = undefined
          else if (what === 'insert' || free)
            twin[i] = { status: state, pblk: state === ES_HOLE ? 0 : base + i }
        }
        const merges = (i: number) => {
          const [a, b] = [twin[i - 1], twin[i]]
          if (a === undefined || b === undefined || a.status !== b.status) return false
          return a.status === ES_HOLE || a.pblk + 1 === b.pblk
        }
        for (let i = 0; i < twin.length; i++) {
          const run = tree.lookup(i)
          if (twin[i] === undefined) {
            expect(run).toBe(-1)
            continue
          }
          let first = i
          while (merges(first)) first--
          let end = i + 1
          while (end < twin.length && merges(end)) end++
          expect([tree.lblk[run], tree.len[run], tree.status[run], tree.pblk[run]]).toEqual([
            first,
            end - first,
            twin[i]!.status,
            twin[first]!.pblk,
          ])
        }
      }
    }),
  )
})

/* ---- buddy ---- */

test('a group that blocks were taken from and given back to is the group built from its bitmap', () => {
  const step = fc.tuple(fc.nat(32767), fc.integer({ min: 1, max: 3000 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const group = new BlockGroup(0, new Uint32Array(1024), false)
      const run = new FreeExtent()
      const taken: [number, number][] = []
      for (const [block, wanted] of steps) {
        const found = group.findExtent(block, wanted, run)
        if (found > 0) {
          let end = block
          while (end < 32768 && ((group.bitmap[end >>> 5]! >>> (end & 31)) & 1) === 0) end++
          expect(run.start).toBe(block)
          expect(found).toBeLessThanOrEqual(end - block)
          expect(found).toBeGreaterThanOrEqual(Math.min(wanted, end - block))
          const count = Math.min(found, wanted)
          group.markUsed(block, count)
          taken.push([block, count])
        } else {
          const i = taken.findIndex(([start, count]) => block >= start && block < start + count)
          const [start, count] = taken.splice(i, 1)[0]!
          group.markFree(start, count)
        }
        const { firstFree } = group
        const before = [group.free, group.fragments, group.largestFreeOrder, ...group.counters]
        const twin = new BlockGroup(0, group.bitmap.slice(), false)
        expect(before).toEqual([twin.free, twin.fragments, twin.largestFreeOrder, ...twin.counters])
        expect(firstFree).toBeLessThanOrEqual(twin.firstFree)
        for (let order = 0; order < 14; order++) expect(group.firstChunk(order)).toBe(twin.firstChunk(order))
      }
    }),
    { numRuns: 60 },
  )
})

/* ---- files ---- */

interface Place {
  pblk: number
  unwritten: boolean
}

/** Where each block of a file is, from the extent tree; checks the tree on the way. */
function places(inode: InodeBlocks): Map<number, Place> {
  const found = new Map<number, Place>()
  let last = -1
  const visit = (node: ExtentNode, from: number) => {
    must(node.entries <= node.max, () => 'a node has too many entries')
    must(node.entries > 0 || node === inode.root, () => 'a node is empty')
    for (let i = 0; i < node.entries; i++) {
      must(i > 0 || node === inode.root || node.block[0] === from, () => `no index for ${node.block[0]}`)
      if (node.depth > 0) {
        must(node.children[i]!.depth === node.depth - 1, () => 'a node is at the wrong depth')
        visit(node.children[i]!, node.block[i]!)
        continue
      }
      must(node.block[i]! > last, () => `extents out of order at ${node.block[i]}`)
      const [len, unwritten] = [extentLen(node.raw[i]!), isUnwritten(node.raw[i]!)]
      for (let k = 0; k < len; k++) {
        found.set(node.block[i]! + k, { pblk: node.start[i]! + k, unwritten })
      }
      last = node.block[i]! + len - 1
    }
  }
  visit(inode.root, 0)
  return found
}

function treeBlocks(node: ExtentNode): number[] {
  return node.children.flatMap((child) => [child.pblk, ...treeBlocks(child)])
}

class File {
  readonly inode: InodeBlocks
  size = 0
  /** Content of the blocks that are not zero. */
  readonly content = new Map<number, number>()
  /** Blocks that must be allocated. */
  readonly allocated = new Set<number>()

  constructor(inode: InodeBlocks) {
    this.inode = inode
  }
}

/**
 * A file system on a device whose blocks begin as garbage, and the files as they should be. (6.1 breaks the promise in
 * one place that these properties do not reach: see "forgets to zero" in ext4-blocks.test.ts.)
 */
class World {
  readonly data: Int32Array
  readonly fs: Ext4Blocks
  readonly files: File[]
  private readonly map = new BlockMap()
  private readonly initial: number
  /** The bitmaps after mkfs. */
  private readonly fresh: Uint32Array[]
  private token = 0

  constructor(blocks: number, count: number) {
    this.data = new Int32Array(blocks).fill(-1)
    this.fs = new Ext4Blocks({ blocks, zero: (pblk, n) => void this.data.fill(0, pblk, pblk + n) })
    this.initial = this.fs.freeBlocks
    this.fresh = this.fs.groups.map((group) => group.disk.slice())
    this.files = Array.from({ length: count }, () => new File(this.fs.newInode()))
  }

  /** Writes blocks as write(2) or a fault would; each request must do what its rules say and no more. */
  write(file: File, lblk: number, count: number): void {
    const end = lblk + count
    for (let at = lblk; at < end; at += this.map.len) {
      const before = places(file.inode)
      const lookedUp = (lblk + count) * BLOCK_SIZE <= file.size
      const err = ext4IomapBegin(
        this.fs,
        file.inode,
        this.map,
        at * BLOCK_SIZE,
        (end - at) * BLOCK_SIZE,
        true,
        file.size,
        true,
        false,
      )
      if (err === -ENOSPC) return
      const { len, pblk, flags } = this.map
      expect(len).toBeGreaterThan(0)
      expect(flags & (MAP_MAPPED | MAP_UNWRITTEN)).toBe(MAP_MAPPED)
      const after = places(file.inode)
      const place = before.get(at)
      expect((flags & MAP_NEW) !== 0).toBe(place === undefined || place.unwritten)
      for (let i = 0; i < len; i++) {
        const now = after.get(at + i)
        must(now?.pblk === pblk + i && !now.unwritten, () => `block ${at + i} is not where the answer said`)
      }
      if (place?.unwritten && file.inode.root.depth === 0 && lookedUp) {
        const [first, last] = converted(before, at, len, file.size)
        for (const [block, { unwritten }] of before) {
          expect([block, after.get(block)!.unwritten]).toEqual([
            block,
            unwritten && (block < first || block >= last),
          ])
        }
      }
      for (let i = at; i < Math.min(end, at + len); i++) {
        this.data[pblk + i - at] = ++this.token
        file.content.set(i, this.token)
      }
      for (let i = at; i < at + len; i++) file.allocated.add(i)
      file.size = Math.max(file.size, Math.min(end, at + len) * BLOCK_SIZE)
    }
  }

  allocate(file: File, lblk: number, count: number, keepSize: boolean): void {
    const end = (lblk + count) * BLOCK_SIZE
    const newSize = !keepSize && end > file.size ? end : 0
    const err = ext4AllocFileBlocks(this.fs, file.inode, lblk, count, newSize, file.size)
    if (err === 0) {
      for (let i = lblk; i < lblk + count; i++) file.allocated.add(i)
      if (newSize !== 0) file.size = newSize
    } else {
      expect(err).toBe(-ENOSPC)
      const there = places(file.inode)
      for (let i = lblk; i < lblk + count && there.has(i); i++) file.allocated.add(i)
      file.size = Math.max(file.size, file.inode.isize)
    }
  }

  punch(file: File, lblk: number, count: number): void {
    expect(ext4PunchHole(this.fs, file.inode, lblk * BLOCK_SIZE, count * BLOCK_SIZE, file.size)).toBe(0)
    if (lblk * BLOCK_SIZE >= file.size) return
    const end = (lblk + count) * BLOCK_SIZE
    const past = Math.floor(file.size / BLOCK_SIZE) + 1
    this.drop(file, lblk, end > file.size ? past : lblk + count)
  }

  truncate(file: File, blocks: number): void {
    const shrink = blocks * BLOCK_SIZE <= file.size
    file.size = blocks * BLOCK_SIZE
    if (!shrink) return
    expect(ext4Truncate(this.fs, file.inode, file.size)).toBe(0)
    this.drop(file, blocks, Number.POSITIVE_INFINITY)
  }

  replace(i: number): void {
    ext4ReleaseFile(this.fs, this.files[i]!.inode)
    ext4Evict(this.fs, this.files[i]!.inode)
    expect(this.files[i]!.inode.iBlocks).toBe(0)
    this.files[i] = new File(this.fs.newInode())
  }

  private drop(file: File, first: number, end: number): void {
    for (const block of file.allocated) if (block >= first && block < end) file.allocated.delete(block)
    for (const block of file.content.keys()) if (block >= first && block < end) file.content.delete(block)
  }

  /** What must hold after every operation. */
  check(): void {
    const owner = new Map<number, string>()
    const own = (block: number, who: string) => {
      must(!owner.has(block), () => `block ${block} is used twice: ${who} and ${owner.get(block)}`)
      owner.set(block, who)
    }
    for (const file of this.files) {
      const there = places(file.inode)
      const missing = [...file.allocated].filter((block) => !there.has(block))
      must(missing.length === 0, () => `not allocated: ${missing}`)
      must(there.size === file.allocated.size, () => 'blocks nobody asked for')
      expect(file.inode.iBlocks).toBe(8 * there.size + treeSectors(file.inode.root))
      for (const [block, { pblk, unwritten }] of there) {
        own(pblk, 'file')
        const content = file.content.get(block) ?? 0
        const found = unwritten ? 0 : this.data[pblk]
        must(found === content, () => `block ${block} holds ${found}, not ${content}`)
      }
      for (const block of treeBlocks(file.inode.root)) own(block, 'tree')
      this.checkStatus(file, there)
    }
    expect(this.fs.freeBlocks).toBe(this.initial - owner.size)
    this.checkGroups(owner)
  }

  /** What the status tree knows is true. */
  private checkStatus(file: File, there: Map<number, Place>): void {
    const { es } = file.inode
    for (let i = 0; i < es.count; i++) {
      must(i === 0 || es.lblk[i]! >= es.lblk[i - 1]! + es.len[i - 1]!, () => 'runs overlap')
      for (let k = 0; k < Math.min(es.len[i]!, 3000); k++) {
        const place = there.get(es.lblk[i]! + k)
        const isTrue =
          es.status[i] === ES_HOLE
            ? place === undefined
            : place?.pblk === es.pblk[i]! + k && place.unwritten === (es.status[i] === ES_UNWRITTEN)
        must(isTrue, () => `the status tree is wrong about block ${es.lblk[i]! + k}`)
      }
    }
  }

  /** The bitmaps hold the files; the allocator also keeps off preallocations and what waits for the journal. */
  private checkGroups(owner: Map<number, string>): void {
    const { fs } = this
    const kept = new Map<number, string>(owner)
    for (let i = 0; i < fs.freed.length; i += 2) {
      for (let k = 0; k < fs.freed[i + 1]!; k++) kept.set(fs.freed[i]! + k, 'freed')
    }
    const spaces = new Set([
      ...fs.localityGroup.flat(),
      ...this.files.flatMap((file) => file.inode.preallocs),
    ])
    for (const group of fs.groups) for (const pa of group.preallocs) expect(spaces.delete(pa)).toBe(true)
    expect(spaces.size).toBe(0)
    for (const group of fs.groups) {
      for (const pa of group.preallocs) {
        let free = 0
        for (let k = 0; k < pa.len; k++) {
          if (!owner.has(pa.pstart + k)) free++
          kept.set(pa.pstart + k, 'preallocated')
        }
        expect(pa.free).toBe(free)
      }
    }
    for (const [i, group] of fs.groups.entries()) {
      const disk = this.fresh[i]!.slice()
      const core = disk.slice()
      for (const block of owner.keys())
        if (block >> 15 === i) disk[(block & 32767) >>> 5]! |= 1 << (block & 31)
      for (const block of kept.keys())
        if (block >> 15 === i) core[(block & 32767) >>> 5]! |= 1 << (block & 31)
      must(String(group.disk) === String(disk), () => `the bitmap of group ${i} is wrong`)
      must(String(group.bitmap) === String(core), () => `the allocator's bitmap of group ${i} is wrong`)
    }
  }
}

/**
 * The blocks that become written when [lblk, lblk + len) of an unwritten extent is written, by the rules: the border to
 * a written neighbour moves; else remainders of up to eight blocks go along, if the extent lies inside the file.
 */
function converted(before: Map<number, Place>, lblk: number, len: number, size: number): [number, number] {
  const continues = (a: number, b: number) => {
    const [left, right] = [before.get(a), before.get(b)]
    return left !== undefined && right !== undefined && left.pblk + 1 === right.pblk
  }
  let first = lblk
  while (continues(first - 1, first) && before.get(first - 1)!.unwritten) first--
  let end = lblk + 1
  while (continues(end - 1, end) && before.get(end)!.unwritten) end++
  if (len < end - first && lblk === first && continues(first - 1, first)) return [lblk, lblk + len]
  if (len < end - first && lblk + len === end && continues(end - 1, end)) return [lblk, lblk + len]
  if (end > Math.max(Math.ceil(size / BLOCK_SIZE), lblk + len) || lblk + len >= end) return [lblk, lblk + len]
  const last = end - lblk <= 8 ? end : lblk + len
  return [last - first < 8 ? first : lblk, last]
}

const FILES = 3

function operations(span: number, long: number) {
  const file = fc.nat(FILES - 1)
  const lblk = fc.nat(span - 1)
  const count = fc.oneof(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: long }),
  )
  return fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.record({ op: fc.constant('write' as const), file, lblk, count }) },
      { weight: 4, arbitrary: fc.record({ op: fc.constant('allocate' as const), file, lblk, count }) },
      { weight: 1, arbitrary: fc.record({ op: fc.constant('keep' as const), file, lblk, count }) },
      { weight: 3, arbitrary: fc.record({ op: fc.constant('punch' as const), file, lblk, count }) },
      { weight: 1, arbitrary: fc.record({ op: fc.constant('truncate' as const), file, lblk, count }) },
      { weight: 1, arbitrary: fc.record({ op: fc.constant('commit' as const), file, lblk, count }) },
      { weight: 1, arbitrary: fc.record({ op: fc.constant('replace' as const), file, lblk, count }) },
    ),
    { maxLength: 40, size: 'max' },
  )
}

function run(
  world: World,
  steps: ReturnType<typeof operations> extends fc.Arbitrary<infer T> ? T : never,
): void {
  for (const { op, file: i, lblk, count } of steps) {
    const file = world.files[i]!
    if (op === 'write') world.write(file, lblk, count)
    else if (op === 'allocate') world.allocate(file, lblk, count, false)
    else if (op === 'keep') world.allocate(file, lblk, count, true)
    else if (op === 'punch') world.punch(file, lblk, count)
    else if (op === 'truncate') world.truncate(file, lblk)
    else if (op === 'commit') world.fs.commit()
    else world.replace(i)
    world.check()
  }
}

test('small files hold what was written, zeros elsewhere, and no block twice', () => {
  fc.assert(
    fc.property(operations(24, 30), (steps) => run(new World(16384, FILES), steps)),
    { numRuns: 60 },
  )
})

test('files of some hundred blocks do', () => {
  fc.assert(
    fc.property(operations(400, 500), (steps) => run(new World(16384, FILES), steps)),
    { numRuns: 40 },
  )
})

test('files on a device that is nearly full do', () => {
  fc.assert(
    fc.property(operations(600, 900), (steps) => run(new World(2048, FILES), steps)),
    { numRuns: 40 },
  )
})
