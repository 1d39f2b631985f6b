/**
 * Asking a strategy: every call of a hook goes through here, every answer is checked, every failure names plugin and hook.
 *
 * A failure never unwinds the fault path, which holds locks: the host notes the error on the task and answers `FAILED`
 * or the default, the path ends as it does for a fault that cannot be served, and who began the fault throws the
 * error when all locks are released (`raiseStrategyError`).
 * @module
 */

import type { Task } from '../task.ts'
import type { StrategyWarning } from './assertions.ts'
import {
  AFTER_HINT,
  AFTER_RETURN,
  type FaultContext,
  HOOK_KINDS,
  type HookKind,
  type HookName,
  INSTALL_MASK,
  INSTALL_UNCHECKED,
  INSTALL_WRITABLE,
  TIMES_AT_FAULT,
  TIMES_DEFERRED_BY_PAGE,
  type WriteFaultStrategy,
} from './contract.ts'
import { DEFAULT_HOOKS } from './define.ts'
import { describeValue, StrategyError, type StrategyErrorCode } from './error.ts'
import { GuardedView } from './view.ts'

/** Instead of an `INSTALL_*` answer: the hook failed, and nothing must be installed. */
const INSTALL_FAILED: number = -1

/** Is the answer one that a hook of this kind may give? */
function isAnswer(kind: HookKind, answer: unknown): answer is number {
  if (typeof answer !== 'number') return false
  if (kind === 'install') {
    // `&` of a fraction, NaN or a number beyond 32 bits is not the number itself.
    return (
      (answer & INSTALL_MASK) === answer &&
      (answer & (INSTALL_WRITABLE | INSTALL_UNCHECKED)) !== INSTALL_UNCHECKED
    )
  }
  const last = kind === 'after' ? AFTER_HINT : TIMES_DEFERRED_BY_PAGE
  return Number.isInteger(answer) && answer >= 0 && answer <= last
}

const EXPECTED: Readonly<Record<HookKind, string>> = {
  install: `bits of INSTALL_* (0 … ${INSTALL_MASK}), INSTALL_UNCHECKED only with INSTALL_WRITABLE`,
  after: 'AFTER_RETURN, AFTER_CARRY_ON or AFTER_HINT',
  times: 'TIMES_AT_FAULT, TIMES_DEFERRED or TIMES_DEFERRED_BY_PAGE',
}

/** Runs one strategy for one machine. */
export class StrategyHost {
  readonly strategy: WriteFaultStrategy
  /**
   * Whether each call gets a view of its own that notices misuse, and each question is asked twice. For tests of plugins: a
   * fault then allocates.
   */
  readonly checked: boolean
  /** Whether read faults ask: nobody else pays for the question. */
  readonly asksForReads: boolean
  /** Whether `handle_pte_fault` and handlers ask what to do about read-only entries. */
  readonly asksAfter: boolean
  /** Whether faults ask when to update times. */
  readonly asksForTimes: boolean
  /** Assertions that did not hold, in the order in which they first failed. */
  readonly warnings: StrategyWarning[] = []
  #kept: GuardedView[] = []

  constructor(strategy: WriteFaultStrategy, checked: boolean) {
    this.strategy = strategy
    this.checked = checked
    this.asksForReads = isOwn(strategy, 'installForRead')
    this.asksAfter = isOwn(strategy, 'afterReadOnly')
    this.asksForTimes = isOwn(strategy, 'updateTimes')
  }

  /** How to install for a write fault, or {@link INSTALL_FAILED}. */
  install(t: Task): number {
    if (this.strategy.assertions.length > 0) this.#assert(t)
    if (this.checked) return this.#askTwice(t, 'install', INSTALL_FAILED)
    let answer: unknown
    try {
      answer = this.strategy.install(t.faultView)
    } catch (error) {
      return this.#threw(t, 'install', error, INSTALL_FAILED)
    }
    return isAnswer('install', answer) ? answer : this.#nonsense(t, 'install', answer, INSTALL_FAILED)
  }

  /** How to install for a read fault, or {@link INSTALL_FAILED}. */
  installForRead(t: Task): number {
    return this.#ask(t, 'installForRead', INSTALL_FAILED)
  }

  /** One of `AFTER_*`. */
  afterReadOnly(t: Task): number {
    return this.asksAfter ? this.#ask(t, 'afterReadOnly', AFTER_RETURN) : AFTER_RETURN
  }

  /** One of `TIMES_*`. */
  updateTimes(t: Task): number {
    return this.asksForTimes ? this.#ask(t, 'updateTimes', TIMES_AT_FAULT) : TIMES_AT_FAULT
  }

  /**
   * A view that a plugin looked at after the call that it was for: found only in checked runs, and only then.
   * @throws StrategyError STRATEGY_CONTEXT_KEPT
   */
  checkKept(): void {
    if (this.#kept.some(({ misuse }) => misuse === 'kept'))
      throw this.#error('STRATEGY_CONTEXT_KEPT', 'a hook', KEPT)
  }

  #ask(t: Task, hook: HookName, fallback: number): number {
    if (this.checked) return this.#askTwice(t, hook, fallback)
    let answer: unknown
    try {
      answer = this.strategy[hook](t.faultView)
    } catch (error) {
      return this.#threw(t, hook, error, fallback)
    }
    return isAnswer(HOOK_KINDS[hook], answer) ? answer : this.#nonsense(t, hook, answer, fallback)
  }

