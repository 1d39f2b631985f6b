import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { CHECKS, type Combination, combinations, nameOf, programOf } from '@mm-model/conformance'
import { describe, expect, it } from 'vitest'
import { combinationsWith, parseOnly } from '../src/strategy/selection.ts'
import { CLI, folderWith, mmModelLater, type Outcome } from './mm-model.ts'
import { definition, plugin } from './plugins.ts'

const HOURS = 3_600_000
/** Each test starts processes, and some of them run until they are ended. */
const PATIENCE = { timeout: 300_000 }

/** An expression that never has a value, and takes no processor to be waited for. */
const NEVER = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'
const THROW = "{ throw new Error('no luck') }"

const FOLDER = folderWith({
  'two.mjs': `export const a = ${definition("name: 'first'")}\nexport const b = ${definition("name: 'second', install: () => 'no'")}\n`,
  'package/package.json': '{ "name": "packed", "type": "module", "exports": "./index.js" }',
  'package/index.js': plugin("name: 'packed'"),
  'loud.mjs': `console.log('loaded')
setInterval(() => {}, 1000)
process.exit = () => {}
JSON.stringify = () => '{}'
${plugin("install: () => { console.log('asked'); console.error('asked'); return 15 }")}`,
  'dirty.mjs': plugin('install: () => 13'),
  'throws.mjs': plugin(`install: () => ${THROW}, installForRead: () => ${THROW}`),
  'nonsense.mjs': plugin('updateTimes: () => 7, installForRead: async () => 0'),
  'nan.mjs': plugin("install: () => 0, afterReadOnly: () => 0 / 0, installForRead: () => 'no'"),
  'changes.mjs': plugin('install: (context) => { context.pgoff = 1; return 15 }'),
  'keeps.mjs': `let kept = null\n${plugin('install: (context) => { kept?.pgoff; kept = context; return 15 }')}`,

  'hangs-import.mjs': `${NEVER}\n`,
  'hangs-export.mjs': plugin(`get afterReadOnly() { return ${NEVER} }`),
  'hangs-late.mjs': `let n = 0\n${plugin(`install: () => (n++ > 10 ? ${NEVER} : 15)`)}`,
  'hangs-assertion.mjs': plugin(`assertions: [{ name: 'none', holds: () => ${NEVER} }]`),
  'hangs-after.mjs': `let n = 0\n${plugin(`install: () => { if (n++ === 0) Promise.resolve().then(() => ${NEVER}); return 15 }`)}`,
  'starts.mjs': `import { spawn } from 'node:child_process'
console.log(spawn('sleep', ['600'], { stdio: 'ignore' }).pid)
${plugin(`install: () => ${NEVER}`)}`,
  'loops.mjs': plugin('install: () => { for (;;); }'),
  'heap.mjs': plugin('install: () => { const all = []; for (;;) all.push({}) }'),
  'buffers.mjs': plugin('install: () => { const all = []; for (;;) all.push(new Uint8Array(1e8).fill(1)) }'),
  'never.mjs': `await new Promise(() => {})\n${plugin()}`,
  'exits.mjs': plugin('install: () => process.exit(0)'),
  'killed.mjs': plugin("install: () => process.kill(process.pid, 'SIGKILL')"),
  'throws-import.mjs': "throw new Error('no luck')\n",
  'rejects.mjs': plugin("install: () => { Promise.reject(new Error('nobody looks')); return 15 }"),
  'broken.mjs': 'export default { a b }\n',
})

const run = (...args: readonly string[]): Promise<Outcome> =>
  mmModelLater(['strategy', 'test', ...args], HOURS, FOLDER)

interface Report {
  readonly strategy: { readonly name: string } | null
  readonly passed: boolean
  readonly combinations: { readonly ran: number; readonly all: number }
  readonly failure: {
    readonly where: string
    readonly found: string
    readonly combination: string | null
    readonly scenario: string | null
  } | null
  readonly checks: readonly { readonly id: string; readonly passed: number; readonly findings: number }[]
  readonly findings: readonly {
    readonly check: string
    readonly operation: string
    readonly found: string
    readonly scenario: string
  }[]
}

async function report(
  ...args: readonly string[]
): Promise<Report & { status: number | null; stderr: string }> {
  const { status, stdout, stderr } = await run(...args, '--json')
  return { status, stderr, ...JSON.parse(stdout) }
}

/** The program of a combination, as a report shows it. */
function indented(combination: Combination): string {
  return programOf(combination).text.replace(/^(?=.)/gm, '    ')
}

/** A few combinations that ask every hook. */
const FEW = ['--only', '6.1 x86-64 shared rw written 4k load-store']

