import {
  MADV_DONTNEED,
  MAP_PRIVATE,
  RwSem,
  runSteps,
  STEP_ENTRY_READ,
  STEP_ENTRY_WRITE,
  STEP_LOCK,
  STEP_TLB_FLUSH,
  type Task,
  VM_FAULT_FALLBACK,
} from '@mm-model/core'
import * as plain from '@mm-model/core/plain'
import * as steps from '@mm-model/core/steps'
import { describe, expect, it } from 'vitest'
import { callsOf } from './forms.ts'
import { Run, waitsFor } from './interleave.ts'
import { retry } from './strategies.ts'
import { clean, TinyFile } from './tiny-file.ts'
import { at, createWorld, leaf, mapAnon, mapFile, outcome, PAGE } from './world.ts'

const k = callsOf.plain

function threads(options: Parameters<typeof createWorld>[0] = {}) {
  const world = createWorld({ cpus: 2, ...options })
  return { ...world, a: world.task, b: world.machine.addTask(world.task.mm, 1) }
}

const faults = (events: string[]): string[] => events.filter((event) => event.startsWith('page_fault_user'))

describe('locks of a stepped run', () => {
  const sem = () => new RwSem('the semaphore', 1)

  it('are shared by readers, and kept from a writer until the last is gone', () => {
    const { a, b } = threads()
    const lock = sem()
    runSteps(steps.downRead(a, lock))
    runSteps(steps.downRead(b, lock))
    const write = new Run(steps.downWrite(a, lock)).on()
    expect([write.isBlocked, waitsFor(a)]).toEqual([true, 'the semaphore'])
    runSteps(steps.upRead(b, lock))
    expect(write.on().isBlocked).toBe(true)
    runSteps(steps.upRead(a, lock))
    expect(write.on().done).toBe(true)
    expect([lock.writer, lock.readers]).toEqual([a, 0])
    const read = new Run(steps.downRead(b, lock)).on()
    expect([read.isBlocked, waitsFor(b)]).toEqual([true, 'the semaphore'])
    runSteps(steps.upWrite(a, lock))
    expect(read.on().done).toBe(true)
  })

  it('are for one writer', () => {
    const { a, b } = threads()
    const lock = sem()
    runSteps(steps.downWrite(a, lock))
    const other = new Run(steps.downWrite(b, lock)).on()
    expect(other.isBlocked).toBe(true)
    runSteps(steps.upWrite(a, lock))
    expect(other.on().done).toBe(true)
    expect(lock.writer).toBe(b)
  })

  it('of a page table belong to one task', () => {
    const { a, b, machine } = threads()
    const table = machine.pageTables.allocTable()
    runSteps(steps.lockTable(a, table))
    const other = new Run(steps.lockTable(b, table)).on()
    expect([other.isBlocked, waitsFor(b)]).toEqual([true, `page-table lock of table ${table}`])
    runSteps(steps.unlockTable(a, table))
    expect(other.on().done).toBe(true)
    expect(machine.pageTables.ptl[table]).toBe(b.id)
  })

  it('can be seen before they are taken and after they are released', () => {
    const { a } = threads()
    const lock = sem()
    const down = new Run(steps.downWrite(a, lock)).step()
    expect([down.at, lock.writer]).toEqual([STEP_LOCK, null])
    expect(down.step().done).toBe(true)
    const up = new Run(steps.upWrite(a, lock)).step()
    expect([up.done, lock.writer]).toEqual([false, null])
  })
})

describe.each([
  ['steps', callsOf.steps],
  ['plain', callsOf.plain],
])('a lock that is not held (%s)', (_form, calls) => {
  it.each<[string, (t: Task, other: Task, lock: RwSem) => void]>([
    ['is not read-released', (t, _other, lock) => calls.upRead(t, lock)],
    ['is not write-released', (t, _other, lock) => calls.upWrite(t, lock)],
    [
      'is not released by another task',
      (t, other, lock) => {
        calls.downWrite(other, lock)
        calls.upWrite(t, lock)
      },
    ],
    [
      'is not released as the other kind',
      (t, _other, lock) => {
        calls.downRead(t, lock)
        calls.upWrite(t, lock)
      },
    ],
  ])('%s', (_what, act) => {
    const { a, b } = threads()
    expect(() => act(a, b, new RwSem('L', 1))).toThrowError(
      expect.objectContaining({
        code: 'LOCK_NOT_HELD',
        found: 'a release of L, which this task does not hold',
      }),
    )
  })
})

