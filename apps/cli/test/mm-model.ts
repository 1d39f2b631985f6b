// Runs the command line: from its sources in this process, as most tests do, since starting one takes longer than most checks;
// and the built program, as a user would.
import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createColors } from 'picocolors'
import { afterAll } from 'vitest'
import { explain, main } from '../src/main.ts'
import type { Terminal } from '../src/terminal.ts'

export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url))
export const RECORDINGS: string = 'fixtures/kernel-observations'
export const CLI: string = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

// Paths in tests, and in what they expect, are relative to it. Every file of these tests wants the same.
process.chdir(ROOT)

/** Runs `mm-model` at the root of the repository, in this process; standard input is not there. */
export async function mmModel(...args: readonly string[]): Promise<Outcome> {
  let stdout = ''
  const terminal: Terminal = {
    colors: createColors(false),
    columns: 100,
    print: (text) => {
      stdout += `${text}\n`
    },
    printJson: (value) => terminal.print(JSON.stringify(value, null, 2)),
    progress: () => {},
    hostPlugin: () => {},
    end: () => {},
  }
  try {
    return { status: await main(args, terminal), stdout, stderr: '' }
  } catch (error) {
    const [message, status] = explain(error)
    return { status, stdout, stderr: `mm-model: ${message}\n` }
  }
}

// vitest sets FORCE_COLOR for its children, and colours would be on; that a pipe has none is to be seen without NO_COLOR.
const { FORCE_COLOR: _, NO_COLOR: __, ...ENVIRONMENT } = process.env

/** The same as a program of its own: what is built. */
export function mmModelProgram(...args: readonly string[]): Outcome {
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