describe.concurrent('mm-model strategy test', PATIENCE, () => {
  it('passes what is built: a line for each check, and the word at the end', async () => {
    const { status, stdout, stderr } = await run('mkwrite', ...FEW)
    expect([status, stderr]).toEqual([0, ''])
    const [name, empty, head, ...lines] = stdout.trimEnd().split('\n')
    expect([name, empty]).toEqual([
      'mkwrite  1 trap for a first store, marks dirty, times at the fault, apiVersion 1',
      '',
    ])
    expect(head).toMatch(/^check +combinations +what it demands$/)
    const n = combinationsWith(parseOnly('', FEW[1])).length
    expect(lines.slice(0, CHECKS.length).map((line) => line.split(/ {2,}/))).toEqual(
      CHECKS.map(({ id, title }) => [id, `${n}/${n}`, title]),
    )
    expect(lines.slice(CHECKS.length)).toEqual(['', `passed, of the combinations with ${FEW[1]} only`])
  })

  it('passes a package', async () => {
    const told = await report('package', ...FEW)
    expect(told).toMatchObject({ status: 0, stderr: '', passed: true, failure: null, findings: [] })
    expect(told.strategy).toMatchObject({ name: 'packed' })
    expect(told.combinations.ran).toBe(told.combinations.all)
    expect(told.checks.map(({ passed }) => passed)).toEqual(told.checks.map(() => told.combinations.all))
  })

  it('says what is wrong, with the program that shows it', async () => {
    const words = '6.1 x86-64 shared rw written 4k store'
    const { status, stdout, stderr } = await run('dirty.mjs', '--only', words, '--show', '1')
    expect([status, stderr]).toEqual([1, ''])
    const [first] = combinationsWith(parseOnly('', words))
    expect(stdout).toContain(`
declared  ${nameOf(first!)}: store m 0x1008 1
  found     an entry that is not soft-dirty
  expected  what marksDirty declares
  again with mm-model run FILE.scn --strategy dirty.mjs, where FILE.scn is
${indented(first!)}`)
    expect(stdout).toMatch(/^ {2}and \d+ more of declared; --json has all$/m)
    expect(stdout).toMatch(/\n\nfailed: \d+ findings, of the combinations with .+ only\n$/)
    const [, command, program] = /again with mm-model (.+), where FILE\.scn is\n((?: {4}.+\n)+)/.exec(stdout)!
    const again = folderWith({ 'again.scn': program!.replace(/^ {4}/gm, '') })
    const line = command!.split(' ').map((word) => (word === 'FILE.scn' ? `${again}/again.scn` : word))
    const replayed = await mmModelLater(line, HOURS, FOLDER)
    expect([replayed.status, replayed.stderr]).toEqual([0, ''])
    expect(replayed.stdout).toContain('store m 0x1008 1')
  })

  it.each([
    ['throws.mjs', 'install: it threw Error: no luck', 'installForRead: it threw Error: no luck'],
    ['nonsense.mjs', 'updateTimes: number 7', 'installForRead: a promise'],
    ['nan.mjs', 'afterReadOnly: number NaN', 'installForRead: the string "no"'],
    ['changes.mjs', 'install: a change of the context'],
    ['keeps.mjs', 'install: a look at the context of an earlier call'],
  ])('names plugin and hook: %s', async (spec, ...expected) => {
    const told = await report(spec, '--only', '6.1 x86-64 shared rw written 4k nothing')
    expect(told).toMatchObject({ status: 1, stderr: '', passed: false, failure: null })
    const found = told.findings.filter(({ check }) => check === 'contract').map((finding) => finding.found)
    for (const what of expected) expect(found).toContain(`strategy mine, ${what}`)
    const contract = told.checks.find(({ id }) => id === 'contract')!
    expect(contract.findings).toBeGreaterThan(0)
    expect(contract.passed).toBe(told.combinations.all - contract.findings)
  })

  it('takes the export that is asked for', async () => {
    const second = { status: 1, strategy: { name: 'second' } }
    expect(await report('two.mjs', '--export', 'b', ...FEW)).toMatchObject(second)
  })

  it('keeps what the plugin prints and replaces out of its own output, and its timers from holding it', async () => {
    const told = await report('loud.mjs', ...FEW)
    expect(told).toMatchObject({ status: 0, passed: true })
    expect(told.stderr).toMatch(/^loaded\n(asked\n)+$/)
  })
})

