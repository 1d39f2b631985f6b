/**
 * A schedule that ends in something wrong, step by step: who did what, in which function of the kernel.
 * @module
 */

import {
  STEP_ACCESS,
  STEP_ENTRY_READ,
  STEP_ENTRY_WRITE,
  STEP_FLAG,
  STEP_LOCK,
  STEP_TLB_FLUSH,
  STEP_UNLOCK,
  STEP_WAIT,
  type Step,
} from '@mm-model/core'
import { Execution } from './execution.ts'
import { acquires, changes, isPlain, Recorder, releases } from './footprint.ts'
import type { Program } from './program.ts'
import type { Found, Wrong } from './search.ts'

export interface ScheduleStep {
  /** Index of the thread, and its name. */
  readonly thread: number
  readonly name: string
  /** What it had stopped before: `begin`, `lock`, `unlock`, `entry read`, `entry write`, `flush`, `flag`, `access`, `wait`. */
  readonly step: string
  /** Functions of the kernel, and tracepoints, that it came through. */
  readonly functions: readonly string[]
  /** Locks taken, by name. */
  readonly takes: readonly string[]
  /** Locks released. */
  readonly releases: readonly string[]
  /** What it changed. */
  readonly changes: readonly string[]
}

export interface Counterexample extends Wrong {
  readonly schedule: readonly ScheduleStep[]
  /** Times that the schedule takes the CPU from a thread that could go on. */
  readonly preemptions: number
  /** No schedule with fewer preemptions ends in anything wrong, and none with as many is shorter. */
  readonly shortest: boolean
}

/** What a thread can have stopped before. */
export const STEP_NAMES: ReadonlyMap<Step, string> = new Map([
  [STEP_LOCK, 'lock'],
  [STEP_UNLOCK, 'unlock'],
  [STEP_ENTRY_READ, 'entry read'],
  [STEP_ENTRY_WRITE, 'entry write'],
  [STEP_TLB_FLUSH, 'flush'],
  [STEP_FLAG, 'flag'],
  [STEP_ACCESS, 'access'],
  [STEP_WAIT, 'wait'],
])

/** Runs the schedule once more and notes what each step does. */
export function counterexampleOf(program: Program, found: Found, shortest: boolean): Counterexample {
  const execution = new Execution(program)
  const { machine } = execution.instance
  const recorder = new Recorder([], null, true)
  const functions: string[] = []
  machine.touched = recorder.sink
  machine.trace = (name) => {
    functions.push(name)
  }
  const schedule = found.schedule.map((thread): ScheduleStep => {
    const step = STEP_NAMES.get(execution.next[thread] ?? STEP_TLB_FLUSH) ?? 'begin'
    recorder.clear()
    functions.length = 0
    execution.step(thread)
    return {
      thread,
      name: execution.nameOf(thread),
      step,
      functions: [...functions],
      takes: recorder.named(acquires),
      releases: recorder.named(releases),
      changes: recorder.named((how) => isPlain(how) && changes(how)),
    }
  })
  return { ...found.wrong, schedule, preemptions: found.preemptions, shortest }
}

/**
 * The counterexample as text: a line for each run of steps of one thread, which begins with the thread's name.
 */
export function formatCounterexample(found: Counterexample): string {
  const lines = [`${found.name}: ${found.message}`, `  ${found.rule} (${found.source})`]
  for (let at = 0; at < found.schedule.length; ) {
    const { thread, name } = found.schedule[at]!
    let end = at
    const words: string[] = []
    for (; end < found.schedule.length && found.schedule[end]!.thread === thread; end++) {
      const step = found.schedule[end]!
      words.push(
        ...step.functions,
        ...step.takes.map((lock) => `+${lock}`),
        ...step.releases.map((lock) => `-${lock}`),
      )
    }
    lines.push(`${name}, ${end - at} steps: ${words.join(' ')}`)
    at = end
  }
  return lines.join('\n')
}
