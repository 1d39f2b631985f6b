import {
  compareObservations,
  differencesAt,
  parseObservation,
  parseScenario,
  runScenario,
  stringifyObservation,
  type Tier,
} from '@mm-model/scenario'
import { fallthrough } from '@mm-model/strategy-fallthrough'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { retry } from '@mm-model/strategy-retry'
import { describe, expect, it } from 'vitest'
import { type Folder, recordingNames, recordingText, scenarioSources } from './recordings.ts'

const PROFILE = { kernel: '6.1', fs: 'ext4' } as const
const SOURCES = scenarioSources()

function scenario(name: string): ReturnType<typeof parseScenario> {
  return parseScenario(SOURCES.get(name)!, { name })
}

// All 161 scenarios in a test take a second or two, and longer on a busy machine.
describe.each([mkwrite, retry, insertWritable, fallthrough])(
  'under $name',
  { timeout: 60_000 },
  (strategy) => {
    // The patched kernels were built with other options, so their function events differ: compare them below the path.
    const [folder, tier] = {
      mkwrite: ['linux-6.1-ext4', 'path'],
      retry: ['linux-6.1-ext4-retry', 'dax'],
      'insert-writable': ['linux-6.1-ext4-insert-writable', 'dax'],
      fallthrough: ['linux-6.1-ext4-fallthrough', 'dax'],
    }[strategy.name] as [Folder, Tier]

    it(`does what ${folder} shows, at the tier ${tier}`, () => {
      const differing = recordingNames(folder).flatMap((name) => {
        const { observation } = runScenario(scenario(name), { ...PROFILE, strategy })
        const { differences } = compareObservations(
          parseObservation(recordingText(folder, name)),
          observation,
        )
        return differencesAt(tier, differences).map(
          (d) => `${name} ${d.operation} ${d.field}: ${d.kernel}, ${d.model}`,
        )
      })
      expect(differing).toEqual([])
    })

    it('does the same step by step as straight through', () => {
      for (const name of SOURCES.keys()) {
        const [plain, steps] = (['plain', 'steps'] as const).map((form) =>
          stringifyObservation(runScenario(scenario(name), { ...PROFILE, strategy, form }).observation),
        )
        expect(steps).toBe(plain)
      }
    })
  },
)
