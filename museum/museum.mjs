/**
 * The pieces of the museum: what `catalog.json` says of each, and what the checker says.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assertionsOf, explore, invariants, invariantsNamed, programOf } from '@mm-model/check'
import { defects } from '@mm-model/core'
import { parseScenario } from '@mm-model/scenario'
import { asPosted, deferredMtime } from '@mm-model/strategy-deferred-mtime'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { retry } from '@mm-model/strategy-retry'

const here = import.meta.dirname
const STRATEGIES = new Map(
  [mkwrite, retry, insertWritable, deferredMtime, asPosted].map((strategy) => [strategy.name, strategy]),
)

/** What a machine is before or after the fix; what is left out is Linux 6.1 on ext4 and x86-64 under `mkwrite`. */
function machineOf({ kernel = '6.1', fs = 'ext4', arch, strategy = 'mkwrite', defects: names = [] }) {
  const known = STRATEGIES.get(strategy)
  if (known === undefined) throw new Error(`catalog.json: no strategy '${strategy}'`)
  return { kernel, fs, arch, strategy: known, defects: names }
}

/**
 * The scenario as a program on such a machine. With `killAfterFaults` a thread that has faulted so often for one access is
 * killed: of a program that can go on for ever, what comes before that is searched.
 */
function programFor({ killAfterFaults = Infinity }, scenario, machine) {
  const program = programOf(scenario, machineOf(machine))
  return () => {
    const instance = program()
    instance.machine.killAfterFaults = killAfterFaults
    return instance
  }
}

/** Every piece, in the order of the catalog. */
export function readCatalog() {
  return JSON.parse(readFileSync(join(here, 'catalog.json'), 'utf8'))
}

export function scenarioOf({ id }) {
  return parseScenario(readFileSync(join(here, `${id}.scn`), 'utf8'), { name: id })
}

/** The defects that a piece has before the fix and not after it, or the other way round: repairs. */
export function difference({ before, after }) {
  const had = before.defects ?? []
  const has = after.defects ?? []
  return [...had.filter((name) => !has.includes(name)), ...has.filter((name) => !had.includes(name))]
}

/** The commit that fixed it, what in Linux prevents it, or null where no kernel does. */
export function fixOf(piece) {
  if (piece.fix !== undefined) return piece.fix
  const [name] = difference(piece)
  return name === undefined ? null : defects[name].fix
}

/**
 * Before the fix: looks for the one rule that is said to break, by number of preemptions, which finds a shortest schedule.
 */
export function runBefore(piece) {
  const scenario = scenarioOf(piece)
  const named = invariants.some(({ name }) => name === piece.violates)
    ? invariantsNamed([piece.violates])
    : []
  const own = assertionsOf(scenario).filter(({ name }) => name === piece.violates)
  return explore(programFor(piece, scenario, piece.before), {
    invariants: [...named, ...own],
    preemptions: piece.preemptions,
  })
}

/**
 * After it: every interleaving, under all rules, or those that the era of the piece has.
 */
export function runAfter(piece) {
  const scenario = scenarioOf(piece)
  const { checks } = piece.after
  const rules = checks === undefined ? [...invariants, ...assertionsOf(scenario)] : invariantsNamed(checks)
  return explore(programFor(piece, scenario, piece.after), { invariants: rules })
}

/** What is other than the catalog says of an exploration before the fix; null if nothing is. */
export function surpriseBefore({ violates, preemptions }, { outcome, verdict, counterexample }) {
  if (outcome !== 'violated') return `before: ${verdict}, not a violation of ${violates}`
  const { name, preemptions: count } = counterexample
  if (name !== violates) return `before: ${verdict}, not a violation of ${violates}`
  return count === preemptions ? null : `before: ${count} preemptions, not ${preemptions}`
}

/** The same after the fix. */
export function surpriseAfter({ outcome, verdict }) {
  return outcome === 'holds' ? null : `after: ${verdict}`
}

/** Rows with their columns aligned, the first row underlined. */
export function tableOf(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const line = (row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd()
  const [head, ...body] = rows
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...body.map(line)]
}

/** The table of the README. */
export function readmeTable() {
  const rows = readCatalog().map((piece) => {
    const { id, row, title, violates, preemptions } = piece
    const fix = fixOf(piece)
    const commit = fix === null ? 'none' : /^[0-9a-f]{12,40}$/.test(fix) ? `\`${fix.slice(0, 12)}\`` : fix
    return `| [${id}](${id}.scn) | ${row ?? ''} | ${title} | ${violates} | ${preemptions} | ${commit} |`
  })
  return ['| piece | row | bug | breaks | preemptions | fix |', '|---|---|---|---|---|---|', ...rows].join(
    '\n',
  )
}
