/** xfs's file calls and log, on a machine of its own. What they must do was seen on Linux 6.1.176. */
import {
  ENOSPC,
  INSTALL_MKWRITE,
  kernel61,
  Machine,
  MachineError,
  PMEM_BASE_PFN,
  STRATEGY_API_VERSION,
  type Task,
} from '@mm-model/core'
import { type DaxFile, IOMAP_DAX, IOMAP_F_DIRTY, IOMAP_WRITE, Iomap, mountXfs, type Xfs } from '@mm-model/dax'
import {
  fallocate,
  freezeSuper,
  fsync,
  ftruncate,
  openCreate,
  preadByte,
  punchHole,
  pwriteFill,
  thawSuper,
} from '@mm-model/dax/plain'
import { describe, expect, it } from 'vitest'

const STRATEGY = {
  name: 'test',
  apiVersion: STRATEGY_API_VERSION,
  capabilities: { firstStoreTraps: 1, marksDirty: true, times: 'fault' },
  install: () => INSTALL_MKWRITE,
} as const
const PAGE = 4096
const MiB = 1 << 20

interface World {
  readonly machine: Machine
  readonly task: Task
  readonly xfs: Xfs
  create(name: string, size: number): DaxFile
  /** First device block of what a page of the file is in, or null. */
  block(file: DaxFile, page: number): number | null
}

function world(): World {
  const machine = new Machine({ strategy: STRATEGY, kernel: kernel61 })
  const task = machine.createTask()
  const sb = mountXfs(machine)
  const iomap = new Iomap()
  return {
    machine,
    task,
    xfs: sb.personality as Xfs,
    create(name, size) {
      const file = openCreate(task, sb, name)
      ftruncate(task, file, size)
      return file
    },
    block({ inode }, page) {
      sb.personality.iomapBegin(inode, page * PAGE, PAGE, IOMAP_DAX, iomap, new Iomap())
      return iomap.block < 0 ? null : iomap.blockAt(page * PAGE)
    },
  }
}

describe('blocks', () => {
  it('begin behind the headers, and go where the kernel puts them', () => {
    const { task, create, block } = world()
    const file = create('a', 64 * PAGE)
    for (const page of [0, 1, 5, 3, 8]) pwriteFill(task, file, page * PAGE, PAGE, 1)
    // The four blocks before the first inodes first, then what is behind them.
    expect([0, 1, 5, 3, 8].map((page) => block(file, page))).toEqual([12, 13, 14, 15, 24])
  })

  it('are not used again before the log holds their being freed', () => {
    const { task, create, block } = world()
    const file = create('a', 64 * PAGE)
    pwriteFill(task, file, 0, PAGE, 1)
    punchHole(task, file, 0, PAGE)
    pwriteFill(task, file, 0, PAGE, 1)
    expect(block(file, 0)).toBe(13)
    punchHole(task, file, 0, PAGE)
    fsync(task, file)
    pwriteFill(task, file, 0, PAGE, 1)
    expect(block(file, 0)).toBe(12)
  })

  it('of more extents than an inode holds need one more for the tree', () => {
    const { task, create } = world()
    const file = create('a', 128 * PAGE)
    const sectors = Array.from({ length: 23 }, (_, i) => {
      pwriteFill(task, file, i * 2 * PAGE, PAGE, 1)
      return file.inode.sectors
    })
    expect(sectors.slice(19)).toEqual([20 * 8, 21 * 8, 23 * 8, 24 * 8])
    punchHole(task, file, 40 * PAGE, 8 * PAGE)
    expect(file.inode.sectors).toBe(20 * 8)
  })

  it('that a file has already are reserved for once more', () => {
    const { task, create, xfs } = world()
    const file = create('a', PAGE)
    expect(xfs.space.available).toBe(107_947)
    expect(fallocate(task, file, 0, 430 * MiB)).toBe(-ENOSPC)
    expect(fallocate(task, file, 0, 420 * MiB)).toBe(0)
    expect(fallocate(task, file, 0, 415 * MiB)).toBe(-ENOSPC)
    expect(fallocate(task, file, 0, MiB)).toBe(0)
    // The longest extents are looked for first: group 0 has a shorter one than group 1.
    expect(file.inode.xfs!.extents.all.map(({ count }) => count)).toEqual([32_722, 32_722, 32_714, 9362])
    ftruncate(task, file, 0)
    expect(xfs.space.available).toBe(107_947)
  })

  it('are written one by one out of what is unwritten, without their neighbours', () => {
    const { task, create, machine } = world()
    const file = create('a', PAGE)
    fallocate(task, file, 0, 8 * PAGE)
    machine.memory.fillPmem(file.inode.xfs!.extents.all[0]!.block, 0, 8 * PAGE, 7)
    pwriteFill(task, file, 3 * PAGE, 1, 1)
    expect(file.inode.xfs!.extents.all.map(({ count, unwritten }) => [count, unwritten])).toEqual([
      [3, true],
      [1, false],
      [4, true],
    ])
    expect([preadByte(task, file, 2 * PAGE), preadByte(task, file, 3 * PAGE + 1)]).toEqual([0, 0])
    const { memory } = machine
    const first = PMEM_BASE_PFN + file.inode.xfs!.extents.all[0]!.block
    expect([2, 3, 4].map((page) => memory.readByte(first + page, 100))).toEqual([7, 0, 7])
  })
})

