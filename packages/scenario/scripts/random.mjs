/**
 * Runs random scenarios under every invariant, straight through and step by step, until enough operations are done.
 *
 *     pnpm --filter @mm-model/scenario run random -- [--seed N] [--operations N] [--kernel NAME] [--fs ext4|xfs|xfs-reflink]
 *       [--arch NAME] [--strategy NAME]
 *
 * Exit code 1, with the shrunk scenario, when an invariant is broken, an operation fails in a way that the kernel does
 * not have, or the two forms observe different things. Reads `dist`.
 */
import { parseArgs } from 'node:util'
import { kernelByName } from '@mm-model/core'
import { generateScenario, runScenario, shrinkScenario, stringifyObservation } from '@mm-model/scenario'

const PER_SCENARIO = 40
/** File systems whose files can share blocks. */
const WITH_SHARED_BLOCKS = ['xfs-reflink']
const STRATEGIES = ['mkwrite', 'retry', 'insert-writable', 'fallthrough', 'readonly-hint', 'deferred-mtime']

const { values } = parseArgs({
  // pnpm hands `--` on.
  args: process.argv.slice(2).filter((word) => word !== '--'),
  options: {
    seed: { type: 'string', default: String(Date.now() % 0x100000000) },
    operations: { type: 'string', default: '100000' },
    kernel: { type: 'string', default: '6.1' },
    fs: { type: 'string', default: 'ext4' },
    arch: { type: 'string', default: 'x86-64' },
    strategy: { type: 'string' },
  },
})
const seed = Number(values.seed)
const wanted = Number(values.operations)
const reflink = WITH_SHARED_BLOCKS.includes(values.fs)
if (!Number.isSafeInteger(seed) || !(wanted > 0)) {
  console.error('--seed takes an integer, --operations a number above 0')
  process.exit(2)
}

async function strategyOf(name) {
  const module = await import(`@mm-model/strategy-${name}`)
  return Object.values(module).find((value) => value.name === name)
}

/** Where a private store takes freeze protection, none may be made while the file system is frozen. */
const privateStoresWait = 'I31' in kernelByName(values.kernel).unheldInvariants

const strategies = await Promise.all((values.strategy ? [values.strategy] : STRATEGIES).map(strategyOf))

/** What is wrong with a scenario, as a kind that shrinking keeps and a message; null when nothing is. */
function problemOf(scenario, strategy) {
  const options = { kernel: values.kernel, fs: values.fs, arch: values.arch, strategy, invariants: true }
  try {
    const plain = stringifyObservation(runScenario(scenario, { ...options, form: 'plain' }).observation)
    const steps = stringifyObservation(runScenario(scenario, { ...options, form: 'steps' }).observation)
    return plain === steps ? null : { kind: 'forms', message: 'straight through and step by step differ' }
  } catch (error) {
    if (error.code === 'BAD_CONFIGURATION') {
      console.error(error.message)
      process.exit(2)
    }
    return { kind: error.invariant ?? error.code ?? error.message, message: error.message }
  }
}

const what = [values.kernel, values.fs, values.arch, ...strategies.map(({ name }) => name)]
console.log(`seed ${seed}, ${what.join(', ')}`)
const started = performance.now()
let operations = 0
let scenarios = 0
for (; operations < wanted; scenarios++) {
  const strategy = strategies[scenarios % strategies.length]
  const scenario = generateScenario(seed + scenarios, {
    operations: PER_SCENARIO,
    reflink,
    privateStoresWait,
  })
  const problem = problemOf(scenario, strategy)
  operations += scenario.ops.length
  if (problem === null) continue
  const small = shrinkScenario(scenario, (candidate) => problemOf(candidate, strategy)?.kind === problem.kind)
  console.error(`scenario seed ${seed + scenarios}, ${strategy.name}: ${problem.message}\n\nshrunk to`)
  for (const { text } of small.ops) console.error(`  ${text}`)
  console.error(`\n${problemOf(small, strategy).message}`)
  process.exit(1)
}
const seconds = (performance.now() - started) / 1000
console.log(
  `${operations} operations in ${scenarios} scenarios, each in both forms: no violation, ${seconds.toFixed(1)} s`,
)
