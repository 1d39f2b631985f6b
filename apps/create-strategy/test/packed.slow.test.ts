import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKS, MACHINES, machineName } from '@mm-model/conformance'
import { beforeAll, describe, expect, test } from 'vitest'
import { emptyFolder, ROOT } from './create-strategy.ts'

// What somebody gets who starts a strategy: everything packed as for npm, the template's command installed from its
// package, and what it writes installed, tested, packed and imported, all of it without the network. Reads `dist`, so build
// first; `npm test` does.

const base = emptyFolder()
const plugin = join(base, 'start/my-strategy')
const consumer = join(base, 'consumer')

interface Outcome {
  readonly status: number | null
  readonly output: string
}

function run(cwd: string, command: string, ...args: readonly string[]): Outcome {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...env, NO_COLOR: '1' },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  return { status, output: `${stdout}${stderr}` }
}

/** The same where only success will do. */
function must(cwd: string, command: string, ...args: readonly string[]): string {
  const { status, output } = run(cwd, command, ...args)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended in ${status}:\n${output}`)
  return output
}

/** Packages of ours as npm would get them, by their npm names. */
function tarballs(...names: readonly string[]): readonly string[] {
  return names.map((name) => {
    const start = `mm-model-${name}-`
    const file = readdirSync(base).find(
      (entry) => entry.startsWith(start) && /^\d/.test(entry.slice(start.length)),
    )
    if (file === undefined) throw new Error(`${name} was not packed`)
    return join(base, file)
  })
}

function install(folder: string, ...packages: readonly string[]): void {
  must(folder, 'npm', 'install', '--offline', '--no-save', '--no-audit', '--no-fund', ...packages)
}

beforeAll(() => {
  const pnpm = join(ROOT, 'node_modules/pnpm/bin/pnpm.cjs')
  const filters = ['./packages/*', '@mm-model/create-strategy'].flatMap((filter) => ['--filter', filter])
  const args = ['--recursive', ...filters, 'pack', '--pack-destination', base]
  execFileSync(process.execPath, [pnpm, ...args], { cwd: ROOT, env: { ...process.env, CI: 'true' } })
  const needed = tarballs('pgprot', 'core', 'dax', 'scenario', 'conformance')
  const start = join(base, 'start')
  mkdirSync(start)
  writeFileSync(join(start, 'package.json'), '{ "private": true }\n')
  install(start, ...needed, ...tarballs('create-strategy'))
  const told = must(start, join(start, 'node_modules/.bin/create-strategy'), 'my-strategy')
  expect(told).toContain('Now\n  cd my-strategy\n  npm install\n  npm test\n')
  install(plugin, ...needed)
}, 300_000)

/** What `node --test` printed of tests that it ran. */
function counts(output: string): Record<'pass' | 'fail', number> {
  const count = (word: string): number => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(output)?.[1])
  return { pass: count('pass'), fail: count('fail') }
}

// The whole kit takes most of a minute: here its tests of one machine run, under .ci/run all of them.
const [machine] = MACHINES
const WHOLE = process.env.CI_WHOLE_KIT === '1'
const PATTERN = `conformance( on ${machineName(machine!).replaceAll('.', '\\.')})?: `

describe('a strategy that somebody starts', () => {
  test('passes its own tests: the conformance kit', { timeout: 900_000 }, () => {
    const some = WHOLE ? [] : ['--', '--test-name-pattern', PATTERN]
    const output = must(plugin, 'npm', 'test', ...some)
    const machines = WHOLE ? MACHINES.length : 1
    const pass = 1 + machines * CHECKS.length
    expect(counts(output)).toEqual({ pass, fail: 0 })
    expect(output).toContain(`# Subtest: conformance on ${machineName(machine!)}: `)
  })

  test('fails them when it does not do what it declares', { timeout: 300_000 }, () => {
    const source = join(plugin, 'src/index.js')
    const narrow = join(plugin, 'test/narrow.test.js')
    const text = readFileSync(source, 'utf8')
    const whole = readFileSync(join(plugin, 'test/conformance.test.js'), 'utf8')
    const few = `({ machine, ...c }) =>
  machine.arch === 'x86-64' && c.prot === 'rw' && c.block === 'written' && c.access === 'store' && c.size === '4k'`
    writeFileSync(narrow, whole.replace('strategy })', `strategy, only: ${few} })`))
    const fine = run(plugin, process.execPath, '--test', narrow)
    writeFileSync(source, text.replace('firstStoreTraps: 1', 'firstStoreTraps: 2'))
    const broken = run(plugin, process.execPath, '--test', narrow)
    writeFileSync(source, text)
    rmSync(narrow)
    expect([fine.status, counts(fine.output).fail]).toEqual([0, 0])
    expect(broken.output).toContain('1 traps for a first store')
    expect(broken.status).toBe(1)
  })

  test('is what the command line takes', { timeout: 120_000 }, () => {
    const cli = join(ROOT, 'apps/cli/dist/cli.js')
    const words = '6.1 x86-64 shared rw written 4k store'
    const output = must(base, process.execPath, cli, 'strategy', 'test', plugin, '--only', words)
    expect(output).toMatch(/^my-strategy {2}1 trap for a first store/)
    expect(output).toMatch(/^passed/m)
  })

  test('packs what it is made of, and nothing else', { timeout: 120_000 }, () => {
    const [packed] = JSON.parse(must(plugin, 'npm', 'pack', '--json', '--pack-destination', base))
    expect(packed.files.map(({ path }: { path: string }) => path).toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'package.json',
      'src/index.d.ts',
      'src/index.js',
    ])
    must(plugin, process.execPath, join(ROOT, 'node_modules/publint/src/cli.js'), '--strict')
  })

  test('is imported by programs that are checked, and has a checked type itself', {
    timeout: 120_000,
  }, () => {
    mkdirSync(consumer)
    writeFileSync(join(consumer, 'package.json'), '{ "type": "module" }\n')
    writeFileSync(
      join(consumer, 'program.js'),
      `import { strategy } from 'my-strategy'

/** @type {import('@mm-model/core').WriteFaultStrategy} */
const used = strategy
console.log(used.name, used.capabilities.firstStoreTraps)
`,
    )
    install(consumer, join(base, 'my-strategy-0.1.0.tgz'), ...tarballs('pgprot', 'core'))
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const flags = ['--noEmit', '--checkJs', '--strict', '--module', 'nodenext', '--target', 'es2022']
    must(consumer, process.execPath, tsc, ...flags, 'program.js', join(plugin, 'src/index.js'))
    expect(must(consumer, process.execPath, 'program.js')).toBe('my-strategy 1\n')
  })
})
