// `npm run experiments`: runs the commands of every `expected.txt` and compares what they print with what stands there.
// `--update` writes what they print; names after it, or alone, choose experiments. Exit status 0: all as expected,
// 1: one differs, 2: the command line or a file cannot be used.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const here = import.meta.dirname
const root = resolve(here, '..')
const cli = join(root, 'apps/cli/dist/cli.js')

class UsageError extends Error {}

/** Every experiment: a folder with a README. */
function experiments() {
  return readdirSync(here).filter((name) => existsSync(join(here, name, 'README.md')))
}

function chosen(words) {
  const all = experiments()
  const unknown = words.find((word) => !all.includes(word))
  if (unknown !== undefined)
    throw new UsageError(`unknown experiment '${unknown}'; they are ${all.join(', ')}`)
  return words.length === 0 ? all : words
}

/** The commands of a transcript: its lines that begin with `$ `. */
function commandsOf(path) {
  if (!existsSync(path))
    throw new UsageError(`${path} is missing: write its commands, \`$ mm-model …\`, and use --update`)
  const commands = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('$ '))
    .map((line) => line.slice(2))
  if (commands.length === 0) throw new UsageError(`${path} has no line that begins with '$ '`)
  return commands
}

/** What a command prints; a failure is told in a last line, as a shell would not. */
function outputOf(command, path) {
  const [program, ...args] = command.split(' ')
  if (program !== 'mm-model' && program !== 'node')
    throw new UsageError(`${path}: '${command}' is neither 'mm-model …' nor 'node …'`)
  const { status, signal, stdout, stderr, error } = spawnSync(
    process.execPath,
    program === 'node' ? args : [cli, ...args],
    { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  )
  if (error) throw error
  const ended = status === 0 ? '' : `[ended with ${status ?? signal}]\n`
  return `${stdout}${stderr}${ended}`.trimEnd()
}

function transcriptOf(path) {
  return `${commandsOf(path)
    .map((command) => `$ ${command}\n${outputOf(command, path)}`)
    .join('\n\n')}\n`
}

function printDifference(expected, found) {
  const was = expected.split('\n')
  const is = found.split('\n')
  const line = is.findIndex((text, i) => text !== was[i])
  const at = line < 0 ? is.length : line
  console.log(`  line ${at + 1}`)
  console.log(`    expected: ${was[at] ?? '(the end)'}`)
  console.log(`    found:    ${is[at] ?? '(the end)'}`)
}

function main(args) {
  const update = args.includes('--update')
  const flag = args.find((word) => word.startsWith('-') && word !== '--update')
  if (flag !== undefined) throw new UsageError(`unknown flag '${flag}'; the only one is --update`)
  if (!existsSync(cli)) throw new UsageError(`${cli} is not built; run \`npm run build\``)
  const names = chosen(args.filter((word) => word !== '--update'))
  const differing = []
  for (const name of names) {
    const path = join(here, name, 'expected.txt')
    const found = transcriptOf(path)
    const expected = readFileSync(path, 'utf8')
    const same = found === expected
    console.log(`${name}: ${same ? 'as expected' : update ? 'expected.txt rewritten' : 'DIFFERS'}`)
    if (same) continue
    if (update) writeFileSync(path, found)
    else {
      printDifference(expected, found)
      differing.push(name)
    }
  }
  if (differing.length > 0)
    console.log(
      `${differing.length} of ${names.length} differ: ${differing.join(', ')}; --update accepts that`,
    )
  return differing.length === 0 ? 0 : 1
}

try {
  process.exitCode = main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`experiments: ${error.message}`)
  process.exitCode = 2
}
