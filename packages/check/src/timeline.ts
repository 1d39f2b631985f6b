/**
 * What a schedule does, step by step, in words: calls with their answers, functions of the kernel, locks, and what changed.
 * @module
 */

import {
  EVENT_COMMITTED,
  EVENT_FLUSHED,
  EVENT_STORED,
  EVENT_STORED_PRIVATE,
  EVENT_SYNC,
  EVENT_SYNCED,
  EVENT_WRITTEN,
  EVENT_ZEROED,
  MachineError,
  STEP_TLB_FLUSH,
  StrategyError,
} from '@mm-model/core'
import { STEP_NAMES } from './counterexample.ts'
import { Execution } from './execution.ts'
import { acquires, Recorder, releases } from './footprint.ts'
import type { Instance, Program } from './program.ts'
import { runnersOf } from './replay.ts'
import { changesBetween, watchState } from './watched-state.ts'

export interface TimelineStep {
  /** Index of the thread; of an interrupt, of the one that runs on the same CPU, or of the first where none does. */
  readonly thread: number
  /** It is an interrupt: what the CPU does between two steps of the thread. */
  readonly interrupt: boolean
  /** The call that begins with the step, or null. */
  readonly begins: string | null
  /** What the call answered that ends with it, or null. */
  readonly answers: string | null
  /** What the thread had stopped before, as {@link ScheduleStep} says it. */
  readonly step: string
  /** Functions of the kernel, and tracepoints, that it came through. */
  readonly functions: readonly string[]
  /** Locks taken, and released, by name. */
  readonly takes: readonly string[]
  readonly releases: readonly string[]
  /** `entry of page 0 of a: none -> locked, empty`; and what happened to stored bytes, as `flushed frame 0x40007`. */
  readonly changes: readonly string[]
}

export interface Timeline {
  /** Names of the threads. */
  readonly threads: readonly string[]
  /** Who ran each step: the name of a thread, or `CPU 1 for @t2` for an interrupt. */
  readonly runners: readonly string[]
  readonly steps: readonly TimelineStep[]
  /** What ran when all threads had ended, a line each; null where the schedule ends before, or there is nothing to run. */
  readonly after: readonly TimelineLine[] | null
}

/** A line of a scenario that runs by itself. */
export interface TimelineLine {
  readonly text: string
  readonly answers: string
  /** As of a {@link TimelineStep}. */
  readonly changes: readonly string[]
}

/** Events that happen to frames and to the journal, in words; `#` stands for the id. */
const EVENTS: Readonly<Record<number, string>> = {
  [EVENT_STORED]: 'stored to frame #',
  [EVENT_STORED_PRIVATE]: 'stored to frame #, private',
  [EVENT_WRITTEN]: 'wrote frame #',
  [EVENT_ZEROED]: 'zeroed frame #',
  [EVENT_FLUSHED]: 'flushed frame #',
  [EVENT_COMMITTED]: 'committed the journal',
  [EVENT_SYNC]: 'begins to synchronise #',
  [EVENT_SYNCED]: 'has synchronised #',
}

/**
 * Runs the schedule, the indices of threads, on a machine of its own and notes what each step does; with `ended`, that it ends where all
 * threads have ended and what comes after has run, that, too.
 */
export function timelineOf(program: Program, schedule: readonly number[], ended = false): Timeline {
  const execution = new Execution(program)
  const watcher = new Watcher(execution.instance)
  const runners = runnersOf(execution)
  return {
    threads: execution.instance.threads.map(({ name }) => name),
    runners: schedule.map((who) => runners[who]!),
    steps: schedule.map((who) => watcher.step(execution, who)),
    after: ended && execution.instance.after !== undefined ? watcher.after(execution.instance.after) : null,
  }
}

class Watcher {
  readonly #instance: Instance
  readonly #recorder: Recorder = new Recorder([])
  #functions: string[] = []
  #events: string[] = []
  #state: ReturnType<typeof watchState>

  constructor(instance: Instance) {
    this.#instance = instance
    this.#state = watchState(instance)
    const { machine } = instance
    machine.touched = (kind, id, how) => {
      const event = EVENTS[kind]
      if (event !== undefined) this.#events.push(event.replace('#', () => idWords(id)))
      this.#recorder.sink(kind, id, how)
    }
    machine.trace = (name) => {
      this.#functions.push(name)
    }
  }

  /** What runs by itself when all threads have ended. */
  after(run: NonNullable<Instance['after']>): TimelineLine[] {
    const lines: TimelineLine[] = []
    this.#events = []
    try {
      run((text, answers) => {
        lines.push({ text, answers, changes: this.#changes() })
        this.#events = []
      })
    } catch (error) {
      // What it could not do is what is wrong with the schedule.
      if (!(error instanceof MachineError || error instanceof StrategyError)) throw error
    }
    return lines
  }

  /** What is other than when this was last asked. */
  #changes(): string[] {
    const after = watchState(this.#instance)
    const changes = [...changesBetween(this.#state, after), ...new Set(this.#events)]
    this.#state = after
    return changes
  }

  /** `who` runs, a thread or the handler of an interrupt. */
  step(execution: Execution, who: number): TimelineStep {
    const { threads } = this.#instance
    const handler = execution.handlers[who - threads.length]
    const stopped = handler === undefined ? who : threads.findIndex(({ task }) => task.cpu === handler.cpu)
    const thread = Math.max(0, stopped)
    const interrupt = stopped < 0 ? `(interrupt of CPU ${handler!.cpu})` : '(interrupt)'
    const { labels } = threads[thread]!
    const calls = execution.answers[thread]!.length
    const step = STEP_NAMES.get(execution.next[who] ?? STEP_TLB_FLUSH) ?? 'begin'
    this.#recorder.clear()
    this.#functions = []
    this.#events = []
    execution.step(who)
    const changes = this.#changes()
    return {
      thread,
      interrupt: handler !== undefined,
      begins: step === 'begin' ? (labels?.[calls] ?? `call ${calls + 1}`) : null,
      answers: handler === undefined ? (execution.answers[thread]![calls] ?? null) : null,
      step,
      functions: handler === undefined ? this.#functions : [interrupt, ...this.#functions],
      takes: this.#recorder.named(acquires),
      releases: this.#recorder.named(releases),
      changes,
    }
  }
}

/** Frames are numbers; what is written or synchronised has a text of several words. */
function idWords(id: number | string): string {
  if (typeof id === 'number') return `0x${id.toString(16)}`
  const [first, ...others] = id.split(' ')
  return /^\d+$/.test(first!) ? [`0x${Number(first).toString(16)}`, ...others].join(' ') : first!
}
