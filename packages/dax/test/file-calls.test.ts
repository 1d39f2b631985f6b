import * as core from '@mm-model/core'
import { errnoName, FMODE_READ, FMODE_WRITE, type Steps } from '@mm-model/core'
import { type DaxFile, mountExt4, mountXfs, openFile, SB_FREEZE_COMPLETE, SB_UNFROZEN } from '@mm-model/dax'
import { describe, expect, it } from 'vitest'
import { type Calls, forms, steps } from './forms.ts'
import { createWorld, entry, leaf, type Mount, map, outcome, PAGE, slot, type World } from './world.ts'

function withFile(k: Calls, mount: Mount, pages = 16): World & { file: DaxFile } {
  const world = createWorld({}, mount)
  const file = k.openCreate(world.task, world.sb, 'a')
  k.ftruncate(world.task, file, pages * PAGE)
  return { ...world, file }
}

const MAX = 0xffffffff * PAGE

/*
 * Calls on a file of 16 pages, and what they answer. `ro` and `wo` are open for reading or writing only.
 */
const ROWS = `
  read 0                → 0
  read 65535            → 0
  read 65536            → null      the end of the file
  read -1               → EINVAL
  read 0 wo             → EBADF     not open for reading
  write 0 1             → 1
  write 65530 100       → 100       and the file is longer
  write 0 0             → 0
  write -1 1            → EINVAL
  write 0 1 ro          → EBADF     not open for writing
  write -1 1 ro         → EBADF     before the offset
  write -1 0            → EINVAL    before the length
  write ${MAX} 1        → EFBIG
  write ${MAX - 1} 9    → 1         as much as fits
  truncate 0            → 0
  truncate 1            → 0
  truncate ${MAX}       → 0
  truncate ${MAX + 1}   → EFBIG
  truncate -1           → EINVAL
  truncate 0 ro         → EINVAL    not open for writing
  truncate -1 ro        → EINVAL
  allocate 0 1          → 0
  allocate 0 0          → EINVAL
  allocate 0 -1         → EINVAL
  allocate -1 1         → EINVAL
  allocate 0 1 ro       → EBADF
  allocate 0 0 ro       → EINVAL    before the mode
  allocate ${MAX} 1     → EFBIG
  punch 0 1             → 0
  punch 65536 4096      → 0         beyond the end
  punch 0 0             → EINVAL
  punch -1 1            → EINVAL
  punch 0 1 ro          → EBADF
  punch 0 0 ro          → EINVAL    before the mode
  punch ${MAX} 1        → EFBIG
  fsync 0               → 0
  fsync 0 ro            → 0
`

const cases = [
  ['ext4', mountExt4],
  ['xfs', mountXfs],
].flatMap(([fs, mount]) => forms.map(([form, k]) => [fs, form, k, mount] as [string, string, Calls, Mount]))