/** Whether a process has not ended; one that waits to be asked for its status has. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe.concurrent(
  'a plugin that hangs, ends the process or takes all memory is a finding',
  PATIENCE,
  () => {
    const first = nameOf(combinationsWith(parseOnly('', FEW[1]))[0]!)

    it.each([
      ['hangs-import.mjs', 'its import', 'no end within 2 s', null],
      ['hangs-export.mjs', 'its export', 'no end within 2 s', null],
      [
        'hangs-late.mjs',
        'install',
        'no end within 2 s',
        /^6\.1 x86-64, shared rw, written 4k, load-store, (?!nothing)/,
      ],
      ['hangs-assertion.mjs', 'assertions[0]', 'no end within 2 s', first],
      ['hangs-after.mjs', 'outside of its hooks', 'no end within 2 s', /load-store/],
      ['never.mjs', 'its import', 'it never ends: a top-level await waits for nothing', null],
      ['exits.mjs', 'install', 'it ended the process with code 0', first],
      ['killed.mjs', 'install', 'it ended the process by SIGKILL', first],
      ['throws-import.mjs', 'its import', 'it threw Error: no luck', null],
      ['rejects.mjs', 'outside of its hooks', 'it threw Error: nobody looks', null],
    ])('%s', async (spec, where, found, combination) => {
      const told = await report(spec, '--timeout', '2', ...FEW)
      expect(told).toMatchObject({ status: 1, stderr: '', passed: false, checks: [], findings: [] })
      expect(told.failure).toMatchObject({ where, found })
      if (typeof combination === 'object' && combination !== null)
        expect(told.failure?.combination).toMatch(combination)
      else expect(told.failure?.combination).toBe(combination)
      expect(told.failure?.scenario === null).toBe(combination === null)
    })

    it('with the programs that it started', async ({ expect }) => {
      const { status, stderr } = await run('starts.mjs', '--timeout', '2', ...FEW)
      const pid = Number(stderr)
      expect([status, Number.isInteger(pid)]).toEqual([1, true])
      await expect.poll(() => isRunning(pid), { timeout: 60_000 }).toBe(false)
    })

    it.each([
      ['heap.mjs', 'it takes more than 128 MiB of heap'],
      ['buffers.mjs', 'it takes more than 384 MiB in all'],
    ])('%s', async (spec, found) => {
      const told = await report(spec, '--timeout', '600', '--memory', '128', ...FEW)
      const failure = { where: 'install', found, combination: first }
      expect(told).toMatchObject({ status: 1, stderr: '', failure })
    })

    it('and is told as such to a reader', async () => {
      const { status, stdout, stderr } = await run('loops.mjs', '--timeout', '2', ...FEW)
      expect([status, stderr]).toEqual([1, ''])
      const few = combinationsWith(parseOnly('', FEW[1]))
      expect(stdout).toBe(`mine  1 trap for a first store, marks dirty, times at the fault, apiVersion 1

install  in ${first}
  found     no end within 2 s
  expected  an answer
  look for a loop that does not end, or give a longer --timeout
  again with mm-model run FILE.scn --strategy loops.mjs, where FILE.scn is
${indented(few[0]!)}0 combinations of ${few.length} came to the end

failed: 1 finding, of the combinations with ${FEW[1]} only
`)
    })
  },
)

describe.concurrent('what cannot be used ends in exit code 2', PATIENCE, () => {
  it.each([
    [['two.mjs'], /^two\.mjs: exports several strategies; choose one with --export: a, b$/],
    [['two.mjs', '--export', 'c'], /^two\.mjs: exports no 'c'; choose one with --export: a, b$/],
    [['broken.mjs'], /broken\.mjs:1: SyntaxError: Unexpected identifier 'b'; correct the module$/],
    [
      ['mkwrite', '--export', 'a'],
      /^strategy test: 'mkwrite' is built and has no exports; leave --export out$/,
    ],
    [
      ['mkwrite', '--timeout', '0'],
      /^strategy test: --timeout needs a whole number from 1 to 3600, found '0'; /,
    ],
    [
      ['mkwrite', '--memory', '127'],
      /^strategy test: --memory needs a whole number from 128 to 65536, found '127'; write --memory 512$/,
    ],
  ])('%j', async (args, message) => {
    const { status, stdout, stderr } = await run(...args)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^mm-model: [^\n]+\n$/)
    expect(stderr.slice('mm-model: '.length, -1)).toMatch(message)
  })
})

it.each([
  ['strore', /: no combination has the word 'strore'; did you mean 'store'\?$/],
  ['zzzzzzzzz', /: no combination has the word 'zzzzzzzzz'; its words are .*, store, .*$/],
  ['load, store', /: no combination has all of 'load store'; leave some out$/],
])('--only %j cannot be used', (only, message) => {
  expect(() => parseOnly('strategy test', only)).toThrow(message)
})

it('--only takes words in any order, and combinations that have all of them', () => {
  const words = parseOnly('strategy test', ' store,written  x86-64')
  expect(words).toEqual(['store', 'written', 'x86-64'])
  const chosen = combinationsWith(words)
  const is = ({ machine, block, access }: Combination): boolean =>
    machine.arch === 'x86-64' && block === 'written' && access === 'store'
  expect(chosen).toEqual(combinations().filter(is))
  expect(combinationsWith(parseOnly('strategy test', undefined))).toEqual(combinations())
})

it('a command line that is ended ends the plugin', PATIENCE, async () => {
  const folder = folderWith({ 'tells.mjs': plugin("install: () => { console.log('here'); for (;;); }") })
  const args = [CLI, 'strategy', 'test', './tells.mjs', '--timeout', '3600']
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)))
  // The plugin's process holds the pipe too: it closes when both have ended.
  const closed = new Promise((resolve) => child.on('close', resolve))
  await new Promise((resolve) => child.stderr.once('data', resolve))
  child.kill('SIGTERM')
  expect(await ended).toBe('SIGTERM')
  await closed
})
