import {
  answerShootdowns,
  type Machine,
  MachineError,
  Shootdowns,
  STEP_TLB_FLUSH,
  STEP_WAIT,
  shootdownHandlers,
  type Task,
} from '@mm-model/core'
import * as plain from '@mm-model/core/plain'
import * as steps from '@mm-model/core/steps'
import { describe, expect, it } from 'vitest'
import { Run, waitsFor } from './interleave.ts'
import { TinyFile } from './tiny-file.ts'
import { at, createWorld, leaf, mapAnon, mapFile, PAGE } from './world.ts'

/** Threads of one process, each on a CPU of its own, whose flushes wait to be answered. */
function threads(count = 2): { machine: Machine; tasks: Task[]; events: string[] } {
  const { machine, task, events } = createWorld({ cpus: count + 1 })
  const tasks = [task]
  for (let cpu = 1; cpu < count; cpu++) tasks.push(machine.addTask(task.mm, cpu))
  mapAnon(plain, task)
  mapFile(plain, task, new TinyFile(), { first: 16 })
  for (const t of tasks) {
    plain.store(t, at(0), 7)
    plain.store(t, at(16), 7)
  }
  events.length = 0
  machine.shootdowns = new Shootdowns(machine)
  return { machine, tasks, events }
}

const cached = (t: Task, page: number): boolean =>
  t.machine.tlbs[t.cpu]!.lookup(t.mm.tlbContext, at(page)) >= 0

const pending = ({ shootdowns }: Machine): number[] => shootdowns!.pending.map(({ length }) => length)

