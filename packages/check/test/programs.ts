/**
 * Small programs: threads of one address space, or of several, over a file of a page or two.
 */

import type { Instance, Program } from '@mm-model/check'
import {
  type KernelProfile,
  kernel45,
  kernel61,
  kernel612,
  MADV_DONTNEED,
  MADV_POPULATE_WRITE,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  Machine,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  MS_SYNC,
  type Steps,
  type StrategyDefinition,
  type Task,
  type TouchSink,
} from '@mm-model/core'
import * as plainCore from '@mm-model/core/plain'
import * as core from '@mm-model/core/steps'
import { type DaxFile, mountExt4, mountXfs, type SuperBlock } from '@mm-model/dax'
import * as plainDax from '@mm-model/dax/plain'
import * as dax from '@mm-model/dax/steps'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import fc from 'fast-check'

const PAGE = 4096
export const BASE = 0x600000000000

export interface World {
  readonly machine: Machine
  readonly sb: SuperBlock
  readonly file: DaxFile
  readonly task: Task
}

/** What a program begins with, run in the plain form. */
export const SETTINGS = {
  hole: () => 0,
  unwritten: ({ task, file }: World) => plainDax.fallocate(task, file, 0, file.inode.size),
  written: ({ task, file }: World) => plainDax.pwriteFill(task, file, 0, file.inode.size, 3),
  loaded: ({ task }: World) => plainCore.load(task, BASE),
  stored: ({ task }: World) => plainCore.store(task, BASE, 5),
  'stored and clean': ({ task, file }: World) => {
    plainCore.store(task, BASE, 5)
    return plainDax.fsync(task, file)
  },
} as const

export type Setting = keyof typeof SETTINGS

/** Calls of a thread, by name; `page` and `byte` tell calls of one name apart. */
export const CALLS = {
  load: (t: Task, _w: World, page: number) => core.load(t, BASE + page * PAGE),
  store: (t: Task, _w: World, page: number, byte: number) => core.store(t, BASE + page * PAGE, byte),
  fsync: (t: Task, w: World) => dax.fsync(t, w.file),
  truncate: (t: Task, w: World) => dax.ftruncate(t, w.file, 0),
  punch: (t: Task, w: World, page: number) => dax.punchHole(t, w.file, page * PAGE, PAGE),
  munmap: (t: Task, _w: World, page: number) => core.munmap(t, BASE + page * PAGE, PAGE),
  mprotect: (t: Task, _w: World, page: number) => core.mprotect(t, BASE + page * PAGE, PAGE, 1),
  fork: (t: Task) => core.fork(t),
  freeze: function* (t: Task, w: World): Steps<number> {
    const frozen = yield* dax.freezeSuper(t, w.sb)
    return frozen === 0 ? yield* dax.thawSuper(t, w.sb) : frozen
  },
  pwrite: (t: Task, w: World, page: number, byte: number) => dax.pwriteFill(t, w.file, page * PAGE, 1, byte),
  pread: (t: Task, w: World, page: number) => dax.preadByte(t, w.file, page * PAGE),
  grow: (t: Task, w: World) => dax.ftruncate(t, w.file, 3 * PAGE + 1),
  fallocate: (t: Task, w: World, page: number) => dax.fallocate(t, w.file, page * PAGE, PAGE),
  append: (t: Task, w: World, _page: number, byte: number) => dax.pwriteFill(t, w.file, 2 * PAGE, PAGE, byte),
  dontneed: (t: Task, _w: World, page: number) => core.madvise(t, BASE + page * PAGE, PAGE, MADV_DONTNEED),
  populate: (t: Task, _w: World, page: number) =>
    core.madvise(t, BASE + page * PAGE, PAGE, MADV_POPULATE_WRITE),
  msync: (t: Task, _w: World, page: number) => core.msync(t, BASE + page * PAGE, PAGE, MS_SYNC),
  mlock: (t: Task, _w: World, page: number) => core.mlock(t, BASE + page * PAGE, PAGE),
  mremap: (t: Task, _w: World, page: number) =>
    core.mremap(t, BASE + page * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 16 * PAGE),
  poke: (t: Task, _w: World, page: number, byte: number) => core.memWrite(t, BASE + page * PAGE, byte),
} satisfies Record<string, (t: Task, w: World, page: number, byte: number) => Steps<unknown>>

export type CallName = keyof typeof CALLS
type Call = readonly [name: CallName, page: number]

