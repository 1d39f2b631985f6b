import type { Combination } from '@mm-model/conformance'
import type { CostSource } from './cost-table.ts'
import counted from './data/combination-costs.json'

/** Kernel instructions of what a combination is about. */
export interface CombinationCost {
  readonly instructions: number
  /** False where a part of it stands for something like it that was counted; see {@link accessesOf}. */
  readonly exact: boolean
}

/** What the figures of combinations are and where they come from, for whoever prints them. */
export const COMBINATION_COST_SOURCE: CostSource = {
  unit: counted.unit,
  how: counted.how,
  kernel: counted.kernel,
  notCounted: counted['not counted'],
}

type AccessKind = 'first load' | 'first store' | 'store after load' | 'second store'
type Around =
  | 'plain'
  | 'sync, uncommitted'
  | 'after fsync'
  | 'in a forked child'
  | 'after mprotect r, rw'
  | 'refused'

/** One access, by the keys of the table. */
interface CountedAccess {
  readonly access: AccessKind
  readonly around: Around
  readonly exact: boolean
}

/** By file system, area, block, access, size and what is around; strategies in the order of `strategies`. */
const TABLE = counted.counts as unknown as Readonly<
  Record<
    string,
    Record<string, Record<string, Record<AccessKind, Record<string, Record<Around, readonly number[]>>>>>
  >
>

/** An access that traps takes more instructions than this, one that does not takes a few. */
const LEAST_OF_TRAP = 1000

/**
 * What one combination costs under a strategy that is built, or `null` for one that was not counted. Combinations are of
 * 6.1 on x86-64, where the table was counted.
 *
 * @param faults How many traps the model takes for it. Where it takes none and the counted kernel took some (a copy of shared
 *   blocks that lies so that 2 MiB of it can be mapped at once), the accesses count as accesses without traps.
 */
export function costOf(strategy: string, combination: Combination, faults: number): CombinationCost | null {
  const column = counted.strategies.indexOf(strategy)
  if (column < 0) return null
  const { area, block, size } = combination
  const rows = TABLE[block === 'reflinked' ? 'xfs' : 'ext4']![area]![block]!
  let instructions = 0
  let exact = true
  for (const access of accessesOf(combination)) {
    const figure = (of: CountedAccess): number => rows[of.access][size]![of.around][column]!
    const trapped = figure(access) >= LEAST_OF_TRAP
    const stands = trapped && faults === 0 ? WITHOUT_TRAP : access
    instructions += figure(stands)
    exact &&= stands.exact
  }
  return { instructions, exact }
}

/** A load of a page that is mapped: not counted, but as much as a store to one that can be stored to. */
const WITHOUT_TRAP: CountedAccess = { access: 'second store', around: 'plain', exact: false }

/** What a process has touched of the page. */
interface Touched {
  loaded: boolean
  stored: boolean
}

/**
 * The accesses that a combination is about, as the table names them. Not exact is
 *
 * - a freeze, which writes back what fsync does;
 * - a load without a trap;
 * - the first load of a child whose parent touched the page before, which finds the mapping entry made;
 * - a load in an area that may not be written, which was counted in one that may, and a store in one without any right,
 *   which was counted in one that may be read.
 */
export function accessesOf(c: Combination): readonly CountedAccess[] {
  const before: Touched = { loaded: false, stored: false }
  switch (c.around) {
    case 'nothing':
      return accessAll(c, before, 'plain', true)
    case 'map-sync':
      return accessAll(c, before, 'sync, uncommitted', true)
    case 'fork':
      accessAll(c, before, 'plain', true)
      return inChild(c, before)
    case 'mprotect':
      accessAll(c, before, 'plain', true)
      return accessAll(c, before, 'after mprotect r, rw', true)
    case 'fsync':
      accessAll(c, before, 'plain', true)
      return accessAll(c, before, 'after fsync', true)
    case 'freeze':
      accessAll(c, before, 'plain', true)
      return accessAll(c, before, 'after fsync', false)
  }
}

function kindsOf({ access }: Combination): readonly ('load' | 'store')[] {
  return access === 'load-store' ? ['load', 'store'] : [access]
}

/** The accesses of a combination one after the other; `touched` is brought up to date. */
function accessAll(c: Combination, touched: Touched, around: Around, exact: boolean): CountedAccess[] {
  return kindsOf(c).map((kind) =>
    kind === 'load' ? load(c, touched, around, exact) : store(c, touched, around, exact),
  )
}

function load({ prot }: Combination, touched: Touched, around: Around, exact: boolean): CountedAccess {
  if (prot === 'none') return { access: 'first load', around: 'refused', exact: true }
  if (touched.loaded || touched.stored) return WITHOUT_TRAP
  touched.loaded = true
  return { access: 'first load', around, exact: exact && prot === 'rw' }
}

function store({ prot }: Combination, touched: Touched, around: Around, exact: boolean): CountedAccess {
  const access = touched.stored ? 'second store' : touched.loaded ? 'store after load' : 'first store'
  if (prot !== 'rw') return { access, around: 'refused', exact: prot === 'r' }
  touched.stored = true
  return { access, around, exact }
}

/**
 * A child has no entries of a shared area, and none of a private one in which its parent only loaded
 * (mm/memory.c: vma_needs_copy, 6.1); private copies it shares with the parent.
 */
function inChild(c: Combination, parent: Touched): CountedAccess[] {
  const own: Touched = { loaded: false, stored: c.area === 'private' && parent.stored }
  return kindsOf(c).map((kind): CountedAccess => {
    if (kind === 'load') return load(c, own, 'in a forked child', false)
    // Stored by the parent, then by the child: counted as such, unless the child loaded in between.
    if (own.loaded || !parent.stored) return store(c, own, 'plain', false)
    return store(c, { ...own, stored: true }, 'in a forked child', true)
  })
}
