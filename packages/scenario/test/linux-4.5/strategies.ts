/** How many traps a load and a store take on 4.5 under each strategy. */

import { parseScenario, runScenario } from '@mm-model/scenario'
import { fallthrough } from '@mm-model/strategy-fallthrough'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { retry } from '@mm-model/strategy-retry'

const BLOCK = ['create a 65536', 'fill a 0 65536 7', 'mmap m a 0 65536 rw shared']
const HOLE = ['create a 65536', 'mmap m a 0 65536 rw shared']
const SCENARIOS = [
  [...BLOCK, 'store m 0 1'],
  [...HOLE, 'store m 0 1'],
  [...BLOCK, 'load m 0', 'store m 0 1'],
  [...HOLE, 'load m 0', 'store m 0 1'],
]

/** By strategy: store to a block, store to a hole, load and store of a block, load and store of a hole. */
export function strategyTraps(): Record<string, number[]> {
  const strategies = [retry, insertWritable, mkwrite, fallthrough]
  return Object.fromEntries(
    strategies.map((strategy) => [
      strategy.name,
      SCENARIOS.map((lines) => {
        const scenario = parseScenario(lines.join('\n'), { name: 'traps' })
        const { costs } = runScenario(scenario, { kernel: '4.5', fs: 'ext4', strategy, invariants: true })
        return costs.reduce((sum, { faults }) => sum + faults, 0)
      }),
    ]),
  )
}
