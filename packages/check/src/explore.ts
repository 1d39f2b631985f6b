/**
 * Exploring a program: the choice of a search, and what it came to.
 * @module
 */

import { MachineError } from '@mm-model/core'
import { searchBounded, searchRandom } from './bounded.ts'
import { type Counterexample, counterexampleOf } from './counterexample.ts'
import { searchReduced } from './dpor.ts'
import type { Program, StateInvariant } from './program.ts'
import { type Found, Search, Stop } from './search.ts'

/** How to explore; left out, every interleaving. */
export interface ExploreOptions {
  /** What must hold, besides that no call throws and no threads wait for each other. */
  readonly invariants?: readonly StateInvariant[] | undefined
  /** At most so many preemptions, 0 or more, without reduction. */
  readonly preemptions?: number | undefined
  /** So many schedules at random instead; `seed` is any integer from 0 to 2^32 - 1. */
  readonly random?: { readonly schedules: number; readonly seed: number } | undefined
  /** Stop after so many executions; left out, a million. */
  readonly maxExecutions?: number | undefined
  /** Stop after so many steps; left out, a thousand million. */
  readonly maxSteps?: number | undefined
  /** Remember so many states, to go on from each once; left out, 2^21; 0 for none. */
  readonly maxStates?: number | undefined
  /** Keep every final state, as text; left out, they are not kept. */
  readonly finalStates?: boolean | undefined
}

/** What an exploration came to. */
export interface Exploration {
  /** `holds`: in every interleaving. `violated`: see {@link counterexample}. */
  readonly outcome: 'holds' | 'violated' | 'not exhausted'
  /** `holds in all interleavings`, `violated: …` or `not exhausted: …`, with the reason. */
  readonly verdict: string
  /** Machines built and run. */
  readonly executions: number
  /** Steps run, those that were run again to come back to a state included. */
  readonly steps: number
  /** Executions that were given up as reorderings of others. */
  readonly redundant: number
  /** Executions that were given up because they came to a state that was searched from before. */
  readonly matched: number
  /** Different states that the search came through and remembers. */
  readonly states: number
  /** Final states with how many executions ended in each, when they were asked for. */
  readonly finalStates: ReadonlyMap<string, number>
  readonly counterexample: Counterexample | null
}

/**
 * Runs the program in every interleaving of its visible steps, up to those that differ only in the order of steps that
 * commute. Where something is wrong in one, the counterexample is one with the fewest preemptions and of those one with the
 * fewest steps, unless a limit stops the search for it.
 * @throws MachineError BAD_CONFIGURATION for options out of range, and for a program that cannot be explored
 */
export function explore(program: Program, options: ExploreOptions = {}): Exploration {
  const { invariants = [], preemptions, random, finalStates = false } = options
  const limits = {
    executions: options.maxExecutions ?? 1e6,
    steps: options.maxSteps ?? 1e9,
    states: options.maxStates ?? 2 ** 21,
  }
  for (const [name, value] of Object.entries({ ...limits, preemptions: preemptions ?? 0, ...random })) {
    if (!Number.isInteger(value) || value < 0) throw badOption(name, value)
  }
  const search = new Search(program, invariants, limits, finalStates)
  let found: Found | null = null
  let shortest = true
  let rest = ''
  try {
    if (random !== undefined) {
      shortest = false
      rest = `${random.schedules} random schedules`
      found = searchRandom(search, random.schedules, random.seed)
    } else if (preemptions !== undefined) {
      rest = `schedules with more than ${preemptions} preemptions`
      found = fewest(search, preemptions)
    } else {
      found = searchReduced(search)
      shortest = found === null
    }
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    rest = error.message
  }
  if (found !== null && !shortest && random === undefined) {
    try {
      found = fewest(search, found.preemptions) ?? found
      shortest = true
    } catch (error) {
      if (!(error instanceof Stop)) throw error
    }
  }
  const { executions, steps, redundant, matched, states } = search
  const counts = { executions, steps, redundant, matched, states, finalStates: search.finalStates }
  if (found !== null) {
    const counterexample = counterexampleOf(program, found, shortest)
    const verdict = `violated: ${found.wrong.name}: ${found.wrong.message}`
    return { outcome: 'violated', verdict, ...counts, counterexample }
  }
  const outcome = rest === '' ? 'holds' : 'not exhausted'
  const verdict = rest === '' ? 'holds in all interleavings' : `not exhausted: ${rest}`
  return { outcome, verdict, ...counts, counterexample: null }
}

/** By number of preemptions, up to `most`. */
function fewest(search: Search, most: number): Found | null {
  for (let bound = 0; bound <= most; bound++) {
    if (bound > 0) search.finalStates.clear()
    const found = searchBounded(search, bound)
    if (found !== null) return found
  }
  return null
}

function badOption(name: string, value: unknown): MachineError {
  return new MachineError('BAD_CONFIGURATION', {
    found: `${name} ${String(value)}`,
    expected: 'a whole number, 0 or more',
    remedy: 'choose a number in that range',
  })
}
