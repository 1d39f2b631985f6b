import {
  compareObservations,
  differencesAt,
  type EventObservation,
  type Observation,
  parseObservation,
  parseScenario,
  runScenario,
  stringifyObservation,
} from '@mm-model/scenario'
import { deferredMtime } from '@mm-model/strategy-deferred-mtime'
import { fallthrough } from '@mm-model/strategy-fallthrough'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { readonlyHint } from '@mm-model/strategy-readonly-hint'
import { retry } from '@mm-model/strategy-retry'
import { describe, expect, it } from 'vitest'
import { type Folder, recordingNames, recordingText, scenarioSources } from './recordings.ts'

const PROFILE = { kernel: '6.1', fs: 'ext4' } as const
const SOURCES = scenarioSources()

function scenario(name: string): ReturnType<typeof parseScenario> {
  return parseScenario(SOURCES.get(name)!, { name })
}

/** The compiler inlined it in the builds with strategies, so that the recorder's probe of it never fires. */
const INLINED = 'change_protection'

/** The recordings of each strategy, and what its kernel had inlined. */
const RECORDED: Readonly<Record<string, readonly [Folder, string | null]>> = {
  mkwrite: ['linux-6.1-ext4', null],
  retry: ['linux-6.1-ext4-retry', INLINED],
  'insert-writable': ['linux-6.1-ext4-insert-writable', INLINED],
  fallthrough: ['linux-6.1-ext4-fallthrough', INLINED],
  'readonly-hint': ['linux-6.1-ext4-readonly-hint', INLINED],
  'deferred-mtime': ['linux-6.1-ext4-deferred-mtime', INLINED],
}

function withoutCallsOf(name: string | null, observation: Observation): Observation {
  const keep = ({ events }: { readonly events: readonly EventObservation[] }): EventObservation[] =>
    events.filter((event) => event.name !== name)
  return {
    ...observation,
    ops: observation.ops.map((op) => ({
      ...op,
      events: keep(op),
      faults: op.faults.map((fault) => ({ ...fault, events: keep(fault) })),
    })),
  }
}

// All 161 scenarios in a test take a second or two, and longer on a busy machine.
describe.each([mkwrite, retry, insertWritable, fallthrough, readonlyHint, deferredMtime])(
  'under $name',
  { timeout: 60_000 },
  (strategy) => {
    const [folder, inlined] = RECORDED[strategy.name]!

    it(`does what ${folder} shows, path and all`, () => {
      const differing = recordingNames(folder).flatMap((name) => {
        const { observation } = runScenario(scenario(name), { ...PROFILE, strategy })
        const { differences } = compareObservations(
          parseObservation(recordingText(folder, name)),
          withoutCallsOf(inlined, observation),
        )
        return differencesAt('path', differences).map(
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
