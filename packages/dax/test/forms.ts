/**
 * The calls of core and dax in both forms, under one interface, so that a test runs against both.
 */

import { runSteps, type Steps } from '@mm-model/core'
import * as corePlain from '@mm-model/core/plain'
import * as coreSteps from '@mm-model/core/steps'
import * as daxPlain from '@mm-model/dax/plain'
import * as daxSteps from '@mm-model/dax/steps'

/** Every call, running to its end. */
export type Calls = typeof corePlain & typeof daxPlain

const isStepped = (call: unknown): call is (...args: unknown[]) => Steps<unknown> =>
  typeof call === 'function' && call.constructor.name === 'GeneratorFunction'

function runToEnd(form: object): Calls {
  const calls = Object.entries(form).map(([name, call]) => [
    name,
    isStepped(call) ? (...args: unknown[]) => runSteps(call(...args)) : call,
  ])
  return Object.fromEntries(calls) as Calls
}

export const plain: Calls = { ...corePlain, ...daxPlain }
export const steps: typeof coreSteps & typeof daxSteps = { ...coreSteps, ...daxSteps }

/** For `describe.each`. */
export const forms: readonly (readonly ['plain' | 'steps', Calls])[] = [
  ['plain', plain],
  ['steps', runToEnd(steps)],
]
