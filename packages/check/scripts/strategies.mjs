/**
 * The programs of the discussion, proved or refuted for each strategy: a Markdown table, the one in the README.
 *
 * On Linux 6.1 as it is, and again with its fsync repaired where that is what is refuted.
 *
 *     node scripts/strategies.mjs             print it
 *     node scripts/strategies.mjs --check     exit 1 if the README has another
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assertionsOf, explore, invariants, programOf } from '@mm-model/check'
import { parseScenario } from '@mm-model/scenario'
import { deferredMtime } from '@mm-model/strategy-deferred-mtime'
import { fallthrough } from '@mm-model/strategy-fallthrough'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { readonlyHint } from '@mm-model/strategy-readonly-hint'
import { retry } from '@mm-model/strategy-retry'

const STRATEGIES = [retry, insertWritable, mkwrite, fallthrough, readonlyHint, deferredMtime]
const REPAIR = 'writeback-waits-for-locked'
/** Names of programs; with `+`, on the repaired kernel. */
const PROGRAMS = [
  'two-writers',
  'writer-and-fsync',
  'writer-and-truncate',
  'writer-and-mprotect',
  'writer-and-munmap',
  'writer-and-freeze',
  'writer-and-power-failure',
  'writer-and-power-failure +',
  'writer-and-power-failure-sync',
  'two-writers-and-fsync',
  'writer-fsync-and-truncate',
]
const HERE = import.meta.dirname

/** What the table says of one program under one strategy. */
function cell(row, strategy) {
  const name = row.replace(' +', '')
  const text = readFileSync(join(HERE, '..', 'programs', `${name}.scn`), 'utf8')
  const scenario = parseScenario(text, { name })
  const program = programOf(scenario, {
    kernel: '6.1',
    fs: 'ext4',
    strategy,
    defects: row === name ? [] : [REPAIR],
  })
  const found = explore(program, { invariants: [...invariants, ...assertionsOf(scenario)] })
  const { outcome, counterexample, states } = found
  if (outcome === 'holds') return `holds, ${states.toLocaleString('en-US')} states`
  if (outcome === 'not exhausted') return found.verdict
  const { name: rule, schedule, preemptions } = counterexample
  return `**${rule}**, ${schedule.length} steps, ${preemptions} preemption${preemptions === 1 ? '' : 's'}`
}

function table() {
  const files = readdirSync(join(HERE, '..', 'programs')).map((file) => file.replace('.scn', ''))
  const rows = PROGRAMS.filter((row) => !row.endsWith('+'))
  if (files.toSorted().join() !== rows.toSorted().join()) throw new Error(`programs/ has ${files.join(', ')}`)
  const head = `| program | ${STRATEGIES.map(({ name }) => name).join(' | ')} |`
  const lines = PROGRAMS.map((name) => {
    const cells = STRATEGIES.map((strategy) => cell(name, strategy))
    if (process.stderr.isTTY) process.stderr.write(`${name}\n`)
    return `| \`${name.replace(' +', '` with the repair')}${name.endsWith('+') ? '' : '`'} | ${cells.join(' | ')} |`
  })
  return [head, `|${'---|'.repeat(STRATEGIES.length + 1)}`, ...lines].join('\n')
}

const printed = table()
console.log(printed)
if (process.argv.includes('--check')) {
  const readme = readFileSync(join(HERE, '..', 'README.md'), 'utf8')
  if (!readme.includes(printed)) {
    console.error('packages/check/README.md has another table: node scripts/strategies.mjs prints this one')
    process.exitCode = 1
  }
}
