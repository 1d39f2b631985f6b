import {
  explore,
  formatCounterexample,
  invariantsNamed,
  type Program,
  type StateInvariant,
  stateInvariants,
} from '@mm-model/check'
import { wrongStrategies } from '@mm-model/conformance/gallery'
import {
  INSTALL_MKWRITE,
  kernel61,
  Machine,
  MachineError,
  RwSem,
  STEP_FLAG,
  type Steps,
  TLB_WRITE,
} from '@mm-model/core'
import * as plainCore from '@mm-model/core/plain'
import * as core from '@mm-model/core/steps'
import { downWrite, upWrite } from '@mm-model/core/steps'
import * as dax from '@mm-model/dax/steps'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { describe, expect, it } from 'vitest'
import { BASE, program } from './programs.ts'

/** Threads that only take and leave locks, in the orders given. */
function lockers(...orders: readonly (readonly string[])[]): Program {
  return () => {
    const machine = new Machine({ strategy: mkwrite, cpus: orders.length, pmemPages: 16, ramPages: 16 })
    const { mm } = machine.createTask()
    const locks = new Map([...new Set(orders.flat())].map((name) => [name, new RwSem(name, 0)]))
    return {
      machine,
      threads: orders.map((order, i) => {
        const task = i === 0 ? machine.tasks[0]! : machine.addTask(mm, i)
        return {
          name: `t${i + 1}`,
          task,
          calls: [
            function* (): Steps<void> {
              for (const name of order) yield* downWrite(task, locks.get(name)!)
              for (const name of order.toReversed()) yield* upWrite(task, locks.get(name)!)
            },
          ],
        }
      }),
    }
  }
}

/** Two threads that add one to a number, reading and writing it in two steps, and say nothing of it. */
function counter(): { program: Program; lost: StateInvariant } {
  const counts = new WeakMap<Machine, { value: number }>()
  return {
    program: () => {
      const machine = new Machine({ strategy: mkwrite, cpus: 2, pmemPages: 16, ramPages: 16 })
      const count = { value: 0 }
      counts.set(machine, count)
      const { mm } = machine.createTask()
      machine.addTask(mm, 1)
      return {
        machine,
        threads: machine.tasks.map((task, i) => ({
          name: `t${i + 1}`,
          task,
          calls: [
            function* (): Steps<void> {
              yield STEP_FLAG
              machine.touched?.(15, 0, 0)
              const { value } = count
              yield STEP_FLAG
              machine.touched?.(15, 0, 1)
              count.value = value + 1
            },
          ],
        })),
      }
    },
    lost: {
      name: 'lost update',
      rule: 'both are counted',
      source: 'arithmetic',
      check: ({ machine }) => (counts.get(machine)!.value === 2 ? null : `${counts.get(machine)!.value}`),
    },
  }
}

describe('two writers on one hole', () => {
  it('hold under mkwrite in every interleaving', { timeout: 120_000 }, () => {
    const found = explore(program({ threads: [[['store', 0]], [['store', 0]]] }), {
      invariants: stateInvariants,
      finalStates: true,
    })
    expect(found.verdict).toBe('holds in all interleavings')
    // Either store is the last; nothing else differs.
    expect(found.finalStates.size).toBe(2)
    // Each execution ends, or is given up; some end where all that can go on waits for what was tried before.
    const ended = [...found.finalStates.values()].reduce((sum, n) => sum + n, 0)
    expect(ended).toBeGreaterThan(1)
    expect(ended + found.redundant + found.matched).toBeLessThanOrEqual(found.executions)
  })
})