describe.each(cases)('%s, in the %s form', (fs, form, k, mount) => {
  const rows = ROWS.split('\n')
    .map((row) => row.trim())
    .filter((row) => row !== '')

  // The longest file of ext4 is of 16 TiB; that of xfs, of 2^63 - 1 bytes, no number here reaches.
  it.each(rows.filter((row) => fs === 'ext4' || !row.includes(String(MAX).slice(0, 12))))('%s', (row) => {
    const [, call, expected] = /^(.*?) +→ (\S+)/.exec(row)!
    const { task, file } = withFile(k, mount)
    const [op, first, ...rest] = call!.split(/ +/)
    const mode = rest.at(-1)
    const opened =
      mode === 'ro'
        ? openFile(file.inode, FMODE_READ)
        : mode === 'wo'
          ? openFile(file.inode, FMODE_WRITE)
          : file
    const [offset, length] = [Number(first), Number(rest[0])]
    const answer =
      op === 'read'
        ? k.preadByte(task, opened, offset)
        : op === 'write'
          ? k.pwriteFill(task, opened, offset, length, 1)
          : op === 'truncate'
            ? k.ftruncate(task, opened, offset)
            : op === 'allocate'
              ? k.fallocate(task, opened, offset, length)
              : op === 'punch'
                ? k.punchHole(task, opened, offset, length)
                : k.fsync(task, opened)
    expect(answer !== null && answer < 0 ? errnoName(-answer) : String(answer)).toBe(expected)
    // Whatever came of it, every lock is free.
    expect(
      [file.inode.rwsem, file.mapping.invalidateLock, file.mapping.iMmapRwsem].map((l) => l.readers),
    ).toEqual([0, 0, 0])
    expect([file.inode.rwsem.writer, file.mapping.invalidateLock.writer]).toEqual([null, null])
    expect(file.inode.sb.writers).toEqual([0, 0, 0, 0, 0])
  })

  describe('the end of the file', () => {
    it('is where accesses get SIGBUS, page by page', () => {
      const { task, file } = withFile(k, mount, 1)
      k.ftruncate(task, file, PAGE + 1)
      map(k, task, file)
      expect([k.load(task, slot(0) + 2 * PAGE - 1), outcome(task)]).toEqual([0, 'ok'])
      for (const kind of ['load', 'store'] as const) {
        expect(
          kind === 'load' ? k.load(task, slot(0) + 2 * PAGE) : k.store(task, slot(0) + 2 * PAGE, 1),
        ).toBe(-1)
        expect(outcome(task)).toBe('SIGBUS/BUS_ADRERR')
      }
      expect(entry(file, 2)).toBe('none')
      k.ftruncate(task, file, 3 * PAGE)
      expect([k.store(task, slot(0) + 2 * PAGE, 1), outcome(task)]).toEqual([0, 'ok'])
    })

    it('is also that of a 2 MiB attempt', () => {
      const { task, file, events } = withFile(k, mount, 512)
      map(k, task, file, { pages: 1024 })
      events.length = 0
      k.load(task, slot(0) + 512 * PAGE)
      expect(outcome(task)).toBe('SIGBUS/BUS_ADRERR')
      // The PTE step is not tried: dax_pmd_fault answers for it.
      expect(events.filter((event) => /^dax_p.._fault/.test(event))).toEqual([
        'dax_pmd_fault 200 254 0',
        'dax_pmd_fault_done 200 2 0',
      ])
    })

    it('takes private copies with it', () => {
      const { task, file } = withFile(k, mount, 2)
      map(k, task, file, { kind: 'private' })
      k.store(task, slot(0), 1)
      k.store(task, slot(0) + PAGE, 2)
      k.ftruncate(task, file, PAGE)
      expect([k.load(task, slot(0)), k.load(task, slot(0) + PAGE)]).toEqual([1, -1])
      k.ftruncate(task, file, 2 * PAGE)
      expect(k.load(task, slot(0) + PAGE)).toBe(0)
      expect(task.machine.memory.ramInUse).toBe(1)
    })

    it.each<[string, (w: World & { file: DaxFile }) => unknown]>([
      ['ftruncate', ({ task, file }) => k.ftruncate(task, file, 2 * PAGE)],
      ['fallocate', ({ task, file }) => k.fallocate(task, file, PAGE, PAGE)],
      ['pwrite', ({ task, file }) => k.pwriteFill(task, file, 2 * PAGE - 1, 1, 1)],
    ])(
      'shows what was stored beyond it when %s moves it, unless the file system clears it',
      (_what, grow) => {
        const world = withFile(k, mount, 1)
        const { task, file } = world
        k.ftruncate(task, file, 10)
        map(k, task, file)
        k.store(task, slot(0) + 100, 7)
        expect([k.preadByte(task, file, 100), k.load(task, slot(0) + 100)]).toEqual([null, 7])
        grow(world)
        expect(k.preadByte(task, file, 100)).toBe(fs === 'xfs' ? 0 : 7)
      },
    )

    it('leaves zeros behind it in its page', () => {
      const { task, file } = withFile(k, mount, 2)
      map(k, task, file)
      k.store(task, slot(0) + 10, 1)
      k.store(task, slot(0) + 9, 2)
      k.ftruncate(task, file, 10)
      k.ftruncate(task, file, 20)
      expect([k.load(task, slot(0) + 9), k.load(task, slot(0) + 10)]).toEqual([2, 0])
    })
  })

  describe('a frozen file system', () => {
    it.each<[string, (c: Calls, w: World & { file: DaxFile }) => unknown, string]>([
      ['a store', (c, { task }) => c.store(task, slot(0), 1), 'page fault'],
      ['pwrite', (c, { task, file }) => c.pwriteFill(task, file, 0, 1, 1), 'write'],
      ['ftruncate', (c, { task, file }) => c.ftruncate(task, file, 0), 'write'],
      ['fallocate', (c, { task, file }) => c.fallocate(task, file, 0, 1), 'write'],
      ['punch', (c, { task, file }) => c.punchHole(task, file, 0, PAGE), 'write'],
      ['open of a new file', (c, { task, sb }) => c.openCreate(task, sb, 'new'), 'write'],
      ['open with truncation', (c, { task, sb }) => c.openCreate(task, sb, 'a'), 'write'],
    ])('keeps %s waiting, and names what it waits for', (what, act, level) => {
      const world = withFile(k, mount)
      const { task, sb, file } = world
      const name = `${fs} sb_writers (${level}): the file system is frozen`
      map(k, task, file)
      expect(k.freezeSuper(task, sb)).toBe(0)
      if (form === 'plain') {
        expect(() => act(k, world)).toThrowError(
          expect.objectContaining({
            code: 'DEADLOCK',
            found: `a task that waits for ${name}, which nobody will release`,
            remedy: expect.stringMatching(/^release it first \(thaw a frozen file system\)/),
          }),
        )
      } else {
        const run = act(steps as unknown as Calls, world) as Steps<unknown>
        let next = run.next()
        while (next.value !== core.STEP_BLOCKED) next = run.next()
        expect([next.done, task.waitsFor?.name]).toEqual([false, name])
        // It tries again and again, and goes on when it can.
        expect([run.next().value, k.thawSuper(task, sb)]).toEqual([core.STEP_BLOCKED, 0])
        while (next.done !== true) next = run.next()
        expect(next.value instanceof Object || (next.value as number) >= 0).toBe(true)
      }
      expect(sb.inodes).toHaveLength(form === 'steps' && what === 'open of a new file' ? 2 : 1)
    })

    it('reads as before, and private mappings go on', () => {
      const { task, sb, file } = withFile(k, mount)
      k.pwriteFill(task, file, 0, PAGE, 7)
      map(k, task, file)
      map(k, task, file, { n: 1, kind: 'private' })
      k.freezeSuper(task, sb)
      expect([k.load(task, slot(0)), k.preadByte(task, file, 1), k.fsync(task, file)]).toEqual([7, 7, 0])
      expect([k.store(task, slot(1), 9), k.load(task, slot(1)), k.load(task, slot(0))]).toEqual([0, 9, 7])
    })

    it('has nothing dirty and no leaf that could make something so', () => {
      const { task, sb, file } = withFile(k, mount)
      map(k, task, file)
      for (const page of [0, 5]) k.store(task, slot(0) + page * PAGE, 1)
      expect(k.freezeSuper(task, sb)).toBe(0)
      expect(sb.frozen).toBe(SB_FREEZE_COMPLETE)
      expect([entry(file, 0), entry(file, 5), leaf(task, slot(0))]).toEqual([
        'block',
        'block',
        '8400000000000a25 pmem',
      ])
    })

    it('is frozen once and thawed once', () => {
      const { task, sb } = withFile(k, mount)
      expect(k.thawSuper(task, sb)).toBe(-core.EINVAL)
      expect([k.freezeSuper(task, sb), k.freezeSuper(task, sb)]).toEqual([0, -core.EBUSY])
      expect([k.thawSuper(task, sb), k.thawSuper(task, sb), sb.frozen]).toEqual([
        0,
        -core.EINVAL,
        SB_UNFROZEN,
      ])
    })
  })

  describe('MAP_SYNC', () => {
    const handler = (events: string[]): string[] =>
      events.filter((event) =>
        /^(dax_pte_fault_done|dax_finish_sync_fault|dax_insert_pfn_mkwrite)/.test(event),
      )

    it('installs a writable leaf only after the block is durable', () => {
      const { task, file, events } = withFile(k, mount)
      map(k, task, file, { kind: 'sync' })
      k.store(task, slot(0), 1)
      // MAJOR | NEEDDSYNC, and what the program is told in the end: NOPAGE.
      expect(handler(events)).toEqual([
        'dax_pte_fault_done 0 2004 0',
        'dax_finish_sync_fault 0 0 0',
        'dax_insert_pfn_mkwrite 0 100 0',
      ])
      expect(file.inode.sb.personality.datasyncDirty(file.inode)).toBe(false)
      expect([leaf(task, slot(0)), entry(file, 0)]).toEqual(['8400000000000a67 pmem', 'block D'])
    })

    it('is as any other mapping where the metadata is durable', () => {
      const { task, file, events } = withFile(k, mount)
      k.pwriteFill(task, file, 0, PAGE, 1)
      k.fsync(task, file)
      map(k, task, file, { kind: 'sync' })
      k.store(task, slot(0), 1)
      expect(handler(events)).toEqual(['dax_pte_fault_done 0 100 0'])
    })

    it('needs no durability for loads and for private copies', () => {
      const { task, file, events } = withFile(k, mount)
      map(k, task, file, { kind: 'sync' })
      k.load(task, slot(0))
      expect(handler(events)).toEqual(['dax_pte_fault_done 0 100 0'])
    })

    it('without it, the leaf is there before the block is durable', () => {
      const { task, file } = withFile(k, mount)
      map(k, task, file)
      k.store(task, slot(0), 1)
      expect(file.inode.sb.personality.datasyncDirty(file.inode)).toBe(true)
      k.fsync(task, file)
      expect(file.inode.sb.personality.datasyncDirty(file.inode)).toBe(false)
    })
  })

  describe('times', () => {
    const timesOf = (file: DaxFile): number[] => [file.inode.mtime, file.inode.ctime]

    it.each<[string, (w: World & { file: DaxFile }) => unknown, boolean]>([
      ['a first store', ({ task }) => k.store(task, slot(0) + 4 * PAGE, 1), true],
      ['a store to a leaf that a load made', ({ task }) => k.store(task, slot(0) + PAGE, 1), true],
      ['a store to a writable leaf', ({ task }) => k.store(task, slot(0), 1), false],
      ['a load', ({ task }) => k.load(task, slot(0) + 4 * PAGE), false],
      ['a private store', ({ task }) => k.store(task, slot(1) + 4 * PAGE, 1), false],
      ['a store past the end of the file', ({ task }) => k.store(task, slot(0) + 8 * PAGE, 1), true],
      ['pread', ({ task, file }) => k.preadByte(task, file, 0), false],
      ['pwrite', ({ task, file }) => k.pwriteFill(task, file, 0, 1, 1), true],
      ['fallocate', ({ task, file }) => k.fallocate(task, file, 0, PAGE), true],
      ['punch', ({ task, file }) => k.punchHole(task, file, 0, PAGE), true],
      // ext4 looks at the size first, xfs at the times.
      ['punch beyond the end', ({ task, file }) => k.punchHole(task, file, 9 * PAGE, PAGE), fs === 'xfs'],
      ['ftruncate to the same size', ({ task, file }) => k.ftruncate(task, file, 8 * PAGE), true],
      ['fsync', ({ task, file }) => k.fsync(task, file), false],
      ['mmap', ({ task, file }) => map(k, task, file, { n: 2 }), false],
      ['munmap', ({ task }) => k.munmap(task, slot(0), PAGE), false],
    ])('%s', (_what, act, changes) => {
      const world = withFile(k, mount, 8)
      const { task, file, machine } = world
      k.pwriteFill(task, file, 0, 8 * PAGE, 1)
      map(k, task, file)
      map(k, task, file, { n: 1, kind: 'private' })
      k.store(task, slot(0), 1)
      k.load(task, slot(0) + PAGE)
      const before = timesOf(file)
      machine.tick()
      act(world)
      expect(timesOf(file)).toEqual(changes ? [machine.now, machine.now] : before)
    })
  })

  it('open with truncation cuts a file that is there, and keeps its inode', () => {
    const { task, sb, file } = withFile(k, mount)
    map(k, task, file)
    k.store(task, slot(0), 1)
    const again = k.openCreate(task, sb, 'a')
    expect([again.inode === file.inode, file.inode.size, sb.inodes.length]).toEqual([true, 0, 1])
    expect([k.load(task, slot(0)), outcome(task)]).toEqual([-1, 'SIGBUS/BUS_ADRERR'])
    expect(file.inode.sectors).toBe(0)
  })
})

