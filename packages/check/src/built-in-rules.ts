/**
 * Rules that no state shows, but the search: it looks at them always.
 * @module
 */

/** What must hold. */
export interface Rule {
  /** Its number, or a word. */
  readonly name: string
  /** The rule in a sentence. */
  readonly rule: string
  /** Where it comes from. */
  readonly source: string
  /** What it means when it is broken, in a sentence. */
  readonly explains: string
}

/** A schedule that ends with threads that wait for what never comes. */
export const DEADLOCK: Rule = /*#__PURE__*/ Object.freeze({
  name: 'deadlock',
  rule: 'some thread can always go on',
  source: 'I39, I40',
  explains: 'these threads, and whoever needs what they hold, hang',
})

/** The same, where they wait for an entry that nobody holds. */
export const LOST_WAKE_UP: Rule = /*#__PURE__*/ Object.freeze({
  name: 'I39',
  rule: 'whoever waits for an entry runs in the end',
  source: 'fs/dax.c: put_unlocked_entry, dax_wake_entry; 23c84eb78375, 237388320def',
  explains: 'the entry is free, and the thread that sleeps until it is hangs',
})

/** Over all executions of a search: these locks are taken in two orders, whether that hangs or not. */
export const LOCK_ORDER: Rule = /*#__PURE__*/ Object.freeze({
  name: 'I40',
  rule: 'locks are taken in one order',
  source: 'mmap_lock < sb_pagefault < invalidate_lock < entry lock < i_mmap_rwsem < ptl; 0f90cc6609c7',
  explains: 'two threads that take them in two orders at the same time wait for each other for ever',
})

/** One access takes more faults than any can need. */
export const NO_PROGRESS: Rule = /*#__PURE__*/ Object.freeze({
  name: 'I43',
  rule: 'a fault that reports success makes progress',
  source: 'mm/memory.c: handle_mm_fault',
  explains: 'the program takes the same fault again and again, and hangs',
})

/** A call that throws. */
export const THROWN: Rule = /*#__PURE__*/ Object.freeze({
  name: 'error',
  rule: 'no call throws',
  source: 'the model',
  explains: 'the model, a strategy or a program is wrong',
})

/** All of them: the search looks at these whatever invariants it is given. */
export const builtInRules: readonly Rule[] = /*#__PURE__*/ Object.freeze([
  LOST_WAKE_UP,
  LOCK_ORDER,
  NO_PROGRESS,
  DEADLOCK,
  THROWN,
])
