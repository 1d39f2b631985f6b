// What carrying on saves, read off the recordings: instructions of a first store, and the states that operations end in.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parseObservation } from '@mm-model/scenario'
import { printTable } from '../print.mjs'

const recordings = join(import.meta.dirname, '../../fixtures/kernel-observations')

const { strategies, unit } = JSON.parse(readFileSync(join(recordings, 'cost.json'), 'utf8'))

/** What of the cost that `retry` has over `mkwrite` carrying on saves, and what it keeps. */
function shareOf(row) {
  const [before, carried, linux] = ['retry', 'fallthrough', 'mkwrite'].map((name) => strategies[name][row])
  const second = before - linux
  const percent = (part) => `${((100 * part) / second).toFixed(1)} %`
  return [
    row,
    ...[linux, before, carried].map((n) => n.toFixed(1)),
    second.toFixed(1),
    `${(before - carried).toFixed(1)} (${percent(before - carried)})`,
    `${(carried - linux).toFixed(1)} (${percent(carried - linux)})`,
  ]
}

printTable([
  ['instructions', 'mkwrite', 'retry', 'fallthrough', 'second fault', 'saved by carrying on', 'kept'],
  ...['first store, block written', 'first store, hole'].map(shareOf),
])
console.log(`(${unit})\n`)

function read(folder, file) {
  return parseObservation(readFileSync(join(recordings, folder, file), 'utf8'))
}

/** What an operation leaves: its result, entries, areas, and the files that it changed. */
const STATE = ['result', 'ptes', 'vmas', 'files']

function agreement(strategy) {
  const same = new Map([...STATE, 'all'].map((what) => [what, 0]))
  let operations = 0
  let traps = 0
  let passes = 0
  for (const file of readdirSync(join(recordings, 'linux-6.1-ext4'))) {
    const linux = read('linux-6.1-ext4', file).ops
    const other = read(`linux-6.1-ext4-${strategy}`, file).ops
    for (const [i, op] of other.entries()) {
      const equal = STATE.filter((what) => isDeepStrictEqual(op[what], linux[i][what]))
      for (const what of equal) same.set(what, same.get(what) + 1)
      if (equal.length === STATE.length) same.set('all', same.get('all') + 1)
      operations++
      traps += trapsOf(op) - trapsOf(linux[i])
      passes += passesOf(op) - passesOf(linux[i])
    }
  }
  const count = (what) => `${same.get(what)} of ${operations}`
  return [strategy, count('all'), ...STATE.map(count), `${traps}`, `${passes}`]
}

function trapsOf({ faults }) {
  return faults.filter(({ error }) => error !== null).length
}

function passesOf({ faults }) {
  return faults.flatMap(({ events }) => events).filter(({ name }) => name === 'dax_pte_fault_done').length
}

printTable([
  ['recorded beside mkwrite', 'same state', ...STATE, 'more traps', 'more passes (4 KiB)'],
  ...['retry', 'fallthrough', 'insert-writable'].map(agreement),
])
