import { defineStrategy } from '@mm-model/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CreateError } from '../src/create-error.ts'
import { checkPackageName, strategyName } from '../src/names.ts'

/** The message of the refusal; `null` when the name is taken. */
function refusal(name: string): string | null {
  try {
    checkPackageName(name)
    return null
  } catch (error) {
    if (error instanceof CreateError) return error.message
    throw error
  }
}

const capabilities = { firstStoreTraps: 1, marksDirty: true, times: 'fault' } as const

it('every name that a package may have makes a name that a strategy may have', () => {
  const word = fc.stringMatching(/^[a-z0-9~-][a-z0-9._~-]{0,20}$/)
  const scope = fc.option(word, { nil: null })
  fc.assert(
    fc.property(scope, word, (scope, word) => {
      const name = scope === null ? word : `@${scope}/${word}`
      fc.pre(refusal(name) === null)
      const strategy = { name: strategyName(name), apiVersion: 1, capabilities, install: () => 15 } as const
      expect(defineStrategy(strategy).name).toBe(strategy.name)
    }),
  )
})

it('a name with anything else in it is refused, with a message of one line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (name) => {
      fc.pre(!/^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/.test(name))
      return /^'.*': .+; .+$/u.test(refusal(name) ?? '')
    }),
  )
})

it.each([
  ['my-strategy', 'my-strategy'],
  ['@me/strategy-eager', 'eager'],
  ['mm-model-strategy-eager', 'eager'],
  ['eager.later_~x', 'eager-later-x'],
  ['3com', 'strategy-3com'],
  ['~', 'strategy'],
  ['strategy-', 'strategy'],
])('%s makes %s', (name, strategy) => {
  expect(strategyName(name)).toBe(strategy)
})

const SHAPE = /: lower-case letters, digits and hyphens, with a @scope\/ before them or none; give one, as /
it.each([
  ...['', 'a b', '@me', '@me/', '../a', 'a/b', '.a', 'ä', 'a"b'].map((name) => [name, SHAPE] as const),
  ['...', /^'\.\.\.': is no name of a package: .+; give one, as --name my-strategy$/],
  ['fs', /^'fs': is no name that a package may have; give another one with --name$/],
  ['node_modules', /^'node_modules': is no name that a package may have; /],
  ['a'.repeat(215), /^'a+': has more than 214 characters; give a shorter --name$/],
] as const)('%j is refused with a remedy', (name, message) => {
  expect(refusal(name)).toMatch(message)
})
