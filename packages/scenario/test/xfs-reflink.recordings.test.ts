import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  compareObservations,
  parseObservation,
  parseScenario,
  runScenario,
  stringifyObservation,
} from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { describe, expect, it } from 'vitest'
import { recordingNames, recordingText, scenarioSources } from './recordings.ts'

const PROFILE = { kernel: '6.1', fs: 'xfs-reflink', strategy: mkwrite } as const
const MORE = join(import.meta.dirname, '../../../fixtures/more-observations')
const RECORDINGS = join(MORE, 'linux-6.1-xfs-reflink')
const NAMES = readdirSync(RECORDINGS).map((file) => file.replace(/\.json$/, ''))

function scenario(name: string) {
  return parseScenario(readFileSync(join(MORE, 'scenarios', `${name}.scn`), 'utf8'), { name })
}

describe('on xfs with shared extents', { timeout: 60_000 }, () => {
  it('does what a kernel was recorded doing, at every tier', () => {
    expect(NAMES.length).toBeGreaterThan(50)
    const differing = NAMES.flatMap((name) => {
      const { observation } = runScenario(scenario(name), PROFILE)
      const recorded = parseObservation(readFileSync(join(RECORDINGS, `${name}.json`), 'utf8'))
      return compareObservations(recorded, observation).differences.map(
        (d) => `${name} ${d.operation} ${d.field}: ${d.kernel}, ${d.model}`,
      )
    })
    expect(differing).toEqual([])
  })

  it('does the same step by step as straight through', () => {
    for (const name of NAMES) {
      const [plain, steps] = (['plain', 'steps'] as const).map((form) =>
        stringifyObservation(runScenario(scenario(name), { ...PROFILE, form }).observation),
      )
      expect(steps).toBe(plain)
    }
  })

  it('does in the shipped scenarios, where no blocks are shared, what was recorded without reflink', () => {
    const folder = 'linux-6.1-xfs'
    const sources = scenarioSources()
    const differing = recordingNames(folder).filter((name) => {
      const { observation } = runScenario(parseScenario(sources.get(name)!, { name }), PROFILE)
      return stringifyObservation({ ...observation, fs: 'xfs' }) !== recordingText(folder, name)
    })
    expect(differing).toEqual([])
  })

  it('is refused where files share no blocks', () => {
    const text = 'create a 4k\nfill a 0 4k\ncreate b 0\nreflink a b\n'
    for (const fs of ['ext4', 'xfs']) {
      const { observation } = runScenario(parseScenario(text, { name: fs }), { ...PROFILE, fs })
      expect(observation.ops[3]?.result).toEqual({ errno: 'EOPNOTSUPP' })
    }
  })
})
