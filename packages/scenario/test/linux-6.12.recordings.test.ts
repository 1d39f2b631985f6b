import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  compareObservations,
  costsOf,
  parseObservation,
  parseScenario,
  runScenario,
  stringifyObservation,
  sumCosts,
} from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { retry } from '@mm-model/strategy-retry'
import { describe, expect, it } from 'vitest'
import { recordingNames, recordingText, scenarioSources } from './recordings.ts'

const PROFILE = { kernel: '6.12', fs: 'ext4' } as const
const FOLDER = 'linux-6.12-ext4'
const SOURCES = scenarioSources()
const MORE = join(import.meta.dirname, '../../../fixtures/more-observations')

function scenario(name: string): ReturnType<typeof parseScenario> {
  return parseScenario(SOURCES.get(name)!, { name })
}

describe('Linux 6.12', { timeout: 60_000 }, () => {
  it('does what a kernel was recorded doing, at every tier', () => {
    const names = recordingNames(FOLDER)
    expect(names.length).toBeGreaterThan(160)
    const differing = names.flatMap((name) => {
      const { observation } = runScenario(scenario(name), { ...PROFILE, strategy: mkwrite })
      const { differences } = compareObservations(parseObservation(recordingText(FOLDER, name)), observation)
      return differences.map((d) => `${name} ${d.operation} ${d.field}: ${d.kernel}, ${d.model}`)
    })
    expect(differing).toEqual([])
  })

  it('does what a kernel did in scenarios recorded after the model was written, but for what is known', () => {
    const files = readdirSync(join(MORE, FOLDER))
    expect(files.length).toBeGreaterThan(165)
    const differing = files.flatMap((file) => {
      const name = file.replace(/\.json$/, '')
      const recorded = parseObservation(readFileSync(join(MORE, FOLDER, file), 'utf8'))
      const source = readFileSync(join(MORE, 'scenarios', `${name}.scn`), 'utf8')
      const { observation } = runScenario(parseScenario(source, { name }), { ...PROFILE, strategy: mkwrite })
      const { differences } = compareObservations(recorded, observation)
      return differences.map((d) => `${name} ${d.operation} ${d.field}: ${d.kernel}, ${d.model}`)
    })
    // The recorder's closing of its trace gave the 2 MiB back to the buddy allocator, which handed out the lower half of its
    // 4 MiB first; by itself the scenario reuses the page that was freed, as here (fixtures/README.md).
    expect(differing).toEqual([
      'h04-thp 9 ptes[m1+0x0].frame: hugezero, ram#0',
      'h04-thp 12 ptes[m2+0x0].frame: hugezero, ram#0',
    ])
  })

  it.each([mkwrite, retry])('does the same step by step as straight through, under $name', (strategy) => {
    for (const name of SOURCES.keys()) {
      const [plain, steps] = (['plain', 'steps'] as const).map((form) =>
        stringifyObservation(runScenario(scenario(name), { ...PROFILE, strategy, form }).observation),
      )
      expect(steps).toBe(plain)
    }
  })

  it('is not what 6.1 does: the recordings tell the two apart', () => {
    const differing = recordingNames(FOLDER).filter((name) => {
      const { observation } = runScenario(scenario(name), { ...PROFILE, kernel: '6.1', strategy: mkwrite })
      const recorded = parseObservation(recordingText(FOLDER, name))
      return compareObservations(recorded, observation).differences.length > 0
    })
    expect(differing.length).toBeGreaterThan(150)
  })

  it('takes as many traps as 6.1 for a first store, and one pass more through the handler', () => {
    const store = parseScenario('create a 64k\nmmap m a 0 64k rw shared\nstore m 0\n', { name: 'store' })
    const [before, since] = ['6.1', '6.12'].map((kernel) =>
      sumCosts(runScenario(store, { ...PROFILE, kernel, strategy: mkwrite }).costs),
    )
    expect([before?.faults, before?.handlerPasses]).toEqual([1, 1])
    expect([since?.faults, since?.handlerPasses]).toEqual([1, 2])
    const recorded = parseObservation(recordingText(FOLDER, '01-hole-write'))
    expect(costsOf(recorded)[2]).toMatchObject({ faults: 1, handlerPasses: 2 })
  })
})
