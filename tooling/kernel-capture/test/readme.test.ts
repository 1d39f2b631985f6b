// The README and the sources name the same things.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const PACKAGE = join(import.meta.dirname, '..')
const text = (path: string): string => readFileSync(join(PACKAGE, path), 'utf8')
const README = text('README.md')

test('starts with the name of the package', () => {
  expect(README.split('\n')[0]).toBe(`# ${JSON.parse(text('package.json')).name}`)
})

test('has a row for each error, in order', () => {
  const codes = Array.from(
    text('src/capture-error.ts').matchAll(/^ {2}\| '(CAPTURE_\w+)'$/gm),
    ([, code]) => code,
  )
  expect(codes).toEqual([...codes].sort())
  expect(Array.from(README.matchAll(/^\| `(CAPTURE_\w+)` \|/gm), ([, code]) => code)).toEqual(codes)
})

test('links to files that are there', () => {
  for (const path of ['README.md', ...readdirSync(join(PACKAGE, 'docs')).map((name) => `docs/${name}`)])
    for (const [, target] of text(path).matchAll(/\]\((?!https?:)([^)#]+)\)/g))
      expect(existsSync(join(PACKAGE, path, '..', target!)), `${path} → ${target}`).toBe(true)
})

test('uses options that exist', () => {
  const sources = readdirSync(join(PACKAGE, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('-command.ts'))
    .map((path) => text(`src/${path}`))
    .join('\n')
  for (const [, option] of README.matchAll(/ --([a-z-]+)/g))
    expect(
      sources.includes(`\n    ${option}: {`) || sources.includes(`'${option}': {`) || option === 'help',
    ).toBe(true)
})
