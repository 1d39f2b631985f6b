import {
  FAULT_FLAG_TRIED,
  FAULT_FLAG_VMA_LOCK,
  kernel612,
  MAP_FIXED,
  PROT_READ,
  runSteps,
  STEP_LOCK,
  VM_FAULT_MAJOR,
  VM_FAULT_RETRY,
  type Vma,
  type VmFault,
} from '@mm-model/core'
import * as plain from '@mm-model/core/plain'
import * as steps from '@mm-model/core/steps'
import { describe, expect, it } from 'vitest'
import { callsOf, forms } from './forms.ts'
import { Run, waitsFor } from './interleave.ts'
import { TinyFile } from './tiny-file.ts'
import { at, createWorld, mapAnon, mapFile, outcome, PAGE, protOf } from './world.ts'

const k = callsOf.plain

/** `fault 6: 1255 = 400, 255 = 100`: each trap, with flags and result of every pass. */
function traps(events: string[]): string[] {
  const told: string[] = []
  for (const event of events.splice(0)) {
    const [name, a, b] = event.split(' ')
    const last = told.length - 1
    if (name === 'page_fault_user') told.push(`fault ${b}:`)
    else if (name === 'handle_mm_fault') told[last] += ` ${b}`
    else if (name === 'handle_mm_fault_ret') told[last] += ` = ${a}`
  }
  return told
}

function threads() {
  const world = createWorld({ cpus: 2, kernel: kernel612 })
  return { ...world, a: world.task, b: world.machine.addTask(world.task.mm, 1) }
}

const areaAt = (mm: { areas: { findVma(address: number): Vma | null } }, n: number): Vma =>
  mm.areas.findVma(at(n))!

describe.each(forms)('faults under the lock of an area, in the %s form', (_form, calls) => {
  it('leave a file to a second pass of the same trap', () => {
    const { task, events } = createWorld({ kernel: kernel612 })
    const file = new TinyFile()
    mapFile(calls, task, file)
    expect(calls.load(task, at(0))).toBe(0)
    expect(calls.store(task, at(0), 1)).toBe(0)
    expect(calls.store(task, at(1), 1)).toBe(0)
    expect(traps(events)).toEqual([
      'fault 4: 1254 = 400 254 = 100',
      'fault 7: 1255 = 400 255 = 100',
      'fault 6: 1255 = 400 255 = 100',
    ])
    expect(file.asked).toEqual(['fault 0 read', 'mkwrite 0 write', 'fault 1 write'])
  })

  it('do 2 MiB of a file in one pass', () => {
    const { task, events } = createWorld({ kernel: kernel612 })
    const file = new TinyFile({ huge: true, pages: 1024 })
    const address = 0x600000000000
    const request = { length: 1024 * PAGE, prot: protOf('rw'), flags: MAP_FIXED | 1, file, offset: 0 }
    calls.mmap(task, { address, ...request })
    expect(calls.store(task, address + 5 * PAGE, 1)).toBe(0)
    expect(traps(events)).toEqual(['fault 6: 1255 = 100'])
    expect(file.asked).toEqual(['huge 2 5 write', 'huge 1 5 write'])
  })

  it('are enough for anonymous memory, whether or not it has an anon_vma', () => {
    const { task, events } = createWorld({ kernel: kernel612 })
    mapAnon(calls, task)
    calls.load(task, at(0))
    calls.store(task, at(0), 1)
    calls.store(task, at(1), 1)
    expect(traps(events)).toEqual(['fault 4: 1254 = 0', 'fault 7: 1255 = 8', 'fault 6: 1255 = 0'])
  })

  it('leave private copies of a file to the second pass only while nothing is mapped', () => {
    const { task, events } = createWorld({ kernel: kernel612 })
    mapFile(calls, task, new TinyFile(), { flags: 2 })
    calls.store(task, at(0), 1)
    calls.load(task, at(1))
    events.length = 0
    calls.store(task, at(1), 1)
    expect(traps(events)).toEqual(['fault 7: 1255 = 8'])
  })

  it('end in the signals that they end in without it', () => {
    const { task, events } = createWorld({ kernel: kernel612 })
    mapAnon(calls, task, { prot: 'r' })
    expect([calls.store(task, at(0), 1), outcome(task)]).toEqual([-1, 'SIGSEGV/SEGV_ACCERR'])
    expect([calls.load(task, at(8)), outcome(task)]).toEqual([-1, 'SIGSEGV/SEGV_MAPERR'])
    expect(traps(events)).toEqual(['fault 6:', 'fault 4:'])
    mapFile(calls, task, new TinyFile({ pages: 1 }), { first: 16 })
    expect([calls.load(task, at(17)), outcome(task)]).toEqual([-1, 'SIGBUS/BUS_ADRERR'])
    for (const { vmLock } of task.mm.areas) expect(vmLock).toMatchObject({ readers: 0, writer: null })
  })

  it('are not there in 6.1', () => {
    const { task, events } = createWorld()
    mapFile(calls, task, new TinyFile())
    calls.store(task, at(0), 1)
    expect(areaAt(task.mm, 0).vmLock).toBeNull()
    expect(traps(events)).toEqual(['fault 6: 255 = 100'])
  })
})

