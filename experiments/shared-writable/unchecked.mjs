// A strategy that installs writable entries where nothing guarantees VM_WRITE and VM_SHARED: for read faults.
import { defineStrategy, INSTALL_UNCHECKED, INSTALL_WRITABLE, MachineError } from '@mm-model/core'
import { InvariantViolation, runScenario } from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { printTable, readScenario } from '../print.mjs'

const unchecked = defineStrategy({
  ...mkwrite,
  name: 'unchecked',
  installForRead: () => INSTALL_WRITABLE | INSTALL_UNCHECKED,
})

const run = (scenario, strategy, invariants) =>
  runScenario(scenario, { kernel: '6.1', fs: 'ext4', strategy, invariants })

/** The first broken rule of a run. */
function firstViolation(scenario, strategy) {
  try {
    run(scenario, strategy, true)
    return 'all hold'
  } catch (error) {
    if (!(error instanceof InvariantViolation)) throw error
    const { invariant, operation, where, found, expected } = error
    return `'${operation}' breaks ${invariant}\n  at ${where}: found ${found}\n  expected ${expected}`
  }
}

/** What each operation answers, or where the machine stops. */
function answersOf(scenario, strategy) {
  try {
    const { ops } = run(scenario, strategy, false).observation
    return ops.map(({ result }) => ('signal' in result ? result.signal : `${result.ret}`))
  } catch (error) {
    if (!(error instanceof MachineError)) throw error
    return `the machine stops, ${error.code}: found ${error.found}`
  }
}

/** The entries that the loads before the first store leave. */
function entriesOf(scenario, strategy) {
  const ops = scenario.ops.slice(
    0,
    scenario.ops.findIndex(({ op }) => op === 'store'),
  )
  const { ptes } = run({ ...scenario, ops }, strategy, false).observation.ops.at(-1)
  return ptes.map(({ at, flags, frame }) => `${at} ${flags} ${frame}`).join(', ')
}

for (const name of ['read-only', 'private', 'hole']) {
  const scenario = readScenario(import.meta.dirname, `${name}.scn`)
  const runs = [mkwrite, unchecked].map((strategy) => answersOf(scenario, strategy))
  const rows = scenario.ops.flatMap(({ op, text }, i) =>
    ['load', 'store', 'pread'].includes(op)
      ? [[text, ...runs.map((answers) => (typeof answers === 'string' ? '–' : answers[i]))]]
      : [],
  )
  printTable([[name, 'mkwrite', 'unchecked'], ...rows])
  for (const answers of runs) if (typeof answers === 'string') console.log(answers)
  for (const strategy of [mkwrite, unchecked]) {
    console.log(`entries before the store, ${strategy.name}: ${entriesOf(scenario, strategy)}`)
  }
  for (const strategy of [mkwrite, unchecked]) {
    console.log(`invariants, ${strategy.name}: ${firstViolation(scenario, strategy)}`)
  }
  console.log()
}
