import * as core from '@mm-model/core'
import {
  errnoName,
  FMODE_READ,
  FMODE_WRITE,
  kernel61,
  MAP_SYNC,
  type Machine,
  type Task,
} from '@mm-model/core'
import { describe, expect, it } from 'vitest'
import { type Calls, forms } from './forms.ts'
import { complaints, layoutOf } from './layout.ts'
import { TinyFile } from './tiny-file.ts'
import { at, createWorld, leaf, mapAnon, mapFile, PAGE } from './world.ts'

/*
 * One call a row, and what it answers: the name of an error number, `ok` for anything that is not an error, or
 * `NOT_MODELLED`. Of several things that are wrong with a call, the answer tells which is looked at first, so rows say
 * in words what they have wrong. Pages count from the playground; `4+1` is a byte more; lengths are `2p` or bytes.
 *
 *   pages 0-4 anonymous rw · 4-8 file `a` shared rw · 8-12 nothing · 12-14 anonymous r · 14-16 anonymous rw, locked
 *   16-18 file `ro` shared r, open for reading · 18-20 file `a` private rw
 */
const MMAP = `
  mmap 8 0 rw private|anon                              → EINVAL   no length
  mmap 8 1 rw private|anon                              → ok       a length is rounded up
  mmap 8+1 1p rw private|anon                           → ok       a hint is rounded down
  mmap 8+1 1p rw private|anon|fixed                     → EINVAL   a fixed address is not
  mmap 0x7ffffffff000 1p rw private|anon|fixed          → ENOMEM   past user space
  mmap 0x7fffffffe000 1p rw private|anon|fixed          → ok       the last page
  mmap 0x7fffffffe001 2p rw private|anon|fixed          → ENOMEM   past user space, before unaligned
  mmap 8 0x800000000000 rw private|anon                 → ENOMEM   longer than user space
  mmap 8 0x800000000000 rw private                      → ENOMEM   the same, before the flags
  mmap 8 1p rw private|anon|noreplace                   → ok       free
  mmap 3 2p rw private|anon|noreplace                   → EEXIST   not free
  mmap 3 2p rw shared|noreplace ro                      → EEXIST   not free, before the file's mode
  mmap 3+1 1p rw private|anon|noreplace                 → EINVAL   it is fixed, and so has to be aligned
  mmap 8 1p rw anon                                     → EINVAL   neither shared nor private
  mmap 8 1p rw validate|anon                            → EINVAL   nothing to validate against
  mmap 8 1p rw shared|anon                              → NOT_MODELLED
  mmap 8 1p rw private|anon|growsdown                   → NOT_MODELLED
  mmap 8 1p rw private|anon|hugetlb                     → NOT_MODELLED
  mmap 0 1p rw private|anon|32bit                       → NOT_MODELLED
  mmap 8 1p rw private|anon|32bit|fixed                 → ok       a fixed address needs no search
  mmap 8 1p rw private|anon|noreserve|locked            → ok
  mmap 8 1p rw private|anon|populate                    → ok

  mmap 8 1p rw shared a                                 → ok
  mmap 8 1p rw private a                                → ok
  mmap 8 1p rw shared a@1b                              → EINVAL   offset not aligned
  mmap 8 0 rw shared a@1b                               → EINVAL
  mmap 8 1p rw none a                                   → EINVAL   neither shared nor private
  mmap 8 1p rw shared|growsdown a                       → EINVAL
  mmap 8 1p rw shared|hugetlb a                         → EINVAL   not on hugetlbfs
  mmap 8 1p rw shared ro                                → EACCES   not open for writing
  mmap 8 1p r shared ro                                 → ok
  mmap 8 1p rw private ro                               → ok       a copy may be written
  mmap 8 1p r shared wo                                 → EACCES   not open for reading
  mmap 8 1p - private wo                                → EACCES
  mmap 8 1p rw validate a                               → ok
  mmap 8 1p rw validate|sync a                          → EOPNOTSUPP   the file system does not know it
  mmap 8 1p rw validate|sync ro                         → EOPNOTSUPP   before the mode
  mmap 8 1p rw validate|sync pmem                       → ok
  mmap 8 1p rw shared|sync a                            → ok       without validation it is ignored
  mmap 8 1p rw private|sync a                           → ok
  mmap 8 1p rw shared a@0x7fffffffff000                 → ok       past every file, and no error
  mmap 8 1p rw shared a@0x7fffffffffffe000              → ok       the last page that can be asked for
  mmap 8 1p rw shared a@0x7ffffffffffff000              → EOVERFLOW
  mmap 8 1p rw shared ro@0x7ffffffffffff000             → EOVERFLOW   before the mode
  mmap 8 2p rw none a@0x7fffffffffffe000                → EOVERFLOW   before the kind
  mmap 8 1p rw shared bad                               → ENODEV   what ->mmap answers
`

