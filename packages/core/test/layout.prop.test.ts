import {
  EACCES,
  EFAULT,
  EINVAL,
  ENOMEM,
  MADV_DOFORK,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  VM_DONTCOPY,
  VM_LOCKED,
} from '@mm-model/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Calls, forms } from './forms.ts'
import { complaints } from './layout.ts'
import { TinyFile } from './tiny-file.ts'
import { at, createWorld, outcome, PAGE, type World } from './world.ts'

/** The playground crosses a 2 MiB border, so that tables come and go. */
const FIRST = 240
const PAGES = 32
const FILE_PAGES = 48

/** What one page of an address space is. */
interface Page {
  prot: number
  kind: 'anon' | 'shared' | 'private'
  /** Page of the file. */
  pgoff: number
  locked: boolean
  dontfork: boolean
  /** Byte of a page of its own; undefined where the file's, or zeros, are seen. */
  own: number | undefined
}

/** The naive twin: an address space as a list of pages, and a file as a list of bytes. */
class NaiveSpace {
  readonly pages: (Page | undefined)[] = Array.from({ length: PAGES }, () => undefined)
  readonly file: number[] = Array.from({ length: FILE_PAGES }, () => 0)

  /** Page by page until a hole, which ends it. */
  untilHole(first: number, count: number, change: (page: Page) => void): number {
    for (let i = first; i < first + count; i++) {
      const page = this.pages[i]
      if (page === undefined) return -ENOMEM
      change(page)
    }
    return 0
  }

  /** Every page there is; holes are reported at the end. */
  overHoles(first: number, count: number, change: (page: Page) => void): number {
    let result = 0
    for (let i = first; i < first + count; i++) {
      const page = this.pages[i]
      if (page === undefined) result = -ENOMEM
      else change(page)
    }
    return result
  }

  byteOf(page: Page): number {
    if (page.own !== undefined) return page.own
    return page.kind === 'anon' ? 0 : this.file[page.pgoff]!
  }
}

