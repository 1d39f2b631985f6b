/**
 * The calls a scenario makes, in either form of the code.
 * @module
 */

import { type MmapRequest, runSteps, type Steps, type Task } from '@mm-model/core'
import * as corePlain from '@mm-model/core/plain'
import * as coreSteps from '@mm-model/core/steps'
import type { DaxFile, SuperBlock } from '@mm-model/dax'
import * as daxPlain from '@mm-model/dax/plain'
import * as daxSteps from '@mm-model/dax/steps'

/** How the code runs: straight through, or as steps of one task after the other. */
export type Form = 'plain' | 'steps'

/** System calls and accesses of one task. */
export interface Calls {
  load(t: Task, address: number): number
  store(t: Task, address: number, byte: number): number
  memWrite(t: Task, address: number, byte: number): number
  mmap(t: Task, request: MmapRequest): number
  munmap(t: Task, start: number, length: number): number
  mprotect(t: Task, start: number, length: number, prot: number): number
  madvise(t: Task, start: number, length: number, behaviour: number): number
  mlock(t: Task, start: number, length: number): number
  msync(t: Task, start: number, length: number, flags: number): number
  mremap(t: Task, address: number, oldLength: number, newLength: number, flags: number, to: number): number
  fork(t: Task): Task
  openCreate(t: Task, sb: SuperBlock, name: string): DaxFile
  ftruncate(t: Task, file: DaxFile, size: number): number
  fallocate(t: Task, file: DaxFile, offset: number, length: number): number
  punchHole(t: Task, file: DaxFile, offset: number, length: number): number
  pwriteFill(t: Task, file: DaxFile, offset: number, length: number, byte: number): number
  vfsCloneFileRange(t: Task, fileIn: DaxFile, fileOut: DaxFile): number
  preadByte(t: Task, file: DaxFile, offset: number): number | null
  fsync(t: Task, file: DaxFile): number
  freezeSuper(t: Task, sb: SuperBlock): number
  thawSuper(t: Task, sb: SuperBlock): number
  dropCaches(t: Task, sb: SuperBlock): number
}

/** The same, to be run step by step by whoever called. */
export type SteppedCalls = {
  readonly [Name in keyof Calls]: (...args: Parameters<Calls[Name]>) => Steps<ReturnType<Calls[Name]>>
}

/** The plain form. */
export const PLAIN: Calls = Object.freeze({ ...pick(corePlain), ...pickFile(daxPlain) })

/** The plain form, as calls of one step. */
export const PLAIN_AT_ONCE: SteppedCalls = Object.freeze(atOnce(PLAIN))

/** The calls of one form; in the stepped one, `onStep` is told after each step that it stopped at. */
export function callsOf(form: Form, onStep: (() => void) | null = null): Calls {
  return form === 'plain' ? PLAIN : steppedCalls(onStep)
}

/** The stepped form itself. */
export const STEPPED: SteppedCalls = Object.freeze({ ...pick(coreSteps), ...pickFile(daxSteps) })

/** Calls that run as one step, without stopping. */
export function atOnce(calls: Calls): SteppedCalls {
  const stepped: Record<string, unknown> = {}
  for (const [name, call] of Object.entries(calls)) {
    // biome-ignore lint/correctness/useYield: it has no place to stop at
    stepped[name] = function* (...args: unknown[]) {
      return (call as (...args: unknown[]) => unknown)(...args)
    }
  }
  return stepped as unknown as SteppedCalls
}

function steppedCalls(onStep: (() => void) | null): Calls {
  const calls: Record<string, unknown> = {}
  for (const [name, call] of Object.entries(STEPPED)) {
    const steps = call as (...args: unknown[]) => Steps<unknown>
    calls[name] = (...args: unknown[]) => {
      return onStep === null ? runSteps(steps(...args)) : runWatched(steps(...args), onStep)
    }
  }
  return calls as unknown as Calls
}

/** As `runSteps`, with a look between any two steps. */
function runWatched<T>(steps: Steps<T>, onStep: () => void): T {
  for (;;) {
    const next = steps.next()
    onStep()
    if (next.done === true) return next.value
  }
}

function pick<T extends Pick<typeof corePlain, keyof typeof corePlain> | typeof coreSteps>(form: T) {
  const { load, store, memWrite, mmap, munmap, mprotect, madvise, mlock, msync, mremap, fork } = form
  return { load, store, memWrite, mmap, munmap, mprotect, madvise, mlock, msync, mremap, fork } as Pick<
    T,
    | 'load'
    | 'store'
    | 'memWrite'
    | 'mmap'
    | 'munmap'
    | 'mprotect'
    | 'madvise'
    | 'mlock'
    | 'msync'
    | 'mremap'
    | 'fork'
  >
}

function pickFile<T extends typeof daxPlain | typeof daxSteps>(form: T) {
  const {
    openCreate,
    ftruncate,
    fallocate,
    punchHole,
    pwriteFill,
    vfsCloneFileRange,
    preadByte,
    fsync,
    freezeSuper,
    thawSuper,
    dropCaches,
  } = form
  return {
    openCreate,
    ftruncate,
    fallocate,
    punchHole,
    pwriteFill,
    vfsCloneFileRange,
    preadByte,
    fsync,
    freezeSuper,
    thawSuper,
    dropCaches,
  } as Pick<
    T,
    | 'openCreate'
    | 'ftruncate'
    | 'fallocate'
    | 'punchHole'
    | 'pwriteFill'
    | 'vfsCloneFileRange'
    | 'preadByte'
    | 'fsync'
    | 'freezeSuper'
    | 'thawSuper'
    | 'dropCaches'
  >
}
