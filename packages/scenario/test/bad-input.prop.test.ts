import { parseScenario, ScenarioSyntaxError } from '@mm-model/scenario'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scenarioSources } from './recordings.ts'
import { SPOILT } from './spoilt-scenarios.ts'

describe('a spoilt scenario is refused, with the line of the spoilt place', () => {
  it.each(Object.entries(SPOILT))('%s', (_, scenario) => {
    fc.assert(
      fc.property(scenario, (text) => {
        const error = refusal(text)
        expect(error).toBeInstanceOf(ScenarioSyntaxError)
        const { line, column, message, code } = error as ScenarioSyntaxError
        expect(line).toBeGreaterThanOrEqual(1)
        expect(line).toBeLessThanOrEqual(text.split('\n').length)
        expect(column).toBeGreaterThanOrEqual(1)
        expect(column).toBeLessThanOrEqual(text.split('\n')[line - 1]!.length + 1)
        expect(code).toMatch(/^SCENARIO_/)
        expect(message).toMatch(new RegExp(`^line ${line}, column ${column}: found .+, expected .+; .+$`))
        expect(message.length).toBeLessThan(400)
      }),
      { numRuns: 100 },
    )
  })
})

describe('any text', () => {
  it('is parsed or refused, never anything else', () => {
    const parallel = [
      'thread',
      't1',
      '@t1',
      '||',
      ';',
      'always',
      'finally',
      'byte',
      'entry',
      'dirty|clean',
      '1|',
    ]
    const words = fc.constantFrom(
      ...new Set([...scenarioSources().values()].flatMap((text) => text.split(/[ \n]/))),
      ...parallel,
    )
    const soup = fc.array(fc.oneof(words, fc.constant('\n'), fc.string()), { maxLength: 40 })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          soup.map((s) => s.join(' ')),
        ),
        (text) => {
          expect([null, 'ScenarioSyntaxError']).toContain(refusal(text)?.name ?? null)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('of a megabyte takes no longer than it should', () => {
    for (const text of [
      'x'.repeat(2 ** 20),
      ' '.repeat(2 ** 20),
      '#\n'.repeat(2 ** 19),
      `create ${'a'.repeat(2 ** 20)}`,
    ])
      expect(refusal(text)).toBeInstanceOf(ScenarioSyntaxError)
  })
})

function refusal(text: string): Error | null {
  try {
    parseScenario(text, { name: 'bad' })
    return null
  } catch (error) {
    return error as Error
  }
}