  #askTwice(t: Task, hook: HookName, fallback: number): number {
    const first = this.#askGuarded(t, hook, (view) => this.strategy[hook](view))
    if (t.strategyError !== null) return fallback
    if (!isAnswer(HOOK_KINDS[hook], first)) return this.#nonsense(t, hook, first, fallback)
    const second = this.#askGuarded(t, hook, (view) => this.strategy[hook](view))
    if (t.strategyError !== null) return fallback
    if (second !== first) {
      t.strategyError ??= this.#error('STRATEGY_NOT_PURE', hook, {
        found: `${describeValue(first)}, and asked again ${describeValue(second)}`,
        expected: 'the same answer to the same question',
        remedy: 'decide from the context alone: no counters, clocks or random numbers',
      })
      return fallback
    }
    return first
  }

  /** The answer to one call with a view of its own, `undefined` after a failure. */
  #askGuarded(t: Task, hook: string, call: (view: FaultContext) => unknown): unknown {
    const guard = new GuardedView(t.faultView)
    this.#kept.push(guard)
    if (this.#kept.length > MOST_KEPT) this.#kept = this.#kept.slice(-MOST_KEPT / 2)
    let answer: unknown
    try {
      answer = call(guard.view)
    } catch (error) {
      const kept = this.#kept.some(({ misuse }) => misuse === 'kept')
      if (kept) t.strategyError ??= this.#error('STRATEGY_CONTEXT_KEPT', hook, KEPT)
      else if (guard.misuse === null) this.#threw(t, hook, error, 0)
    }
    if (guard.misuse === 'changed') {
      t.strategyError ??= this.#error('STRATEGY_CONTEXT_CHANGED', hook, {
        found: 'a change of the context',
        expected: 'a hook that only reads it',
        remedy: 'answer with a number instead: the core does the work',
      })
    }
    guard.close()
    return answer
  }

  #assert(t: Task): void {
    const { assertions, name } = this.strategy
    for (const [i, assertion] of assertions.entries()) {
      const hook = `assertions[${i}]`
      let holds: unknown
      if (this.checked) holds = this.#askGuarded(t, hook, (view) => assertion.holds(view))
      else {
        try {
          holds = assertion.holds(t.faultView)
        } catch (error) {
          this.#threw(t, hook, error, 0)
        }
      }
      if (t.strategyError !== null || holds === true) continue
      if (holds !== false) {
        t.strategyError = this.#error('STRATEGY_ANSWER', hook, {
          found: describeValue(holds),
          expected: 'true or false',
          remedy: 'answer whether the assertion holds',
        })
        continue
      }
      const known = this.warnings.find((warning) => warning.assertion === assertion.name)
      if (known !== undefined) known.times++
      else {
        const { pgoff, vmFlags } = t.faultView
        this.warnings.push({ strategy: name, assertion: assertion.name, pgoff, vmFlags, times: 1 })
        const m = t.machine
        if (m.trace !== null) m.trace('WARN_ON_ONCE', t, this.warnings.length - 1, pgoff, vmFlags)
      }
    }
  }

  #threw(t: Task, hook: string, error: unknown, fallback: number): number {
    t.strategyError ??= this.#error('STRATEGY_THREW', hook, {
      found: `it threw ${error instanceof Error ? `${error.name}: ${error.message}` : describeValue(error)}`,
      expected: 'an answer',
      remedy: 'hooks must not throw: answer for every context',
      cause: error,
    })
    return fallback
  }

  #nonsense(t: Task, hook: HookName, answer: unknown, fallback: number): number {
    t.strategyError ??= this.#error('STRATEGY_ANSWER', hook, {
      found: describeValue(answer),
      expected: EXPECTED[HOOK_KINDS[hook]],
      remedy: 'answer with the constants of @mm-model/core',
    })
    return fallback
  }

  #error(
    code: StrategyErrorCode,
    hook: string,
    parts: { found: string; expected: string; remedy: string; cause?: unknown },
  ): StrategyError {
    return new StrategyError(code, { strategy: this.strategy.name, hook, ...parts })
  }
}

/** Views that a checked host remembers, so that a look at one of them is noticed. */
const MOST_KEPT = 64

const KEPT = {
  found: 'a look at the context of an earlier call',
  expected: 'a hook that keeps no context',
  remedy: 'copy the numbers that you need during the call',
}

function isOwn(strategy: WriteFaultStrategy, hook: Exclude<HookName, 'install'>): boolean {
  return strategy[hook] !== DEFAULT_HOOKS[hook]
}

/**
 * Throws what a strategy did wrong in the faults that are over. Called where no lock is held any more.
 * @throws StrategyError
 */
export function raiseStrategyError(t: Task): void {
  const error = t.strategyError
  if (error === null) return
  t.strategyError = null
  throw error
}