describe('file calls', () => {
  it('set the times of a punch behind the end, and free nothing', () => {
    const { task, create, machine } = world()
    const file = create('a', PAGE)
    machine.tick()
    expect(punchHole(task, file, 8 * PAGE, PAGE)).toBe(0)
    expect([file.inode.mtime, file.inode.ctime]).toEqual([machine.now, machine.now])
  })

  it('zero what growing makes visible', () => {
    const { task, create } = world()
    const file = create('a', 0)
    pwriteFill(task, file, 0, PAGE, 9)
    ftruncate(task, file, 100)
    pwriteFill(task, file, 3 * PAGE, 1, 9)
    expect([99, 100, PAGE - 1, 3 * PAGE].map((pos) => preadByte(task, file, pos))).toEqual([9, 0, 0, 9])
  })

  it('write as far as there is space', () => {
    const { task, create, xfs } = world()
    const full = create('a', 0)
    expect(fallocate(task, full, 0, 421 * MiB)).toBe(0)
    const left = xfs.space.available
    const file = create('b', 16 * MiB)
    pwriteFill(task, file, 0, PAGE, 1)
    expect(pwriteFill(task, file, 0, 16 * MiB, 1)).toBe(PAGE)
    expect(xfs.space.available).toBe(left - 1)
    expect(pwriteFill(task, file, 8 * PAGE, 16 * MiB, 1)).toBe(-ENOSPC)
  })

  it('keep an empty file as it is', () => {
    const { task, create, machine } = world()
    const file = create('a', 0)
    machine.tick()
    expect(ftruncate(task, file, 0)).toBe(0)
    expect(file.inode.mtime).toBe(machine.now)
  })
})

describe('the log', () => {
  function dirty({ inode }: DaxFile): boolean {
    const iomap = new Iomap()
    inode.sb.personality.iomapBegin(inode, 0, PAGE, IOMAP_DAX | IOMAP_WRITE, iomap, new Iomap())
    return (iomap.flags & IOMAP_F_DIRTY) !== 0
  }

  it('has what an fsync of the file put there', () => {
    const { task, create, machine } = world()
    const file = create('a', 2 * PAGE)
    pwriteFill(task, file, 0, PAGE, 1)
    expect(dirty(file)).toBe(true)
    fsync(task, file)
    machine.tick()
    file.inode.touch()
    expect([dirty(file), file.inode.sb.personality.syncDirty(file.inode)]).toEqual([false, true])
  })

  it("remembers, across another file's fsync, that more than times had changed", () => {
    const { task, create, machine } = world()
    const file = create('a', 2 * PAGE)
    const other = create('b', 2 * PAGE)
    pwriteFill(task, file, 0, PAGE, 1)
    fsync(task, other)
    expect(dirty(file)).toBe(false)
    machine.tick()
    file.inode.touch()
    expect(dirty(file)).toBe(true)
  })

  it('is empty after a freeze', () => {
    const { task, create, machine } = world()
    const file = create('a', 2 * PAGE)
    pwriteFill(task, file, 0, PAGE, 1)
    freezeSuper(task, file.inode.sb)
    thawSuper(task, file.inode.sb)
    machine.tick()
    file.inode.touch()
    expect(dirty(file)).toBe(false)
  })
})

describe('what is not there is refused', () => {
  it('a device that mkfs.xfs refuses', () => {
    const machine = new Machine({ strategy: STRATEGY, pmemPages: 1024 })
    expect(() => mountXfs(machine)).toThrow(MachineError)
  })

  it.each([
    [
      'more extents than a leaf holds',
      520,
      ({ task, create }: World) => {
        const file = create('a', 520 * PAGE)
        for (let page = 0; page < 520; page += 2) pwriteFill(task, file, page * PAGE, PAGE, 1)
      },
    ],
    [
      'more names than the directory holds',
      40,
      ({ create }: World) => {
        for (let i = 0; i < 40; i++) create(`f${i}`, 0)
      },
    ],
  ])('%s', (_what, _count, fill) => {
    expect(() => fill(world())).toThrow(/not modelled/)
  })
})