describe('what is wrong is found', () => {
  it('a load that maps writable without a tag, in one thread', () => {
    const strategy = { ...mkwrite, name: 'writable-loads', installForRead: () => INSTALL_MKWRITE }
    const kernel = { ...kernel61, daxReadFaultsTagDirty: false }
    const one = program({ threads: [[['load', 0]], [['load', 0]]], settings: ['written'], strategy, kernel })
    const { counterexample } = explore(one, { invariants: invariantsNamed(['I19']) })
    expect(counterexample).toMatchObject({ name: 'I19', preemptions: 0, shortest: true })
    expect(counterexample!.schedule.every(({ name }) => name === 't1')).toBe(true)
  })

  it('a strategy of the gallery that throws', () => {
    const throws = wrongStrategies().find(({ strategy }) => strategy.name === 'throws')!
    const one = program({
      threads: [[['load', 0]], [['store', 0]]],
      settings: ['written'],
      strategy: throws.strategy,
    })
    expect(explore(one, { invariants: stateInvariants }).counterexample).toMatchObject({ name: 'error' })
  })

  it('a CPU that does not hear of flushes: a store through what it remembers goes unnoticed', () => {
    const shape = {
      threads: [
        [['fsync', 0]],
        [
          ['store', 0],
          ['store', 0],
        ],
      ],
      settings: ['stored'],
    } as const
    const deaf: Program = () => {
      const instance = program(shape)()
      instance.machine.tlbs[1]!.flushPage = () => {}
      return instance
    }
    // I8: nobody may remember more rights than the leaf has.
    const noStaleRights: StateInvariant = {
      name: 'I8',
      rule: 'no CPU can store through a translation whose leaf is read-only',
      source: 'mm/pgtable-generic.c: ptep_clear_flush',
      check: ({ machine: { tlbs, pageTables: pt }, threads }) => {
        const pmd = pt.pmdSlot(threads[0]!.task.mm.pgd, BASE)
        const slot = pt.pteSlotAt(pmd, BASE)
        const rights = tlbs[1]!.lookup(threads[0]!.task.mm.tlbContext, BASE)
        return rights > 0 && (rights & TLB_WRITE) !== 0 && !pt.arch.pteWrite(pt.lo, pt.hi, slot)
          ? 'CPU 1 can'
          : null
      },
    }
    expect(explore(program(shape), { invariants: [noStaleRights, ...stateInvariants] }).outcome).toBe('holds')
    const { counterexample } = explore(deaf, { invariants: [noStaleRights] })
    expect(counterexample).toMatchObject({ name: 'I8', preemptions: 0, shortest: true })
  })

  it('an unmapping that does not wait for who walks the areas of the file, as the model had it before', () => {
    const shape = {
      threads: [[['fsync', 0]], [['munmap', 0]]],
      settings: ['stored'],
      processes: true,
    } as const
    const two =
      (locked: boolean): Program =>
      () => {
        const instance = program(shape)()
        const [sync, unmap] = instance.threads
        const other = instance.machine.tasks[1]!
        plainCore.store(other, BASE, 9)
        const { task } = sync!
        const file = instance.files![0]!
        if (!locked)
          Object.defineProperty(file.mapping.iMmapRwsem, 'readers', { get: () => NaN, set: () => {} })
        // Writeback is the other process's; the first to map is the first to go.
        return {
          ...instance,
          threads: [
            { ...sync!, task: other, calls: [() => dax.fsync(other, file)] },
            { ...unmap!, task, calls: [() => core.munmap(task, BASE, 4096)] },
          ],
        }
      }
    expect(explore(two(true), { invariants: stateInvariants }).verdict).toBe('holds in all interleavings')
    const { counterexample } = explore(two(false), { invariants: invariantsNamed(['I19']) })
    expect(counterexample).toMatchObject({ name: 'I19', preemptions: 1, shortest: true })
    const text = formatCounterexample(counterexample!)
    expect(text).toContain('dax_writeback_one')
    expect(
      text
        .split('\n')
        .slice(2)
        .map((line) => line.slice(0, 2)),
    ).toEqual(['t1', 't2', 't1'])
  })

  it('locks that are taken in two orders, whether that ends in a deadlock or not', () => {
    const { counterexample } = explore(lockers(['a', 'b'], ['b', 'a']))
    expect(counterexample).toMatchObject({ name: 'I40', preemptions: 0, shortest: true })
    expect(counterexample?.message).toMatch(/^[ab] is taken with [ab] held, and elsewhere/)
    // A third lock, taken first, lets nobody get as far as to wait.
    expect(explore(lockers(['g', 'a', 'b'], ['g', 'b', 'a'])).counterexample).toMatchObject({ name: 'I40' })
    expect(explore(lockers(['g', 'a', 'b'], ['g', 'a', 'b'])).outcome).toBe('holds')
  })

  it('a deadlock, with the fewest preemptions and steps', () => {
    // Locks of one kind are in no order.
    const { outcome, counterexample } = explore(lockers(['x.a', 'y.a'], ['y.a', 'x.a']))
    expect(outcome).toBe('violated')
    expect(counterexample).toMatchObject({ name: 'deadlock', message: 't1 waits for y.a, t2 waits for x.a' })
    expect(counterexample).toMatchObject({ preemptions: 1, shortest: true })
    expect(
      counterexample?.schedule.flatMap(({ name, takes }) => takes.map((lock) => `${name} ${lock}`)),
    ).toEqual(['t1 x.a', 't2 y.a'])
  })

  it('no deadlock where locks are taken in one order, by three', () => {
    expect(explore(lockers(['a', 'b'], ['a', 'b'], ['b'])).verdict).toBe('holds in all interleavings')
  })

  it('a lost update, in one schedule or the other', () => {
    const { program: run, lost } = counter()
    const found = explore(run, { invariants: [lost] })
    expect(found.counterexample).toMatchObject({
      name: 'lost update',
      message: '1',
      preemptions: 1,
      shortest: true,
    })
    expect(explore(run, { invariants: [lost], preemptions: 0 }).verdict).toBe(
      'not exhausted: schedules with more than 0 preemptions',
    )
    expect(explore(run, { invariants: [lost], random: { schedules: 100, seed: 1 } }).outcome).toBe('violated')
  })
})

describe('limits', () => {
  const two = program({ threads: [[['store', 0]], [['store', 0]]] })

  it('are said', () => {
    expect(explore(two, { maxExecutions: 10 })).toMatchObject({
      outcome: 'not exhausted',
      verdict: 'not exhausted: 10 executions',
      executions: 10,
    })
    expect(explore(two, { maxSteps: 100 }).verdict).toBe('not exhausted: 100 steps')
    expect(explore(two, { random: { schedules: 7, seed: 1 } })).toMatchObject({
      verdict: 'not exhausted: 7 random schedules',
      executions: 7,
    })
  })

  it('of options are checked', () => {
    for (const options of [{ preemptions: -1 }, { maxSteps: 0.5 }, { random: { schedules: NaN, seed: 1 } }])
      expect(() => explore(two, options)).toThrowError(MachineError)
  })

  it('of programs are checked', () => {
    expect(() => explore(program({ threads: [] }))).toThrowError(MachineError)
  })
})

describe('a seed', () => {
  it('decides the schedules', () => {
    const run = program({ threads: [[['store', 0]], [['punch', 0]]] })
    const states = (seed: number): unknown =>
      explore(run, { finalStates: true, random: { schedules: 20, seed } }).finalStates
    expect(states(5)).toEqual(states(5))
  })
})
