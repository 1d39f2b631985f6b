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

const PROFILE = { kernel: '6.1', fs: 'xfs', strategy: mkwrite } as const
const FOLDER = 'linux-6.1-xfs'
const SOURCES = scenarioSources()
const MORE = join(import.meta.dirname, '../../../fixtures/more-observations')

function differencesFrom(name: string, recording: string, source: string, kernel = '6.1'): string[] {
  const { observation } = runScenario(parseScenario(source, { name }), { ...PROFILE, kernel })
  const { differences } = compareObservations(parseObservation(recording), observation)
  return differences.map((d) => `${name} ${d.operation} ${d.field}: ${d.kernel}, ${d.model}`)
}

describe('on xfs', { timeout: 60_000 }, () => {
  it('does what a kernel was recorded doing, at every tier', () => {
    const differing = recordingNames(FOLDER).flatMap((name) =>
      differencesFrom(name, recordingText(FOLDER, name), SOURCES.get(name)!),
    )
    expect(differing).toEqual([])
  })

  it('does what a kernel did in scenarios recorded after the model was written', () => {
    const names = readdirSync(join(MORE, FOLDER)).map((file) => file.replace(/\.json$/, ''))
    expect(names.length).toBeGreaterThan(60)
    const differing = names.flatMap((name) =>
      differencesFrom(
        name,
        readFileSync(join(MORE, FOLDER, `${name}.json`), 'utf8'),
        readFileSync(join(MORE, 'scenarios', `${name}.scn`), 'utf8'),
      ),
    )
    expect(differing).toEqual([])
  })

  it('does what Linux 6.12 was recorded doing, which is not what 6.1 does', () => {
    const folder = join(MORE, 'linux-6.12-xfs')
    const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ''))
    expect(names).toEqual(recordingNames(FOLDER))
    const differing = (kernel: string) => (name: string) =>
      differencesFrom(name, readFileSync(join(folder, `${name}.json`), 'utf8'), SOURCES.get(name)!, kernel)
    expect(names.flatMap(differing('6.12'))).toEqual([])
    expect(names.filter((name) => differing('6.1')(name).length > 0).length).toBeGreaterThan(150)
  })

  it.each(['6.1', '6.12'])('does the same step by step as straight through on %s', (kernel) => {
    for (const [name, source] of SOURCES) {
      const scenario = parseScenario(source, { name })
      const [plain, steps] = (['plain', 'steps'] as const).map((form) =>
        stringifyObservation(runScenario(scenario, { ...PROFILE, kernel, form }).observation),
      )
      expect(steps).toBe(plain)
    }
  })
})