describe('a plain run never waits', () => {
  it.each([
    ['for a reader', 'downRead', 'downWrite', false],
    ['for a writer', 'downWrite', 'downRead', false],
    ['for itself', 'downWrite', 'downWrite', true],
  ] as const)('%s', (_what, held, wanted, own) => {
    const { a, b } = threads()
    const lock = new RwSem('L', 1)
    k[held](own ? a : b, lock)
    expect(() => k[wanted](a, lock)).toThrowError(
      expect.objectContaining({
        code: 'DEADLOCK',
        found: 'a task that waits for L, which nobody will release',
      }),
    )
  })

  it('for mmap_lock or a page-table lock that a stepped task holds', () => {
    const { a, b, machine } = threads()
    mapAnon(k, a)
    k.store(a, at(0), 1)
    const mprotect = new Run(steps.mprotect(a, at(0), PAGE, 1)).to(STEP_TLB_FLUSH)
    expect(() => k.munmap(b, at(0), PAGE)).toThrowError(
      expect.objectContaining({ found: expect.stringContaining('mm1.mmap_lock') }),
    )
    mprotect.on()
    k.store(a, at(4), 1)
    const pmd = machine.pageTables.pmdSlot(a.mm.pgd, at(4))
    const table = machine.pageTables.tableAt(pmd)
    machine.pageTables.ptl[table] = b.id
    expect(() => k.store(a, at(5), 1)).toThrowError(
      expect.objectContaining({ found: expect.stringContaining(`page-table lock of table ${table},`) }),
    )
  })
})

describe('a store against writeback', () => {
  it('waits for the lock of the entry, and goes on with a fault of its own', () => {
    const { a, b, machine, events } = threads()
    const file = new TinyFile()
    mapFile(k, a, file)
    k.store(a, at(0), 1)
    // Writeback has the entry and has flushed it.
    const writeback = new Run(clean(a, file, 0, 1)).to(STEP_TLB_FLUSH).step()
    events.length = 0
    const store = new Run(steps.store(b, at(0), 2)).on()
    expect(store.isBlocked).toBe(true)
    // The entry is empty: the store takes its table's lock only after the file's.
    expect(waitsFor(b)).toBe('tiny.lock')
    expect(store.on().isBlocked).toBe(true)
    expect(writeback.on().done).toBe(true)
    expect(leaf(a, at(0))).toBe('8400000000000a25 pmem+0')
    expect(store.on().done).toBe(true)
    expect([store.result, machine.memory.readByte(file.firstPfn, 0)]).toEqual([0, 2])
    expect(leaf(a, at(0))).toBe('8400000000000a67 pmem+0')
    expect(faults(events)).toHaveLength(1)
  })

  it('keeps writeback waiting while the fault has the lock', () => {
    const { a, b } = threads()
    const file = new TinyFile()
    mapFile(k, a, file)
    const store = new Run(steps.store(a, at(0), 1)).to(STEP_ENTRY_WRITE)
    const writeback = new Run(clean(b, file, 0, 1)).on()
    expect([writeback.isBlocked, waitsFor(b)]).toEqual([true, 'tiny.lock'])
    expect(store.on().done).toBe(true)
    expect(writeback.on().done).toBe(true)
    // Stored, then cleaned: the next store is noticed.
    expect(leaf(a, at(0))).toBe('8400000000000a25 pmem+0')
  })
})

