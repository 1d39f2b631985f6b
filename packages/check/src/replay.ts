/**
 * Running one schedule again, looking at what is wrong on the way and at its end.
 * @module
 */

import { MachineError } from '@mm-model/core'
import { type Execution, WAITS } from './execution.ts'
import type { Program, StateInvariant } from './program.ts'
import { Search, type Wrong } from './search.ts'

export interface Replay {
  /** What is wrong, or null. */
  readonly wrong: Wrong | null
  /** The steps that ran, as indices of threads: as many as were given, or up to what is wrong. */
  readonly schedule: readonly number[]
  /** Whether all threads have ended. */
  readonly ended: boolean
}

/**
 * Runs the threads in the order that the names say, one step each; where nothing can run on, or all have ended, that is looked at as
 * at the end of a search.
 * @throws MachineError BAD_CONFIGURATION for a name that no thread has, and for a step that the thread cannot make then
 */
export function replay(
  program: Program,
  names: readonly string[],
  invariants: readonly StateInvariant[],
): Replay {
  const search = new Search(program, invariants, { executions: Infinity, steps: Infinity, states: 0 }, false)
  const execution = search.replay([], 0)
  const runners = runnersOf(execution)
  let past = search.begin(execution)
  const schedule: number[] = []
  for (const [at, name] of names.entries()) {
    const who = runners.indexOf(name)
    if (who < 0) throw doesNotFit(at, `of ${name}`, `one of ${runners.join(', ')}`)
    if ((execution.done & (1 << who)) !== 0) throw doesNotFit(at, `of ${name}, which has ended`)
    const result = search.step(execution, who, past)
    if (result === WAITS) throw doesNotFit(at, `of ${name}, which has to wait`)
    schedule.push(who)
    past = search.past
    const wrong = search.wrongAfter(execution, result)
    if (wrong !== null) return { wrong, schedule, ended: false }
  }
  const left = execution.threads & ~execution.done
  const stuck = runners.every(
    (_, i) => (execution.done & (1 << i)) !== 0 || search.step(execution, i, past) === WAITS,
  )
  return { wrong: stuck ? search.wrongAtEnd(execution, left, past) : null, schedule, ended: left === 0 }
}

/** What each of those that can run is called in a schedule: a thread by its name, an interrupt by its CPU and who waits for it. */
export function runnersOf({ instance: { threads }, handlers }: Execution): readonly string[] {
  return [
    ...threads.map(({ name }) => name),
    ...handlers.map(({ cpu, from }) => {
      return `CPU ${cpu} for ${threads.find(({ task }) => task === from)?.name ?? `task ${from.id}`}`
    }),
  ]
}

function doesNotFit(at: number, found: string, expected = 'a step that it can make'): MachineError {
  return new MachineError('BAD_CONFIGURATION', {
    found: `step ${at + 1} ${found}`,
    expected,
    remedy: 'the schedule is of another scenario or another version: search for it again',
  })
}