const MUNMAP = `
  munmap 0 1p                   → ok
  munmap 8 1p                   → ok       nothing there
  munmap 0+1 1p                 → EINVAL   not aligned
  munmap 0 0                    → EINVAL   no length
  munmap 8 0                    → EINVAL
  munmap 0 1                    → ok       a length is rounded up
  munmap 0x7fffffffe000 1p      → ok
  munmap 0x7ffffffff000 0       → EINVAL
  munmap 0x7ffffffff000 1p      → EINVAL   past user space
  munmap 0 0x7ffffffff000       → EINVAL
`

const MPROTECT = `
  mprotect 0 1p r               → ok
  mprotect 0+1 1p r             → EINVAL   not aligned
  mprotect 0+1 0 r              → EINVAL   before the length
  mprotect 0 0 r                → ok       no length is no error
  mprotect 8 0 bad              → ok       not even with wrong rights where nothing is
  mprotect 0 1 r                → ok
  mprotect 0 1p bad             → EINVAL   rights that do not exist
  mprotect 8 1p bad             → EINVAL   before the area
  mprotect 0 1p sem             → ok
  mprotect 0 1p down            → EINVAL   no area grows
  mprotect 0 1p up              → EINVAL
  mprotect 0+1 1p down|up       → EINVAL
  mprotect 8 1p down            → ENOMEM   no area
  mprotect 10 4p down           → EINVAL   one above, inside the range
  mprotect 10 4p up             → ENOMEM
  mprotect 8 1p r               → ENOMEM   no area
  mprotect 11 2p r              → ENOMEM   a hole at the beginning
  mprotect 6 4p r               → ENOMEM   a hole in the middle
  mprotect 16 1p rw             → EACCES   a shared file that is not open for writing
  mprotect 16 1p rx             → ok
  mprotect 18 1p rwx            → ok       a private one is
  mprotect 14 4p rw             → EACCES   the second area; the first is done
  mprotect 16 8p rw             → EACCES   before the hole behind it
`

const MREMAP = `
  mremap 0 4p 4p                → ok
  mremap 0 4p 2p                → ok
  mremap 0 4p 5p                → ENOMEM   something is behind it, and it may not move
  mremap 0 4p 5p maymove        → ok
  mremap 0+1 4p 4p              → EINVAL   not aligned
  mremap 0 4p 0                 → EINVAL   no new length
  mremap 8 4p 0                 → EINVAL   before the area
  mremap 0 4p 4p bad            → EINVAL   flags that do not exist
  mremap 0 4p 4p fixed 30       → EINVAL   fixed has to say maymove
  mremap 8 1p 1p                → EFAULT   no area
  mremap 8 1p 2p                → EFAULT
  mremap 3 2p 3p                → EFAULT   over two areas
  mremap 3 2p 3p maymove        → EFAULT
  mremap 3 2p 1p                → ok       shrinking only unmaps
  mremap 0 0 4p                 → EINVAL   a private area has no second view
  mremap 4 0 4p maymove         → ok       a shared one has
  mremap 6 2p 4p                → ok       room behind it
  mremap 6 2p 7p                → ENOMEM   not enough

  mremap 0 4p 4p maymove|fixed 30        → ok
  mremap 0 4p 4p maymove|fixed 30+1      → EINVAL   new address not aligned
  mremap 8 4p 4p maymove|fixed 30+1      → EFAULT   after the area
  mremap 0 4p 4p maymove|fixed 2         → EINVAL   over itself
  mremap 0 4p 4p maymove|fixed 4         → ok       beside itself, over another
  mremap 0 1p 1p maymove|fixed 0x7ffffffff000   → EINVAL   past user space
  mremap 0 1p 0x800000000000 maymove|fixed 30   → EINVAL
  mremap 0 1p 0x800000000000 maymove     → ENOMEM
  mremap 3 2p 2p maymove|fixed 30        → EFAULT   over two areas, after unmapping the target
  mremap 0 0 4p maymove|fixed 30         → EINVAL
  mremap 0 4p 4p maymove|dontunmap       → NOT_MODELLED
  mremap 0 4p 5p maymove|dontunmap       → EINVAL   lengths differ
  mremap 0 4p 4p dontunmap               → EINVAL   it has to say maymove
`

