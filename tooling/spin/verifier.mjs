/** Installs spin where it is missing, makes the verifier of a variant, and runs it to its end. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AptError, findProgram, installPackages } from '@mm-model/apt'
import { readVerdict } from './verdict.mjs'

const HERE = import.meta.dirname
/** Each program, and the Debian package that has it. */
const PACKAGES = { spin: 'spin', cc: 'gcc', cpp: 'cpp' }
/** Steps; a search that is deeper is an error. */
const DEPTH = 100_000
/** MiB; a search that needs more is an error. */
const MEMORY = 2048
/** Seconds for one search; one that takes longer is an error. */
const SECONDS = 300

/** What was wrong, in the parts that every message of this repository is made of. */
export class SpinError extends Error {
  name = 'SpinError'
  constructor(place, { code, found, expected, remedy }) {
    super(`${place}: found ${found}, expected ${expected}; ${remedy}`)
    Object.assign(this, { code, found, expected, remedy })
  }
}

/** The programs that are not on the PATH. */
export function missingPrograms() {
  return Object.keys(PACKAGES).filter((name) => findProgram(name, ['/usr/bin', '/bin']) === null)
}

/**
 * Installs what is missing through apt, as root or with sudo, and says so.
 *
 * @throws {SpinError} SPIN_MISSING_TOOL
 */
export function installPrograms(tell) {
  const missing = missingPrograms()
  if (missing.length === 0) return
  const packages = missing.map((name) => PACKAGES[name])
  const needed = `found no ${missing.join(', no ')}`
  try {
    installPackages(packages, { tell })
  } catch (error) {
    if (!(error instanceof AptError)) throw error
    throw missingTool(`${needed}, and ${error.found}`, error.remedy)
  }
  const still = missingPrograms()
  if (still.length > 0)
    throw missingTool(`found no ${still.join(', no ')} after apt-get install`, 'see what apt said above')
}

/** The variants of the table, each checked against the models: a macro that no model reads would change nothing, silently. */
export function readVariants() {
  const variants = JSON.parse(readFileSync(join(HERE, 'variants.json'), 'utf8'))
  for (const variant of variants) checkVariant(variant)
  return variants
}

/**
 * Checks that a variant's model asks for each of its macros.
 *
 * @throws {SpinError} SPIN_BAD_TABLE
 */
export function checkVariant(variant) {
  const known = macrosOf(variant.model)
  for (const macro of macrosFor(variant)) {
    if (known.has(macro)) continue
    throw new SpinError(`variants.json: ${variant.id} ${variant.when}`, {
      code: 'SPIN_BAD_TABLE',
      found: `macro ${macro}, which ${variant.model} does not ask for`,
      expected: `one of those in its #if lines`,
      remedy: 'correct the table or the model',
    })
  }
}

/** Every macro that a variant's model is made with. */
export function macrosFor({ program, macros, checks }) {
  const looked = { all: ['CHECK_ALL'], 'all+I24': ['CHECK_ALL', 'CHECK_I24'] }[checks]
  return [`PROGRAM_${program}`, ...macros, ...(looked ?? checks.map((name) => `CHECK_${name}`))]
}

/** The macros that a model's `#if` lines ask for, its includes among them. */
function macrosOf(model) {
  const text = readFileSync(join(HERE, model), 'utf8')
  const names = new Set()
  for (const [line] of text.matchAll(/^#(?:if|elif).*$/gm))
    for (const [name] of line.matchAll(/\b[A-Z][A-Z0-9_]{2,}\b/g)) names.add(name)
  for (const [, file] of text.matchAll(/^#include "(.*)"$/gm))
    for (const name of macrosOf(file)) names.add(name)
  return names
}

/**
 * Searches every state of one variant.
 *
 * @param {{ reduce?: boolean, trail?: boolean, optimize?: string, depth?: number, memory?: number }} [options] `reduce: false` switches spin's partial-order
 *   reduction off; `trail: true` adds the steps of the counterexample; `optimize` is the compiler's level; `depth` and
 *   `memory` are limits in steps and MiB. These searches end in
 *   less time than optimizing takes.
 * @returns {Promise<{ violated, assertion, states, depth, seconds, steps }>}
 * @throws {SpinError} SPIN_MODEL, SPIN_NOT_EXHAUSTED
 */
export async function verify(
  variant,
  { reduce = true, trail = false, optimize = '0', depth = DEPTH, memory = MEMORY } = {},
) {
  const place = `${variant.id} ${variant.when}`
  const folder = mkdtempSync(join(tmpdir(), 'mm-model-spin-'))
  try {
    const model = join(HERE, variant.model)
    const defines = macrosFor(variant).map((name) => `-D${name}`)
    const failed = (what, output) =>
      new SpinError(place, {
        code: 'SPIN_MODEL',
        found: `${what} failing: ${output.trim().split('\n').at(-1)}`,
        expected: 'a verifier',
        remedy: `correct ${variant.model}`,
      })
    const made = await run('spin', [...defines, '-a', model], folder)
    if (made.status !== 0 || !readdirSync(folder).includes('pan.c')) throw failed('spin -a', made.output)
    const built = await run(
      'cc',
      [
        `-O${optimize}`,
        '-w',
        '-DSAFETY',
        `-DMEMLIM=${memory}`,
        ...(reduce ? [] : ['-DNOREDUCE']),
        ...(trail ? ['-DBFS'] : []),
        '-o',
        'pan',
        'pan.c',
      ],
      folder,
    )
    if (built.status !== 0) throw failed('cc', built.output)
    const started = performance.now()
    const { output, status } = await run('./pan', [`-m${depth}`], folder, SECONDS)
    const seconds = (performance.now() - started) / 1000
    const steps = trail
      ? readSteps(
          (await run('spin', [...defines, '-k', `${variant.model}.trail`, '-p', '-g', model], folder)).output,
        )
      : ''
    try {
      if (status === null) throw new Error(`found no end within ${SECONDS} s, expected one`)
      return { ...readVerdict(output), seconds, steps }
    } catch (error) {
      throw new SpinError(place, {
        code: 'SPIN_NOT_EXHAUSTED',
        found: error.message.replace(/^found /, ''),
        expected: 'a verdict',
        remedy: 'make the program smaller or raise the limits in verifier.mjs',
      })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A counterexample as spin replays it: which process did what, where; tests of conditions are left out. */
function readSteps(output) {
  const steps = []
  for (const line of output.split('\n')) {
    const match = /^ *(\d+):\s+proc +(\d+) \(([a-z]+).*?\) (?:\S*\/)?(\S+\.pml:\d+).*?\[(.*)\]$/.exec(line)
    if (match === null) continue
    const [, step, process, kind, place, what] = match
    if (/[=!?]|assert/.test(what) && !what.startsWith('('))
      steps.push(`${step.padStart(5)}  ${kind} (process ${process})  ${place.padEnd(19)}  ${what}`)
  }
  return steps.join('\n')
}

function run(program, args, cwd, seconds) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: seconds === undefined ? undefined : seconds * 1000,
    })
    let output = ''
    child.stdout.on('data', (text) => {
      output += text
    })
    child.stderr.on('data', (text) => {
      output += text
    })
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, output }))
  })
}

function missingTool(found, remedy) {
  return new SpinError('spin', {
    code: 'SPIN_MISSING_TOOL',
    found: found.replace(/^found /, ''),
    expected: 'spin and a C compiler',
    remedy,
  })
}
