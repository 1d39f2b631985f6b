import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { mmModel } from './mm-model.ts'

const README = new URL('../README.md', import.meta.url)

// UPDATE_README=1 rewrites the examples; review reads the diff.
it('the examples of the README print what it says', () => {
  const text = readFileSync(README, 'utf8')
  const rewritten = text.replace(/(?<=^```console\n).*?(?=^```$)/gms, (block) =>
    Array.from(block.matchAll(/^\$ mm-model (.*)$/gm), ([line, args]) => {
      const { stdout, stderr, status } = mmModel(...args!.split(' '))
      expect([status, stderr]).toEqual([0, ''])
      return `${line}\n${stdout}`
    }).join(''),
  )
  if (process.env.UPDATE_README === '1') writeFileSync(README, rewritten)
  expect(text).toContain('$ mm-model ')
  expect(readFileSync(README, 'utf8')).toBe(rewritten)
})
