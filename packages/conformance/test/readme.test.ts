import { readFileSync } from 'node:fs'
import * as conformance from '@mm-model/conformance'
import * as gallery from '@mm-model/conformance/gallery'
import * as mkwrite from '@mm-model/strategy-mkwrite'
import { runReadmeExample } from '@mm-model/vitest-config/readme'
import { describe, expect, it } from 'vitest'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

describe('the README', () => {
  it('has an example that prints what it says', () => {
    const { printed, promised } = runReadmeExample(README, {
      '@mm-model/conformance': conformance,
      '@mm-model/strategy-mkwrite': mkwrite,
    })
    expect(printed).toEqual(promised)
    expect(printed).toHaveLength(2)
  })

  it('names every check and every export', () => {
    for (const { id } of conformance.CHECKS) expect(README).toContain(`| \`${id}\` |`)
    for (const name of [...Object.keys(conformance), ...Object.keys(gallery)])
      expect(README, name).toMatch(new RegExp(`\`(?:new )?${name}[\`(]|${name}\\(\\)`))
  })
})
