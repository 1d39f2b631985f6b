/*
 * Random scenarios under every invariant, in both forms of the code. 8,000 operations here; `pnpm --filter
 * @mm-model/scenario run random` runs 100,000. FC_SEED=<n> begins elsewhere.
 */
import { kernelByName } from '@mm-model/core'
import { generateScenario, runScenario, stringifyObservation } from '@mm-model/scenario'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { retry } from '@mm-model/strategy-retry'
import { expect, it } from 'vitest'

const FIRST = Number(process.env.FC_SEED ?? 20160221)

it.each([
  { kernel: '6.1', fs: 'ext4', strategy: mkwrite, operations: 2000, first: FIRST },
  { kernel: '6.1', fs: 'ext4', strategy: retry, operations: 1000, first: FIRST + 1000 },
  { kernel: '6.1', fs: 'ext4', strategy: insertWritable, operations: 1000, first: FIRST + 2000 },
  { kernel: '6.1', fs: 'xfs', strategy: mkwrite, operations: 1000, first: FIRST + 3000 },
  { kernel: '6.12', fs: 'ext4', strategy: mkwrite, operations: 1000, first: FIRST + 4000 },
  { kernel: '6.12', fs: 'ext4', strategy: retry, operations: 500, first: FIRST + 5000 },
  { kernel: '6.12', fs: 'xfs', strategy: mkwrite, operations: 500, first: FIRST + 6000 },
  { kernel: '4.5', fs: 'ext4', strategy: retry, operations: 1000, first: FIRST + 7000 },
])(
  '$operations random operations on $kernel, $fs under $strategy.name break no rule',
  { timeout: 120_000 },
  (run) => {
    const { kernel, fs, strategy, operations, first } = run
    const privateStoresWait = kernelByName(kernel).unheldInvariants.I31 !== undefined
    for (let done = 0, seed = first; done < operations; seed++) {
      const scenario = generateScenario(seed, { operations: 40, privateStoresWait })
      done += scenario.ops.length
      const [plain, steps] = (['plain', 'steps'] as const).map((form) =>
        stringifyObservation(
          runScenario(scenario, { kernel, fs, strategy, form, invariants: true }).observation,
        ),
      )
      expect(steps, scenario.name).toBe(plain)
    }
  },
)