const first = fc.nat(PAGES - 1)
const count = fc.integer({ min: 1, max: 12 })
const prot = fc.constantFrom(0, 1, 1, 3, 3, 3, 4, 7)
const kind = fc.constantFrom('anon' as const, 'anon' as const, 'shared' as const, 'private' as const)

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('mmap' as const),
      first,
      count,
      prot,
      kind,
      pgoff: fc.nat(3).map((n) => n * 8),
    }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('munmap' as const), first, count }) },
  { weight: 6, arbitrary: fc.record({ op: fc.constant('mprotect' as const), first, count, prot }) },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant('move' as const), first, count, to: first, grown: fc.nat(3) }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('mlock' as const), first, count }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('fork' as const), first, count, on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('dontneed' as const), first, count }) },
  {
    weight: 10,
    arbitrary: fc.record({
      op: fc.constant('store' as const),
      first,
      byte: fc.integer({ min: 1, max: 255 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ op: fc.constant('load' as const), first }) },
)

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never

function run(k: Calls, world: World, file: TinyFile, naive: NaiveSpace, c: Command): void {
  const t = world.task
  const address = at(FIRST + c.first)
  const pages = 'count' in c ? Math.min(c.count, PAGES - c.first) : 1
  const length = pages * PAGE
  switch (c.op) {
    case 'mmap': {
      const flags = MAP_FIXED | (c.kind === 'shared' ? MAP_SHARED : MAP_PRIVATE)
      const request = { address, length, prot: c.prot }
      const answer =
        c.kind === 'anon'
          ? k.mmap(t, { ...request, flags: flags | MAP_ANONYMOUS, file: null, offset: 0 })
          : k.mmap(t, { ...request, flags, file, offset: c.pgoff * PAGE })
      expect(answer).toBe(address)
      for (let i = 0; i < pages; i++) {
        const { prot, kind } = c
        naive.pages[c.first + i] = {
          prot,
          kind,
          pgoff: c.pgoff + i,
          locked: false,
          dontfork: false,
          own: undefined,
        }
      }
      return
    }
    case 'munmap':
      expect(k.munmap(t, address, length)).toBe(0)
      naive.pages.fill(undefined, c.first, c.first + pages)
      return
    case 'mprotect':
      expect(k.mprotect(t, address, length, c.prot)).toBe(
        naive.untilHole(c.first, pages, (page) => {
          page.prot = c.prot
        }),
      )
      return
    case 'mlock': {
      const faulted = k.mlock(t, address, length)
      const locked = naive.untilHole(c.first, pages, (page) => {
        page.locked ||= page.kind === 'anon'
      })
      if (locked !== 0) {
        expect(faulted).toBe(locked)
        return
      }
      // Populating stops at a page without any right, and gives a private writable page its own copy.
      let stopped = false
      naive.untilHole(c.first, pages, (page) => {
        stopped ||= page.prot === 0
        if (!stopped && page.kind !== 'shared' && (page.prot & 2) !== 0) page.own ??= naive.byteOf(page)
      })
      expect(faulted).toBe(stopped ? -ENOMEM : 0)
      return
    }
    case 'fork':
      expect(k.madvise(t, address, length, c.on ? MADV_DONTFORK : MADV_DOFORK)).toBe(
        naive.overHoles(c.first, pages, (page) => {
          page.dontfork = c.on
        }),
      )
      return
    case 'dontneed': {
      let error = 0
      const result = naive.overHoles(c.first, pages, (page) => {
        if (page.locked) error = -EINVAL
        if (error === 0) page.own = undefined
      })
      expect(k.madvise(t, address, length, MADV_DONTNEED)).toBe(error || result)
      return
    }
    case 'move': {
      const size = Math.min(pages + c.grown, PAGES - c.to)
      const answer = k.mremap(
        t,
        address,
        length,
        size * PAGE,
        MREMAP_MAYMOVE | MREMAP_FIXED,
        at(FIRST + c.to),
      )
      move(naive, c.first, pages, c.to, size, answer)
      return
    }
    case 'store':
    case 'load': {
      const page = naive.pages[c.first]
      const right = c.op === 'store' ? 2 : 7
      const expected =
        page === undefined ? 'SIGSEGV/SEGV_MAPERR' : (page.prot & right) === 0 ? 'SIGSEGV/SEGV_ACCERR' : 'ok'
      if (c.op === 'store') k.store(t, address + 9, c.byte)
      const loaded = c.op === 'load' ? k.load(t, address + 9) : 0
      expect(outcome(t)).toBe(expected)
      if (page === undefined || expected !== 'ok') return
      if (c.op === 'load') expect(loaded).toBe(naive.byteOf(page))
      else if (page.kind === 'shared') naive.file[page.pgoff] = c.byte
      else page.own = c.byte
    }
  }
}

/** `mremap` to a fixed place, by the order of its checks; which areas there are is taken from the answer. */
function move(
  naive: NaiveSpace,
  from: number,
  pages: number,
  to: number,
  size: number,
  answer: number,
): void {
  const source = naive.pages.slice(from, from + pages)
  if (source[0] === undefined) {
    expect(answer).toBe(-EFAULT)
    return
  }
  if (from < to + size && to < from + pages) {
    expect(answer).toBe(-EINVAL)
    return
  }
  naive.pages.fill(undefined, to, to + size)
  if (pages > size) naive.pages.fill(undefined, from + size, from + pages)
  if (answer < 0) {
    // Over the border of an area; only one area moves at a time.
    expect(answer).toBe(-EFAULT)
    return
  }
  const moved = source.slice(0, size)
  expect(moved.every((page) => page?.kind === source[0]!.kind && page.prot === source[0]!.prot)).toBe(true)
  for (const [i, page] of moved.entries()) naive.pages[to + i] = page
  for (let i = pages; i < size; i++) {
    naive.pages[to + i] = { ...source[0], pgoff: source[0].pgoff + i, own: undefined }
  }
  naive.pages.fill(undefined, from, from + Math.min(pages, size))
  // A locked area is populated where it grew.
  if (source[0].locked && source[0].prot !== 0 && (source[0].prot & 2) !== 0) {
    for (let i = pages; i < size; i++) naive.pages[to + i]!.own = 0
  }
}

function agree(k: Calls, world: World, naive: NaiveSpace): void {
  const t = world.task
  expect(complaints(t)).toEqual([])
  for (let i = 0; i < PAGES; i++) {
    const address = at(FIRST + i)
    const page = naive.pages[i]
    const vma = t.mm.areas.findIntersection(address, address + 1)
    expect(vma === null).toBe(page === undefined)
    if (vma === null || page === undefined) continue
    expect(vma.vmFlags & 7).toBe(page.prot)
    expect((vma.vmFlags & VM_LOCKED) !== 0).toBe(page.locked)
    expect((vma.vmFlags & VM_DONTCOPY) !== 0).toBe(page.dontfork)
    if (page.kind !== 'anon') expect(vma.linearPageIndex(address)).toBe(page.pgoff)
    if (page.prot !== 0) expect(k.load(t, address + 9)).toBe(naive.byteOf(page))
  }
}

it.each(forms)('any address space is its pages, in the %s form', { timeout: 60_000 }, (_form, k) => {
  fc.assert(
    fc.property(fc.array(command, { minLength: 1, maxLength: 40 }), (commands) => {
      const world = createWorld()
      const { machine } = world
      const tables = machine.pageTables.inUse
      const file = new TinyFile({ pages: FILE_PAGES })
      const naive = new NaiveSpace()
      for (const c of commands) run(k, world, file, naive, c)
      agree(k, world, naive)
      // The file itself holds what was stored through shared mappings, and nothing else.
      naive.file.forEach((byte, page) => {
        expect(machine.memory.readByte(file.firstPfn + page, 9)).toBe(byte)
      })
      expect(k.munmap(world.task, at(FIRST), PAGES * PAGE)).toBe(0)
      expect([machine.memory.ramInUse, machine.pageTables.inUse, file.mapping.isMapped]).toEqual([
        0,
        tables,
        false,
      ])
    }),
  )
})

it('mprotect takes rights that the file allows, and no others', () => {
  const k = forms[0]![1]
  const world = createWorld()
  const file = new TinyFile({ mode: 1 })
  const address = at(0)
  k.mmap(world.task, { address, length: PAGE, prot: 1, flags: MAP_SHARED | MAP_FIXED, file, offset: 0 })
  expect([k.mprotect(world.task, address, PAGE, 3), k.mprotect(world.task, address, PAGE, 5)]).toEqual([
    -EACCES,
    0,
  ])
})
