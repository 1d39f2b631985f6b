/**
 * The program that runs a plugin through the conformance kit, in a process of its own: started by `supervise.ts`, which ends
 * it when it hangs. Whatever a plugin prints goes to standard output, which is the standard error of `mm-model`.
 * @module
 */

import { conformance, nameOf } from '@mm-model/conformance'
import { type FaultContext, HOOK_KINDS, type HookName, type WriteFaultStrategy } from '@mm-model/core'
import { InputError } from '../input-error.ts'
import { BUILT_IN } from './built-in.ts'
import { describeThrown, PluginFailure } from './failure.ts'
import { loadPlugin } from './load.ts'
import { type Assignment, send } from './messages.ts'
import { combinationsWith } from './selection.ts'

/** What of the plugin runs now. */
const entering = (where: string): void => send({ kind: 'hook', hook: where })

async function main({ spec, file, exported, only }: Assignment): Promise<void> {
  const strategy =
    file === null ? builtIn(spec) : await loadPlugin(spec, file, exported ?? undefined, entering)
  const { name, apiVersion, capabilities } = strategy
  send({ kind: 'loaded', strategy: { name, apiVersion, capabilities } })
  const selected = new Set(combinationsWith(only).map(nameOf))
  const { combinations, checks } = conformance(watched(strategy), {
    only: (combination) => selected.has(nameOf(combination)),
    onProgress: (_, number) => send({ kind: 'combination', number }),
  })
  // A promise that a hook left rejected is told of before the next turn.
  await new Promise((next) => setImmediate(next))
  send({ kind: 'report', combinations, checks })
}

function builtIn(name: string): WriteFaultStrategy {
  return BUILT_IN.find((strategy) => strategy.name === name)!
}

/** The same strategy, which tells of each question before it is asked and after it is answered. */
function watched(strategy: WriteFaultStrategy): WriteFaultStrategy {
  const asked = <T>(hook: string, ask: () => T): T => {
    send({ kind: 'hook', hook })
    try {
      return ask()
    } finally {
      send({ kind: 'hook', hook: null })
    }
  }
  const hooks = (Object.keys(HOOK_KINDS) as HookName[]).map((hook) => [
    hook,
    (context: FaultContext) => asked(hook, () => strategy[hook](context)),
  ])
  const assertions = strategy.assertions.map(({ name, holds }, i) => ({
    name,
    holds: (context: FaultContext) => asked(`assertions[${i}]`, () => holds(context)),
  }))
  return { ...strategy, ...Object.fromEntries(hooks), assertions }
}

/** Says what ended the test, and ends this process, whatever else the plugin has running. */
function fail(error: unknown): never {
  if (error instanceof InputError) {
    const { place, complaint, remedy } = error
    send({ kind: 'input', place, complaint, remedy })
  } else if (error instanceof PluginFailure) send({ kind: 'failure', where: error.where, parts: error.parts })
  else
    send({
      kind: 'failure',
      where: 'outside of its hooks',
      parts: {
        found: `it threw ${describeThrown(error)}`,
        expected: 'a module that does nothing on its own',
        remedy: 'leave out timers and promises: hooks answer at once',
      },
    })
  return exit(1)
}

// A plugin may replace it.
const exit = process.exit.bind(process)
const assignment: Assignment = JSON.parse(process.argv[2]!)
// Only what Node and V8 say themselves goes to the real standard error.
Object.defineProperty(process, 'stderr', { value: process.stdout })
process.on('uncaughtException', (error) => fail(error))
// All that is left to do waits for something that never comes.
process.on('beforeExit', () => {
  send({
    kind: 'failure',
    where: 'its import',
    parts: {
      found: 'it never ends: a top-level await waits for nothing',
      expected: 'a module that exports a strategy',
      remedy: 'leave the await out',
    },
  })
  exit(1)
})
main(assignment).then(
  () => exit(0),
  (error) => fail(error),
)
