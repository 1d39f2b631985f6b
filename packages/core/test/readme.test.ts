import { readFileSync } from 'node:fs'
import * as core from '@mm-model/core'
import * as plain from '@mm-model/core/plain'
import * as steps from '@mm-model/core/steps'
import { runReadmeExample } from '@mm-model/vitest-config/readme'
import { describe, expect, it } from 'vitest'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const ERRORS = readFileSync(new URL('../src/errors.ts', import.meta.url), 'utf8')

describe('the README', () => {
  it('has an example that prints what it says', () => {
    const { printed, promised } = runReadmeExample(README, {
      '@mm-model/core': core,
      '@mm-model/core/plain': plain,
      '@mm-model/core/steps': steps,
    })
    expect(printed).toEqual(promised)
    expect(printed).toHaveLength(3)
  })

  it('names every error code', () => {
    const codes = Array.from(ERRORS.matchAll(/^ {2}\| '(\w+)'$/gm), (match) => match[1]!)
    expect(codes.length).toBeGreaterThan(5)
    expect(codes.filter((code) => !README.includes(`\n| \`${code}\` | `))).toEqual([])
  })

  it('names every class and every function', () => {
    const names = Object.entries(core).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []))
    expect(names.filter((name) => !README.includes(`\`${name}\``) && !README.includes(`\`${name}(`))).toEqual(
      [],
    )
  })

  it('names every call', () => {
    expect(Object.keys(plain).filter((name) => !README.includes(`\`${name}\``))).toEqual([])
  })
})
