import { readFileSync } from 'node:fs'
import * as core from '@mm-model/core'
import * as strategy from '@mm-model/strategy-fallthrough'
import { expect, it } from 'vitest'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const COST = new URL('../../../../fixtures/kernel-observations/cost.json', import.meta.url)

it('has an example in its README that prints what it says', () => {
  const code = /^```js\n(.*?)^```$/ms.exec(README)![1]!
  const printed: string[] = []
  const print = { log: (...values: unknown[]) => printed.push(values.join(' ')) }
  const body = code.replace(/^import (\{.*\}) from ('.*')$/gm, 'const $1 = packages[$2]')
  const packages = { '@mm-model/core': core, '@mm-model/strategy-fallthrough': strategy }
  new Function('packages', 'console', body)(packages, print)
  expect(printed).toEqual(Array.from(code.matchAll(/\/\/> (.*)$/gm), (match) => match[1]))
  expect(printed).toHaveLength(3)
})

it('tells the recorded costs in its README', () => {
  const { strategies } = JSON.parse(readFileSync(COST, 'utf8')) as {
    strategies: Record<string, Record<string, number>>
  }
  for (const name of ['fallthrough', 'retry', 'mkwrite']) {
    const cost = strategies[name]!['first store, block written']!
    expect(README).toContain(cost.toLocaleString('en-US'))
  }
})
