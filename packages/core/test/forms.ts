/**
 * The two forms of the code under one interface, so that a test runs against both.
 */

import { runSteps, type Steps } from '@mm-model/core'
import * as plain from '@mm-model/core/plain'
import * as stepped from '@mm-model/core/steps'

/** Every call of the memory system, running to its end. */
export type Calls = typeof plain

const isStepped = (call: unknown): call is (...args: unknown[]) => Steps<unknown> =>
  typeof call === 'function' && call.constructor.name === 'GeneratorFunction'

function runToEnd(form: typeof stepped): Calls {
  const calls = Object.entries(form).map(([name, call]) => [
    name,
    isStepped(call) ? (...args: unknown[]) => runSteps(call(...args)) : call,
  ])
  return Object.fromEntries(calls) as Calls
}

export type Form = 'plain' | 'steps'

export const callsOf: Readonly<Record<Form, Calls>> = { plain, steps: runToEnd(stepped) }

/** For `describe.each`. */
export const forms: readonly (readonly [Form, Calls])[] = [
  ['plain', callsOf.plain],
  ['steps', callsOf.steps],
]