const MADVISE = `
  madvise 0 1p dontneed         → ok
  madvise 0+1 1p dontneed       → EINVAL   not aligned
  madvise 0 0 dontneed          → ok       no length
  madvise 8 0 dontneed          → ok
  madvise 0+1 0 dontneed        → EINVAL   not aligned, before the length
  madvise 0 0 bad               → EINVAL   no such advice, before the length
  madvise 8 1p dontneed         → ENOMEM   no area
  madvise 6 4p dontneed         → ENOMEM   a hole: the rest is done
  madvise 40 1p dontneed        → ENOMEM   nothing above either
  madvise 14 1p dontneed        → EINVAL   locked
  madvise 8 7p dontneed         → EINVAL   a hole, then locked
  madvise 14 1p free            → EINVAL   locked
  madvise 0 1p free             → ok
  madvise 4 1p free             → EINVAL   not anonymous
  madvise 18 1p free            → EINVAL   private, but of a file
  madvise 0 1p remove           → EINVAL   no file
  madvise 4 1p remove           → ok
  madvise 14 1p remove          → EINVAL   locked
  madvise 16 1p remove          → EACCES   not writable
  madvise 18 1p remove          → EACCES   not shared
  madvise 0 1p dontfork         → ok
  madvise 0 1p dofork           → ok
  madvise 4 1p hugepage         → ok
  madvise 4 1p nohugepage       → ok
  madvise 0 1p willneed         → ok
  madvise 4 1p willneed         → ok
  madvise 8 1p willneed         → ENOMEM
  madvise 0 4p populate_read    → ok
  madvise 0 4p populate_write   → ok
  madvise 12 1p populate_read   → ok
  madvise 12 1p populate_write  → EINVAL   not writable
  madvise 16 1p populate_write  → EINVAL
  madvise 8 1p populate_read    → ENOMEM
  madvise 6 3p populate_read    → ENOMEM   a hole at the end
  madvise 40 1p populate_write  → ENOMEM
  madvise 0 1p normal           → NOT_MODELLED
  madvise 0+1 1p cold           → NOT_MODELLED
`

const MLOCK = `
  mlock 0 1p                    → ok
  mlock 0+1 1p                  → ok       rounded to pages
  mlock 3+1 1p                  → ok       pages 3 and 4
  mlock 0 0                     → ok
  mlock 8 0                     → ok
  mlock 8 1p                    → ENOMEM   no area
  mlock 6 4p                    → ENOMEM   a hole
  mlock 4 4p                    → ok       a file on DAX is never locked, only populated
  mlock none 1p                 → ENOMEM   nothing may be faulted in there
`

const MSYNC = `
  msync 0 1p sync               → ok
  msync 4 4p sync               → ok
  msync 4+1 1p sync             → EINVAL   not aligned
  msync 4 1p bad                → EINVAL   flags that do not exist
  msync 4 1p sync|async         → EINVAL   both
  msync 4 0 sync                → ok
  msync 8 0 sync                → ok
  msync 4 1p none               → ok
  msync 8 1p sync               → ENOMEM
  msync 8 1p async              → ENOMEM
  msync 8 1p none               → ENOMEM
  msync 6 6p sync               → ENOMEM   a hole at the end
  msync 6 8p sync               → ENOMEM   a hole in the middle: the rest is done
  msync 6 8p async              → ENOMEM   a hole in the middle
  msync 14 1p sync              → ok       locked
  msync 14 1p invalidate        → EBUSY    locked
  msync 12 4p sync|invalidate   → EBUSY    the second area
  msync 8 8p invalidate         → EBUSY    a hole, then locked
`

