import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readLibraries, root } from './workspace.ts'

// What a user gets: each library packed, unpacked into an empty node_modules, imported and required. Reads `dist`, so
// build first; `npm test` does.

const libraries = readLibraries()
const base = mkdtempSync(join(tmpdir(), 'mm-model-tarballs-'))
const unpacked = (name: string) => join(base, 'app/node_modules', name)

/** Writes the files of a tarball that npm or pnpm made: plain ustar, everything below `package/`. */
function unpack(tarball: string, target: string): void {
  const tar = gunzipSync(readFileSync(tarball))
  const text = (from: number, length: number) =>
    tar
      .subarray(from, from + length)
      .toString('utf8')
      .replace(/\0.*$/s, '')
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const prefix = text(at + 345, 155)
    const path = (prefix ? `${prefix}/` : '') + text(at, 100)
    const size = Number.parseInt(text(at + 124, 12), 8)
    const type = text(at + 156, 1)
    if (type === '0' || type === '') {
      if (!path.startsWith('package/')) throw new Error(`${tarball}: unexpected path ${path}`)
      const file = join(target, path.slice('package/'.length))
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, tar.subarray(at + 512, at + 512 + size))
    }
    at += 512 + Math.ceil(size / 512) * 512
  }
}

/** Runs a program in the empty application and returns what it prints, read as JSON. */
function run(file: string, program: string): unknown {
  const path = join(base, 'app', file)
  writeFileSync(path, program)
  return JSON.parse(execFileSync(process.execPath, [path], { encoding: 'utf8' }))
}

beforeAll(() => {
  const pnpm = join(root, 'node_modules/pnpm/bin/pnpm.cjs')
  const args = ['--recursive', '--filter', './packages/**', 'pack', '--pack-destination', base]
  execFileSync(process.execPath, [pnpm, ...args], { cwd: root, env: { ...process.env, CI: 'true' } })
  for (const { manifest } of libraries) {
    const file = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`
    unpack(join(base, file), unpacked(manifest.name))
  }
}, 60_000)

afterAll(() => rmSync(base, { recursive: true, force: true }))

const entries = libraries.flatMap(({ manifest }) =>
  Object.keys(manifest.exports ?? {})
    .filter((key) => key !== './package.json')
    .map((key) => manifest.name + key.slice(1)),
)

describe('packed', () => {
  test.each(libraries.map(({ dir, manifest }) => [manifest.name, dir] as const))(
    '%s is complete and names no protocol of the workspace',
    (name) => {
      const files = readdirSync(unpacked(name))
      expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist', 'package.json', 'src']))
      const text = readFileSync(join(unpacked(name), 'package.json'), 'utf8')
      expect(text).not.toMatch(/"(workspace|catalog):/)
      const { exports } = JSON.parse(text)
      for (const path of JSON.stringify(exports).matchAll(/"(\.\/(?:src|dist)\/[^"]+)"/g)) {
        expect(existsSync(join(unpacked(name), path[1]!)), path[1]).toBe(true)
      }
    },
  )

  test('imports and requires the same names from an empty node_modules', () => {
    const list = JSON.stringify(entries)
    const names =
      "Object.keys(loaded).filter((key) => key !== 'default' && key !== 'module.exports' && key !== '__esModule').sort()"
    const imported = run(
      'import.mjs',
      `const out = {}
      for (const entry of ${list}) { const loaded = await import(entry); out[entry] = ${names} }
      console.log(JSON.stringify(out))`,
    )
    const required = run(
      'require.cjs',
      `const out = {}
      for (const entry of ${list}) { const loaded = require(entry); out[entry] = ${names} }
      console.log(JSON.stringify(out))`,
    )
    expect(Object.keys(imported as object)).toEqual(entries)
    expect(required).toEqual(imported)
  })
})
