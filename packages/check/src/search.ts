/**
 * What all ways of searching share: executing a prefix again, looking for what is wrong, counting, and stopping at limits.
 * @module
 */

import { MachineError, StrategyError, type Task } from '@mm-model/core'
import { DEADLOCK, LOST_WAKE_UP, NO_PROGRESS, THROWN } from './built-in-rules.ts'
import { Execution, RAN, THREW, WAITS } from './execution.ts'
import type { Counts } from './explore.ts'
import { finalState } from './final-state.ts'
import { EVENTS, type Footprint, PAST, Recorder } from './footprint.ts'
import { Historian, RunHistory } from './history.ts'
import { type Held, LockOrder } from './lock-order.ts'
import type { Instance, Program, StateInvariant } from './program.ts'
import type { SharedMemory } from './shared-memory.ts'
import { LOCKS, type StateHash } from './state-hash.ts'
import { Stop } from './stop.ts'
import { type Transition, Transitions } from './transitions.ts'

/** What is wrong at the end of a schedule. */
export interface Wrong {
  readonly name: string
  readonly rule: string
  readonly source: string
  /** What it means. */
  readonly explains?: string | undefined
  readonly message: string
}

/** What is known at a state besides the state. */
export interface Past {
  readonly history: RunHistory
  readonly held: Held
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
  /** States that may be remembered; 0 to remember none. */
  readonly states: number
}

/** What several searches of the program share, and which of them one is, from 0. */
export interface Together {
  readonly memory: SharedMemory
  readonly member: number
}

/** Steps from one call of {@link Search.onTick} to the next. */
const STEPS_A_TICK = 8192

/** What waits for an entry that nobody holds (`EntryWaiter` of `@mm-model/dax`) says so. */
const LOST = '(a lost wake-up)'

export class Search {
  readonly program: Program
  readonly recorder: Recorder
  readonly stepInvariants: readonly (readonly [invariant: StateInvariant, kinds: number])[]
  readonly endInvariants: readonly StateInvariant[]
  readonly limits: Limits
  readonly together: Together | null
  /** Listens where rules look at the past. */
  readonly #historian: Historian | null
  /** Kinds of events that it hears; a bit each. */
  readonly heard: number
  /** Kinds of what rules look at in every state; and whether one looks at locks. */
  readonly #read: number
  readonly #readsLocks: boolean
  /** What they have looked at and found nothing in: the lanes of {@link StateHash.ofObjects}. */
  readonly #fine: Map<number, number> = new Map()
  readonly locks: LockOrder
  /** Called now and then; `false` stops the search. */
  onTick: (() => boolean) | null = null
  #nextTick = 0
  /** What is known after the last {@link step}. */
  past: Past = { history: RunHistory.empty, held: [] }
  /** Of the last {@link step}. */
  footprint: Footprint = new Int32Array(0)
  /** How often each final state was reached. */
  readonly finalStates: Map<string, number> = new Map()
  readonly collectStates: boolean
  /** Schedules that were followed to their end, or to where what comes is known. */
  executions = 0
  /** Steps from one state to another, run or recalled. */
  steps = 0
  /** Schedules that were given up because they would only reorder what commutes. */
  redundant = 0
  /** Different states that the search has come through and remembers. */
  states = 0
  /** Schedules that were given up because they came to such a state. */
  matched = 0
  /** Steps that are known from having been run. */
  readonly transitions: Transitions = new Transitions()

