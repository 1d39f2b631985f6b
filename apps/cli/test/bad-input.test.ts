import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SPOILT } from '../../../packages/scenario/test/spoilt-scenarios.ts'
import { folderWith, mmModel, mmModelLater, type Outcome } from './mm-model.ts'

const EACH = 10

// The same on each run; the scenario package's own test tries many more of each, without the command line.
const ways = Object.entries(SPOILT).map(([way, scenario]) =>
  fc
    .sample(scenario, { numRuns: EACH, seed: 6001 })
    .map((text, i): [name: string, text: string] => [`${way.replaceAll(' ', '-')}-${i}.scn`, text]),
)
const folder = folderWith(Object.fromEntries(ways.flat()))

function expectRefusal(path: string, { status, stdout, stderr }: Outcome): void {
  expect({ path, status, stdout }).toEqual({ path, status: 2, stdout: '' })
  expect(stderr).toMatch(/^mm-model: .+\.scn:(\d+):\d+: line \1: found .+, expected .+; .+\n$/)
  expect(stderr.startsWith(`mm-model: ${path}:`)).toBe(true)
  expect(stderr.length).toBeLessThan(600)
}

it('a spoilt scenario ends in exit code 2, with the line in one message', async () => {
  const paths = ways.flat().map(([name]) => join(folder, name))
  expect(paths.length).toBeGreaterThanOrEqual(100)
  for (const path of paths) expectRefusal(path, await mmModel('run', path))
})

it('and the program never hangs', async () => {
  for (const [one] of ways) {
    const path = join(folder, one![0])
    expectRefusal(path, await mmModelLater(['run', path], 30_000))
  }
})
