import { type DefectName, STEP_BLOCKED, type Steps, type Task } from '@mm-model/core'
import { type DaxFile, PAGECACHE_TAG_DIRTY } from '@mm-model/dax'
import { describe, expect, it } from 'vitest'
import { forms, plain as k, steps } from './forms.ts'
import { createWorld, entry, leaf, map, PAGE, slot, type World } from './world.ts'

/** A file of 16 written pages, mapped, with nothing dirty and nothing in the journal. */
function written(pages = 16, cpus = 1, defects: readonly DefectName[] = []): World & { file: DaxFile } {
  const world = createWorld({ cpus, defects })
  const { task, sb } = world
  const file = k.openCreate(task, sb, 'a')
  k.pwriteFill(task, file, 0, pages * PAGE, 0x78)
  k.fsync(task, file)
  map(k, task, file, { pages })
  return { ...world, file }
}

const DIRTY = 0x40n
const RW = 0x2n
const rights = (t: Task, address: number): bigint => {
  const bits = /[0-9a-f]{16}/.exec(leaf(t, address))
  return bits === null ? 0n : BigInt(`0x${bits[0]}`) & (DIRTY | RW)
}

/** Whether the entry carries its dirty tag, and what the leaf allows, before each step: each change once. */
function story(run: Steps<unknown>, t: Task, file: DaxFile): string[] {
  const states: string[] = []
  for (let done = false; !done; ) {
    const allowed = rights(t, slot(0)) === 0n ? '' : ', leaf writable or dirty'
    const state = `${entry(file, 0)}${allowed}`
    if (states.at(-1) !== state) states.push(state)
    done = run.next().done === true
  }
  const state = entry(file, 0)
  if (states.at(-1) !== state) states.push(state)
  return states
}

describe('writeback of an entry', () => {
  it('tags for writing, locks, untags that, cleans, and takes the dirty tag last', () => {
    const { task, file } = written()
    k.store(task, slot(0), 1)
    expect(story(steps.fsync(task, file), task, file)).toEqual([
      'block D, leaf writable or dirty',
      'block DT, leaf writable or dirty',
      'block locked D, leaf writable or dirty',
      'block locked D',
      'block',
    ])
  })

  it('finds an entry locked from its first moment to the leaf', () => {
    const { task, file } = written()
    expect(story(steps.store(task, slot(0), 1), task, file)).toEqual([
      'none',
      'empty locked',
      'block locked D',
      'block locked D, leaf writable or dirty',
      'block D, leaf writable or dirty',
      'block D',
    ])
  })

  it('never shows a page clean that a leaf can still make dirty', () => {
    const { task, file, machine } = written(16, 2)
    const other = machine.addTask(task.mm, 1)
    map(k, task, file, { n: 1, pgoff: 3, pages: 4 })
    for (const page of [0, 3, 5]) k.store(task, slot(0) + page * PAGE, 1)
    k.store(other, slot(1) + PAGE, 1)
    const run = steps.fsync(task, file)
    for (let next = run.next(); next.done !== true; next = run.next()) {
      for (let page = 0; page < 16; page++) {
        const dirty = /D/.test(entry(file, page))
        const allowed = rights(task, slot(0) + page * PAGE) | rights(task, slot(1) + (page - 3) * PAGE)
        expect(dirty || allowed === 0n, `page ${page}`).toBe(true)
      }
    }
    expect([0, 3, 4, 5].map((page) => entry(file, page))).toEqual(['block', 'block', 'block', 'block'])
  })
})

