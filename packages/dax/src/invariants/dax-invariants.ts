/**
 * The invariants that DAX file systems check, in one list for states and one for calls, and those that nobody can check
 * without interleaving tasks, crashes or other file systems.
 * @module
 */

import type { Invariant, UncheckedInvariant } from '@mm-model/core'
import type { DaxTransition } from './call.ts'
import { I30, I32, I33, I46, I47, I48, I49 } from './data-invariants.ts'
import { I19, I20, I22, I23, I26, I34 } from './dirty-invariants.ts'
import { ENTRIES, I13, I14, I15, I16, I17, I38, I51 } from './entry-invariants.ts'
import { I52 } from './sharing.ts'
import type { DaxSnapshot } from './snapshot.ts'
import { I31, I35, I36, I37 } from './time-invariants.ts'

/** Of every state in which no call is in progress. */
export const daxStateInvariants: readonly Invariant<DaxSnapshot>[] = Object.freeze([
  I13,
  I14,
  I15,
  I16,
  I17,
  ENTRIES,
  I19,
  I20,
  I22,
  I34,
  I38,
  I51,
])

/** Across each call. */
export const daxCallInvariants: readonly Invariant<DaxTransition>[] = Object.freeze([
  I23,
  I26,
  I30,
  I31,
  I32,
  I33,
  I35,
  I36,
  I37,
  I46,
  I47,
  I48,
  I49,
  I52,
])

export const daxUncheckedInvariants: readonly UncheckedInvariant[] = Object.freeze([
  {
    id: 'I21',
    title: 'DIRTY is taken only after every mapping is read-only and the cache is flushed',
    reason: 'an order of steps: a store by another task in between shows it; what it leads to is I19 and I20',
  },
  {
    id: 'I24',
    title: 'of two fsyncs neither returns before a flush that the other began',
    reason: 'takes two tasks',
  },
  {
    id: 'I25',
    title: 'a store after the write-protection faults again and marks the page again',
    reason: 'one task stores before or after writeback, never during it: then it is I8, I19 and I20',
  },
  {
    id: 'I28',
    title: 'a crash shows no data that the file never was given',
    reason: 'takes a crash at every point, and memory that remembers what is durable',
  },
  {
    id: 'I29',
    title: 'a second fault on a block just allocated does not zero it again',
    reason: 'takes two tasks that fault on one page',
  },
  {
    id: 'I39',
    title: 'whoever waits for a mapping entry runs in the end',
    reason: 'liveness: takes a schedule with waiters',
  },
])
