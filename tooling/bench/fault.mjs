/**
 * The plain first write to a DAX page beside the real fault of this machine's own kernel, in turns, as a ratio; and the
 * same simulated fault with 10,000 and with 1,000,000 pages mapped already.
 *
 *     node tooling/bench/fault.mjs [--rounds N] [--json]
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { MAP_SHARED, Machine, PROT_READ, PROT_WRITE } from '@mm-model/core'
import { load, madvise, mmap, store } from '@mm-model/core/plain'
import { mountExt4 } from '@mm-model/dax'
import { ftruncate, openCreate, pwriteFill } from '@mm-model/dax/plain'
import { mkwrite } from '@mm-model/strategy-mkwrite'

/** Pages that each round writes to for the first time. */
const PAGES = 10_000
/** Off by one page from a 2 MiB boundary, so that no fault can be served by a PMD leaf: base pages on both sides. */
const ADDRESS = 0x600000001000
const MADV_DONTNEED = 4

/** Pages of the largest file: the model's ext4 is made for devices below 2 GiB. */
const MOST_PAGES = 400_000

/**
 * A machine with `mapped` pages mapped by loads, in one mapping of a written file or in several, and beside them
 * {@link PAGES} pages for the stores of the rounds.
 */
function prepare(mapped) {
  const pages = Math.min(mapped, MOST_PAGES - PAGES) + PAGES
  const machine = new Machine({ strategy: mkwrite, pmemPages: pages + 65_536 })
  const sb = mountExt4(machine)
  const t = machine.createTask()
  const file = openCreate(t, sb, 'bench')
  ftruncate(t, file, pages * 4096)
  // Zeros: written blocks that need no memory of this process.
  pwriteFill(t, file, 0, pages * 4096, 0)
  const prot = PROT_READ | PROT_WRITE
  const length = pages * 4096
  let left = mapped
  let slot = ADDRESS
  let first = 0
  while (left > 0 || first === 0) {
    const address = mmap(t, { address: slot, length, prot, flags: MAP_SHARED, file, offset: 0 })
    const count = Math.min(left, pages - PAGES)
    for (let page = 0; page < count; page++) load(t, address + page * 4096)
    left -= count
    slot = address + 2 ** Math.ceil(Math.log2(length))
    first = address + (pages - PAGES) * 4096
  }
  return { t, first }
}

/** Nanoseconds per first write of one round, all its pages unmapped before. */
function simulate({ t, first }) {
  madvise(t, first, PAGES * 4096, MADV_DONTNEED)
  const from = process.hrtime.bigint()
  for (let page = 0; page < PAGES; page++) store(t, first + page * 4096, 1)
  return Number(process.hrtime.bigint() - from) / PAGES
}

/** The real fault, a program that measures one round a line; null where there is no C compiler. */
function startReal(folder) {
  const program = join(folder, 'real-fault')
  const source = join(import.meta.dirname, 'real-fault.c')
  const built = spawnSync('cc', ['-O2', '-o', program, source], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (built.status !== 0) return null
  const child = spawn(program, [String(PAGES)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    round: async () => {
      child.stdin.write('\n')
      return Number((await lines.next()).value)
    },
    stop: () => child.stdin.end(),
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]
const spread = (values) => {
  const sorted = values.toSorted((a, b) => a - b)
  return `${sorted[0].toFixed(2)}–${sorted.at(-1).toFixed(2)}`
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, json: { type: 'boolean' } },
})
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 3) {
  process.stderr.write(`--rounds ${values.rounds}: expected a whole number of at least 3\n`)
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), 'mm-model-bench-'))
const real = startReal(folder)
if (real === null) {
  process.stderr.write(
    'no C compiler: install one (apt-get install gcc libc6-dev) to measure the real fault\n',
  )
  process.exit(2)
}
const small = prepare(10_000)
const large = prepare(1_000_000)
for (let i = 0; i < 10; i++) {
  simulate(small)
  simulate(large)
}
const results = { real: [], small: [], large: [] }
for (let i = 0; i < rounds; i++) {
  results.real.push(await real.round())
  results.small.push(simulate(small))
  results.large.push(simulate(large))
}
real.stop()
rmSync(folder, { recursive: true })

const ratio = (a, b) => a.map((value, i) => value / b[i])
const model = ratio(results.small, results.real)
const growth = ratio(results.large, results.small)
const report = {
  conditions: `${cpus()[0].model}, Linux ${release()}, Node ${process.version}, ${rounds} rounds of ${PAGES} pages in turns`,
  nanoseconds: Object.fromEntries(
    Object.entries(results).map(([name, list]) => [name, Math.round(median(list))]),
  ),
  simulatedToReal: Number(median(model).toFixed(2)),
  millionToTenThousand: Number(median(growth).toFixed(2)),
}
if (values.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
else {
  process.stdout.write(`first write to a page of a shared file mapping, base pages
  ${report.conditions}
real fault (memfd, this kernel)              ${report.nanoseconds.real} ns
simulated, 10,000 pages mapped (ext4 DAX)    ${report.nanoseconds.small} ns
simulated, 1,000,000 pages mapped            ${report.nanoseconds.large} ns
simulated / real                             ${report.simulatedToReal} (${spread(model)})
1,000,000 / 10,000 mapped                    ${report.millionToTenThousand} (${spread(growth)})
`)
}
