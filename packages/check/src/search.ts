/**
 * What all ways of searching share: executing a prefix again, looking for what is wrong, counting, and stopping at limits.
 * @module
 */

import { MachineError, StrategyError } from '@mm-model/core'
import { Execution, RAN, THREW } from './execution.ts'
import { finalState } from './final-state.ts'
import { KINDS, Recorder } from './footprint.ts'
import type { Program, StateInvariant } from './program.ts'

/** What is wrong at the end of a schedule. */
export interface Wrong {
  readonly name: string
  readonly rule: string
  readonly source: string
  readonly message: string
}

/** A schedule, as the threads that ran its steps, and what it ends in. */
export interface Found {
  readonly wrong: Wrong
  readonly schedule: readonly number[]
  readonly preemptions: number
}

/** Where a search must stop. */
export interface Limits {
  readonly executions: number
  readonly steps: number
}

/** Thrown inside a search that has come to a limit, or to what the model does not have. */
export class Stop extends Error {}

/** The rule that no schedule may end with threads that wait for each other. */
const DEADLOCK = { name: 'deadlock', rule: 'some thread can always go on', source: 'I39, I40' }
const THROWN = { name: 'error', rule: 'no call throws', source: 'the model' }

export class Search {
  readonly program: Program
  readonly recorder: Recorder
  readonly stepInvariants: readonly StateInvariant[]
  readonly endInvariants: readonly StateInvariant[]
  readonly limits: Limits
  /** How often each final state was reached. */
  readonly finalStates: Map<string, number> = new Map()
  readonly collectStates: boolean
  executions = 0
  /** Steps run, those of prefixes that were run again included. */
  steps = 0
  /** Schedules that were given up because they would only reorder what commutes. */
  redundant = 0

  constructor(
    program: Program,
    invariants: readonly StateInvariant[],
    limits: Limits,
    collectStates: boolean,
  ) {
    this.program = program
    this.limits = limits
    this.collectStates = collectStates
    this.stepInvariants = invariants.filter(({ everyStep }) => everyStep === true)
    this.recorder = new Recorder(observedBy(this.stepInvariants))
    this.endInvariants = invariants
  }

  /** A new execution that has run the schedule. @throws Stop at a limit */
  replay(schedule: readonly number[], length: number): Execution {
    if (this.executions >= this.limits.executions) throw new Stop(`${this.executions} executions`)
    this.executions++
    const execution = new Execution(this.program)
    for (let at = 0; at < length; at++) {
      if (execution.step(schedule[at]!) !== RAN) throw notTheSame(at)
    }
    this.steps += length
    return execution
  }

  /**
   * One step of thread `i`, with the footprint in {@link recorder}.
   * @throws Stop at a limit, and for what is not modelled
   */
  step(execution: Execution, i: number): number {
    if (this.steps >= this.limits.steps) throw new Stop(`${this.steps} steps`)
    this.steps++
    this.recorder.clear()
    const { machine } = execution.instance
    machine.touched = this.recorder.sink
    const result = execution.step(i)
    machine.touched = null
    if (result === THREW) {
      const { error } = execution
      if (!(error instanceof MachineError || error instanceof StrategyError)) throw error
      if (error instanceof MachineError && error.code === 'NOT_MODELLED') throw new Stop(error.message)
    }
    return result
  }

  /** What is wrong after a step that came to `result`, which is not {@link WAITS}. */
  wrongAfter(execution: Execution, result: number): Wrong | null {
    if (result === THREW) {
      return { ...THROWN, message: (execution.error as Error).message }
    }
    return broken(execution, this.stepInvariants)
  }

  /** The same when nothing more can run: notes the final state. `waiting`: threads that have not ended, a bit each. */
  wrongAtEnd(execution: Execution, waiting: number): Wrong | null {
    if (waiting !== 0) {
      const names = execution.instance.threads.flatMap(({ name, task }, i) =>
        (waiting & (1 << i)) === 0 ? [] : [`${name} waits for ${task.waitsFor?.name ?? 'nothing'}`],
      )
      return { ...DEADLOCK, message: names.join(', ') }
    }
    if (this.collectStates) {
      const state = finalState(execution)
      this.finalStates.set(state, (this.finalStates.get(state) ?? 0) + 1)
    }
    return broken(execution, this.endInvariants)
  }
}

/** Kinds of objects that invariants look at after every step. */
function observedBy(invariants: readonly StateInvariant[]): ReadonlySet<number> {
  const kinds = new Set<number>()
  for (const { reads } of invariants) {
    if (reads === undefined) for (let kind = 0; kind < KINDS; kind++) kinds.add(kind)
    else for (const kind of reads) kinds.add(kind)
  }
  return kinds
}

function broken(execution: Execution, invariants: readonly StateInvariant[]): Wrong | null {
  for (const { name, rule, source, check } of invariants) {
    const message = check(execution.instance)
    if (message !== null) return { name, rule, source, message }
  }
  return null
}

/** A program whose executions are not alike. */
function notTheSame(at: number): MachineError {
  return new MachineError('BAD_CONFIGURATION', {
    found: `an execution in which step ${at + 1} is another than the time before`,
    expected: 'a program that builds and does the same each time',
    remedy: 'keep clocks, random numbers and state of other executions out of it',
  })
}

/** Times that a schedule takes the CPU from a thread that could have gone on. */
export function preemptionsOf(
  schedule: readonly number[],
  couldGoOn: (at: number, thread: number) => boolean,
): number {
  let count = 0
  for (let at = 1; at < schedule.length; at++) {
    const before = schedule[at - 1]!
    if (before !== schedule[at] && couldGoOn(at, before)) count++
  }
  return count
}
