import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderWith, mmModelLater, type Outcome, RECORDINGS, ROOT } from './mm-model.ts'
import { definition, plugin } from './plugins.ts'

const EXAMPLE = join(ROOT, 'examples/first-write.scn')
const MANIFEST = (members: string): string => `{ "name": "packed", "type": "module", ${members} }`

const FOLDER = folderWith({
  'mine.mjs': plugin(),
  'named.mjs': `export const one = ${definition()}\nexport const same = one\nexport const other = 1\n`,
  'mine.cjs': `module.exports = ${definition()}\n`,
  'members.cjs': `exports.mine = ${definition()}\n`,
  'transpiled.cjs': `exports.__esModule = true\nexports.default = ${definition()}\n`,
  'mine.js/package.json': MANIFEST('"exports": { ".": { "types": "./i.d.ts", "import": "./i.js" } }'),
  'mine.js/i.js': plugin(),
  'main/package.json': MANIFEST('"main": "lib"'),
  'main/lib/index.js': plugin(),
  'bare/index.js': `module.exports = ${definition()}\n`,
  'node_modules/packed/package.json': MANIFEST('"exports": { ".": { "import": "./i.js" }, "./*": "./*.js" }'),
  'node_modules/packed/i.js': plugin(),
  'node_modules/packed/deep/part.js': plugin("name: 'part'"),
  'node_modules/@mine/strategy/package.json': MANIFEST('"main": "i.js"'),
  'node_modules/@mine/strategy/i.js': plugin(),

  'two.mjs': `export const a = ${definition()}\nexport const b = ${definition()}\n`,
  'none.mjs': 'export const a = 1\n',
  'empty.mjs': '',
  'function.mjs': `export default () => (${definition()})\n`,
  'broken.mjs': 'const a = 1\nexport default { a b }\n',
  'broken.cjs': 'const a = 1\nmodule.exports = { a b }\n',
  'imports-broken.mjs': "import './broken.mjs'\n",
  'no-export.mjs': "import { x } from './none.mjs'\nexport default x\n",
  'missing.mjs': "import './nowhere.mjs'\n",
  'missing.cjs': "require('./nowhere')\n",
  'missing-package.mjs': "import 'not-installed'\n",
  'typed.ts': plugin(),
  'data.json': '{}',
  'noted.txt': 'text',
  'version.mjs': plugin('apiVersion: 2'),
  'no-install.mjs': plugin('install: undefined'),
  'misspelt.mjs': plugin('instal: () => 15'),
  'capability.mjs': plugin("capabilities: { firstStoreTraps: 3, marksDirty: true, times: 'fault' }"),
  'checked.mjs': `import { defineStrategy } from '${join(ROOT, 'packages/core/dist/index.js')}'\nexport default defineStrategy(${definition("name: 'Mine'")})\n`,
  'json/package.json': '{',
  'unbuilt/package.json': MANIFEST('"exports": "./dist/index.js"'),
  'closed/package.json': MANIFEST('"exports": { "./other": "./i.js" }'),
  'nothing/readme.md': '',

  'throws.mjs': "throw new Error('no\\n  luck')\n",
  'throws-syntax.mjs': "JSON.parse('{')\n",
  'throws-null.mjs': 'throw null\n',
  'throws-strange.mjs': 'throw { toString() { throw 1 } }\n',
  'getter.mjs': plugin("get afterReadOnly() { throw new Error('a getter') }"),
  'never.mjs': `await new Promise(() => {})\n${plugin()}`,
  'exits.mjs': `process.exit(0)\n${plugin()}`,
  'hook-throws.mjs': plugin("install: () => { throw new Error('no luck') }"),
  'hook-exits.mjs': plugin('install: () => process.exit(0)'),
  'nonsense.mjs': plugin("install: () => 'yes'"),
  'promise.mjs': plugin('install: async () => 15'),
  'no-progress.mjs': plugin('install: () => 0'),
  'later.mjs': `setTimeout(() => { throw new Error('later') })\nawait new Promise((go) => setTimeout(go, 500))\n${plugin()}`,
  'rejects.mjs': `Promise.reject(new Error('nobody looks'))\nawait new Promise((go) => setTimeout(go, 500))\n${plugin()}`,
  'loud.mjs': `console.log('loaded')\nsetInterval(() => {}, 1000)\n${plugin("install: () => { console.log('asked'); return 15 }")}`,
})

const HOURS = 3_600_000
const PATIENCE = { timeout: 120_000 }
const run = (...args: readonly string[]): Promise<Outcome> => mmModelLater(args, HOURS, FOLDER)

