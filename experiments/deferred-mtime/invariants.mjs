// Which rules of the kernel each way to keep the times keeps.
import { InvariantViolation, runScenario } from '@mm-model/scenario'
import { asPosted, deferredMtime } from '@mm-model/strategy-deferred-mtime'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { readScenario } from '../print.mjs'

for (const name of ['stricter', 'async', 'two-mappings']) {
  const scenario = readScenario(import.meta.dirname, `${name}.scn`)
  for (const strategy of [mkwrite, deferredMtime, asPosted]) {
    let told = 'all rules hold'
    try {
      runScenario(scenario, { kernel: '6.1', fs: 'ext4', strategy, invariants: true })
    } catch (error) {
      if (!(error instanceof InvariantViolation)) throw error
      const { operation, invariant, found, expected } = error
      told = `'${operation}' breaks ${invariant}: found ${found}, expected ${expected}`
    }
    console.log(`${name}, ${strategy.name}: ${told}`)
  }
}