const FLAGS: Record<string, Record<string, number>> = {
  mmap: {
    none: 0,
    shared: core.MAP_SHARED,
    private: core.MAP_PRIVATE,
    validate: core.MAP_SHARED_VALIDATE,
    fixed: core.MAP_FIXED,
    noreplace: core.MAP_FIXED_NOREPLACE,
    anon: core.MAP_ANONYMOUS,
    sync: core.MAP_SYNC,
    locked: core.MAP_LOCKED,
    populate: core.MAP_POPULATE,
    noreserve: core.MAP_NORESERVE,
    growsdown: core.MAP_GROWSDOWN,
    hugetlb: core.MAP_HUGETLB,
    '32bit': core.MAP_32BIT,
  },
  prot: {
    '-': 0,
    r: 1,
    rw: 3,
    rx: 5,
    rwx: 7,
    bad: 0x10,
    sem: core.PROT_READ | core.PROT_SEM,
    down: core.PROT_GROWSDOWN,
    up: core.PROT_GROWSUP,
  },
  mremap: {
    bad: 8,
    maymove: core.MREMAP_MAYMOVE,
    fixed: core.MREMAP_FIXED,
    dontunmap: core.MREMAP_DONTUNMAP,
  },
  madvise: {
    normal: 0,
    willneed: core.MADV_WILLNEED,
    dontneed: core.MADV_DONTNEED,
    free: core.MADV_FREE,
    remove: core.MADV_REMOVE,
    dontfork: core.MADV_DONTFORK,
    dofork: core.MADV_DOFORK,
    hugepage: core.MADV_HUGEPAGE,
    nohugepage: core.MADV_NOHUGEPAGE,
    cold: 20,
    populate_read: core.MADV_POPULATE_READ,
    populate_write: core.MADV_POPULATE_WRITE,
    bad: 99,
  },
  msync: { none: 0, async: core.MS_ASYNC, invalidate: core.MS_INVALIDATE, sync: core.MS_SYNC, bad: 8 },
}

function flags(of: string, words: string | undefined): number {
  let value = 0
  for (const word of words?.split('|') ?? []) {
    const bit = FLAGS[of]![word]
    if (bit === undefined) throw new Error(`no ${of} flag ${word}`)
    value |= bit
  }
  return value
}

/** Page 24 is mapped without any right. */
const NONE = 24

function address(word: string): number {
  if (word === 'none') return at(NONE)
  if (word.startsWith('0x')) return Number(word)
  const [page, bytes] = word.split('+')
  return at(Number(page)) + Number(bytes ?? 0)
}

const length = (word: string): number =>
  word.endsWith('p') ? Number(word.slice(0, -1)) * PAGE : Number(word)

class Desk {
  readonly #k: Calls
  readonly machine: Machine
  readonly task: Task
  readonly #files: Record<string, TinyFile> = {
    a: new TinyFile({ name: 'a' }),
    ro: new TinyFile({ name: 'ro', mode: FMODE_READ }),
    wo: new TinyFile({ name: 'wo', mode: FMODE_WRITE }),
    pmem: new TinyFile({ name: 'pmem', mmapFlags: MAP_SYNC }),
    bad: new TinyFile({ name: 'bad' }),
  }

  constructor(k: Calls) {
    const { machine, task } = createWorld()
    this.#k = k
    this.machine = machine
    this.task = task
    mapAnon(k, task, { pages: 4 })
    mapFile(k, task, this.#files.a!, { first: 4, pages: 4 })
    mapAnon(k, task, { first: 12, pages: 2, prot: 'r' })
    mapAnon(k, task, { first: 14, pages: 2 })
    k.mlock(task, at(14), 2 * PAGE)
    mapFile(k, task, this.#files.ro!, { first: 16, pages: 2, prot: 'r' })
    mapFile(k, task, this.#files.a!, { first: 18, pages: 2, flags: core.MAP_PRIVATE })
    mapAnon(k, task, { first: NONE, pages: 1, prot: '-' })
  }

  call(text: string): number {
    const [op, first, ...rest] = text.split(/ +/)
    const start = address(first!)
    const size = length(rest[0]!)
    const k = this.#k
    switch (op) {
      case 'mmap':
        return this.#mmap(start, size, rest)
      case 'munmap':
        return k.munmap(this.task, start, size)
      case 'mprotect':
        return k.mprotect(this.task, start, size, flags('prot', rest[1]))
      case 'mremap': {
        const to = rest[3] === undefined ? 0 : address(rest[3])
        return k.mremap(this.task, start, size, length(rest[1]!), flags('mremap', rest[2]), to)
      }
      case 'madvise':
        return k.madvise(this.task, start, size, flags('madvise', rest[1]))
      case 'mlock':
        return k.mlock(this.task, start, size)
      case 'msync':
        return k.msync(this.task, start, size, flags('msync', rest[1]))
      default:
        throw new Error(`no such call: ${text}`)
    }
  }

  #mmap(start: number, size: number, [, prot, words, target]: string[]): number {
    const [name, offset] = target?.split('@') ?? []
    const file = name === undefined ? null : this.#files[name]!
    if (name === 'bad') file!.answers.push(-core.ENODEV)
    return this.#k.mmap(this.task, {
      address: start,
      length: size,
      prot: flags('prot', prot),
      flags: flags('mmap', words),
      file,
      offset: offset === undefined ? 0 : offset.endsWith('b') ? Number(offset.slice(0, -1)) : Number(offset),
    })
  }
}