describe('a plugin is taken', PATIENCE, () => {
  it.each([
    './mine.mjs',
    'mine.mjs',
    join(FOLDER, 'mine.mjs'),
    './named.mjs',
    'mine.cjs',
    'members.cjs',
    'transpiled.cjs',
    'mine.js',
    './main',
    'main/',
    'bare',
    'packed',
    '@mine/strategy',
    './node_modules/packed',
  ])('from %s', async (spec) => {
    const { status, stdout, stderr } = await run('run', EXAMPLE, '--strategy', spec)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^first-write {2}on 6\.1, ext4, mine\n/)
  })

  it('from a part of a package', async () => {
    const { stdout } = await run('run', EXAMPLE, '--strategy', 'packed/deep/part')
    expect(stdout).toMatch(/^first-write {2}on 6\.1, ext4, part\n/)
  })

  it('by the name of the package around the current folder', async () => {
    const inside = join(FOLDER, 'node_modules/packed/deep')
    const { stdout } = await mmModelLater(['run', EXAMPLE, '--strategy', 'packed'], HOURS, inside)
    expect(stdout).toMatch(/^first-write {2}on 6\.1, ext4, mine\n/)
  })

  it('and decides: what Linux does gives the recorded faults, what it did before 4.14 others', async () => {
    const retry = folderWith({
      'retry.mjs': plugin("name: 'my-retry', install: ({ mkwrite }) => (mkwrite ? 15 : 0)"),
    })
    const strategies = `mkwrite,mine.mjs,retry,${retry}/retry.mjs`
    const { stdout } = await run('compare', EXAMPLE, '--strategies', strategies, '--json')
    const compared: { strategies: { strategy: string; total: { faults: number } }[] } = JSON.parse(stdout)
    expect(compared.strategies.map(({ strategy }) => strategy)).toEqual([
      'mkwrite',
      'mine',
      'retry',
      'my-retry',
    ])
    const [mkwrite, mine, before, mineBefore] = compared.strategies.map(({ total }) => total.faults)
    expect(mine).toBe(mkwrite)
    expect(mineBefore).toBe(before)
    expect(before).toBeGreaterThan(mkwrite!)
  })

  it('by verify', async () => {
    const recordings = join(ROOT, RECORDINGS, 'linux-6.1-ext4')
    const scenarios = join(ROOT, RECORDINGS, 'scenarios')
    const verify = (spec: string): Promise<Outcome> =>
      run('verify', recordings, '--scenarios', scenarios, '--strategy', spec)
    const [built, same] = [await verify('mkwrite'), await verify('mine.mjs')]
    expect(same).toEqual({ ...built, stdout: built.stdout.replace('ext4, mkwrite', 'ext4, mine') })
    expect((await verify('hook-throws.mjs')).status).toBe(1)
  })

  it('without the figures that were recorded of a built one with its name', async () => {
    const folder = folderWith({ 'fake.mjs': plugin("name: 'retry'") })
    const { stdout } = await run('compare', EXAMPLE, '--strategies', `${folder}/fake.mjs`, '--json')
    expect(JSON.parse(stdout).strategies[0]).toMatchObject({
      strategy: 'retry',
      instructions: { operations: 0 },
    })
  })

  it('and what it prints goes to standard error, and its timers do not keep the program', async () => {
    const { status, stdout, stderr } = await run('run', EXAMPLE, '--strategy', 'loud.mjs', '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ strategy: 'mine' })
    expect(stderr).toMatch(/^loaded\nasked\n/)
  })
})

const REMEDY = 'give the path of a module, of a folder with package.json, or the name of an installed package'
const ENTRY = 'correct "exports" or "main" of its package.json, or build it'

