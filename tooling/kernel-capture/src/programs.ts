/** Runs other programs, and says what to do when one is missing or fails. */
import { spawnSync } from 'node:child_process'
import * as apt from '@mm-model/apt'
import { CaptureError } from './capture-error.ts'

/** mke2fs and its like are not on everybody's PATH. */
const EXTRA_PATH: readonly string[] = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']

/** Where a program is, or `null`. */
export function findProgram(name: string): string | null {
  return apt.findProgram(name, EXTRA_PATH)
}

/** @throws {CaptureError} CAPTURE_MISSING_TOOL */
export function requireProgram(name: string): string {
  const path = findProgram(name)
  if (path !== null) return path
  throw new CaptureError(name, {
    code: 'CAPTURE_MISSING_TOOL',
    found: 'no such program',
    expected: 'it to be installed',
    remedy: 'run `pnpm capture install`',
  })
}

export interface RunOptions {
  readonly cwd?: string
  readonly input?: Buffer
  /** Lets the program's output through to the terminal instead of returning it. */
  readonly loud?: boolean
}

/**
 * Runs a program to its end and returns what it printed on standard output.
 *
 * @throws {CaptureError} CAPTURE_MISSING_TOOL, or CAPTURE_PROGRAM_FAILED with the last line that it complained with.
 */
export function runProgram(name: string, args: readonly string[], options: RunOptions = {}): Buffer {
  const path = requireProgram(name)
  const { status, signal, stdout, stderr, error } = spawnSync(path, args, {
    cwd: options.cwd,
    input: options.input,
    maxBuffer: 2 ** 30,
    env: { ...process.env, LC_ALL: 'C' },
    stdio: options.loud === true ? 'inherit' : 'pipe',
  })
  if (status === 0) return stdout ?? Buffer.alloc(0)
  const said = (stderr ?? '').toString().trimEnd().split('\n').at(-1) ?? ''
  const end = error?.message ?? (signal === null ? `exit status ${status}` : `its end by ${signal}`)
  throw new CaptureError([name, ...args].join(' '), {
    code: 'CAPTURE_PROGRAM_FAILED',
    found: said === '' ? end : `${end} (${said})`,
    expected: 'exit status 0',
    remedy: 'run the command by itself to see more',
  })
}
