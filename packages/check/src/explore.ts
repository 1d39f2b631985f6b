/**
 * Exploring a program: the choice of a search, and what it came to.
 * @module
 */

import { MachineError } from '@mm-model/core'
import { searchBounded, searchRandom } from './bounded.ts'
import { type Counterexample, counterexampleOf } from './counterexample.ts'
import { ReducedSearch } from './dpor.ts'
import type { SavedSearch } from './level.ts'
import type { Program, StateInvariant } from './program.ts'
import { type Found, Search, type Together } from './search.ts'
import { shrinkSchedule } from './shrink-schedule.ts'
import { Stop } from './stop.ts'

/** How to explore; left out, every interleaving. */
export interface ExploreOptions {
  /** What must hold, besides that no call throws, locks have an order and no threads wait for each other. */
  readonly invariants?: readonly StateInvariant[] | undefined
  /** At most so many preemptions, 0 or more, without reduction. */
  readonly preemptions?: number | undefined
  /** So many schedules at random instead; `seed` is any integer from 0 to 2^32 - 1. */
  readonly random?: { readonly schedules: number; readonly seed: number } | undefined
  /** Stop after so many executions; left out, a hundred million. */
  readonly maxExecutions?: number | undefined
  /**
   * Take no more steps from one state to another than that; left out, 10^12. Steps that run again to come back to a state do not count;
   * those of the search for a shortest counterexample do.
   */
  readonly maxSteps?: number | undefined
  /** Remember so many states, to go on from each once; left out, 2^21; 0 for none. */
  readonly maxStates?: number | undefined
  /** Keep every final state, as text; left out, they are not kept. */
  readonly finalStates?: boolean | undefined
  /** Search only part `index`, 1 … `count`, of as many: together they are all. Not with `preemptions` or `random`. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined
  /** Go on from where a search of the same program, with the same rules and shard, has stopped. */
  readonly resume?: Checkpoint | undefined
  /**
   * Search together with others that are given the same memory (`sharedMemory`), program, rules, shard and checkpoint, each in a thread of its
   * own: what one is through with, no other begins. What holds in one then holds; `joinExplorations` says what all came to.
   */
  readonly together?: Together | undefined
  /** Called now and then; `false` stops the search. */
  readonly progress?: ((at: Progress) => boolean | undefined) | undefined
  /** Whether a counterexample is to be a shortest one, which takes another search; left out, yes. */
  readonly shortest?: boolean | undefined
}

/** How far a search is. */
export interface Progress {
  readonly executions: number
  readonly steps: number
  readonly states: number
  /** Steps from the beginning to the state at hand. */
  readonly depth: number
  /** How much is done of what is known that must be, 0 … 1; it can become less. */
  readonly fraction: number
}

/** What a search came through. */
export interface Counts {
  /** Schedules that were followed to their end, or to where what comes is known. */
  readonly executions: number
  /** Steps from one state to another: those that were run, and those that are known to do again what they did. */
  readonly steps: number
  /** Executions that were given up as reorderings of others. */
  readonly redundant: number
  /** Executions that were given up because they came to a state that was searched from before. */
  readonly matched: number
  /** Different states that the search came through and remembers. */
  readonly states: number
  /** Locks that were taken while others were held: `held > taken`. */
  readonly locks: readonly string[]
}

/** Where a search has stopped. */
export interface Checkpoint {
  /** Of the parts of its shard, the one that it was at. */
  readonly part: number
  /** Where in the part; null for its beginning. */
  readonly search: SavedSearch | null
  readonly counts: Counts
}

/** What an exploration came to. */
export interface Exploration extends Counts {
  /** `holds`: in every interleaving, or in those of the shard. `violated`: see {@link counterexample}. */
  readonly outcome: 'holds' | 'violated' | 'not exhausted'
  /** `holds in all interleavings`, `violated: …` or `not exhausted: …`, with the reason. */
  readonly verdict: string
  /** Final states with how many executions ended in each, when they were asked for. */
  readonly finalStates: ReadonlyMap<string, number>
  readonly counterexample: Counterexample | null
  /** To go on from, when a limit or {@link ExploreOptions.progress} stopped the search of all interleavings. */
  readonly checkpoint: Checkpoint | null
}

/** Parts that a search is divided into for each shard: more even out what one takes. */
const PARTS_A_SHARD = 8
/** Steps after which it is not divided any further. */
const DEEPEST_PART = 40

/**
 * Runs the program in every interleaving of its visible steps, up to those that differ only in the order of steps that
 * commute. Where something is wrong in one, the counterexample is one with the fewest preemptions and of those one with the
 * fewest steps, unless a limit stops the search for it.
 * @throws MachineError BAD_CONFIGURATION for options out of range, and for a program that cannot be explored
 */
