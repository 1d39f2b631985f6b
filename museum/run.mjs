// `npm run museum`: runs the pieces of the museum before their fix, where the checker has to find them, and after it, where all
// rules have to hold in every interleaving. Names choose pieces; `--fast` leaves the slow ones out; `--table` prints the table
// of the README, `--update` writes it there. Exit status 0: all as catalog.json says, 1: a surprise, 2: the command line.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  readCatalog,
  readmeTable,
  runAfter,
  runBefore,
  surpriseAfter,
  surpriseBefore,
  tableOf,
} from './museum.mjs'

const FLAGS = ['--fast', '--table', '--update']

class UsageError extends Error {}

function chosen(words) {
  const flag = words.find((word) => word.startsWith('-') && !FLAGS.includes(word))
  if (flag !== undefined) throw new UsageError(`unknown flag '${flag}'; they are ${FLAGS.join(', ')}`)
  const all = readCatalog()
  const names = words.filter((word) => !word.startsWith('-'))
  const unknown = names.find((name) => all.every(({ id }) => id !== name))
  if (unknown !== undefined)
    throw new UsageError(`unknown piece '${unknown}'; they are ${all.map(({ id }) => id).join(', ')}`)
  const fast = words.includes('--fast')
  return all.filter(({ id, slow }) => (names.length === 0 || names.includes(id)) && !(fast && slow === true))
}

const plural = (count, what) => `${count} ${what}${count === 1 ? '' : 's'}`

function run(pieces) {
  const rows = [['piece', 'before: violated', 'in a schedule of', 'after']]
  const surprises = []
  for (const piece of pieces) {
    const before = runBefore(piece)
    const after = runAfter(piece)
    const found = before.counterexample
    rows.push([
      piece.id,
      found === null ? before.verdict : found.name,
      found === null
        ? ''
        : `${plural(found.schedule.length, 'step')}, ${plural(found.preemptions, 'preemption')}`,
      after.outcome === 'holds' ? `holds in ${plural(after.executions, 'execution')}` : after.verdict,
    ])
    for (const surprise of [surpriseBefore(piece, before), surpriseAfter(after)])
      if (surprise !== null) surprises.push(`${piece.id}: ${surprise}`)
  }
  console.log(tableOf(rows).join('\n'))
  for (const surprise of surprises) console.error(`museum: ${surprise}`)
  return surprises.length === 0 ? 0 : 1
}

function update() {
  const path = join(import.meta.dirname, 'README.md')
  const lines = readFileSync(path, 'utf8').split('\n')
  const first = lines.findIndex((line) => line.startsWith('| piece '))
  const end = lines.indexOf('', first)
  writeFileSync(path, [...lines.slice(0, first), readmeTable(), ...lines.slice(end)].join('\n'))
  return 0
}

try {
  const words = process.argv.slice(2)
  const pieces = chosen(words)
  if (words.includes('--update')) process.exitCode = update()
  else if (words.includes('--table')) console.log(readmeTable())
  else process.exitCode = run(pieces)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`museum: ${error.message}`)
  process.exitCode = 2
}