describe.each(cases)('a device that is full: %s, in the %s form', (fs, _form, k, mount) => {
  /** A device as small as the file system takes, filled to the last block with zeros, which cost no memory here. */
  function full() {
    const world = createWorld({ pmemPages: fs === 'xfs' ? 76800 : 2048 }, mount)
    const { task, sb } = world
    const hog = k.openCreate(task, sb, 'hog')
    let taken = 0
    // Smaller and smaller: xfs refuses a write whole when its reservation does not fit.
    for (const pages of [4096, 64, 1]) {
      for (let n = 1; n > 0; taken += Math.max(0, n)) n = k.pwriteFill(task, hog, taken, pages * PAGE, 0)
    }
    const file = k.openCreate(task, sb, 'a')
    k.ftruncate(task, file, 16 * PAGE)
    return { ...world, hog, taken, file }
  }

  it('takes what fits, and then nothing', () => {
    const { task, hog, taken, file, machine } = full()
    expect(taken).toBeGreaterThan(0)
    expect(taken % PAGE).toBe(0)
    expect(taken / PAGE).toBeLessThan(machine.memory.pmemPages)
    expect(hog.inode.size).toBe(taken)
    expect(k.pwriteFill(task, file, 0, 1, 1)).toBe(-core.ENOSPC)
    expect(k.fallocate(task, file, 0, PAGE)).toBe(-core.ENOSPC)
    expect([k.preadByte(task, file, 0), k.preadByte(task, hog, taken)]).toEqual([0, null])
  })

  it('gives SIGBUS to a store that needs a block, and zeros to a load', () => {
    const { task, file } = full()
    map(k, task, file)
    expect([k.load(task, slot(0)), outcome(task)]).toEqual([0, 'ok'])
    expect([k.store(task, slot(0), 1), outcome(task)]).toEqual([-1, 'SIGBUS/BUS_ADRERR'])
    expect([k.store(task, slot(0) + PAGE, 1), outcome(task)]).toEqual([-1, 'SIGBUS/BUS_ADRERR'])
    expect([k.load(task, slot(0)), entry(file, 0)]).toEqual([0, 'zero D'])
    // A private copy needs no block.
    map(k, task, file, { n: 1, kind: 'private' })
    expect([k.store(task, slot(1), 1), k.load(task, slot(1))]).toEqual([0, 1])
  })

  it('can be stored to again once something is gone', () => {
    const { task, hog, file } = full()
    map(k, task, file)
    k.punchHole(task, hog, 0, 64 * PAGE)
    // Blocks come back with the next commit: the fault commits by itself and tries again.
    expect([k.store(task, slot(0), 1), outcome(task), k.load(task, slot(0))]).toEqual([0, 'ok', 1])
  })

  it('can be stored to where blocks are', () => {
    const { task, hog } = full()
    map(k, task, hog)
    expect([k.store(task, slot(0), 1), k.preadByte(task, hog, 0)]).toEqual([0, 1])
  })
})
