/**
 * Operations that never end.
 * @module
 */

import { MachineError } from '@mm-model/core'
import type { SingleOperation } from '../syntax.ts'

/** Errors of an operation that never ends: what it would do for ever, and what a reader of a scenario can do about it. */
const ENDLESS: Readonly<
  Partial<Record<MachineError['code'], { how: string; expected?: string; remedy?: string }>>
> = {
  DEADLOCK: {
    how: 'block',
    expected: 'an operation that returns',
    remedy: 'thaw the file system before it',
  },
  NO_PROGRESS: { how: 'fault' },
}

/** The same with the line, for an operation that never ends. */
export function atLine({ line, text }: SingleOperation, error: MachineError): MachineError {
  const endless = ENDLESS[error.code]
  if (endless === undefined) return error
  const { how, expected = error.expected, remedy = error.remedy } = endless
  const found = `line ${line}: '${text}' would ${how} for ever: ${error.found}`
  return new MachineError(error.code, { found, expected, remedy })
}