  constructor(
    program: Program,
    invariants: readonly StateInvariant[],
    limits: Limits,
    collectStates: boolean,
    together: Together | null = null,
  ) {
    this.program = program
    this.limits = limits
    this.collectStates = collectStates
    this.together = together
    const everyStep = invariants.filter((invariant) => invariant.everyStep === true)
    this.stepInvariants = everyStep.map((invariant) => [invariant, maskOf(invariant) | heardBy(invariant)])
    const asked = invariants.reduce((mask, one) => mask | maskOf(one) | heardBy(one), 0) & EVENTS
    // The past is made of all of its events, or of none.
    this.heard = (asked & PAST) === 0 ? asked : asked | PAST
    this.#historian = this.heard === 0 ? null : new Historian(this.heard)
    // What rules about the end look at shows in what threads leave, but for the past, which nobody touches.
    const pasts = invariants.flatMap((invariant) =>
      invariant.everyStep === true || (maskOf(invariant) & PAST) === 0 ? [] : [maskOf(invariant) & PAST],
    )
    this.#read = everyStep.reduce((mask, one) => mask | maskOf(one), 0)
    this.#readsLocks = (this.#read & LOCKS) !== 0
    this.recorder = new Recorder([...everyStep.map(maskOf), ...pasts], this.#historian)
    if (together !== null) this.recorder.share(together.memory.keys)
    this.locks = new LockOrder(this.recorder)
    this.endInvariants = invariants
  }

  /** What was counted so far. */
  get counts(): Counts {
    const { executions, steps, redundant, matched, states } = this
    return { executions, steps, redundant, matched, states, locks: this.locks.edges }
  }

  /** Counts on from there. */
  addCounts({ executions, steps, redundant, matched }: Counts): void {
    this.executions += executions
    this.steps += steps
    this.redundant += redundant
    this.matched += matched
  }

  /** Another execution begins, or what of it is another than the one before. @throws Stop at a limit */
  begins(): void {
    if (this.executions >= this.limits.executions) throw new Stop(`${this.executions} executions`)
    this.executions++
  }

  /** A new machine that has run the schedule. */
  replay(schedule: readonly number[], length: number): Execution {
    const execution = new Execution(this.program)
    this.follow(execution, schedule, 0, length)
    return execution
  }

  /** Lets a machine that has run `from` steps of the schedule run up to `length` of them. */
  follow(execution: Execution, schedule: readonly number[], from: number, length: number): void {
    for (let at = from; at < length; at++) {
      if (execution.step(schedule[at]!) !== RAN) throw notTheSame(at)
    }
  }

  #tick(): void {
    this.#nextTick = this.steps + STEPS_A_TICK
    if (this.onTick?.() === false) throw new Stop('stopped')
  }

  /** Another way of searching begins. */
  restart(): void {
    this.locks.begin()
  }

  /** What is known before the first step. */
  begin(execution: Execution): Past {
    return {
      history: RunHistory.of(execution.instance),
      held: Array.from({ length: execution.size }, () => []),
    }
  }

  /**
   * One step of thread `i` from a state of which `past` is known; {@link past} and {@link footprint} are then of it.
   * @throws Stop at a limit, and for what is not modelled
   */
  step(execution: Execution, i: number, past: Past): number {
    this.#count()
    this.recorder.clear()
    const { machine } = execution.instance
    this.#historian?.begin(execution.instance, i, past.history)
    machine.touched = this.recorder.sink
    const result = execution.step(i)
    machine.touched = null
    if (result === THREW) {
      const { error } = execution
      if (!(error instanceof MachineError || error instanceof StrategyError)) throw error
      if (error instanceof MachineError && error.code === 'NOT_MODELLED') throw new Stop(error.message)
    }
    this.footprint = this.recorder.take()
    this.#ran(i, past, this.#historian?.end() ?? past.history, result)
    return result
  }

  /**
   * A step of `task`, thread `i`, that does what is known, as {@link step} without running it; what it says of its fault was
   * looked at when it ran. @throws Stop at a limit
   */
  recall(
    i: number,
    { result, footprint, changed, facts }: Transition,
    past: Past,
    task: Task | undefined,
  ): number {
    this.#count()
    this.recorder.changed = changed
    this.footprint = footprint
    const { history } = past
    this.#ran(i, past, task === undefined ? history.quiet() : history.recalled(i, facts, task), result)
    return result
  }

  #count(): void {
    if (this.steps >= this.limits.steps) throw new Stop(`${this.steps} steps`)
    if (this.steps >= this.#nextTick) this.#tick()
    this.steps++
  }

