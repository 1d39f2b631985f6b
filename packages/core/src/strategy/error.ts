/**
 * What a strategy can do wrong, as errors that name the plugin and the hook.
 * @module
 */

import { MachineError, type MachineErrorCode } from '../errors.ts'

/** The codes of {@link StrategyError}. */
export type StrategyErrorCode = Extract<MachineErrorCode, `STRATEGY_${string}`>

/**
 * A strategy failed: its definition is none, or a hook threw, answered nonsense, changed or kept its context, or answers
 * one question in two ways. The fault in which it happened ended like one that could not be served; the machine is
 * as it would be after such a fault, and goes on working.
 */
export class StrategyError extends MachineError {
  declare readonly code: StrategyErrorCode
  /** The strategy's name, or `?` when it has none. */
  readonly strategy: string
  /** The hook, or the member of the definition, that is wrong. */
  readonly hook: string

  constructor(
    code: StrategyErrorCode,
    parts: {
      strategy: string
      hook: string
      found: string
      expected: string
      remedy: string
      cause?: unknown
    },
  ) {
    const { strategy, hook, found, expected, remedy } = parts
    super(code, { found: `strategy ${strategy}, ${hook}: ${found}`, expected, remedy })
    this.name = 'StrategyError'
    this.strategy = strategy
    this.hook = hook
    if ('cause' in parts) this.cause = parts.cause
  }
}

/** A value in a message: its kind, and what it is where that is short. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 40))}`
  if (typeof value === 'number' || typeof value === 'boolean') return `${typeof value} ${String(value)}`
  if (typeof value === 'bigint') return `bigint ${value}`
  if (typeof value === 'function') return 'a function'
  if (typeof (value as { then?: unknown }).then === 'function') return 'a promise'
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}