describe('a flush with shootdowns', () => {
  it('waits for a CPU that goes on storing through what it has until it answers', () => {
    const { machine, tasks } = threads()
    const [here, there] = tasks as [Task, Task]
    const frame = machine.tlbs[1]!.lookup(there.mm.tlbContext, at(0)) >= 0 ? machine.tlbs[1]!.pfn : -1
    const call = new Run(steps.munmap(here, at(0), PAGE)).on()
    expect([call.isBlocked, leaf(here, at(0)), cached(here, 0), pending(machine)]).toEqual([
      true,
      'none',
      false,
      [0, 1, 0],
    ])
    expect(waitsFor(here)).toBe('the answer of CPU 1 to a TLB flush')
    // The area is gone, the frame is not: it is freed after the flush.
    const late = new Run(steps.store(there, at(0), 9)).on()
    expect([late.result, machine.memory.readByte(frame, 0)]).toEqual([0, 9])
    expect(call.on().isBlocked).toBe(true)
    const interrupt = new Run(answerShootdowns(machine, 1, here)).step()
    expect([interrupt.at, cached(there, 0), pending(machine)]).toEqual([STEP_TLB_FLUSH, false, [0, 0, 0]])
    expect(interrupt.step().isBlocked).toBe(true)
    expect([call.on().done, call.result]).toEqual([true, 0])
    const after = new Run(steps.store(there, at(0), 9)).on()
    expect([after.result, there.signal?.code]).toEqual([-1, 'SEGV_MAPERR'])
  })

  it('returns when the last CPU has answered, in whatever order they do', () => {
    for (const order of [
      [1, 2],
      [2, 1],
    ]) {
      const { machine, tasks } = threads(3)
      const call = new Run(steps.munmap(tasks[0]!, at(0), PAGE)).on()
      expect(pending(machine)).toEqual([0, 1, 1, 0])
      for (const cpu of order) {
        expect(call.on().isBlocked).toBe(true)
        new Run(answerShootdowns(machine, cpu, tasks[0]!)).step()
        expect(cached(tasks[cpu]!, 0)).toBe(false)
      }
      expect(call.on().done).toBe(true)
    }
  })

  it('asks CPUs of the address space alone, and waits for none where there is no other', () => {
    const { machine, tasks } = threads(1)
    machine.createTask(1)
    expect(new Run(steps.munmap(tasks[0]!, at(0), PAGE)).on().done).toBe(true)
    expect(pending(machine)).toEqual([0, 0])
    expect(cached(tasks[0]!, 0)).toBe(false)
  })

  it('of more than the ceiling drops everything of the address space, CPU by CPU, and nothing of another', () => {
    const { machine, tasks } = threads()
    const [here, there] = tasks as [Task, Task]
    const other = machine.createTask(1)
    mapAnon(plain, other, { first: 40 })
    plain.store(other, at(40), 1)
    const { tlbContext } = here.mm
    const call = new Run(steps.fork(here)).on()
    expect([cached(here, 16), cached(there, 16)]).toEqual([false, true])
    new Run(answerShootdowns(machine, 1, here)).step()
    expect([cached(there, 0), cached(there, 16), here.mm.tlbContext]).toEqual([false, false, tlbContext])
    expect(cached(other, 40)).toBe(true)
    expect(call.on().done).toBe(true)
  })

  it('lets two tasks wait for each other, since neither has to go on for its CPU to answer', () => {
    const { machine, tasks } = threads()
    const calls = [0, 16].map((page, i) => new Run(steps.madvise(tasks[i]!, at(page), PAGE, 4)).on())
    expect(calls.map(({ isBlocked }) => isBlocked)).toEqual([true, true])
    expect(pending(machine)).toEqual([1, 1, 0])
    for (const { run } of shootdownHandlers(machine)) new Run(run()).step()
    expect(calls.map((call) => call.on().done)).toEqual([true, true])
  })

  it('holds the page-table lock while it waits where the kernel does: mremap, but not munmap', () => {
    for (const [call, holds] of [
      [(t: Task) => steps.mremap(t, at(16), PAGE, PAGE, 3, at(40)), true],
      [(t: Task) => steps.munmap(t, at(16), PAGE), false],
    ] as const) {
      const { machine, tasks } = threads()
      const run = new Run(call(tasks[0]!)).on()
      expect(run.isBlocked).toBe(true)
      expect(machine.pageTables.ptl.some((owner) => owner === tasks[0]!.id)).toBe(holds)
      new Run(answerShootdowns(machine, 1, tasks[0]!)).step()
      expect(run.on().done).toBe(true)
    }
  })

  it('is answered at once in the plain form', () => {
    const { machine, tasks } = threads()
    plain.munmap(tasks[0]!, at(0), PAGE)
    expect([cached(tasks[0]!, 0), cached(tasks[1]!, 0), pending(machine)]).toEqual([false, false, [0, 0, 0]])
  })

  it('makes a visible step of asking, so that others can run before the first answer is looked for', () => {
    const { machine, tasks } = threads()
    const call = new Run(steps.munmap(tasks[0]!, at(0), PAGE)).to(STEP_WAIT)
    expect([call.done, pending(machine)]).toEqual([false, [0, 1, 0]])
    new Run(answerShootdowns(machine, 1, tasks[0]!)).step()
    // Answered before it looked: it does not wait.
    expect(call.on().done).toBe(true)
  })
})

it('a CPU that nobody asks never answers', () => {
  const { machine, tasks } = threads()
  expect(new Run(answerShootdowns(machine, 1, tasks[0]!)).step().isBlocked).toBe(true)
  machine.shootdowns = null
  expect(new Run(answerShootdowns(machine, 1, tasks[0]!)).step().isBlocked).toBe(true)
})

it('handlers are one for each task and each other CPU that runs one', () => {
  const { machine, tasks } = threads(3)
  const pairs = shootdownHandlers(machine).map(({ cpu, from }) => `${tasks.indexOf(from)} asks ${cpu}`)
  expect(pairs.toSorted()).toEqual(['0 asks 1', '0 asks 2', '1 asks 0', '1 asks 2', '2 asks 0', '2 asks 1'])
  expect(() => new Run(shootdownHandlers(machine)[0]!.run()).on()).not.toThrow(MachineError)
})
