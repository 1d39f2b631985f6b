import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareObservations, parseObservation, parseScenario, runScenario } from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { expect, it } from 'vitest'

const FOLDER = join(import.meta.dirname, '../../../fixtures/more-observations')

it('does what a kernel did in scenarios recorded after the model was written', { timeout: 60_000 }, () => {
  const files = readdirSync(join(FOLDER, 'linux-6.1-ext4'))
  expect(files.length).toBeGreaterThan(100)
  const differing = files.flatMap((file) => {
    const name = file.replace(/\.json$/, '')
    const recorded = parseObservation(readFileSync(join(FOLDER, 'linux-6.1-ext4', file), 'utf8'))
    const scenario = parseScenario(readFileSync(join(FOLDER, 'scenarios', `${name}.scn`), 'utf8'), { name })
    const { observation } = runScenario(scenario, { kernel: '6.1', fs: 'ext4', strategy: mkwrite })
    const { differences } = compareObservations(recorded, observation)
    return differences.map((d) => `${name} ${d.operation} ${d.field}: ${d.kernel}, ${d.model}`)
  })
  expect(differing).toEqual([])
})