describe('two faults on one page', () => {
  it('of which the second finds it mapped writable is spurious', () => {
    const { a, b, events } = threads()
    const file = new TinyFile()
    mapFile(k, a, file)
    k.load(a, at(0))
    // Up to the exception: the walk found the entry read-only.
    const first = new Run(steps.store(a, at(0), 1)).to(STEP_LOCK)
    k.store(b, at(0), 2)
    const { length } = file.asked
    expect(first.on().result).toBe(0)
    expect(file.asked).toHaveLength(length)
    expect(leaf(a, at(0))).toBe('8400000000000a67 pmem+0')
    expect(faults(events)).toHaveLength(3)
    expect(k.load(b, at(0))).toBe(1)
  })

  it('of which the second finds it gone starts again', () => {
    const { a, b, machine } = threads()
    mapAnon(k, a)
    k.load(a, at(0))
    // The exception is for the zero page; when the fault looks, the page is b's copy; when it has the lock, nothing.
    const first = new Run(steps.store(a, at(0), 1)).to(STEP_LOCK)
    k.store(b, at(0), 2)
    expect(leaf(a, at(0))).toBe('8000000000000867 ram')
    first.to(STEP_LOCK)
    k.madvise(b, at(0), PAGE, MADV_DONTNEED)
    expect([leaf(a, at(0)), machine.memory.ramInUse]).toEqual(['none', 0])
    expect(first.on().result).toBe(0)
    expect([leaf(a, at(0)), k.load(b, at(0)), machine.memory.ramInUse]).toEqual([
      '8000000000000867 ram',
      1,
      1,
    ])
  })

  it('of which one finds 2 MiB mapped when it comes down to the page', () => {
    const { a, b } = threads()
    const file = new TinyFile({ huge: true, pages: 1024 })
    mapFile(k, a, file, { first: 256, pages: 512 })
    // Neither 1 GiB nor 2 MiB, it is told.
    file.answers.push(VM_FAULT_FALLBACK, VM_FAULT_FALLBACK)
    const load = new Run(steps.load(a, at(300)))
    while (file.asked.length < 2) load.step()
    k.store(b, at(300), 7)
    expect(leaf(a, at(300))).toBe('pmd 84000000000008e7 pmem+0')
    expect(load.on().result).toBe(7)
    expect(leaf(a, at(300))).toBe('pmd 84000000000008e7 pmem+0')
  })

  it('copy a private page once', () => {
    const { a, b, machine } = threads()
    mapFile(k, a, new TinyFile(), { flags: MAP_PRIVATE })
    k.load(a, at(0))
    // The copy is made and the table's lock not yet taken.
    const first = new Run(steps.store(a, at(0), 1))
    while (machine.memory.ramInUse === 0) first.step()
    k.store(b, at(0) + 1, 2)
    expect(machine.memory.ramInUse).toBe(2)
    expect(first.on().result).toBe(0)
    expect(machine.memory.ramInUse).toBe(1)
    expect([k.load(a, at(0)), k.load(a, at(0) + 1)]).toEqual([1, 2])
  })

  it('make one page of anonymous memory', () => {
    const { a, b, machine } = threads()
    mapAnon(k, a)
    const first = new Run(steps.store(a, at(0), 1))
    while (machine.memory.ramInUse === 0) first.step()
    k.store(b, at(0) + 1, 2)
    expect(first.on().result).toBe(0)
    expect(machine.memory.ramInUse).toBe(1)
    expect([k.load(b, at(0)), k.load(b, at(0) + 1)]).toEqual([1, 2])
  })

  it('of which one maps what the other then upgrades', () => {
    const { a, b, events } = threads({ strategy: retry })
    const file = new TinyFile()
    mapFile(k, a, file)
    // Past the look at the empty entry, before the handler.
    const load = new Run(steps.load(a, at(0)))
    while (file.asked.length === 0) load.step()
    k.store(b, at(0), 7)
    expect(leaf(a, at(0))).toBe('8400000000000a67 pmem+0')
    expect(load.on().result).toBe(7)
    // insert_pfn leaves an entry alone that is there.
    expect(leaf(a, at(0))).toBe('8400000000000a67 pmem+0')
    expect(faults(events)).toHaveLength(3)
  })
})

describe('a fault against mmap_lock', () => {
  it('keeps munmap waiting, and is not hurt by it', () => {
    const { a, b } = threads()
    mapAnon(k, a)
    const store = new Run(steps.store(a, at(0), 1)).to(STEP_ENTRY_WRITE)
    const munmap = new Run(steps.munmap(b, at(0), 8 * PAGE)).on()
    expect([munmap.isBlocked, waitsFor(b)]).toEqual([true, 'mm1.mmap_lock'])
    expect(store.on().done).toBe(true)
    expect(munmap.on().result).toBe(0)
    expect([k.load(a, at(0)), outcome(a)]).toEqual([-1, 'SIGSEGV/SEGV_MAPERR'])
  })

  it('waits for mprotect, and then sees its rights', () => {
    const { a, b } = threads()
    mapAnon(k, a)
    k.store(a, at(0), 1)
    const mprotect = new Run(steps.mprotect(a, at(0), PAGE, 1)).to(STEP_TLB_FLUSH)
    const store = new Run(steps.store(b, at(0), 1)).on()
    expect([store.isBlocked, waitsFor(b)]).toEqual([true, 'mm1.mmap_lock'])
    mprotect.on()
    store.on()
    expect([store.result, outcome(b)]).toEqual([-1, 'SIGSEGV/SEGV_ACCERR'])
  })

  it('runs beside another fault', () => {
    const { a, b } = threads()
    mapAnon(k, a)
    const first = new Run(steps.store(a, at(0), 1)).to(STEP_ENTRY_READ)
    const second = new Run(steps.store(b, at(1), 2)).on()
    expect([second.done, first.on().done]).toEqual([true, true])
    expect([k.load(a, at(0)), k.load(a, at(1))]).toEqual([1, 2])
  })
})

it('every step of a run is one of the STEP_ numbers, and the plain form has none', () => {
  const { a } = threads()
  mapAnon(k, a)
  const seen = new Set<number>()
  for (const run of [
    steps.store(a, at(0), 1),
    steps.mprotect(a, at(0), PAGE, 1),
    steps.fork(a),
    steps.munmap(a, at(0), PAGE),
  ]) {
    for (let next = run.next(); next.done !== true; next = run.next()) seen.add(next.value)
  }
  expect([...seen].toSorted((x, y) => x - y)).toEqual([1, 2, 4, 5, 6, 8])
  expect(plain.load(a, at(1))).toBe(0)
})