  #ran(i: number, past: Past, history: RunHistory, result: number): void {
    const held = this.locks.step(past.held, i, this.footprint, result === WAITS)
    this.past = history === past.history && held === past.held ? past : { history, held }
  }

  /**
   * Whether no rule need look at the state that `hash` is of, after the last step: none looks at what that has changed, or all
   * have seen the same and found nothing.
   */
  isSeen(hash: StateHash): boolean {
    if ((this.recorder.changed & this.#read) === 0) return true
    const { a, b } = hash.ofObjects(this.#readsLocks)
    return this.#fine.get(a) === b
  }

  /** All rules have looked at the state that `hash` is of, and found nothing. */
  see(hash: StateHash): void {
    if ((this.recorder.changed & this.#read) === 0 || this.#fine.size >= this.limits.states) return
    const { a, b } = hash.ofObjects(this.#readsLocks)
    this.#fine.set(a, b)
  }

  /** What is wrong after the last {@link step}, which came to `result`, and not to {@link WAITS}. */
  wrongAfter(execution: Execution, result: number): Wrong | null {
    if (result === THREW) {
      const { error } = execution
      const endless = error instanceof MachineError && error.code === 'NO_PROGRESS'
      return { ...(endless ? NO_PROGRESS : THROWN), ...ruleOf(error), message: (error as Error).message }
    }
    const { changed } = this.recorder
    for (const [invariant, kinds] of this.stepInvariants) {
      if ((changed & kinds) === 0) continue
      const message = invariant.check(execution.instance, this.past.history)
      if (message !== null) return wrong(execution.instance, invariant, message)
    }
    return this.locks.wrong
  }

  /** The same when nothing more can run: notes the final state. `waiting`: threads that have not ended, a bit each. */
  wrongAtEnd(execution: Execution, waiting: number, past: Past): Wrong | null {
    const { instance } = execution
    if (waiting !== 0) {
      // One that is known to wait has not said what for.
      for (let i = 0; i < execution.size; i++) if ((waiting & (1 << i)) !== 0) execution.step(i)
      const names = instance.threads.flatMap(({ name, task }, i) =>
        (waiting & (1 << i)) === 0 ? [] : [`${name} waits for ${task.waitsFor?.name ?? 'nothing'}`],
      )
      const lost = instance.threads.some(({ task }) => task.waitsFor?.name.endsWith(LOST) === true)
      return { ...(lost ? LOST_WAKE_UP : DEADLOCK), message: names.join(', ') }
    }
    let { history } = past
    if (instance.after !== undefined) {
      try {
        history = this.#listen(instance, history, instance.after)
      } catch (error) {
        if (!(error instanceof MachineError || error instanceof StrategyError)) throw error
        return { ...THROWN, message: error.message }
      }
    }
    if (this.collectStates) {
      const state = finalState(execution)
      this.finalStates.set(state, (this.finalStates.get(state) ?? 0) + 1)
    }
    for (const invariant of this.endInvariants) {
      const message = invariant.check(instance, history)
      if (message !== null) return wrong(execution.instance, invariant, message)
    }
    return null
  }

  /** The history once `work` is done, which no thread does. */
  #listen(instance: Instance, before: RunHistory, work: () => void): RunHistory {
    const { machine } = instance
    this.#historian?.begin(instance, -1, before)
    machine.touched = this.recorder.sink
    try {
      work()
    } finally {
      machine.touched = null
    }
    return (this.#historian?.end() ?? before).quiet()
  }
}

function wrong(
  { placeOf }: Instance,
  { name, rule, source, explains }: StateInvariant,
  message: string,
): Wrong {
  if (placeOf === undefined) return { name, rule, source, explains, message }
  const named = message.replace(ADDRESS, (address) => placeOf(Number(address)))
  return { name, rule, source, explains, message: named }
}

/** Addresses of programs, which are longer than numbers of frames. */
const ADDRESS = /0x[0-9a-f]{10,}/g

/** The rule that a machine itself has found broken, which its error names in brackets. */
function ruleOf(error: unknown): Pick<Wrong, 'name' | 'rule'> | null {
  if (!(error instanceof MachineError) || error.code !== 'INVARIANT') return null
  const name = /\((I\d+)\)/.exec(error.expected)?.[1]
  return name === undefined ? null : { name, rule: error.expected }
}

/** Kinds of what an invariant looks at; a bit each. */
function maskOf({ reads }: StateInvariant): number {
  return reads === undefined ? -1 : reads.reduce((mask, kind) => mask | (1 << kind), 0)
}

/** Kinds of what it is told; a bit each. */
function heardBy({ hears = [] }: StateInvariant): number {
  return hears.reduce((mask, kind) => mask | (1 << kind), 0)
}

/** A program whose executions are not alike. */
export function notTheSame(at: number): MachineError {
  return new MachineError('BAD_CONFIGURATION', {
    found: `an execution in which step ${at + 1} is another than the time before`,
    expected: 'a program that builds and does the same each time',
    remedy:
      'keep clocks, random numbers and state of other executions out of it, and checkpoints as they were written',
  })
}

/** Times that a schedule takes the CPU from one of the `threads` that could have gone on; interrupts take none. */
export function preemptionsOf(
  schedule: readonly number[],
  threads: number,
  couldGoOn: (at: number, thread: number) => boolean,
): number {
  let count = 0
  let before = -1
  for (const [at, thread] of schedule.entries()) {
    if ((threads & (1 << thread)) === 0) continue
    if (before >= 0 && before !== thread && couldGoOn(at, before)) count++
    before = thread
  }
  return count
}
