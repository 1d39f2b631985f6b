import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readLibraries, readManifest, readPackages, root } from './workspace.ts'

/** Which packages a library may import: arrows point down only. Names are without their `@mm-model/`. */
const arrows: Record<string, string[]> = {
  pgprot: [],
  trace: [],
  core: ['pgprot'],
  dax: ['core', 'pgprot'],
  scenario: ['core', 'dax', 'pgprot'],
  check: ['core', 'dax', 'pgprot', 'scenario'],
  conformance: ['core', 'dax', 'pgprot', 'scenario'],
}
const strategyArrows = ['core', 'pgprot']

const all = readPackages().map(({ dir, manifest }) => [dir, manifest] as const)
const published = all.filter(([, manifest]) => !manifest.private)
const libraries = readLibraries().map(({ dir, manifest }) => [dir, manifest] as const)

function sources(dir: string): string[] {
  return readdirSync(join(root, dir, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${dir}/src/${path}`)
    .sort()
}

test('names are unique', () => {
  const names = all.map(([, { name }]) => name)
  expect(new Set(names).size).toBe(names.length)
})

test.each(all)('%s says what it is and under which licence', (_dir, manifest) => {
  expect(manifest.description).toMatch(/\S.*\.$/)
  expect(manifest.license).toBe('MIT')
})

test.each(all.filter(([dir]) => dir.startsWith('tooling/')))('%s is private', (_dir, manifest) => {
  expect(manifest.private).toBe(true)
})

describe.each(published)('%s', (dir, manifest) => {
  test('has a README that starts with its name', () => {
    expect(readFileSync(join(root, dir, 'README.md'), 'utf8').split('\n')[0]).toBe(`# ${manifest.name}`)
  })

  test('publishes its build and its sources, for the Node that the root asks for', () => {
    expect(manifest.files).toEqual(['dist', 'src'])
    expect(manifest.type).toBe('module')
    expect(manifest.sideEffects).toBe(false)
    expect(manifest.engines).toEqual(readManifest('.').engines)
    expect(manifest.publishConfig).toEqual({ access: 'public' })
  })
})

describe.each(libraries)('%s', (dir, manifest) => {
  const short = manifest.name.replace('@mm-model/', '')

  test('exports source, ESM and CommonJS of every entry, in the order that resolvers need', () => {
    const entries = Object.entries(manifest.exports ?? {})
    expect(entries.map(([key]) => key)).toEqual(expect.arrayContaining(['.', './package.json']))
    for (const [key, value] of entries) {
      if (key === './package.json') {
        expect(value).toBe('./package.json')
        continue
      }
      const out = key === '.' ? 'index' : key.slice(2)
      const source = key === '.' ? './src/index.ts' : `./src/${out}/index.ts`
      expect(JSON.stringify(value), key).toBe(
        JSON.stringify({
          '@mm-model/source': source,
          import: { types: `./dist/${out}.d.ts`, default: `./dist/${out}.js` },
          require: { types: `./dist/${out}.d.cts`, default: `./dist/${out}.cjs` },
        }),
      )
      expect(existsSync(join(root, dir, source)), source).toBe(true)
    }
  })

  test('depends on nothing but the packages below it', () => {
    const allowed = short.startsWith('strategy-') ? strategyArrows : arrows[short]
    expect(allowed, `${short} has no arrows: add it to the table in this file`).toBeDefined()
    const below = allowed?.map((name) => `@mm-model/${name}`)
    for (const name of Object.keys(manifest.dependencies ?? {})) expect(below).toContain(name)
  })

  test('takes time and randomness from its caller', () => {
    const hidden = /\b(Math\.random|Date\.now|performance\.now)\s*\(|\bnew Date\b/
    const found = sources(dir).filter((path) => hidden.test(readFileSync(join(root, path), 'utf8')))
    expect(found).toEqual([])
  })
})
