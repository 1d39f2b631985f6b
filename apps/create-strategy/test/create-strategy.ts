// Runs the built command, as a user would.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url))
const BIN = fileURLToPath(new URL('../src/bin.js', import.meta.url))

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program with Node in a folder. */
export function node(cwd: string, program: string, ...args: readonly string[]): Outcome {
  // A test runner that runs under another one reports to it instead of to us.
  const { NODE_TEST_CONTEXT: _, FORCE_COLOR: __, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd,
    env: { ...env, NO_COLOR: '1' },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  return { status, stdout, stderr }
}

/** Runs `create-strategy` in a folder. */
export function create(cwd: string, ...args: readonly string[]): Outcome {
  return node(cwd, BIN, ...args)
}

const made: string[] = []
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

/** A new folder that is empty, for the tests of one file. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'create-strategy-'))
  made.push(folder)
  return folder
}
