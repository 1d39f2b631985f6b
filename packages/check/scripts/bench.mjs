/**
 * The search, beside two others, for two writers on one hole, in one run:
 *
 *     node scripts/bench.mjs             the search of all interleavings, and fast-check's scheduler on the same program
 *     node scripts/bench.mjs --spin      and, for a writer, fsync and a hole punch, spin's verifier on the protocol of tooling/spin
 *                                        (installs spin and gcc where missing)
 *     node scripts/bench.mjs --three     and three threads, each program of which takes a minute or less
 *     node scripts/bench.mjs --jobs      instead: one job and two of `mm-model check`, and how many steps each of two runs that share their
 *                                        memory from the beginning: of processors that are busy, wall time says nothing
 *
 * Rates depend on the machine; that the searches end, and after how many executions, does not.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { explore, programOf, sharedMemory, stateInvariants } from '@mm-model/check'
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
const PUNCH = `create a 4k
mmap m a 0 4k rw shared
thread t1
thread t2
@t1 store m 0 1 || fsync a || @t2 punch a 0 4k
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

async function spin() {
  const run = join(HERE, '..', '..', '..', 'tooling', 'spin', 'run.mjs')
  const args = [run, '--only', 'writer-fsync-punch-mkwrite', '--json', '--optimize', '2']
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`tooling/spin/run.mjs ended in ${status}: ${stderr}`)
  const [{ found }] = JSON.parse(stdout)
  const { states, transitions, seconds } = found
  await search(
    'a writer, fsync and a hole punch',
    programOf(parseScenario(PUNCH, { name: 'punch' }), STAGE),
    {},
  )
  console.log(
    `spin's verifier, a writer, fsync and a hole punch in its own protocol: ${transitions} transitions, ${states} states in ` +
      `${seconds.toFixed(2)} s with its start: ${rate(transitions, seconds)} transitions/s, ${rate(states, seconds)} states/s`,
  )
}

function programIn(file, defects) {
  const text = readFileSync(join(HERE, '..', 'programs', `${file}.scn`), 'utf8')
  return programOf(parseScenario(text, { name: file }), { ...STAGE, defects })
}

/** `mm-model check` with so many jobs, in seconds. */
async function checked(file, defects, jobs) {
  const cli = join(HERE, '..', '..', '..', 'apps', 'cli', 'dist', 'cli.js')
  const flags = defects.length === 0 ? [] : ['--defect', defects.join()]
  const words = [
    'check',
    join(HERE, '..', 'programs', `${file}.scn`),
    ...flags,
    '--jobs',
    String(jobs),
    '--json',
  ]
  const [{ stdout }, seconds] = await timed(() =>
    spawnSync(process.execPath, [cli, ...words], { encoding: 'utf8' }),
  )
  const { verdict, steps } = JSON.parse(stdout)
  console.log(`${file}, ${jobs} jobs: ${verdict}; ${steps} steps in ${seconds.toFixed(2)} s`)
  return seconds
}

async function jobs(file, defects) {
  const one = await checked(file, defects, 1)
  const two = await checked(file, defects, 2)
  const alone = explore(programIn(file, defects)).steps
  const memory = sharedMemory(programIn(file, defects))
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const both = await Promise.all(
    [0, 1].map(
      (member) =>
        new Promise((resolve, reject) => {
          const worker = new Worker(import.meta.filename, {
            workerData: { file, defects, memory, member, stop },
          })
          worker.on('message', resolve)
          worker.on('error', reject)
        }),
    ),
  )
  console.log(
    `  two jobs take ${((100 * two) / one).toFixed(0)} % of the time of one; one runs ${alone} steps by itself, ` +
      `each of two ${both.join(' and ')}: the busier ${((100 * Math.max(...both)) / alone).toFixed(0)} %`,
  )
}

if (!isMainThread) {
  const { file, defects, memory, member, stop } = workerData
  const progress = () => Atomics.load(stop, 0) === 0
  const { steps } = explore(programIn(file, defects), { together: { memory, member }, progress })
  Atomics.store(stop, 0, 1)
  parentPort.postMessage(steps)
  process.exit()
}
if (process.argv.includes('--jobs')) {
  await jobs('two-writers', [])
  await jobs('writer-and-freeze', [])
  await jobs(...THREE['two writers and fsync'])
  process.exit()
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
if (process.argv.includes('--spin')) await spin()
if (process.argv.includes('--three')) {
  for (const [name, [file, defects]] of Object.entries(THREE)) {
    await search(name, programIn(file, defects), {})
  }
}
