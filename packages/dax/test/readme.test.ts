import { readFileSync } from 'node:fs'
import * as core from '@mm-model/core'
import * as corePlain from '@mm-model/core/plain'
import * as dax from '@mm-model/dax'
import * as daxPlain from '@mm-model/dax/plain'
import { runReadmeExample } from '@mm-model/vitest-config/readme'
import { describe, expect, it } from 'vitest'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

describe('the README', () => {
  it('has an example that prints what it says', () => {
    const { printed, promised } = runReadmeExample(README, {
      '@mm-model/core': core,
      '@mm-model/core/plain': corePlain,
      '@mm-model/dax': dax,
      '@mm-model/dax/plain': daxPlain,
    })
    expect(printed).toEqual(promised)
    expect(printed).toHaveLength(3)
  })

  it('names every class and every function', () => {
    const names = Object.entries(dax).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []))
    expect(names.filter((name) => !README.includes(`\`${name}\``) && !README.includes(`\`${name}(`))).toEqual(
      [],
    )
  })

  it('names every call', () => {
    expect(Object.keys(daxPlain).filter((name) => !README.includes(`\`${name}\``))).toEqual([])
  })
})
