import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { create, emptyFolder, node, ROOT } from './create-strategy.ts'

const FILES = [
  '.gitignore',
  'LICENSE',
  'README.md',
  'package.json',
  'src/index.d.ts',
  'src/index.js',
  'test/conformance.test.js',
]

describe('create-strategy', () => {
  it('writes a package, and says what to do now', () => {
    const folder = emptyFolder()
    const { status, stdout, stderr } = create(folder, 'my-strategy')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatchInlineSnapshot(`
      "my-strategy in my-strategy
        .gitignore
        LICENSE
        README.md
        package.json
        src/index.d.ts
        src/index.js
        test/conformance.test.js
        node_modules: links to the packages of this repository

      Now
        cd my-strategy
        npm test
      "
    `)
    for (const file of FILES) {
      const text = readFileSync(join(folder, 'my-strategy', file), 'utf8')
      expect(text, file).not.toMatch(/\{\{|undefined|workspace:/)
      expect(text, file).toMatch(/\n$/)
    }
  })

  it('takes a name, and makes the name of the strategy of it', async () => {
    const folder = emptyFolder()
    expect(create(folder, 'sub/folder', '--name', '@me/strategy-eager').status).toBe(0)
    const manifest = JSON.parse(readFileSync(join(folder, 'sub/folder/package.json'), 'utf8'))
    expect(manifest.name).toBe('@me/strategy-eager')
    const { strategy } = await import(join(folder, 'sub/folder/src/index.js'))
    expect(strategy.name).toBe('eager')
  })

  it('fills the folder it is in, if that has nothing but .git', () => {
    const folder = join(emptyFolder(), 'here')
    mkdirSync(join(folder, '.git'), { recursive: true })
    const { status, stdout } = create(folder, '.')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^here in \.\n/)
    expect(stdout).not.toContain('cd ')
    expect(readdirSync(folder)).toContain('package.json')
  })

  it('asks for versions that are here', () => {
    const folder = emptyFolder()
    create(folder, 'one')
    const manifest = JSON.parse(readFileSync(join(folder, 'one/package.json'), 'utf8'))
    const version = (dir: string): string =>
      JSON.parse(readFileSync(join(ROOT, 'packages', dir, 'package.json'), 'utf8')).version
    expect(manifest.peerDependencies).toEqual({ '@mm-model/core': `^${version('core')}` })
    expect(manifest.devDependencies).toEqual({ '@mm-model/conformance': `^${version('conformance')}` })
  })

  it.each(['--help', '-h'])('prints its help for %s', (flag) => {
    const { status, stdout, stderr } = create(emptyFolder(), flag)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain('create-strategy DIR [flags]')
  })

  it('prints its version', () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    expect(create(emptyFolder(), '--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
  })
})

describe('what cannot be used ends in exit code 2, with nothing written', () => {
  it.each([
    [[], /^create-strategy: DIR is missing; give a folder that is empty or not there$/],
    [['a', 'b'], /^create-strategy: unexpected 'b'; give one folder$/],
    [['a', '--nmae', 'b'], /^create-strategy: Unknown option '--nmae'; run 'create-strategy --help'$/],
    [['a', '--name'], /^create-strategy: Option '--name <value>' argument missing; run /],
    [['full'], /^full: is not empty; give a folder that is empty or not there$/],
    [['file'], /^file: is there and is not a folder; give a folder that is empty or not there$/],
    [['file/below'], /^file\/below: is there and is not a folder; give a folder /],
    [['MyStrategy'], /^'MyStrategy': is no name of a package: .+; give one, as --name my-strategy$/],
    [[`a${'/b'.repeat(9000)}`], /^a[/b]+: has a name that is too long; give a folder /],
  ])('%j', (args, message) => {
    const folder = emptyFolder()
    mkdirSync(join(folder, 'full'))
    writeFileSync(join(folder, 'full/file'), '')
    writeFileSync(join(folder, 'file'), '')
    const before = readdirSync(folder, { recursive: true })
    const { status, stdout, stderr } = create(folder, ...args)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^create-strategy: [^\n]+\n$/)
    expect(stderr.slice('create-strategy: '.length, -1)).toMatch(message)
    expect(readdirSync(folder, { recursive: true })).toEqual(before)
  })
})

it('what it makes in this repository runs its tests at once', { timeout: 120_000 }, () => {
  const folder = emptyFolder()
  create(folder, 'mine')
  // All of them run in tooling/repo-tests, on what npm would install.
  const one = '--test-name-pattern=it is a strategy'
  const { status, stdout } = node(join(folder, 'mine'), '--test', one)
  expect(stdout).toMatch(/^# pass 1$/m)
  expect(stdout).toMatch(/^# fail 0$/m)
  expect(status).toBe(0)
})
