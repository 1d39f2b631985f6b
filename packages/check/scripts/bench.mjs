/**
 * The search, beside two others, for two writers on one hole, in one run:
 *
 *     node scripts/bench.mjs             the search of all interleavings, and fast-check's scheduler on the same program
 *     node scripts/bench.mjs --spin      and spin's verifier on the protocol of tooling/spin (installs spin and gcc where missing)
 *     node scripts/bench.mjs --three     and three threads, each program of which takes a minute or less
 *
 * Rates depend on the machine; that the searches end, and after how many executions, does not.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { explore, programOf, stateInvariants } from '@mm-model/check'
import { parseScenario } from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import fc from 'fast-check'

const HERE = import.meta.dirname
const STAGE = { kernel: '6.1', fs: 'ext4', strategy: mkwrite }
const HOLE = `create a 4k
mmap m a 0 4k rw shared
thread t1
thread t2
@t1 store m 0 1 || @t2 store m 0 2
`
const THREE = {
  'two writers and fsync': ['two-writers-and-fsync', ['writeback-waits-for-locked']],
  'writer, fsync and truncate': ['writer-fsync-and-truncate', []],
}

const rate = (count, seconds) => Math.round(count / seconds).toLocaleString('en-US')

/** Runs it; what it gave, and the seconds that it took. */
async function timed(run) {
  const start = process.hrtime.bigint()
  const result = await run()
  return [result, Number(process.hrtime.bigint() - start) / 1e9]
}

async function search(name, program, options) {
  const [found, seconds] = await timed(() => explore(program, options))
  const { verdict, executions, steps, states } = found
  console.log(
    `${name}: ${verdict}; ${executions} executions, ${steps} steps, ${states} states in ${seconds.toFixed(2)} s: ` +
      `${rate(steps, seconds)} steps/s, ${rate(states, seconds)} states/s`,
  )
  return steps / seconds
}

/** The same program with fast-check deciding who is next: each step waits for its scheduler. */
async function scheduled(program, runs) {
  let steps = 0
  const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    const { threads } = program()
    const all = threads.map(async ({ calls }) => {
      for (const call of calls) {
        for (const run = call(); ; ) {
          await scheduler.schedule(Promise.resolve())
          steps++
          if (run.next().done === true) break
        }
      }
    })
    await scheduler.waitFor(Promise.all(all))
  })
  const [, seconds] = await timed(() => fc.assert(property, { numRuns: runs, seed: 1 }))
  console.log(
    `fast-check's scheduler, two writers on a hole: ${runs} schedules at random, ${steps} steps in ${seconds.toFixed(2)} s: ` +
      `${rate(steps, seconds)} steps/s`,
  )
  return steps / seconds
}

function spin() {
  const run = join(HERE, '..', '..', '..', 'tooling', 'spin', 'run.mjs')
  const args = [run, '--only', 'two-writers-mkwrite', '--json', '--optimize', '2']
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`tooling/spin/run.mjs ended in ${status}: ${stderr}`)
  const [{ found }] = JSON.parse(stdout)
  const { states, transitions, seconds } = found
  console.log(
    `spin's verifier, two writers on a hole in its own protocol: ${transitions} transitions, ${states} states in ` +
      `${seconds.toFixed(2)} s with its start: ${rate(transitions, seconds)} transitions/s, ${rate(states, seconds)} states/s`,
  )
}

const program = programOf(parseScenario(HOLE, { name: 'two-writers' }), STAGE)
let ours = 0
for (const round of [1, 2, 3]) {
  ours = await search(`two writers on a hole, round ${round}`, program, {})
  await search(`  under all ${stateInvariants.length} rules`, program, { invariants: stateInvariants })
}
// Its scheduler knows no locks that make a thread wait: a thread that waits is asked again and again.
const theirs = await scheduled(program, 300)
console.log(`steps/s, beside fast-check's scheduler: ${(ours / theirs).toFixed(1)} times as many`)
if (process.argv.includes('--spin')) spin()
if (process.argv.includes('--three')) {
  for (const [name, [file, defects]] of Object.entries(THREE)) {
    const text = readFileSync(join(HERE, '..', 'programs', `${file}.scn`), 'utf8')
    await search(name, programOf(parseScenario(text, { name }), { ...STAGE, defects }), {})
  }
}