it('a second pass is TRIED if the first was a major fault', () => {
  const { task, events } = createWorld({ kernel: kernel612 })
  const file = new TinyFile({ huge: true, pages: 1024 })
  const hugeFault = (t: typeof task, vmf: VmFault, peSize: number): number => {
    if ((vmf.flags & FAULT_FLAG_VMA_LOCK) === 0) return file.vmOperations.plain.hugeFault!(t, vmf, peSize)
    plain.vmaEndRead(t, vmf.vma)
    return VM_FAULT_RETRY | VM_FAULT_MAJOR
  }
  const address = 0x600000000000
  k.mmap(task, { address, length: 1024 * PAGE, prot: protOf('rw'), flags: MAP_FIXED | 1, file, offset: 0 })
  const area = task.mm.areas.findVma(address)!
  area.vmOps = { ...file.vmOperations, plain: { ...file.vmOperations.plain, hugeFault } }
  expect(k.store(task, address, 1)).toBe(0)
  expect(traps(events)).toEqual([`fault 6: 1255 = 404 ${(0x255 | FAULT_FLAG_TRIED).toString(16)} = 100`])
})

describe('the lock of an area, step by step', () => {
  it('lets a fault through while somebody else writes to the address space elsewhere', () => {
    const { a, b } = threads()
    mapAnon(k, a)
    k.store(a, at(0), 1)
    const unmap = new Run(steps.downWrite(b, b.mm.mmapLock)).on()
    expect(unmap.done).toBe(true)
    expect(new Run(steps.store(a, at(1), 2)).on().result).toBe(0)
    expect(b.mm.mmapLock.writer).toBe(b)
  })

  it('needs mmap_lock all the same for the first private page of an area', () => {
    const { a, b, events } = threads()
    mapAnon(k, a)
    runSteps(steps.downWrite(b, b.mm.mmapLock))
    const store = new Run(steps.store(a, at(1), 2)).on()
    expect([store.isBlocked, waitsFor(a)]).toEqual([true, 'mm1.mmap_lock'])
    runSteps(steps.mmapWriteUnlock(b, b.mm))
    expect(store.on().result).toBe(0)
    expect(traps(events)).toEqual(['fault 6: 1255 = 400 255 = 0'])
  })

  it('keeps a writer waiting until the faults in the area are over', () => {
    const { a, b } = threads()
    mapAnon(k, a)
    k.store(a, at(0), 1)
    const area = areaAt(a.mm, 0)
    const store = new Run(steps.store(a, at(1), 2))
    while (area.vmLock!.readers === 0) store.step()
    const protect = new Run(steps.mprotect(b, at(0), 8 * PAGE, PROT_READ)).on()
    expect([protect.isBlocked, waitsFor(b)]).toEqual([
      true,
      expect.stringMatching(`^mm1.vm_lock [0-9]+ of the area at 0x${at(0).toString(16)}$`),
    ])
    expect(store.on().result).toBe(0)
    expect(protect.on().result).toBe(0)
    expect([k.store(a, at(1), 3), outcome(a)]).toEqual([-1, 'SIGSEGV/SEGV_ACCERR'])
  })

  it('keeps faults from an area that is written to, until mmap_lock is released', () => {
    const { a, b, events } = threads()
    mapAnon(k, a)
    k.store(a, at(0), 1)
    events.length = 0
    const area = areaAt(a.mm, 0)
    const protect = new Run(steps.mprotect(b, at(0), 8 * PAGE, PROT_READ))
    while (area.vmLockSeq !== a.mm.mmLockSeq) protect.step()
    expect(area.vmLock).toMatchObject({ readers: 0 })
    const store = new Run(steps.store(a, at(1), 2)).on()
    expect([store.isBlocked, waitsFor(a)]).toEqual([true, 'mm1.mmap_lock'])
    expect(protect.on().result).toBe(0)
    expect([store.on().result, outcome(a)]).toEqual([-1, 'SIGSEGV/SEGV_ACCERR'])
    // It never was under the lock of the area.
    expect(traps(events)).toEqual(['fault 6:'])
  })

  it('is not given for an area that went away between finding and locking it', () => {
    const { a, b } = threads()
    mapAnon(k, a)
    k.store(a, at(0), 1)
    const before = areaAt(a.mm, 0)
    const lock = new Run(steps.lockVmaUnderRcu(a, a.mm, at(1))).to(STEP_LOCK)
    k.munmap(b, at(0), 8 * PAGE)
    expect(before.detached).toBe(true)
    expect(lock.on().result).toBeNull()
    expect(before.vmLock).toMatchObject({ readers: 0 })
  })

  it('is that of the area which took its place', () => {
    const { a, b } = threads()
    mapAnon(k, a)
    const before = areaAt(a.mm, 0)
    const lock = new Run(steps.lockVmaUnderRcu(a, a.mm, at(1))).to(STEP_LOCK)
    mapAnon(k, b, { prot: 'r' })
    const now = areaAt(a.mm, 0)
    expect(now).not.toBe(before)
    expect(lock.on().result).toBe(now)
    expect([before.vmLock!.readers, now.vmLock!.readers]).toEqual([0, 1])
  })

  it('is not given for an area that was cut short meanwhile', () => {
    const { a, b } = threads()
    mapAnon(k, a)
    const area = areaAt(a.mm, 0)
    const lock = new Run(steps.lockVmaUnderRcu(a, a.mm, at(6))).to(STEP_LOCK)
    k.munmap(b, at(4), 4 * PAGE)
    expect([area.detached, area.vmEnd]).toEqual([false, at(4)])
    expect(lock.on().result).toBeNull()
    expect(area.vmLock).toMatchObject({ readers: 0 })
  })

  it.each<[string, (t: Parameters<typeof steps.munmap>[0]) => Generator<number, unknown, void>]>([
    ['munmap', (t) => steps.munmap(t, at(2), 2 * PAGE)],
    ['mremap', (t) => steps.mremap(t, at(0), 8 * PAGE, 8 * PAGE, 3, at(32))],
    ['madvise', (t) => steps.madvise(t, at(0), 8 * PAGE, 10)],
    ['mlock', (t) => steps.mlock(t, at(0), 8 * PAGE)],
    ['fork', (t) => steps.fork(t)],
    ['mmap beside it', (t) => steps.mmap(t, { ...NEXT_TO_IT, address: at(8) })],
  ])('is waited for by %s', (_name, call) => {
    const { a, b } = threads()
    mapAnon(k, a)
    const area = areaAt(a.mm, 0)
    const held = runSteps(steps.lockVmaUnderRcu(a, a.mm, at(1)))
    expect(held).toBe(area)
    const run = new Run(call(b)).on()
    expect([run.isBlocked, waitsFor(b)]).toEqual([true, area.vmLock!.name])
    runSteps(steps.vmaEndRead(a, area))
    expect(run.on().done).toBe(true)
    expect(b.mm.mmapLock).toMatchObject({ readers: 0, writer: null })
  })
})

const NEXT_TO_IT = { length: PAGE, prot: protOf('rw'), flags: MAP_FIXED | 0x22, file: null, offset: 0 }
