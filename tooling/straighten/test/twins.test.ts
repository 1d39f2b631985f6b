import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { BY_HAND, PACKAGES, twinsOf } from '../straighten.mjs'

const ROOT = join(import.meta.dirname, '..', '..', '..')

describe.each(PACKAGES)('%s', (directory) => {
  const plain = join(ROOT, directory, 'src', 'plain')
  const twins = twinsOf(ROOT, directory)

  it.each([...twins.keys()])('src/plain/%s is what src/steps gives; if not: pnpm straighten', (name) => {
    expect(readFileSync(join(plain, name), 'utf8')).toBe(twins.get(name))
  })

  it('has no twin without a source', () => {
    const files = readdirSync(plain).filter((name) => !BY_HAND.has(name))
    expect(files.toSorted()).toEqual([...twins.keys()])
  })

  it('yields nothing in its twins, and names no step', () => {
    for (const [name, text] of twins) {
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
      expect(code.match(/\byield\b|function\*|\bSTEP_\w+|\bSteps\b|\.steps\b/g), name).toBeNull()
    }
  })
})

describe('twinsOf', () => {
  const made: string[] = []
  afterEach(() => {
    for (const directory of made.splice(0)) rmSync(directory, { recursive: true })
  })

  it('gives a twin for each stepped source, in order, but for what is written by hand', () => {
    const root = mkdtempSync(join(tmpdir(), 'straighten-'))
    made.push(root)
    const steps = join(root, 'p', 'src', 'steps')
    mkdirSync(steps, { recursive: true })
    for (const name of ['b.ts', 'a.ts', 'blocked.ts', 'notes.md']) {
      writeFileSync(join(steps, name), `export function* f(): Steps<void> {}\n`)
    }
    const twins = twinsOf(root, 'p')
    expect([...twins.keys()]).toEqual(['a.ts', 'b.ts'])
    expect(twins.get('a.ts')).toMatch(
      /^\/\/ Derived from \.\.\/steps\/a\.ts .*\nexport function f\(\): void \{\}\n$/,
    )
  })
})
