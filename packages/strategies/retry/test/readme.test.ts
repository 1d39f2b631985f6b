import { readFileSync } from 'node:fs'
import * as core from '@mm-model/core'
import * as strategy from '@mm-model/strategy-retry'
import { runReadmeExample } from '@mm-model/vitest-config/readme'
import { expect, it } from 'vitest'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const COST = new URL('../../../../fixtures/kernel-observations/cost.json', import.meta.url)

it('has an example in its README that prints what it says', () => {
  const { printed, promised } = runReadmeExample(README, {
    '@mm-model/core': core,
    '@mm-model/strategy-retry': strategy,
  })
  expect(printed).toEqual(promised)
  expect(printed).toHaveLength(3)
})

it('tells the recorded costs in its README', () => {
  const { strategies } = JSON.parse(readFileSync(COST, 'utf8')) as {
    strategies: Record<string, Record<string, number>>
  }
  for (const name of ['retry', 'insert-writable', 'fallthrough', 'mkwrite']) {
    expect(README).toContain(
      `\`${name}\` ${strategies[name]!['first store, block written']!.toLocaleString('en-US')}`,
    )
  }
})
