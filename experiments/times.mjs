// When the times of files change: a scenario under several strategies, operation by operation.
import { runScenario } from '@mm-model/scenario'
import { printTable, resultOf } from './print.mjs'

const FILE_UPDATE_TIME = 'file_update_time'

/** One operation under one strategy: whether a file's mtime changed, and how often a fault or a flush asked. */
function cellOf({ faults, events, files }) {
  const asked = [...faults.flatMap((fault) => fault.events), ...events]
  const calls = asked.filter(({ name }) => name === FILE_UPDATE_TIME).length
  const told = calls === 0 ? '' : calls === 1 ? ' (1 call)' : ` (${calls} calls)`
  return files.some(({ mtime }) => mtime) ? `mtime${told}` : `–${told}`
}

/**
 * Prints a row an operation and a column a strategy: `mtime` where an mtime changed, with the number of calls of
 * `file_update_time`; and of which operation each file's mtime is in the end.
 */
export function printTimes(scenario, strategies) {
  const runs = strategies.map((strategy) => runScenario(scenario, { kernel: '6.1', fs: 'ext4', strategy }))
  const rows = scenario.ops.map(({ text }, i) => {
    const told = runs.map(({ observation }) => observation.ops[i])
    return [`${String(i + 1).padStart(2)}  ${text}${resultOf(told[0])}`, ...told.map(cellOf)]
  })
  const [first] = runs
  const endings = first.finalState.files.map(({ name }, f) => [
    `    mtime of ${name} in the end`,
    ...runs.map(({ finalState }) => finalState.files[f].mtime),
  ])
  printTable([[scenario.name, ...strategies.map(({ name }) => name)], ...rows, ...endings])
}
