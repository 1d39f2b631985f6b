import { readFileSync } from 'node:fs'
import * as check from '@mm-model/check'
import * as core from '@mm-model/core'
import * as corePlain from '@mm-model/core/plain'
import * as coreSteps from '@mm-model/core/steps'
import * as dax from '@mm-model/dax'
import * as daxSteps from '@mm-model/dax/steps'
import * as scenario from '@mm-model/scenario'
import * as mkwrite from '@mm-model/strategy-mkwrite'
import { runReadmeExample } from '@mm-model/vitest-config/readme'
import { describe, expect, it } from 'vitest'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

describe('the README', () => {
  it('has an example that prints what it says', () => {
    const { printed, promised } = runReadmeExample(README, {
      '@mm-model/check': check,
      '@mm-model/core': core,
      '@mm-model/core/plain': corePlain,
      '@mm-model/core/steps': coreSteps,
      '@mm-model/dax': dax,
      '@mm-model/dax/steps': daxSteps,
      '@mm-model/strategy-mkwrite': mkwrite,
    })
    expect(printed).toEqual(promised)
    expect(printed).toHaveLength(2)
  })

  it('has a scenario that prints what it says', () => {
    const { printed, promised } = runReadmeExample(README.slice(README.indexOf('## Scenarios')), {
      '@mm-model/check': check,
      '@mm-model/scenario': scenario,
      '@mm-model/strategy-mkwrite': mkwrite,
    })
    expect(printed).toEqual(promised)
    expect(printed).toHaveLength(1)
  })

  it('lists every rule, once, with when it is looked at', () => {
    const { builtInRules, invariants } = check
    const numberOf = (name: string): number => Number.parseInt(name.slice(1), 10) || Infinity
    const whenOf = (wanted: string): string => {
      const kinds = invariants.filter(({ name }) => name === wanted)
      if (kinds.length === 0) return 'always'
      const words = kinds.map(({ everyStep }) => (everyStep === true ? 'between steps' : 'at the end'))
      return [...new Set(words)].join(', and ')
    }
    const names = [...new Set([...invariants, ...builtInRules].map(({ name }) => name))]
    const rows = names
      .toSorted((a, b) => (numberOf(a) < numberOf(b) ? -1 : numberOf(a) > numberOf(b) ? 1 : 0))
      .map((wanted) => {
        const { rule, source } = [...invariants, ...builtInRules].find(({ name }) => name === wanted)!
        return `| ${wanted} | ${whenOf(wanted)} | ${rule} | ${source} |`
      })
    const table = ['| rule | looked at | what must hold | source |', '|---|---|---|---|', ...rows].join('\n')
    expect(README).toContain(table)
  })

  it('names every export', () => {
    for (const name of Object.keys(check)) expect(README, name).toMatch(new RegExp(`\`${name}[\`(]`))
  })
})
