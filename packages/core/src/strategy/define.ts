/**
 * From what an author wrote to a strategy that a machine runs.
 * @module
 */

import {
  AFTER_RETURN,
  HOOK_KINDS,
  type HookName,
  INSTALL_READ_ONLY,
  STRATEGY_API_VERSION,
  type StrategyAssertion,
  type StrategyCapabilities,
  type StrategyDefinition,
  type StrategyHooks,
  TIMES_AT_FAULT,
  type WriteFaultStrategy,
} from './contract.ts'
import { describeValue, StrategyError } from './error.ts'

/** The defaults; `defaults.x === strategy.x` tells a hook that nobody wrote. */
export const DEFAULT_HOOKS: Readonly<Omit<StrategyHooks, 'install'>> = /*#__PURE__*/ Object.freeze({
  installForRead: () => INSTALL_READ_ONLY,
  afterReadOnly: () => AFTER_RETURN,
  updateTimes: () => TIMES_AT_FAULT,
})

const NAME = /^[a-z][a-z0-9]*(?:[-+][a-z0-9]+)*$/
const HOOK_NAMES = Object.keys(HOOK_KINDS) as readonly HookName[]
const MEMBERS: ReadonlySet<string> = new Set([
  'name',
  'apiVersion',
  'capabilities',
  'assertions',
  ...HOOK_NAMES,
])

/** Each capability with the values it may have. */
const CAPABILITIES: { readonly [K in keyof StrategyCapabilities]: readonly StrategyCapabilities[K][] } = {
  firstStoreTraps: [1, 2],
  marksDirty: [true, false],
  times: ['fault', 'deferred'],
}

/**
 * Checks a definition, fills in the defaults and freezes the result; a strategy that is one already comes back as an equal
 * one. It must be kept in the plugin's module: it is what machines, the command line and the conformance kit take.
 * @throws StrategyError STRATEGY_DEFINITION names the member that is wrong
 */
export function defineStrategy(definition: StrategyDefinition): WriteFaultStrategy {
  if (typeof definition !== 'object' || definition === null)
    throw wrong('?', 'the definition', describeValue(definition), 'an object', 'pass an object with `name`')
  const { name, apiVersion } = definition
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw wrong(
      '?',
      'name',
      describeValue(name),
      'lower-case words joined by hyphens',
      "name it like 'my-strategy'",
    )
  }
  if (apiVersion !== STRATEGY_API_VERSION) {
    throw wrong(
      name,
      'apiVersion',
      describeValue(apiVersion),
      `${STRATEGY_API_VERSION}, the version of this core`,
      'use a version of the strategy package that goes with this core',
    )
  }
  const unknown = Object.keys(definition).find((member) => !MEMBERS.has(member))
  if (unknown !== undefined) {
    throw wrong(
      name,
      unknown,
      'no such member',
      [...MEMBERS].join(', '),
      'correct its spelling or leave it out',
    )
  }
  const hooks: Record<string, unknown> = { ...DEFAULT_HOOKS }
  for (const hook of HOOK_NAMES) {
    const given: unknown = definition[hook] ?? (hook === 'install' ? undefined : DEFAULT_HOOKS[hook])
    if (typeof given !== 'function')
      throw wrong(
        name,
        hook,
        describeValue(given),
        'a function of the context',
        `write ${hook}(context) { … }`,
      )
    hooks[hook] = given
  }
  return Object.freeze({
    name,
    apiVersion,
    capabilities: capabilitiesOf(name, definition.capabilities),
    assertions: assertionsOf(name, definition.assertions ?? []),
    ...(hooks as unknown as StrategyHooks),
  })
}

function capabilitiesOf(name: string, given: StrategyCapabilities): StrategyCapabilities {
  if (typeof given !== 'object' || given === null) {
    throw wrong(
      name,
      'capabilities',
      describeValue(given),
      `an object with ${Object.keys(CAPABILITIES).join(', ')}`,
      'declare what the strategy does; the conformance kit holds it to that',
    )
  }
  for (const [capability, values] of Object.entries(CAPABILITIES)) {
    const value: unknown = given[capability as keyof StrategyCapabilities]
    if ((values as readonly unknown[]).includes(value)) continue
    throw wrong(
      name,
      `capabilities.${capability}`,
      describeValue(value),
      values.map((v) => JSON.stringify(v)).join(' or '),
      'declare one of these',
    )
  }
  const { firstStoreTraps, marksDirty, times } = given
  return Object.freeze({ firstStoreTraps, marksDirty, times })
}

function assertionsOf(name: string, given: readonly StrategyAssertion[]): readonly StrategyAssertion[] {
  if (!Array.isArray(given))
    throw wrong(name, 'assertions', describeValue(given), 'an array', 'list objects with name and holds')
  const checked = given.map((assertion: Partial<StrategyAssertion> | null, i): StrategyAssertion => {
    if (typeof assertion?.name === 'string' && typeof assertion.holds === 'function')
      return Object.freeze({ name: assertion.name, holds: assertion.holds })
    throw wrong(
      name,
      `assertions[${i}]`,
      describeValue(assertion),
      'an object with a name and a function holds(context)',
      'write both',
    )
  })
  return Object.freeze(checked)
}

function wrong(
  strategy: string,
  hook: string,
  found: string,
  expected: string,
  remedy: string,
): StrategyError {
  return new StrategyError('STRATEGY_DEFINITION', { strategy, hook, found, expected, remedy })
}