describe.each(forms)('in the %s form', (_form, calls) => {
  it('only the pages of the range are written back', () => {
    const { task, file, events } = written()
    for (const page of [1, 2, 3, 4]) calls.store(task, slot(0) + page * PAGE, 1)
    events.length = 0
    expect(calls.msync(task, slot(0) + 2 * PAGE, 2 * PAGE, 4)).toBe(0)
    expect([1, 2, 3, 4].map((page) => entry(file, page))).toEqual(['block D', 'block', 'block', 'block D'])
    expect(events.filter((event) => /dax_writeback/.test(event))).toEqual([
      'dax_writeback 0 0 0',
      'dax_writeback_range 2 3 0',
      'dax_writeback_one 2 1 0',
      'dax_writeback_one 3 1 0',
      'dax_writeback_range_done 40 3 0',
    ])
  })

  it('every mapping of the page is cleaned, in every address space', () => {
    const { task, file } = written()
    map(calls, task, file, { n: 1, pgoff: 2, pages: 2 })
    const child = calls.fork(task)
    calls.store(task, slot(0) + 2 * PAGE, 1)
    calls.store(task, slot(1), 1)
    calls.store(child, slot(0) + 2 * PAGE, 1)
    map(calls, task, file, { n: 2, kind: 'private' })
    calls.store(task, slot(2) + 2 * PAGE, 1)
    expect(calls.fsync(task, file)).toBe(0)
    const clean = '8400000000000a25 pmem'
    expect([
      leaf(task, slot(0) + 2 * PAGE),
      leaf(task, slot(1)),
      leaf(child, slot(0) + 2 * PAGE),
      leaf(task, slot(2) + 2 * PAGE),
    ]).toEqual([clean, clean, clean, '8000000000000867 ram'])
    // Each notices the next store by itself.
    calls.store(child, slot(0) + 2 * PAGE, 2)
    expect([leaf(task, slot(1)), entry(file, 2)]).toEqual([clean, 'block D'])
  })

  it('a second fsync has nothing to do', () => {
    const { task, file, events } = written()
    calls.store(task, slot(0), 1)
    calls.fsync(task, file)
    events.length = 0
    expect(calls.fsync(task, file)).toBe(0)
    expect(events).toEqual([])
    expect(file.inode.entries.marked(PAGECACHE_TAG_DIRTY)).toBe(false)
  })

  it('a 2 MiB entry is written back whole, once', () => {
    const { task, file, events } = written(1024)
    calls.store(task, slot(0) + 700 * PAGE, 1)
    events.length = 0
    expect(calls.msync(task, slot(0) + 600 * PAGE, PAGE, 4)).toBe(0)
    expect(events.filter((event) => /dax_writeback_one/.test(event))).toEqual(['dax_writeback_one 200 200 0'])
    expect(entry(file, 512)).toBe('block 2M')
  })

  it('a 2 MiB entry is cleaned through a mapping that begins inside it', () => {
    const { task, file } = written(1024)
    map(calls, task, file, { n: 1, pgoff: 700, pages: 8 })
    calls.load(task, slot(0) + 512 * PAGE)
    calls.store(task, slot(1), 1)
    expect([entry(file, 700), leaf(task, slot(1))]).toEqual(['block 2M D', '8400000000000a67 pmem'])
    expect(calls.fsync(task, file)).toBe(0)
    expect([entry(file, 700), leaf(task, slot(1))]).toEqual(['block 2M', '8400000000000a25 pmem'])
  })

  it('pages beyond what is mapped and private copies are left alone', () => {
    const { task, file } = written()
    expect(calls.munmap(task, slot(0), 16 * PAGE)).toBe(0)
    map(calls, task, file, { pgoff: 4, pages: 2 })
    calls.store(task, slot(0), 1)
    expect(calls.fsync(task, file)).toBe(0)
    expect([entry(file, 4), entry(file, 5), leaf(task, slot(0))]).toEqual([
      'block',
      'none',
      '8400000000000a25 pmem',
    ])
  })
})

const REPAIRED: readonly DefectName[] = ['writeback-waits-for-locked']

