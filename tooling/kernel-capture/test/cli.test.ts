// Runs the command line from its sources, in this process, and the built one where a test says so.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Terminal } from '../src/command.ts'
import { explain, main } from '../src/main.ts'

const PACKAGE = join(import.meta.dirname, '..')
const RECORDINGS = join(PACKAGE, '..', '..', 'fixtures', 'kernel-observations')
const SCENARIOS = join(RECORDINGS, 'scenarios')
const LOG = join(import.meta.dirname, 'logs', 'linux-6.1-ext4.log')
const COMMANDS = ['install', 'record', 'strategies', 'count', 'compare', 'observe', 'kernels', 'offsets']

interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

async function capture(...args: readonly string[]): Promise<Outcome> {
  const said = { stdout: '', stderr: '' }
  const terminal: Terminal = {
    print: (line) => {
      said.stdout += `${line}\n`
    },
    tell: (line) => {
      said.stderr += `${line}\n`
    },
  }
  try {
    return { status: await main(args, terminal), ...said }
  } catch (error) {
    terminal.tell(explain(error))
    return { status: 2, ...said }
  }
}

function captureProgram(...args: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(PACKAGE, 'dist', 'cli.js'), ...args], {
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

const temporary = (): string => mkdtempSync(join(tmpdir(), 'mm-model-'))

describe('help', () => {
  test('lists the commands', async () => {
    const { status, stdout, stderr } = await capture('--help')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    for (const name of COMMANDS) expect(stdout).toContain(`\n  ${name} `)
    expect((await capture()).status).toBe(2)
  })

  test.each(COMMANDS)('%s --help says what it takes', async (name) => {
    const { status, stdout, stderr } = await capture(name, '--help')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(`pnpm capture ${name}`)
    expect(stdout).toContain('Examples')
    expect((await capture('help', name)).stdout).toBe(stdout)
  })
})

describe('wrong input ends with status 2, one line, and no stack trace', () => {
  const out = join(tmpdir(), 'mm-model-no-such-folder')
  const record = ['record', '--scenarios', '/nowhere', '--out', out]
  test.each([
    [['recrod'], "found 'recrod'", "did you mean 'record'?"],
    [['record'], 'found no --kernel', '--kernel 6.1|6.12'],
    [['record', '--kernl', '6.1'], "found '--kernl'", 'did you mean --kernel?'],
    [['record', '--kernel'], '--kernel', '--kernel with a value'],
    [['record', '--kernel', ''], 'found --kernel without a value', '--kernel 6.1|6.12'],
    [[...record, '--kernel', '7'], "found '7'", 'one of 6.1, 6.12'],
    [[...record, '--kernel', '6.1', '--fs', 'xsf'], "found 'xsf'", "did you mean 'xfs'?"],
    [[...record, '--kernel', '6.1', '--timeout', '-1'], '--timeout', 'write --option=VALUE'],
    [[...record, '--kernel', '6.1', '--timeout', '1h'], "found '1h'", 'a whole number'],
    [[...record, '--kernel', '6.1', '--install=yes'], '--install', '--install without a value'],
    [[...record, '--kernel', '6.1', 'extra'], "found the operands 'extra'", 'expected none'],
    [[...record, '--kernel', '6.1', '--strategy', 'retry'], "found 'retry'", 'kernel 6.1 has but its own'],
    [
      [...record, '--kernel', '6.1-strategies', '--strategy', 'retri'],
      'one of mkwrite, retry',
      "did you mean 'retry'?",
    ],
    [['count', '--kernel', '6.1', '--out', LOG], 'which exists', 'expected a new file'],
    [['count', '--kernel', '6.1', '--out', out, '--fs', 'ext4,btrfs'], "found 'btrfs'", 'some of ext4,xfs'],
    [[...record, '--kernel', '6.1'], '/nowhere: found nothing there', 'a folder of scenario files'],
    [['compare', RECORDINGS], 'found the operands', 'expected A B'],
    [['compare', SCENARIOS, SCENARIOS], 'found no recording', 'files that end in .json'],
    [
      ['observe', '/nowhere', '--kernel', '6.1', '--out', out],
      '/nowhere: found nothing there',
      'the log of a run',
    ],
    [
      ['observe', LOG, '--kernel', '6.1', '--out', join(RECORDINGS, 'linux-6.1-ext4')],
      'found 161 recordings',
      'choose another',
    ],
    [['offsets', LOG], 'found a file without the header of a bzImage', 'give the package'],
    [['offsets', '/nowhere.deb'], '/nowhere.deb: found nothing there', 'the package of a kernel'],
  ])('%j', async (args, found, expected) => {
    const { status, stdout, stderr } = await capture(...args)
    expect(stderr).toContain(found)
    expect(stderr).toContain(expected)
    expect(stderr).toMatch(/^capture: .* \[CAPTURE_[A-Z_]+\]\n$/)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(existsSync(out)).toBe(false)
  })
})

describe('compare', () => {
  const observed = temporary()
  const folder = join(observed, 'rec')

  test('observe makes recordings that are the shipped ones, as far as there are some', async () => {
    const { status, stdout, stderr } = await capture('observe', LOG, '--kernel', '6.1', '--out', folder)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toBe(`5 recordings in ${folder}\n`)
    const shipped = join(observed, 'shipped')
    for (const name of readdirSync(folder))
      cpSync(join(RECORDINGS, 'linux-6.1-ext4', name), join(shipped, name))
    const compared = await capture('compare', shipped, folder)
    expect(compared).toEqual({
      status: 0,
      stderr: '',
      stdout: [
        'byte-identical: 5 of 5 recordings',
        'semantics  56 of 56 operations, 5 of 5 scenarios agree',
        'dax        56 of 56 operations, 5 of 5 scenarios agree',
        'path       56 of 56 operations, 5 of 5 scenarios agree',
        '',
      ].join('\n'),
    })
  })

  test('tells what only one folder has', async () => {
    const { status, stdout } = await capture(
      'compare',
      join(RECORDINGS, 'linux-6.1-ext4'),
      folder,
      '--show',
      '2',
    )
    expect(status).toBe(1)
    expect(stdout).toContain('byte-identical: 5 of 161 recordings')
    expect(stdout).toContain(': 01-hole-write\n')
    expect(stdout).toContain('and 154 more that only one folder has')
  })

  test('tells differences, and counts those of the tier that is asked for', async () => {
    const [ext4, xfs] = ['linux-6.1-ext4', 'linux-6.1-xfs'].map((name) => join(RECORDINGS, name)) as [
      string,
      string,
    ]
    const { status, stdout } = await capture('compare', ext4, xfs, '--show', '1')
    expect(status).toBe(1)
    expect(stdout).toMatch(/byte-identical: 0 of 161 recordings\nsemantics +\d+ of 1903 operations/)
    expect(stdout).toMatch(/ {2}A {2}.*\n {2}B {2}.*\nand \d+ more differences/)
    const named = join(observed, 'named')
    await capture('observe', LOG, '--kernel', '6.1', '--name', '6.1-mine', '--out', named)
    const bytes = await capture('compare', folder, named)
    expect(bytes.status).toBe(1)
    expect(bytes.stdout).toContain('5 recordings differ in bytes only')
    expect((await capture('compare', folder, named, '--at', 'path')).status).toBe(0)
  })

  test('refuses a file that is no recording', async () => {
    const broken = temporary()
    writeFileSync(join(broken, 's0003-err.json'), '{')
    const { status, stderr } = await capture('compare', folder, broken)
    expect(status).toBe(2)
    expect(stderr).toContain('s0003-err.json: found the end of the text, expected JSON')
  })
})

test('kernels lists definitions, also as JSON', async () => {
  expect((await capture('kernels')).stdout).toMatch(/^6\.1 .*linux-image-6\.1\.0-50-amd64 6\.1\.176-1/)
  expect(JSON.parse((await capture('kernels', '--json')).stdout)).toHaveLength(3)
})

test.each([
  [['--help'], 0],
  [['kernels', '--json'], 0],
  [['recrod'], 2],
  [['compare', RECORDINGS], 2],
])('the built program does the same: %j', async (args, status) => {
  const built = captureProgram(...args)
  expect(built.status).toBe(status)
  expect(built).toEqual(await capture(...args))
})
