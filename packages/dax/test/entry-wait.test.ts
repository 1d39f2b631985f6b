import {
  type DefectName,
  type KernelProfile,
  kernel61,
  kernel612,
  STEP_BLOCKED,
  type Steps,
  type Task,
} from '@mm-model/core'
import { type DaxFile, daxIsLocked, XaState } from '@mm-model/dax'
import { describe, expect, it } from 'vitest'
import { plain as k, steps } from './forms.ts'
import { createWorld, entry, MIB2, map, PAGE, slot, type World } from './world.ts'

type Scene = World & { readonly file: DaxFile; readonly tasks: readonly Task[] }

/**
 * Threads, each on a CPU of its own, over a file of two 2 MiB holes: mapping 0 is of all of it, mapping 1 begins at its second
 * page, so that nothing of 2 MiB can be mapped there.
 */
function scene(count: number, defects: readonly DefectName[] = [], kernel: KernelProfile = kernel61): Scene {
  const world = createWorld({ cpus: count, defects, kernel })
  const { task, sb, machine } = world
  machine.trace = null
  const file = k.openCreate(task, sb, 'a')
  k.ftruncate(task, file, 2 * MIB2)
  map(k, task, file, { pages: 1024 })
  map(k, task, file, { n: 1, pgoff: 1, pages: 1022 })
  const tasks = [task]
  while (tasks.length < count) tasks.push(machine.addTask(task.mm, tasks.length))
  return { ...world, file, tasks }
}

/** Page 1 of the file, by the mapping that has no leaves of 2 MiB. */
const PAGE_1 = slot(1)

class Thread {
  readonly task: Task
  readonly #run: Steps<unknown>
  result: unknown
  state: 'runs' | 'waits' | 'done' = 'runs'

  constructor(task: Task, run: Steps<unknown>) {
    this.task = task
    this.#run = run
  }

  step(): this {
    const { done, value } = this.#run.next()
    this.state = done === true ? 'done' : value === STEP_BLOCKED ? 'waits' : 'runs'
    if (done === true) this.result = value
    return this
  }

  /** On until it waits or ends, or `until` holds. */
  on(until: () => boolean = () => false): this {
    do this.step()
    while (this.state === 'runs' && !until())
    return this
  }
}

/** Lets the first of the threads that can go on do so until it waits or ends, again and again; those that are left waiting. */
function runByPriority(threads: readonly Thread[]): Thread[] {
  for (let moved = true; moved; ) {
    moved = false
    for (const thread of threads) {
      if (thread.state === 'done') continue
      const before = thread.state
      thread.step()
      if (thread.state === 'waits') continue
      moved = true
      if (before === 'runs' || thread.state === 'runs') thread.on()
      break
    }
  }
  return threads.filter(({ state }) => state !== 'done')
}

const lockedAt = ({ file }: Scene, page: number): boolean =>
  daxIsLocked(new XaState(file.inode.entries).set(page, 0).load())

const waiting = ({ tasks }: Scene, threads: readonly Thread[]): string[] =>
  threads.map(({ task }) => `${tasks.indexOf(task)} waits for ${task.waitsFor?.name}`)

const sleepers = ({ file, tasks }: Scene): Record<number, number[]> =>
  Object.fromEntries(
    [...file.inode.entryWaiters.queues].map(([page, queue]) => [
      page,
      queue.map(({ task }) => tasks.indexOf(task)),
    ]),
  )

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item) => permutations(items.filter((i) => i !== item)).map((rest) => [item, ...rest]))
}

