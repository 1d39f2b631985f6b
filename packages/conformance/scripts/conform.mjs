/*
 * The whole kit, for the strategies of this repository and for the gallery of wrong ones: `npm run conformance` at the root.
 *
 *     node packages/conformance/scripts/conform.mjs [NAME…]
 *
 * Without names it leaves out some that defer times and install otherwise: `insert-writable+deferred-mtime` and the like.
 *
 * Exit code 1 when a sound strategy is found wrong, or a wrong one is not caught by the check that should.
 */
import { combinations, conformance, MACHINES, outcomeOf, References } from '@mm-model/conformance'
import { wrongStrategies } from '@mm-model/conformance/gallery'
import { deferredMtime, withDeferredMtime } from '@mm-model/strategy-deferred-mtime'
import { fallthrough } from '@mm-model/strategy-fallthrough'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { readonlyHint } from '@mm-model/strategy-readonly-hint'
import { retry } from '@mm-model/strategy-retry'

const names = process.argv.slice(2)
/** What the others make likely, and a run for every change has no time for. */
const LEFT_OUT = new Set(
  ['insert-writable', 'fallthrough', 'readonly-hint'].map((name) => `${name}+deferred-mtime`),
)
const wanted = ({ name }) => (names.length === 0 ? !LEFT_OUT.has(name) : names.includes(name))
const own = [retry, insertWritable, fallthrough, readonlyHint, mkwrite]
// `deferredMtime` is `mkwrite` with deferred times.
const sound = [
  ...own,
  deferredMtime,
  ...own.filter((strategy) => strategy !== mkwrite).map((strategy) => withDeferredMtime(strategy)),
]
let failures = 0

for (const strategy of sound.filter(wanted)) {
  const report = conformance(strategy)
  console.log(`${strategy.name}: ${report.combinations} combinations, ${report.passed ? 'passed' : 'FAILED'}`)
  if (report.passed) continue
  failures++
  for (const { findings } of report.checks)
    for (const { check, combination, operation, found, expected } of findings.slice(0, 3))
      console.log(`  ${check}: ${combination}: ${operation}\n    found ${found}\n    expected ${expected}`)
}

const all = combinations(MACHINES)
const references = new References()
for (const { strategy, catches, why } of wrongStrategies().filter(({ strategy }) => wanted(strategy))) {
  // Which combination shows it differs from one to the next: the first one that does is enough.
  const caught = all.find((c) =>
    outcomeOf(strategy, c, references).findings.some(({ check }) => check === catches),
  )
  console.log(`${strategy.name}: ${caught === undefined ? 'NOT CAUGHT' : 'caught'} by ${catches}; ${why}`)
  if (caught === undefined) failures++
}
process.exitCode = failures === 0 ? 0 : 1