export interface Shape {
  readonly threads: readonly (readonly Call[])[]
  readonly settings?: readonly Setting[]
  readonly pages?: number
  readonly mount?: (machine: Machine) => SuperBlock
  readonly kernel?: KernelProfile
  readonly strategy?: StrategyDefinition
  /** The threads' address spaces: one for all, or one for each. */
  readonly processes?: boolean
  /** The area of the file: shared, unless it is private. */
  readonly isPrivate?: boolean
}

function mapFile(task: Task, file: DaxFile, pages: number, isPrivate: boolean): void {
  const request = {
    address: BASE,
    length: pages * PAGE,
    prot: 3,
    flags: MAP_FIXED | (isPrivate ? MAP_PRIVATE : MAP_SHARED),
    file,
    offset: 0,
  }
  plainCore.mmap(task, request)
}

export function program(shape: Shape): Program {
  const {
    threads,
    settings = [],
    pages = 1,
    mount = mountExt4,
    kernel,
    strategy = mkwrite,
    processes = false,
    isPrivate = false,
  } = shape
  return (): Instance => {
    const machine = new Machine({
      strategy,
      kernel,
      cpus: threads.length,
      pmemPages: mount === mountExt4 && pages < 512 ? 2048 : 131072,
      ramPages: 1024,
    })
    const sb = mount(machine)
    const task = machine.createTask()
    const file = plainDax.openCreate(task, sb, 'a')
    plainDax.ftruncate(task, file, pages * PAGE)
    mapFile(task, file, pages, isPrivate)
    const world: World = { machine, sb, file, task }
    for (const setting of settings) SETTINGS[setting](world)
    const tasks = threads.map((_, cpu) => {
      if (cpu === 0) return task
      if (!processes) return machine.addTask(task.mm, cpu)
      const other = machine.createTask(cpu)
      mapFile(other, file, pages, isPrivate)
      return other
    })
    machine.tick()
    return {
      machine,
      files: [file],
      threads: threads.map((calls, i) => ({
        name: `t${i + 1}`,
        task: tasks[i]!,
        calls: calls.map(
          ([name, page], n) =>
            () =>
              CALLS[name](tasks[i]!, world, page, 16 * (i + 1) + n),
        ),
      })),
    }
  }
}

/** The program with a machine that keeps touches of one kind to itself. */
export function deafTo(kind: number, program: Program): Program {
  return () => {
    const instance = program()
    let sink: TouchSink | null = null
    Object.defineProperty(instance.machine, 'touched', {
      get: () => sink,
      set: (to: TouchSink | null) => {
        sink =
          to === null
            ? null
            : (k, id, how) => {
                if (k !== kind) to(k, id, how)
              }
      },
    })
    return instance
  }
}

const call = fc.tuple(fc.constantFrom(...(Object.keys(CALLS) as CallName[])), fc.constantFrom(0, 1))
const two = fc.tuple(
  fc.array(call, { minLength: 1, maxLength: 2 }),
  fc.array(call, { minLength: 1, maxLength: 2 }),
)
const three = fc.tuple(...[1, 2, 3].map(() => call.map((one) => [one])))
/** Two threads of one or two calls, or three of one, on a file of a page or two of ext4 or xfs, by three kernels. */
export const anyShape: fc.Arbitrary<Shape> = fc
  .record({
    threads: fc.oneof({ weight: 7, arbitrary: two }, { weight: 1, arbitrary: three }),
    settings: fc.array(fc.constantFrom(...(Object.keys(SETTINGS) as Setting[])), {
      minLength: 1,
      maxLength: 2,
    }),
    pages: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(1, 2) },
      { weight: 1, arbitrary: fc.constant(512) },
    ),
    mount: fc.constantFrom(mountExt4, mountXfs),
    processes: fc.boolean(),
    isPrivate: fc.oneof(
      { weight: 5, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    kernel: fc.oneof(
      { weight: 5, arbitrary: fc.constant(kernel61) },
      { weight: 1, arbitrary: fc.constant(kernel612) },
      { weight: 2, arbitrary: fc.constant(kernel45) },
    ),
  })
  .map(
    (one): Shape => ({
      ...one,
      // There is no xfs of 4.5.
      mount: one.kernel === kernel45 ? mountExt4 : one.mount,
      // A file of one page has no second.
      threads: one.threads.map((calls) => calls.map(([name, page]) => [name, page % one.pages] as const)),
    }),
  )