describe('a locked entry', () => {
  /** A store that holds the entry of page 0, and has not installed its leaf. */
  function storing(world: World & { file: DaxFile }, t: Task): Steps<number> {
    const run = steps.store(t, slot(0), 2)
    while (!/locked/.test(entry(world.file, 0))) run.next()
    return run
  }

  function toBlock(run: Steps<unknown>): boolean {
    for (let next = run.next(); next.done !== true; next = run.next()) {
      if (next.value === STEP_BLOCKED) return true
    }
    return false
  }

  it('is passed by by writeback, which returns while another still cleans the page', () => {
    // Asked: two fdatasync on Debian's 6.1.176 and 6.12.111 (tooling/kernel-capture/docs/two-fsyncs.md).
    const { task, file, machine } = written(16, 2)
    const other = machine.addTask(task.mm, 1)
    k.store(task, slot(0), 1)
    const first = steps.fsync(other, file)
    while (!/locked/.test(entry(file, 0))) first.next()
    expect(k.fsync(task, file)).toBe(0)
    expect([entry(file, 0), rights(task, slot(0))]).toEqual(['block locked DT', DIRTY | RW])
    while (first.next().done !== true);
    expect([entry(file, 0), rights(task, slot(0))]).toEqual(['block T', 0n])
  })

  it('repaired, is waited for by writeback, which then has it', () => {
    const world = written(16, 2, REPAIRED)
    const { task, file, machine } = world
    const other = machine.addTask(task.mm, 1)
    k.store(task, slot(0), 1)
    k.madvise(task, slot(0), PAGE, 4)
    const store = storing(world, other)
    const writeback = steps.fsync(task, file)
    expect(toBlock(writeback)).toBe(true)
    expect(task.waitsFor?.name).toBe('the entry of a at page 0')
    while (store.next().done !== true);
    expect(leaf(task, slot(0))).toBe('8400000000000a67 pmem')
    while (writeback.next().done !== true);
    expect([leaf(task, slot(0)), entry(file, 0)]).toEqual(['8400000000000a25 pmem', 'block'])
    expect(k.load(task, slot(0))).toBe(2)
  })

  it('of a zero page makes the repaired fsync fail when it was locked: 6.1 tags on loads', () => {
    const { task, machine, sb } = createWorld({ cpus: 2, defects: REPAIRED })
    const file = k.openCreate(task, sb, 'a')
    k.ftruncate(task, file, 16 * PAGE)
    map(k, task, file)
    k.load(task, slot(0))
    expect(entry(file, 0)).toBe('zero D')
    k.madvise(task, slot(0), PAGE, 4)
    const other = machine.addTask(task.mm, 1)
    const load = steps.load(other, slot(0))
    while (!/locked/.test(entry(file, 0))) load.next()
    const writeback = steps.fsync(task, file)
    expect(toBlock(writeback)).toBe(true)
    while (load.next().done !== true);
    let next = writeback.next()
    while (next.done !== true) next = writeback.next()
    expect(next.value).toBe(-5)
  })

  it('makes a second store wait, which then finds the leaf there', () => {
    const world = written(16, 2)
    const { task, file, machine, events } = world
    const other = machine.addTask(task.mm, 1)
    const first = storing(world, task)
    const second = steps.store(other, slot(0) + 1, 3)
    expect(toBlock(second)).toBe(true)
    while (first.next().done !== true);
    while (second.next().done !== true);
    expect([k.load(task, slot(0)), k.load(task, slot(0) + 1), entry(file, 0)]).toEqual([2, 3, 'block D'])
    expect(events.filter((event) => event.startsWith('page_fault_user'))).toHaveLength(2)
  })

  it('in a plain run is a deadlock that names it', () => {
    const world = written(16, 2)
    const store = storing(world, world.machine.addTask(world.task.mm, 1))
    expect(store.next().done).toBe(false)
    expect(() => k.store(world.task, slot(0), 1)).toThrowError(
      expect.objectContaining({
        code: 'DEADLOCK',
        found: 'a task that waits for the entry of a at page 0, which nobody will release',
      }),
    )
  })
})

describe('writeback against a store', () => {
  it('ends with the page dirty again if the store came after the cleaning', () => {
    const { task, file, machine } = written(16, 2)
    const other = machine.addTask(task.mm, 1)
    k.store(task, slot(0), 1)
    const writeback = steps.fsync(task, file)
    while (rights(task, slot(0)) !== 0n) writeback.next()
    const store = steps.store(other, slot(0), 2)
    let blocked = false
    for (let next = store.next(); next.done !== true; next = store.next()) {
      blocked ||= next.value === STEP_BLOCKED
      // The one who waits lets the other go on.
      if (next.value === STEP_BLOCKED) writeback.next()
    }
    while (writeback.next().done !== true);
    expect([blocked, entry(file, 0), leaf(task, slot(0))]).toEqual([true, 'block D', '8400000000000a67 pmem'])
    expect(k.load(task, slot(0))).toBe(2)
  })
})
