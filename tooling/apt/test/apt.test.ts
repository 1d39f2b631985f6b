import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AptError, installPackages, updateLists } from '@mm-model/apt'
import { afterEach, beforeEach, expect, it } from 'vitest'

// An apt-get, and a sudo, that only note how they are called.
let folder: string
const path = process.env.PATH

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mm-model-'))
  process.env.PATH = folder
})

afterEach(() => {
  process.env.PATH = path
  rmSync(folder, { recursive: true })
})

function program(name: string, ending: string): void {
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\necho "$DEBIAN_FRONTEND" "$@" >> ${folder}/called\n${ending}\n`)
  chmodSync(file, 0o755)
}

const called = (): string[] => readFileSync(join(folder, 'called'), 'utf8').trimEnd().split('\n')

function refused(work: () => void): Pick<AptError, 'code' | 'found' | 'remedy'> {
  try {
    work()
  } catch (error) {
    if (error instanceof AptError) return { code: error.code, found: error.found, remedy: error.remedy }
    throw error
  }
  throw new Error('it was not refused')
}

// Without root's rights it goes by sudo, which these tests have not.
it.runIf(process.getuid?.() === 0)('says what it runs, and runs it', () => {
  program('apt-get', 'exit 0')
  const told: string[] = []
  installPackages(['spin', 'gcc'], { tell: (line) => told.push(line), quiet: true })
  updateLists({ tell: () => {}, quiet: true })
  expect(called()).toEqual([
    'noninteractive update',
    'noninteractive install -y --no-install-recommends spin gcc',
    'noninteractive update',
  ])
  expect(told).toEqual([
    `$ ${folder}/apt-get update`,
    `$ ${folder}/apt-get install -y --no-install-recommends spin gcc`,
  ])
})

it.runIf(process.getuid?.() === 0)('ends where apt does, with what it said last', () => {
  program('apt-get', 'echo "W: old" >&2; echo "E: no such package" >&2; exit 100')
  expect(refused(() => installPackages(['spni'], { tell: () => {}, quiet: true }))).toEqual({
    code: 'APT_FAILED',
    found: 'exit status 100 (E: no such package)',
    remedy: 'run `apt-get install spni` as root',
  })
})

it('is refused where there is no apt-get', () => {
  expect(refused(() => installPackages(['spin'], { tell: () => {} })).code).toBe('APT_MISSING')
})
