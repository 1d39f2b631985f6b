import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SPOILT } from '../../../packages/scenario/test/spoilt-scenarios.ts'
import { folderWith, mmModelLater } from './mm-model.ts'

const EACH = 10

// The same on each run; the scenario package's own test tries many more of each, without the command line.
const files = Object.fromEntries(
  Object.entries(SPOILT).flatMap(([way, scenario]) =>
    fc
      .sample(scenario, { numRuns: EACH, seed: 6001 })
      .map((text, i): [string, string] => [`${way.replaceAll(' ', '-')}-${i}.scn`, text]),
  ),
)

it('a spoilt scenario ends in exit code 2, with the line in one message, and never hangs', async () => {
  const folder = folderWith(files)
  const waiting = Object.keys(files)
  expect(waiting.length).toBeGreaterThanOrEqual(100)
  const work = async (): Promise<void> => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const path = join(folder, name)
      const { status, stdout, stderr } = await mmModelLater(['run', path], 30_000)
      expect({ name, status, stdout }).toEqual({ name, status: 2, stdout: '' })
      expect(stderr).toMatch(/^mm-model: .+\.scn:(\d+):\d+: line \1: found .+, expected .+; .+\n$/)
      expect(stderr.startsWith(`mm-model: ${path}:`)).toBe(true)
      expect(stderr.length).toBeLessThan(600)
    }
  }
  await Promise.all([work(), work(), work(), work()])
}, 120_000)
