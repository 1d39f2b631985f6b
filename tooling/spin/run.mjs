#!/usr/bin/env node
/**
 * Searches every variant of variants.json exhaustively with spin and compares the verdicts. See README.md.
 *
 *   node tooling/spin/run.mjs [--only ID] [--trail] [--jobs N] [--no-reduction]
 *                              [--optimize 0..3] [--json]
 *
 * Exit codes: 0 all verdicts are the expected ones, 1 one differs, 2 usage, a missing program or a search that did not end.
 */
import { parseArgs } from 'node:util'
import { agrees } from './verdict.mjs'
import { installPrograms, macrosFor, readVariants, SpinError, verify } from './verifier.mjs'

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof SpinError)) throw error
  console.error(error.message)
  process.exitCode = 2
}

async function main(words) {
  const options = readOptions(words)
  const variants = readVariants().filter(({ id }) => options.only === undefined || id === options.only)
  if (variants.length === 0)
    throw usage(
      `--only ${options.only}`,
      'an id of variants.json',
      'see `node tooling/spin/run.mjs` for all of them',
    )
  installPrograms((line) => console.error(line))

  // Many a variant's "after" is the same search.
  const searches = new Map()
  const search = (variant) => {
    const key = [variant.model, ...macrosFor(variant).toSorted()].join(' ')
    if (!searches.has(key)) searches.set(key, verify(variant, options))
    return searches.get(key)
  }
  const results = []
  const tell = options.json ? () => {} : teller(variants)
  let next = 0
  let told = 0
  const work = async () => {
    while (next < variants.length) {
      const i = next++
      results[i] = { ...variants[i], found: await search(variants[i]) }
      for (; results[told] !== undefined; told++) tell(results[told])
    }
  }
  await Promise.all(Array.from({ length: options.jobs }, work))

  const wrong = results.filter((result) => !agrees(result, result.found))
  if (options.json) {
    const rows = results.map(({ found: { steps, ...found }, ...variant }) => ({ ...variant, found }))
    console.log(JSON.stringify(rows, null, 2))
  } else {
    for (const { id, when } of wrong) console.log(`differs: ${id} ${when}`)
    console.log(`${results.length} verdicts of ${searches.size} searches, ${wrong.length} not as expected`)
  }
  return wrong.length === 0 ? 0 : 1
}

/** Prints the head of the table, and gives the function that prints a row. */
function teller(variants) {
  const say = ({ violated, assertion }) => (violated ? `violates ${assertion}` : 'holds')
  const head = ['variant', '', 'bug', 'program', 'expected', 'spin says', 'states', 'depth', 'seconds']
  const known = (variant) => [
    variant.id,
    variant.when,
    variant.bug === null ? '' : String(variant.bug),
    variant.program,
    say(variant),
  ]
  const rows = [head, ...variants.map(known)]
  const widths = head.map((name, i) =>
    Math.max(i < 5 ? 0 : 9, name.length, ...rows.map((row) => row[i]?.length ?? 0)),
  )
  const print = (row) =>
    console.log(
      row
        .map((cell, i) => (i < 6 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join('  ')
        .trimEnd(),
    )
  print(head)
  return (result) => {
    const { states, depth, seconds, steps, violated } = result.found
    print([...known(result), say(result.found), String(states), String(depth), seconds.toFixed(2)])
    if (violated && steps !== '') console.log(steps)
  }
}

function readOptions(words) {
  let values
  try {
    values = parseArgs({
      args: words,
      options: {
        only: { type: 'string' },
        trail: { type: 'boolean', default: false },
        jobs: { type: 'string', default: '1' },
        optimize: { type: 'string', default: '0' },
        'no-reduction': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw usage(error.message, 'the options in the first lines of run.mjs', 'leave it out')
  }
  const jobs = Number(values.jobs)
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 64)
    throw usage(`--jobs ${values.jobs}`, 'a number from 1 to 64', 'correct it')
  if (!/^[0-3]$/.test(values.optimize))
    throw usage(`--optimize ${values.optimize}`, 'a level from 0 to 3', 'correct it')
  const { 'no-reduction': whole, ...rest } = values
  return { ...rest, jobs, reduce: !whole }
}

function usage(found, expected, remedy) {
  return new SpinError('run.mjs', { code: 'SPIN_ARGUMENT', found, expected, remedy })
}
