import { readFileSync } from 'node:fs'
import * as scenario from '@mm-model/scenario'
import * as strategyMkwrite from '@mm-model/strategy-mkwrite'
import * as strategyRetry from '@mm-model/strategy-retry'
import { describe, expect, it } from 'vitest'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const ERRORS = readFileSync(new URL('../src/scenario-error.ts', import.meta.url), 'utf8')

describe('the README', () => {
  it('has an example that prints what it says', () => {
    const code = /^```js\n(.*?)^```$/ms.exec(README)![1]!
    const printed: string[] = []
    const print = { log: (...values: unknown[]) => printed.push(values.join(' ')) }
    const body = code.replace(/^import (\{.*\}) from ('.*')$/gm, 'const $1 = packages[$2]')
    const packages = {
      '@mm-model/scenario': scenario,
      '@mm-model/strategy-mkwrite': strategyMkwrite,
      '@mm-model/strategy-retry': strategyRetry,
    }
    new Function('packages', 'console', body)(packages, print)
    expect(printed).toEqual(Array.from(code.matchAll(/\/\/> (.*)$/gm), (match) => match[1]))
    expect(printed).toHaveLength(4)
  })

  it('names every error code', () => {
    const codes = Array.from(ERRORS.matchAll(/^ {2}\| '(\w+)'$/gm), (match) => match[1]!)
    expect(codes).toEqual(codes.toSorted())
    expect(codes.filter((code) => !README.includes(`\`${code}\``))).toEqual([])
  })

  it('names every exported function', () => {
    const functions = Object.entries(scenario).flatMap(([name, value]) =>
      typeof value === 'function' && !/Error$/.test(name) ? [name] : [],
    )
    expect(functions.filter((name) => !README.includes(`\`${name}(`))).toEqual([])
  })
})

it('exports', () => {
  expect(Object.keys(scenario).toSorted()).toMatchSnapshot()
})
