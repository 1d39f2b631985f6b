import {
  formatOperation,
  generateScenario,
  parseScenario,
  runScenario,
  type Scenario,
  shrinkScenario,
} from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { simplerNumbers, simplerOperations } from '../src/shrink-numbers.ts'

/** Ways to fail that are quick to find out. */
const FAILURES: Readonly<Record<string, (scenario: Scenario) => boolean>> = {
  'a store behind a page, then an fsync': ({ ops }) => {
    const store = ops.findIndex((o) => o.op === 'store' && o.offset > 5000)
    return store >= 0 && ops.slice(store).some(({ op }) => op === 'fsync')
  },
  'two mappings of one file': ({ ops }) => {
    const files = ops.flatMap((o) => (o.op === 'mmap' && o.file !== null ? [o.file] : []))
    return new Set(files).size < files.length
  },
  'an operation of a child': ({ ops }) => ops.some(({ who }) => who !== null),
  'more than 20,000 bytes written': ({ ops }) =>
    ops.reduce((sum, o) => sum + (o.op === 'fill' ? o.length : 0), 0) > 20_000,
}

const textOf = ({ ops }: Scenario): string => ops.map(({ text }) => text).join('\n')

/** The scenario of these lines, without those that name what is gone; null when nothing is left. */
function without(lines: readonly string[]): Scenario | null {
  for (let left = [...lines]; left.length > 0; ) {
    try {
      return parseScenario(left.join('\n'), { name: 'less' })
    } catch (error) {
      const { line } = error as { line: number }
      left = left.filter((_, i) => i !== line - 1)
    }
  }
  return null
}

describe.each(Object.entries(FAILURES))('shrinkScenario, for %s', (_, fails) => {
  it('gives a scenario that still fails, and of which nothing can go', () => {
    let shrunk = 0
    fc.assert(
      fc.property(fc.nat(5000), (seed) => {
        const scenario = generateScenario(seed)
        if (!fails(scenario)) return
        shrunk++
        const small = shrinkScenario(scenario, fails)
        expect(fails(small)).toBe(true)
        expect(small.ops.length).toBeLessThanOrEqual(scenario.ops.length)
        for (const i of small.ops.keys()) {
          const fewer = without(small.ops.flatMap(({ text }, j) => (i === j ? [] : [text])))
          expect(fewer !== null && fails(fewer)).toBe(false)
          for (const simpler of simplerOperations(small.ops[i]!)) {
            const lines = small.ops.map(({ text }, j) => (i === j ? formatOperation(simpler) : text))
            const same = without(lines)
            expect(same !== null && fails(same)).toBe(false)
          }
        }
        expect(textOf(shrinkScenario(small, fails))).toBe(textOf(small))
      }),
    )
    expect(shrunk).toBeGreaterThan(10)
  })
})

describe('shrinkScenario', () => {
  it('finds the few operations that a signal takes', () => {
    const fails = (scenario: Scenario): boolean => {
      const { ops } = runScenario(scenario, { kernel: '6.1', fs: 'ext4', strategy: mkwrite }).observation
      return ops.some(({ result }) => 'signal' in result && result.signal === 'SIGBUS')
    }
    const scenario = Array.from({ length: 50 }, (_, i) => generateScenario(i)).find(fails)!
    expect(textOf(shrinkScenario(scenario, fails))).toMatchInlineSnapshot(`
      "create a 0x0
      mmap m0 a 0x0 0x1 r shared
      load m0 0x0"
    `)
  })

  it('asks about each candidate once', () => {
    const asked: string[] = []
    shrinkScenario(generateScenario(3), (scenario) => {
      asked.push(textOf(scenario))
      return scenario.ops.some(({ op }) => op === 'store')
    })
    expect(new Set(asked).size).toBe(asked.length)
  })

  it('refuses a scenario that does not fail', () => {
    expect(() => shrinkScenario(generateScenario(1), () => false)).toThrow(RangeError)
  })

  it('keeps what it cannot parse differently', () => {
    const one = parseScenario('sleep 5', { name: 'one' })
    expect(textOf(shrinkScenario(one, () => true))).toBe('sleep 0')
  })
})

it('simplerNumbers are smaller, and none for 0', () => {
  expect(simplerNumbers(0)).toEqual([])
  expect(simplerNumbers(1)).toEqual([0])
  expect(simplerNumbers(0x5123)).toEqual([0, 1, 0x1000, 0x2000, 0x5000, 0x4000])
  fc.assert(
    fc.property(fc.maxSafeNat(), (n) => simplerNumbers(n).every((smaller) => smaller >= 0 && smaller < n)),
  )
})
