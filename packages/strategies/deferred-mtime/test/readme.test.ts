import { readFileSync } from 'node:fs'
import * as core from '@mm-model/core'
import * as strategy from '@mm-model/strategy-deferred-mtime'
import { runReadmeExample } from '@mm-model/vitest-config/readme'
import { expect, it } from 'vitest'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

it('has an example in its README that prints what it says', () => {
  const { printed, promised } = runReadmeExample(README, {
    '@mm-model/core': core,
    '@mm-model/strategy-deferred-mtime': strategy,
  })
  expect(printed).toEqual(promised)
  expect(printed).toHaveLength(3)
})
