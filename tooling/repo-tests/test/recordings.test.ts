import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './workspace.ts'

const folder = join(root, 'fixtures/kernel-observations')
const collections = [
  folder,
  join(root, 'fixtures/more-observations'),
  join(root, 'fixtures/kernel-configurations'),
  join(root, 'fixtures/instruction-counts'),
]
const manifest = 'MANIFEST.sha256'

/** `sha256sum` lines: the digest, two spaces, the path. */
function readDigests(folder: string): Map<string, string> {
  const lines = readFileSync(join(folder, manifest), 'utf8').trimEnd().split('\n')
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]))
}

test.each(collections)('no file of %s was added, removed or edited', (folder) => {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => path !== manifest)
  const actual = paths.map((path) => [
    path,
    createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex'),
  ])
  expect(Object.fromEntries(actual)).toEqual(Object.fromEntries(readDigests(folder)))
})

test('every folder of recordings covers every scenario but the zero page', () => {
  const scenarios = readdirSync(join(folder, 'scenarios'))
    .map((name) => name.replace(/\.scn$/, ''))
    .filter((name) => name !== '000-zero')
    .sort()
  const folders = readdirSync(folder).filter((name) => name.startsWith('linux-'))
  expect(folders).toHaveLength(9)
  for (const name of folders) {
    const recorded = readdirSync(join(folder, name)).map((file) => file.replace(/\.json$/, ''))
    expect(recorded.sort(), name).toEqual(scenarios)
  }
})