export function explore(program: Program, options: ExploreOptions = {}): Exploration {
  const { invariants = [], preemptions, random, finalStates = false, resume } = options
  const limits = {
    executions: options.maxExecutions ?? 1e8,
    steps: options.maxSteps ?? 1e12,
    states: options.maxStates ?? 2 ** 21,
  }
  for (const [name, value] of Object.entries({ ...limits, preemptions: preemptions ?? 0, ...random })) {
    if (!Number.isInteger(value) || value < 0) throw badOption(name, value, 'a whole number, 0 or more')
  }
  const search = new Search(program, invariants, limits, finalStates, options.together ?? null)
  if (resume !== undefined) search.addCounts(resume.counts)
  const run = new Exploring(search, options)
  let found: Found | null = null
  let rest = ''
  let isShortest = false
  try {
    if (random !== undefined) {
      rest = `${random.schedules} random schedules`
      found = searchRandom(search, random.schedules, random.seed)
    } else if (preemptions !== undefined) {
      rest = `schedules with more than ${preemptions} preemptions`
      found = fewest(search, preemptions)
      isShortest = found !== null
    } else found = run.all()
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    rest = error.message
  }
  const counts = search.counts
  if (found !== null && !isShortest && options.shortest !== false) {
    try {
      // With fewer preemptions first: the search for the shortest goes no further than as many.
      found = shrinkSchedule(search, found)
      if (random === undefined) {
        found = fewest(search, found.preemptions) ?? found
        isShortest = true
      }
    } catch (error) {
      if (!(error instanceof Stop)) throw error
    }
  }
  const common = { ...counts, finalStates: search.finalStates }
  if (found !== null) {
    const counterexample = counterexampleOf(program, found, isShortest)
    const verdict = `violated: ${found.wrong.name}: ${found.wrong.message}`
    return { outcome: 'violated', verdict, ...common, counterexample, checkpoint: null }
  }
  const outcome = rest === '' ? 'holds' : 'not exhausted'
  const verdict = rest === '' ? run.holds : `not exhausted: ${rest}`
  return { outcome, verdict, ...common, counterexample: null, checkpoint: run.checkpoint() }
}

/** The search of all interleavings, or of a shard of them. */
class Exploring {
  readonly #search: Search
  readonly #reduced: ReducedSearch
  readonly #shard: ExploreOptions['shard']
  readonly #resume: Checkpoint | undefined
  /** Of the shard's parts, the one at hand; -1 when there is nothing to go on with: before, and when all are done. */
  #part = -1
  /** Whether the search of that part has begun. */
  #isBegun = false

  constructor(search: Search, { shard, resume, progress }: ExploreOptions) {
    this.#search = search
    this.#reduced = new ReducedSearch(search)
    this.#shard = shard
    this.#resume = resume
    if (shard !== undefined) {
      const { index, count } = shard
      if (!Number.isInteger(count) || count < 1) throw badOption('shards', count, 'a whole number, 1 or more')
      if (!Number.isInteger(index) || index < 1 || index > count)
        throw badOption('shard', index, `a whole number from 1 to ${count}`)
    }
    if (progress !== undefined) {
      search.onTick = () => {
        const { executions, steps, states } = search
        const { depth, fraction } = this.#reduced
        return progress({ executions, steps, states, depth, fraction }) !== false
      }
    }
  }

  get holds(): string {
    const part = this.#shard === undefined ? '' : ` of shard ${this.#shard.index} of ${this.#shard.count}`
    return `holds in all interleavings${part}`
  }

  /** Searches; answers the first schedule that ends in something wrong. @throws Stop */
  all(): Found | null {
    this.#part = this.#resume?.part ?? 0
    this.#search.restart()
    this.#search.locks.learn(this.#resume?.counts.locks ?? [])
    if (this.#shard === undefined) return this.#from(0, [null])
    const { index, count } = this.#shard
    const { found, parts } = this.#parts(count)
    if (found !== null) return found
    return this.#from(
      this.#resume?.part ?? 0,
      parts.filter((_, i) => i % count === index - 1),
    )
  }

  #from(first: number, parts: readonly (SavedSearch | null)[]): Found | null {
    for (let part = first; part < parts.length; part++) {
      this.#part = part
      const resumed = part === first ? this.#resume?.search : undefined
      this.#isBegun = true
      const found = this.#reduced.run(resumed ?? parts[part]!)
      if (found !== null) return found
    }
    this.#part = -1
    return null
  }

  /** The parts of all shards: the same for each shard of so many. */
  #parts(shards: number): { found: Found | null; parts: readonly SavedSearch[] } {
    const reduced = new ReducedSearch(this.#search)
    for (let depth = 1; ; depth++) {
      const found = reduced.partition(depth)
      const { parts } = reduced
      if (
        found !== null ||
        parts.length === 0 ||
        parts.length >= shards * PARTS_A_SHARD ||
        depth === DEEPEST_PART
      )
        return { found, parts }
    }
  }

  checkpoint(): Checkpoint | null {
    if (this.#part < 0) return null
    const search = this.#isBegun ? this.#reduced.save() : (this.#resume?.search ?? null)
    return { part: this.#part, search, counts: this.#search.counts }
  }
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

function badOption(name: string, value: unknown, expected: string): MachineError {
  return new MachineError('BAD_CONFIGURATION', {
    found: `${name} ${String(value)}`,
    expected,
    remedy: 'choose a number in that range',
  })
}
