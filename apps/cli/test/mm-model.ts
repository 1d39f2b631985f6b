// Runs the built command line, as a user would.
import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url))
export const RECORDINGS: string = 'fixtures/kernel-observations'
export const CLI: string = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

// vitest sets FORCE_COLOR for its children, and colours would be on under CI.
const { FORCE_COLOR: _, ...rest } = process.env
const ENVIRONMENT: NodeJS.ProcessEnv = { ...rest, NO_COLOR: '1' }

/** Runs `mm-model` at the root of the repository. */
export function mmModel(...args: readonly string[]): Outcome {
  return mmModelReading('', ...args)
}

/** The same with a text on standard input. */
export function mmModelReading(input: string, ...args: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: ROOT,
    env: ENVIRONMENT,
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  return { status, stdout, stderr }
}

/** The same without waiting; `timeout` in milliseconds ends a run that hangs, with the status `null`. */
export function mmModelLater(args: readonly string[], timeout: number, cwd: string = ROOT): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [CLI, ...args],
      { cwd, env: ENVIRONMENT, timeout, maxBuffer: 2 ** 28 },
      (_, stdout, stderr) => resolve({ status: child.exitCode, stdout, stderr }),
    )
  })
}

/** What a run printed as JSON. */
export function jsonOf<T>({ status, stdout, stderr }: Outcome): T {
  if (stderr !== '') throw new Error(`status ${status}: ${stderr}`)
  return JSON.parse(stdout)
}

const made: string[] = []
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

/** A new folder with files of the given texts, for the tests of one file; names may have folders in them. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'mm-model-'))
  made.push(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}
