/**
 * One execution: the program's machine and how far each thread is.
 * @module
 */

import {
  MachineError,
  type ShootdownHandler,
  Shootdowns,
  STEP_BLOCKED,
  type Step,
  type Steps,
  shootdownHandlers,
} from '@mm-model/core'
import type { Instance, Program } from './program.ts'

/** What a step came to. */
export const RAN: number = 0
/** The thread has to wait; nothing happened. */
export const WAITS: number = 1
/** A call threw: {@link Execution.error}. */
export const THREW: number = 2

/** No thread's first step begins with one of `STEP_*`. */
const STEP_BEGIN: Step = 0

/** The first of some threads, a bit each; -1 of none. */
export function firstThread(bits: number): number {
  return bits === 0 ? -1 : 31 - Math.clz32(bits & -bits)
}

/** What can run is numbered: the threads of the instance, then the handlers of interrupts, which never end. */
export class Execution {
  readonly instance: Instance
  /** Interrupts that may come, each a CPU's answer to flushes of one task. */
  readonly handlers: readonly ShootdownHandler[]
  /** Bit per thread that has ended. */
  done = 0
  /** Bits of all; of the threads of the instance. */
  readonly all: number
  readonly threads: number
  /** What each thread's next step is: the `STEP_*` that it yielded, or {@link STEP_BEGIN} at the beginning of a call. */
  readonly next: Step[]
  /** What each thread's calls answered so far, and the signals of those that ended in one. */
  readonly answers: string[][]
  /** What a call threw. */
  error: unknown = null
  readonly #runs: (Steps<unknown> | null)[]
  readonly #calls: number[]

  /** @throws MachineError BAD_CONFIGURATION for threads that cannot be told apart */
  constructor(program: Program) {
    this.instance = program()
    const { threads, machine } = this.instance
    if (
      threads.length < 1 ||
      threads.length > 5 ||
      new Set(threads.map((t) => t.task)).size < threads.length
    ) {
      throw new MachineError('BAD_CONFIGURATION', {
        found: `${threads.length} threads, of ${new Set(threads.map((t) => t.task)).size} tasks`,
        expected: '1 to 5 threads, each with a task of its own',
        remedy: 'give each thread a task: machine.addTask(mm, cpu)',
      })
    }
    machine.shootdowns = new Shootdowns(machine)
    this.handlers = shootdownHandlers(machine)
    this.threads = 2 ** threads.length - 1
    this.all = 2 ** (threads.length + this.handlers.length) - 1
    this.next = threads.map(() => STEP_BEGIN)
    this.answers = threads.map(() => [])
    this.#runs = [...threads.map(() => null), ...this.handlers.map((handler) => handler.run())]
    this.#calls = threads.map(() => 0)
    for (let i = 0; i < threads.length; i++) if (threads[i]!.calls.length === 0) this.done |= 1 << i
  }

  /** How many can run. */
  get size(): number {
    return this.#runs.length
  }

  /** As schedules call what runs as `i`: a thread's name, or `CPU 1` for an interrupt. */
  nameOf(i: number): string {
    const { threads } = this.instance
    return threads[i]?.name ?? `CPU ${this.handlers[i - threads.length]!.cpu}`
  }

  /** Whether thread `i` is in none of its calls. */
  isBetweenCalls(i: number): boolean {
    return this.#runs[i] === null
  }

  /** Lets `i`, which has not ended, run to its next visible step: {@link RAN}, {@link WAITS} or {@link THREW}. */
  step(i: number): number {
    if (i >= this.next.length) return this.#runs[i]!.next().value === STEP_BLOCKED ? WAITS : RAN
    const thread = this.instance.threads[i]!
    try {
      const run = this.#runs[i] ?? thread.calls[this.#calls[i]!]!()
      this.#runs[i] = run
      const { done, value } = run.next()
      if (done === true) {
        const { signal } = thread.task
        this.answers[i]!.push(signal === null ? answerOf(value) : `${answerOf(value)} ${signal.signal}`)
        thread.task.signal = null
        this.#runs[i] = null
        this.next[i] = STEP_BEGIN
        if (++this.#calls[i]! === thread.calls.length) this.done |= 1 << i
        return RAN
      }
      if (value === STEP_BLOCKED) return WAITS
      this.next[i] = value
      return RAN
    } catch (error) {
      this.error = error
      return THREW
    }
  }
}

function answerOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'a task' : String(value)
}
