/**
 * The invariants that the core checks, in one list for states and one for calls, and those that nobody can check
 * without interleaving tasks.
 * @module
 */

import { I45, TABLES } from './accounting.ts'
import { I3, I4, I7 } from './areas.ts'
import type { Transition } from './call.ts'
import { I27, I41, I42, I43, I44 } from './faults.ts'
import type { Invariant, UncheckedInvariant } from './invariant.ts'
import { I1, I2, I12 } from './rights.ts'
import type { MachineSnapshot } from './snapshot.ts'
import { I6, I50 } from './transitions.ts'
import { I5, I8 } from './translations.ts'

/** Of every state in which no call is in progress. */
export const coreStateInvariants: readonly Invariant<MachineSnapshot>[] = Object.freeze([
  I1,
  I2,
  I3,
  I4,
  I7,
  I8,
  I12,
  TABLES,
  I45,
])

/** Across each call. */
export const coreCallInvariants: readonly Invariant<Transition>[] = Object.freeze([
  I5,
  I6,
  I27,
  I41,
  I42,
  I43,
  I44,
  I50,
])

/** What takes two tasks at once to break. */
export const coreUncheckedInvariants: readonly UncheckedInvariant[] = Object.freeze([
  {
    id: 'I9',
    title: 'no two CPUs translate an address to two frames while one of them may write',
    reason:
      'between calls it follows from I8; it is the window inside wp_page_copy that matters, and it takes two tasks',
  },
  {
    id: 'I10',
    title: 'mremap flushes the old range before it drops the page-table locks',
    reason: 'an order of steps: only a task that runs between them sees it; what it leads to is I8',
  },
  {
    id: 'I11',
    title: 'a spurious fault changes nothing but A and D, and ends',
    reason: 'a fault is spurious only if another CPU changed the entry between the walk and the handler',
  },
  {
    id: 'I40',
    title: 'locks are taken in one order',
    reason: 'a wrong order shows as a deadlock of two tasks; snapshots between calls see no locks',
  },
])
