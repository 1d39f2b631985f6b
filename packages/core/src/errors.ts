/**
 * Errors of the machine itself. What a kernel would report to user space is never one of these: that is a negative
 * error number or a signal.
 * @module
 */

/** Stable codes of {@link MachineError}. */
export type MachineErrorCode =
  | 'BAD_CONFIGURATION'
  | 'BAD_ACCESS'
  | 'DEADLOCK'
  | 'LOCK_NOT_HELD'
  | 'LOCK_ORDER'
  | 'NO_PROGRESS'
  | 'NOT_MODELLED'
  | 'OUT_OF_FRAMES'
  | 'INVARIANT'
  | 'STRATEGY_DEFINITION'
  | 'STRATEGY_THREW'
  | 'STRATEGY_ANSWER'
  | 'STRATEGY_NOT_PURE'
  | 'STRATEGY_CONTEXT_CHANGED'
  | 'STRATEGY_CONTEXT_KEPT'

/**
 * The model cannot go on: a wrong configuration, a request for something that is not modelled, an operation that no
 * other task could ever unblock, or a broken invariant. `found` and `expected` say what was met and what was needed,
 * `remedy` what to do.
 */
export class MachineError extends Error {
  readonly code: MachineErrorCode
  readonly found: string
  readonly expected: string
  readonly remedy: string

  constructor(code: MachineErrorCode, parts: { found: string; expected: string; remedy: string }) {
    super(`${parts.found}; expected ${parts.expected}; ${parts.remedy}`)
    this.name = 'MachineError'
    this.code = code
    this.found = parts.found
    this.expected = parts.expected
    this.remedy = parts.remedy
  }
}

/** Shorthand for the request that the design refuses by name rather than approximates. */
export function notModelled(what: string): MachineError {
  return new MachineError('NOT_MODELLED', {
    found: `not modelled: ${what}`,
    expected: 'an operation this version covers',
    remedy: 'leave it out, or see ARCHITECTURE.md for what is planned',
  })
}
