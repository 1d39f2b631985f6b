import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { mmModel } from './mm-model.ts'

const README = new URL('../README.md', import.meta.url)

// UPDATE_README=1 rewrites the examples; review reads the diff.
it('the examples of the README print what it says', async () => {
  const text = readFileSync(README, 'utf8')
  const told = new Map<string, string>()
  for (const [line, args] of text.matchAll(/^\$ mm-model (.*)$/gm)) {
    const { stdout, stderr, status } = await mmModel(...args!.split(' '))
    expect([status, stderr]).toEqual([0, ''])
    told.set(line, `${line}\n${stdout}`)
  }
  const rewritten = text.replace(/(?<=^```console\n).*?(?=^```$)/gms, (block) =>
    Array.from(block.matchAll(/^\$ mm-model .*$/gm), ([line]) => told.get(line)).join(''),
  )
  if (process.env.UPDATE_README === '1') writeFileSync(README, rewritten)
  expect(text).toContain('$ mm-model ')
  expect(readFileSync(README, 'utf8')).toBe(rewritten)
})