describe('who finds an entry locked', () => {
  it('sleeps in a queue, and is woken one after the other, the longest asleep first', () => {
    const world = scene(4)
    const [holder, ...others] = world.tasks.map((t, i) => new Thread(t, steps.store(t, PAGE_1, i))) as [
      Thread,
      ...Thread[],
    ]
    holder.on(() => lockedAt(world, 1))
    for (const other of others) other.on()
    expect(sleepers(world)).toEqual({ 1: [1, 2, 3] })
    expect(waiting(world, others.slice(0, 1))).toEqual(['1 waits for the entry of a at page 1'])
    holder.on()
    expect(sleepers(world)).toEqual({ 1: [2, 3] })
    expect(others.map((other) => other.on().state)).toEqual(['done', 'done', 'done'])
    expect(sleepers(world)).toEqual({})
  })

  it('goes to sleep again, behind the others, when somebody was quicker', () => {
    const world = scene(4)
    const threads = world.tasks.map((t, i) => new Thread(t, steps.store(t, PAGE_1, i)))
    const [first, second, third, quick] = threads as [Thread, Thread, Thread, Thread]
    first.on(() => lockedAt(world, 1))
    second.on()
    third.on()
    first.on()
    k.madvise(world.tasks[0]!, PAGE_1, PAGE, 4)
    quick.on(() => lockedAt(world, 1))
    expect(second.on().state).toBe('waits')
    expect(sleepers(world)).toEqual({ 1: [2, 1] })
    expect(runByPriority(threads)).toEqual([])
  })

  it('runs in the end, whoever is asked first, and whoever comes between', () => {
    const calls: readonly ((t: Task, w: Scene) => Steps<unknown>)[] = [
      (t) => steps.store(t, PAGE_1, 1),
      (t) => steps.load(t, PAGE_1),
      (t, w) => steps.pwriteFill(t, w.file, PAGE, PAGE, 9),
      (t, w) => steps.fsync(t, w.file),
      (t, w) => steps.punchHole(t, w.file, PAGE, PAGE),
    ]
    for (const call of calls) {
      for (const order of permutations([0, 1, 2, 3])) {
        const world = scene(4)
        const threads = world.tasks.map(
          (t, i) => new Thread(t, i === 2 ? call(t, world) : steps.store(t, PAGE_1 + i, 7)),
        )
        threads[0]!.on(() => lockedAt(world, 1))
        for (const i of [1, 2, 3]) threads[i]!.on()
        expect(Object.values(sleepers(world)).flat()).toEqual(expect.arrayContaining([1, 3]))
        expect(waiting(world, runByPriority(order.map((i) => threads[i]!)))).toEqual([])
        expect(
          threads.map(({ result }) => result).filter((result) => result !== 0 && typeof result !== 'number'),
        ).toEqual([])
        expect(sleepers(world)).toEqual({})
      }
    }
  })

  it('shares a queue with all pages of 2 MiB, and is woken when those become entries of a page', () => {
    const world = scene(4)
    const [t0, t1, t2, t3] = world.tasks as [Task, Task, Task, Task]
    const huge = new Thread(t0, steps.load(t0, slot(0) + 7 * PAGE)).on(() => lockedAt(world, 0))
    expect(entry(world.file, 0)).toBe('empty 2M locked')
    const others = [t1, t2, t3].map((t, i) => new Thread(t, steps.store(t, PAGE_1 + i * PAGE, 1)).on())
    expect(sleepers(world)).toEqual({ 0: [1, 2, 3] })
    huge.on()
    // The first of them takes it apart, and wakes all: their entries are of other queues now.
    expect(others.map((other) => other.on().state)).toEqual(['done', 'done', 'done'])
    expect([1, 2, 3].map((page) => entry(world.file, page))).toEqual(['block D', 'block D', 'block D'])
  })

  it('in a plain run waits for ever, and leaves no trace in the queue', () => {
    const world = scene(2)
    new Thread(world.tasks[0]!, steps.store(world.tasks[0]!, PAGE_1, 1)).on(() => lockedAt(world, 1))
    expect(() => k.store(world.tasks[1]!, PAGE_1, 2)).toThrowError(
      /the entry of a at page 1, which nobody will release/,
    )
    expect(sleepers(world)).toEqual({})
  })
})

describe('a wake-up that Linux once lost', () => {
  /** The threads that are left waiting, with the bug and without. */
  function both(name: DefectName, run: (defects: readonly DefectName[]) => string[]): void {
    expect(run([])).toEqual([])
    const left = run([name])
    expect(left).toHaveLength(1)
    expect(left[0]).toMatch(/waits for the entry of a at page \d+, which nobody holds \(a lost wake-up\)$/)
  }

  it('a fault of 2 MiB sleeps where nobody wakes it', () => {
    both('pmd-fault-waits-for-page', (defects) => {
      const world = scene(2, defects)
      const [t0, t1] = world.tasks as [Task, Task]
      const page = new Thread(t0, steps.load(t0, PAGE_1 + 2 * PAGE)).on(() => lockedAt(world, 3))
      const huge = new Thread(t1, steps.load(t1, slot(0))).on()
      return waiting(world, runByPriority([page, huge]))
    })
  })

  it('a write(2) that removes the entry wakes nobody', () => {
    both('put-entry-wakes-nobody', (defects) => {
      const world = scene(3, defects)
      const [t0, t1, t2] = world.tasks as [Task, Task, Task]
      const holder = new Thread(t0, steps.load(t0, PAGE_1)).on(() => lockedAt(world, 1))
      const write = new Thread(t1, steps.pwriteFill(t1, world.file, PAGE, PAGE, 9)).on()
      const load = new Thread(t2, steps.load(t2, PAGE_1)).on()
      return waiting(world, runByPriority([holder, write, load]))
    })
  })

  it('a write(2) that removes the entry wakes one, whose own entry is another', () => {
    both('invalidate-wakes-one', (defects) => {
      // 6.1 tags what a load finds as dirty, and what is dirty stays.
      const world = scene(4, defects, kernel612)
      const [t0, t1, t2, t3] = world.tasks as [Task, Task, Task, Task]
      const holder = new Thread(t0, steps.load(t0, slot(0))).on(
        () => entry(world.file, 0) === 'zero 2M locked',
      )
      const write = new Thread(t1, steps.pwriteFill(t1, world.file, PAGE, PAGE, 9)).on()
      const loads = [t2, t3].map((t, i) => new Thread(t, steps.load(t, PAGE_1 + i * PAGE)).on())
      return waiting(world, runByPriority([holder, write, ...loads]))
    })
  })
})
