#!/usr/bin/env node
/**
 * Compares every helper of `@mm-model/pgprot` with the kernel's own definition, compiled from its headers, on random
 * entries, and records a sample for `npm test`. See README.md.
 *
 *   node tooling/header-oracle/run.mjs [--install] [--record] [--only <configuration>] [--entries <n>]
 *                                      [--build-dir <directory>]
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { installPackages } from '@mm-model/apt'
import { CONFIGURATIONS, ourFunctions } from './helpers.mjs'
import { BLOCK, createHalves, createInputs, digest, evaluate, foldDigest, SEED } from './inputs.mjs'
import { buildOracle } from './kernel-side.mjs'

const ROOT = resolve(import.meta.dirname, '../..')
const PACKAGES = [
  'linux-source-6.1',
  'linux-source-6.12',
  'gcc',
  'libc6-dev',
  'make',
  'flex',
  'bison',
  'bc',
  'xz-utils',
  'gcc-aarch64-linux-gnu',
  'gcc-riscv64-linux-gnu',
  'libc6-dev-arm64-cross',
  'libc6-dev-riscv64-cross',
  'qemu-user',
]
/** Entries whose outputs are recorded in full. */
const SAMPLE = 16

const { values: options } = parseArgs({
  options: {
    install: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    only: { type: 'string' },
    entries: { type: 'string' },
    'build-dir': { type: 'string', default: join(tmpdir(), 'mm-model-header-oracle') },
  },
})

if (options.install) installPackages(PACKAGES, { tell: console.log })

const modules = {}
for (const name of ['index', 'x86-64', 'arm64', 'riscv64']) {
  const file = join(ROOT, `packages/pgprot/dist/${name}.js`)
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run build`)
  modules[name] = await import(pathToFileURL(file).href)
}

let differences = 0
for (const name of Object.keys(CONFIGURATIONS)) {
  if (options.only === undefined || options.only === name) differences += await compare(name)
}
console.log(differences === 0 ? 'no differences' : `${differences} helpers differ`)
process.exitCode = differences === 0 ? 0 : 1

/** Compares one configuration. Returns how many helpers differ. */
async function compare(name) {
  const { helpers } = CONFIGURATIONS[name]
  const entries = Number(options.entries ?? CONFIGURATIONS[name].entries)
  const { command, compiler, version } = buildOracle(options['build-dir'], name)
  const ours = ourFunctions(name, modules)
  const started = performance.now()

  const [program, ...args] = command
  const oracle = spawn(program, [...args, 'run', String(entries)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: oracle.stdout })[Symbol.asyncIterator]()
  const inputs = createInputs(SEED)
  const [a, b, out] = [createHalves(), createHalves(), createHalves()]
  const runs = helpers.map(() => 0)
  const firsts = []
  const samples = []
  const bad = new Map()
  for (let block = 0, left = entries; left > 0; block++, left -= BLOCK) {
    const count = Math.min(BLOCK, left)
    inputs.fill(a, b, count)
    if (block === 0) samples.push(['a', ...hexes(a)], ['b', ...hexes(b)])
    for (const [i, helper] of helpers.entries()) {
      const fn = ours[helper.ours]
      if (fn === undefined) throw new Error(`${name}: no ${helper.ours} in @mm-model/pgprot`)
      evaluate(helper, fn, a, b, out, count)
      const mine = digest(out, count)
      const { value } = await lines.next()
      const [theirBlock, theirHelper, theirs] = (value ?? 'nothing').split(' ')
      if (Number(theirBlock) !== block || Number(theirHelper) !== i) {
        throw new Error(`${name}: the oracle said "${value}" for block ${block}, helper ${helper.name}`)
      }
      if (Number.parseInt(theirs, 16) !== mine && !bad.has(i)) bad.set(i, block)
      runs[i] = foldDigest(runs[i], mine)
      if (block === 0) {
        firsts.push(mine)
        samples.push([helper.name, ...hexes(out)])
      }
    }
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  const verdict = bad.size === 0 ? 'no differences' : `${bad.size} differ`
  console.log(`${name}: ${helpers.length} helpers, ${entries} entries each, ${verdict} (${seconds} s)`)
  for (const [i, block] of bad)
    console.log(`  ${helpers[i].name}: ${firstDifference(command, helpers[i], i, block, ours)}`)

  if (options.record && bad.size === 0) {
    const head = [
      `# ${name}: helpers of Linux ${version} (Debian linux-source), gcc ${compiler}`,
      `# node tooling/header-oracle/run.mjs --record: ${helpers.length} helpers, ${entries} entries each, 0 differences`,
      `# digest <helper> <first ${BLOCK} entries> <all ${entries} entries>`,
      ...helpers.map((helper, i) => `digest\t${helper.name}\t${hex32(firsts[i])}\t${hex32(runs[i])}`),
      `# sample <input or helper> <the first ${SAMPLE} values>`,
    ]
    const rows = samples.map((row) => ['sample', ...row].join('\t'))
    const directory = join(ROOT, 'packages/pgprot/test/oracle')
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, `${name}.tsv`), `${[...head, ...rows].join('\n')}\n`)
  }
  return bad.size
}

/** The first input of a block on which a helper differs, in words. */
function firstDifference([program, ...args], helper, i, block, ours) {
  const text = execFileSync(program, [...args, 'block', String(i), String(block)], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  const [a, b, out] = [createHalves(), createHalves(), createHalves()]
  const inputs = createInputs(SEED)
  for (let n = 0; n <= block; n++) inputs.fill(a, b, BLOCK)
  evaluate(helper, ours[helper.ours], a, b, out, BLOCK)
  for (const [n, line] of text.trim().split('\n').entries()) {
    const [theirA, theirB, theirs] = line.split(' ')
    if (theirs === hex64(out, n)) continue
    return `a 0x${theirA}, b 0x${theirB}: kernel 0x${theirs}, ours 0x${hex64(out, n)}`
  }
  return `block ${block} differs in its last, incomplete part`
}

function hexes(halves) {
  return Array.from({ length: SAMPLE }, (_, i) => hex64(halves, i))
}

function hex32(n) {
  return n.toString(16).padStart(8, '0')
}

function hex64({ lo, hi }, i) {
  return hex32(hi[i]) + hex32(lo[i])
}