/** Calls that change something although they fail: what comes before the error is done. */
const PARTLY: ReadonlySet<string> = new Set([
  'mprotect 6 4p r',
  'mprotect 14 4p rw',
  'mlock 6 4p',
  'mlock none 1p',
  'mmap 8 1p rw shared bad',
])

function answerOf(call: () => number): string {
  try {
    const answer = call()
    return answer < 0 ? errnoName(-answer) : 'ok'
  } catch (error) {
    return (error as core.MachineError).code
  }
}

describe.each(forms)('in the %s form', (_form, k) => {
  describe.each([MMAP, MUNMAP, MPROTECT, MREMAP, MADVISE, MLOCK, MSYNC])('a call', (table) => {
    const rows = table
      .split('\n')
      .map((row) => row.trim())
      .filter((row) => row !== '')
    it.each(rows)('%s', (row) => {
      const [, call, expected] = /^(.*?) +→ (\w+)/.exec(row)!
      const desk = new Desk(k)
      const before = layoutOf(desk.task)
      expect(answerOf(() => desk.call(call!))).toBe(expected)
      expect(complaints(desk.task)).toEqual([])
      if (expected === 'NOT_MODELLED') return
      if (expected !== 'ok' && !PARTLY.has(call!)) expect(layoutOf(desk.task)).toBe(before)
      // The lock is free again, whichever way the call went.
      expect([desk.task.mm.mmapLock.readers, desk.task.mm.mmapLock.writer]).toEqual([0, null])
    })
  })

  describe('at the limit of areas', () => {
    const LIMIT = 8
    const crowd = (areas: number) => {
      const world = createWorld({ kernel: { ...kernel61, maxMapCount: LIMIT } })
      // Every other page, so that nothing merges; the first one is of five pages.
      mapAnon(k, world.task, { pages: 5 })
      for (let i = 1; i < areas; i++) mapAnon(k, world.task, { first: 8 + 2 * i, pages: 1 })
      expect(world.task.mm.mapCount).toBe(areas)
      return world.task
    }

    it('mmap is refused one above it, before it looks at the address', () => {
      expect(mapAnon(k, crowd(LIMIT), { first: 100 })).toBe(at(100))
      const task = crowd(LIMIT)
      mapAnon(k, task, { first: 100 })
      const request = { length: PAGE, prot: 3, flags: 0x32, file: null, offset: 0 }
      expect(k.mmap(task, { ...request, address: at(200) })).toBe(-core.ENOMEM)
      expect(k.mmap(task, { ...request, address: at(200) + 1 })).toBe(-core.ENOMEM)
      // Even where it would merge.
      expect(k.mmap(task, { ...request, address: at(5) })).toBe(-core.ENOMEM)
    })

    it.each<[string, (t: Task) => number, number]>([
      ['munmap of a middle', (t) => k.munmap(t, at(2), PAGE), core.ENOMEM],
      ['munmap of an end', (t) => k.munmap(t, at(4), PAGE), 0],
      ['munmap of a beginning', (t) => k.munmap(t, at(0), PAGE), 0],
      ['mprotect of a middle', (t) => k.mprotect(t, at(2), PAGE, 1), core.ENOMEM],
      ['mprotect of an end', (t) => k.mprotect(t, at(4), PAGE, 1), core.ENOMEM],
      ['mprotect of the whole', (t) => k.mprotect(t, at(0), 5 * PAGE, 1), 0],
      ['mlock of an end', (t) => k.mlock(t, at(4), PAGE), core.ENOMEM],
      ['madvise of an end', (t) => k.madvise(t, at(4), PAGE, core.MADV_DONTFORK), core.EAGAIN],
      ['madvise of the whole', (t) => k.madvise(t, at(0), 5 * PAGE, core.MADV_DONTFORK), 0],
      ['madvise that splits nothing', (t) => k.madvise(t, at(2), PAGE, core.MADV_DONTNEED), 0],
    ])('%s', (_what, call, errno) => {
      const task = crowd(LIMIT)
      expect(call(task)).toBe(errno === 0 ? 0 : -errno)
      expect(complaints(task)).toEqual([])
      expect(task.mm.mapCount).toBeLessThanOrEqual(LIMIT)
    })

    it('mprotect of a middle keeps the first split if only the second is too much', () => {
      const task = crowd(LIMIT - 1)
      expect(k.mprotect(task, at(2), PAGE, 1)).toBe(-core.ENOMEM)
      expect(layoutOf(task)).toMatch(/^rw 0-2, rw 2-5, /)
    })

    it.each([
      [LIMIT - 6, 0],
      [LIMIT - 5, core.ENOMEM],
    ])('mremap to a fixed place keeps its distance (%d areas)', (areas, errno) => {
      const flags = core.MREMAP_MAYMOVE | core.MREMAP_FIXED
      const answer = k.mremap(crowd(areas), at(0), PAGE, PAGE, flags, at(100))
      expect(answer).toBe(errno === 0 ? at(100) : -errno)
    })

    it.each([
      [LIMIT - 4, 0],
      [LIMIT - 3, core.ENOMEM],
    ])('mremap to any place keeps its distance (%d areas)', (areas, errno) => {
      const answer = k.mremap(crowd(areas), at(0), PAGE, 2 * PAGE, core.MREMAP_MAYMOVE, 0)
      if (errno === 0) expect(answer).toBeGreaterThan(0)
      else expect(answer).toBe(-errno)
    })
  })

  it.each([
    ['anonymous memory', 'shared by nobody', true],
    ['a file on DAX', 'in memory anyway', false],
  ])('mmap locked: %s is %s', (what, _how, locked) => {
    const { task } = createWorld()
    if (locked) mapAnon(k, task, { flags: core.MAP_LOCKED })
    else mapFile(k, task, new TinyFile(), { flags: core.MAP_SHARED | core.MAP_LOCKED })
    expect((task.mm.areas.at(0)!.vmFlags & core.VM_LOCKED) !== 0, what).toBe(locked)
    // Both are faulted in at once.
    expect(leaf(task, at(7))).toMatch(locked ? / ram$/ : / pmem\+7$/)
  })

  it('msync asks the file for its part, and goes on without mmap_lock', () => {
    const { task } = createWorld()
    const file = new TinyFile()
    mapFile(k, task, file, { pages: 4, pgoff: 8 })
    mapAnon(k, task, { first: 4, pages: 2 })
    mapFile(k, task, file, { first: 6, pages: 4, pgoff: 20 })
    mapFile(k, task, file, { first: 10, pages: 1, flags: core.MAP_PRIVATE })
    expect(k.msync(task, at(1), 10 * PAGE, core.MS_SYNC)).toBe(0)
    expect(file.asked).toEqual([
      `fsync ${9 * PAGE}-${12 * PAGE - 1} data`,
      `fsync ${20 * PAGE}-${24 * PAGE - 1} data`,
    ])
    file.asked.length = 0
    expect(k.msync(task, at(1), 10 * PAGE, core.MS_ASYNC)).toBe(0)
    expect(file.asked).toEqual([])
    file.answers.push(-core.EIO)
    expect(k.msync(task, at(0), 10 * PAGE, core.MS_SYNC)).toBe(-core.EIO)
    expect(file.asked).toHaveLength(1)
  })

  it('madvise remove punches the file, and hands on what it answers', () => {
    const { task } = createWorld()
    const file = new TinyFile()
    mapFile(k, task, file, { pages: 4, pgoff: 8 })
    file.answers.push(-core.ENOSPC)
    expect(k.madvise(task, at(1), 2 * PAGE, core.MADV_REMOVE)).toBe(-core.ENOSPC)
    expect(file.asked).toEqual([`punch ${9 * PAGE}+${2 * PAGE}`])
  })
})

it('errnoName knows the names, and prints a number that has none', () => {
  const names = Object.entries(core).filter(
    ([name, value]) => /^E[A-Z]+$/.test(name) && typeof value === 'number',
  )
  expect(names.length).toBeGreaterThan(10)
  for (const [name, value] of names) expect(errnoName(value as number)).toBe(name)
  expect(errnoName(123)).toBe('123')
})
