// Properties run the same cases each time; FC_SEED=<n> and FC_RUNS=<n> explore others. A failure prints its seed and path.
import { configureGlobal } from 'fast-check'

const { FC_SEED, FC_RUNS } = process.env

configureGlobal({
  seed: FC_SEED ? Number(FC_SEED) : 20160221,
  ...(FC_RUNS ? { numRuns: Number(FC_RUNS) } : {}),
})