describe('a plugin that cannot be used ends in exit code 2', PATIENCE, () => {
  it.each([
    ['./nowhere.mjs', `./nowhere.mjs: does not exist; ${REMEDY}`],
    ['nowhere.mjs', `nowhere.mjs: does not exist; ${REMEDY}`],
    ['./none.mjs/deeper', `./none.mjs/deeper: is not a folder; ${REMEDY}`],
    ['/dev/zero', `/dev/zero: is neither a file nor a folder; ${REMEDY}`],
    ['not-installed', /^run: unknown strategy 'not-installed'; use retry, .*, or an installed package$/],
    ['packed/nothing', `packed/nothing: has no './nothing' that is there; ${ENTRY}`],
    ['two.mjs', 'two.mjs: exports several strategies; make the one that you mean its default export'],
    ['none.mjs', 'none.mjs: exports no strategy; export what defineStrategy of @mm-model/core returns'],
    ['empty.mjs', 'empty.mjs: exports no strategy; export what defineStrategy of @mm-model/core returns'],
    [
      'function.mjs',
      'function.mjs: exports no strategy; export what defineStrategy of @mm-model/core returns',
    ],
    ['broken.mjs', `${FOLDER}/broken.mjs:2: SyntaxError: Unexpected identifier 'b'; correct the module`],
    ['broken.cjs', `${FOLDER}/broken.cjs:2: SyntaxError: Unexpected identifier 'b'; correct the module`],
    [
      'imports-broken.mjs',
      /^imports-broken\.mjs: in a module that it imports: SyntaxError: .+; correct the module$/,
    ],
    [
      'no-export.mjs',
      /no-export\.mjs:1: SyntaxError: .+ does not provide an export named 'x'; correct the module$/,
    ],
    [
      'missing.mjs',
      /^missing\.mjs: Cannot find module '.+nowhere\.mjs' imported from .+; install what is missing, /,
    ],
    ['missing.cjs', /^missing\.cjs: Cannot find module '\.\/nowhere'; install what is missing, /],
    ['missing-package.mjs', /^missing-package\.mjs: Cannot find package 'not-installed' imported from .+; /],
    ['typed.ts', 'typed.ts: is TypeScript; give the JavaScript that it compiles to'],
    ['data.json', 'data.json: is not a JavaScript module; give a .js, .mjs or .cjs file'],
    ['noted.txt', 'noted.txt: is not a JavaScript module; give a .js, .mjs or .cjs file'],
    [
      'version.mjs',
      /^version\.mjs: strategy mine, apiVersion: number 2, expected 1, the version of this core; /,
    ],
    [
      'no-install.mjs',
      /^no-install\.mjs: strategy mine, install: undefined, expected a function of the context; /,
    ],
    ['misspelt.mjs', /^misspelt\.mjs: strategy mine, instal: no such member, expected name, .+; /],
    [
      'capability.mjs',
      /^capability\.mjs: strategy mine, capabilities\.firstStoreTraps: number 3, expected 1 or 2; /,
    ],
    ['checked.mjs', /^checked\.mjs: strategy \?, name: the string "Mine", expected lower-case words .+; /],
    ['json', 'json: its package.json is not that of a package; correct it'],
    ['./unbuilt', `./unbuilt: has no entry that is there; ${ENTRY}`],
    ['./closed', `./closed: has no entry that is there; ${ENTRY}`],
    ['./nothing', `./nothing: has no entry that is there; ${ENTRY}`],
  ])('%s', async (spec, message) => {
    const { status, stdout, stderr } = await run('run', EXAMPLE, '--strategy', spec)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^mm-model: [^\n]+\n$/)
    if (typeof message === 'string') expect(stderr).toBe(`mm-model: ${message}\n`)
    else expect(stderr.slice('mm-model: '.length, -1)).toMatch(message)
  })

  it('also where two have the same name', async () => {
    expect(await run('compare', EXAMPLE, '--strategies', 'mkwrite,mine.mjs,./mine.cjs')).toEqual({
      status: 2,
      stdout: '',
      stderr: "mm-model: compare: 'mine.mjs' and './mine.cjs' are both named 'mine'; rename one of them\n",
    })
  })
})

describe('a plugin that does what it must not ends in exit code 1', PATIENCE, () => {
  it.each([
    [
      'throws.mjs',
      /^throws\.mjs: its import: it threw Error: no luck; expected a module that exports a strategy; /,
    ],
    ['throws-syntax.mjs', /^throws-syntax\.mjs: its import: it threw SyntaxError: .+; expected a module /],
    ['throws-null.mjs', /^throws-null\.mjs: its import: it threw null; expected a module /],
    ['throws-strange.mjs', /^throws-strange\.mjs: its import: it threw something that cannot be shown; /],
    ['getter.mjs', /^getter\.mjs: its export: it threw Error: a getter; expected a module /],
    [
      'never.mjs',
      /^never\.mjs: its import never ends: a top-level await waits for nothing; leave the await out$/,
    ],
    ['exits.mjs', /^exits\.mjs: ended the process; expected an answer; leave out what ends a process$/],
    ['hook-throws.mjs', /^strategy mine, install: it threw Error: no luck; expected an answer; /],
    [
      'hook-exits.mjs',
      /^hook-exits\.mjs: ended the process; expected an answer; leave out what ends a process$/,
    ],
    ['nonsense.mjs', /^strategy mine, install: the string "yes"; expected bits of INSTALL_\* .+; /],
    ['promise.mjs', /^strategy mine, install: a promise; expected bits of INSTALL_\* .+; /],
    [
      'no-progress.mjs',
      /^mine: .+\/first-write\.scn: line 14: 'store m 0x0 2' would fault for ever: 64 faults in a row .+; expected .+; look at the strategy /,
    ],
    ['later.mjs', /^later\.mjs: threw outside of a hook: Error: later$/],
    ['rejects.mjs', /^rejects\.mjs: threw outside of a hook: Error: nobody looks$/],
  ])('%s', async (spec, message) => {
    const { status, stdout, stderr } = await run('run', EXAMPLE, '--strategy', spec)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^mm-model: [^\n]+\n$/)
    expect(stderr.slice('mm-model: '.length, -1)).toMatch(message)
  })
})
