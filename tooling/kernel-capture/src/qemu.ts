/** Boots the guest in software emulation and waits until it has ended. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CaptureError, quoted } from './capture-error.ts'
import { DEFAULT_CPU, kernelArguments, MEMORY_MIB, type SignalStack } from './machine.ts'
import { requireProgram } from './programs.ts'

export interface GuestRun {
  readonly vmlinuz: string
  readonly initrd: string
  readonly fs: string
  /** QEMU's `-cpu`; empty for the processor of the shipped recordings. */
  readonly cpu: string
  readonly signalStack: SignalStack
  /** More kernel arguments, after the harness's own. */
  readonly kernelArguments: string
  /** Where the serial lines, and what QEMU says, are written. */
  readonly folder: string
  readonly timeoutSeconds: number
  /** What lines of the log begin with that tell of progress. */
  readonly mark: string
  /** Called now and then with how many there are. */
  readonly onProgress: (marks: number) => void
}

/** What the guest left. */
export interface GuestOutput {
  /** What the agent printed. */
  readonly log: string
  /** Lines of the first serial line that begin with `capture:`, without it. */
  readonly notes: readonly string[]
}

/** The file, in the run's folder, with the guest's first serial line. */
export const CONSOLE: string = 'console.log'
const AGENT_LOG: string = 'agent.log'

const POLL_MS: number = 1000

/**
 * @throws {CaptureError} CAPTURE_GUEST_FAILED, CAPTURE_TIMEOUT, CAPTURE_MISSING_TOOL; the serial lines stay in the
 * folder.
 */
export async function runGuest(run: GuestRun): Promise<GuestOutput> {
  const log = join(run.folder, AGENT_LOG)
  const console = join(run.folder, CONSOLE)
  const { status, said, timedOut } = await runQemu(run, console, log)
  // A serial line's terminal ends lines with a carriage return too.
  const read = (path: string): string =>
    existsSync(path) ? readFileSync(path, 'utf8').replaceAll('\r\n', '\n') : ''
  const printed = read(console)
  const notes = printed.split('\n').flatMap((line) => /^capture: (.*)/.exec(line)?.[1] ?? [])
  if (notes.includes('done')) return { log: read(log), notes }
  if (timedOut)
    throw new CaptureError(console, {
      code: 'CAPTURE_TIMEOUT',
      found: `a guest that ran longer than ${run.timeoutSeconds} seconds`,
      expected: 'it to end',
      remedy: 'look at the last lines of the file; give --timeout if the scenarios take so long',
    })
  const failure = notes.find((note) => note.startsWith('failed: ')) ?? /Kernel panic.*/.exec(printed)?.[0]
  throw new CaptureError(console, {
    code: 'CAPTURE_GUEST_FAILED',
    found: failure ?? (said === '' ? `a guest that ended early, QEMU's exit status ${status}` : quoted(said)),
    expected: 'the guest to do its work and end',
    remedy: 'the file has what the guest printed',
  })
}

interface QemuEnd {
  readonly status: number | null
  /** The last line on its standard error. */
  readonly said: string
  readonly timedOut: boolean
}

function runQemu(run: GuestRun, console: string, log: string): Promise<QemuEnd> {
  const qemu = spawn(requireProgram('qemu-system-x86_64'), qemuArguments(run, console, log), {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const end = (): void => void qemu.kill()
  process.once('exit', end)
  let said = ''
  let timedOut = false
  qemu.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const limit = setTimeout(() => {
    timedOut = true
    qemu.kill()
  }, run.timeoutSeconds * 1000)
  const poll = setInterval(() => {
    if (existsSync(log)) run.onProgress(readFileSync(log, 'latin1').split(`\n${run.mark}`).length - 1)
  }, POLL_MS)
  return new Promise((resolve, reject) => {
    qemu.on('error', reject)
    qemu.on('close', (status) => {
      clearTimeout(limit)
      clearInterval(poll)
      process.off('exit', end)
      resolve({ status, said: said.trimEnd().split('\n').at(-1) ?? '', timedOut })
    })
  })
}

/**
 * One processor, emulated by one thread, whose time is the number of instructions it has executed (`-icount`) and jumps
 * where it would sleep. So the host's load has no say in what the guest does, and waiting costs nothing.
 */
function qemuArguments(run: GuestRun, console: string, log: string): readonly string[] {
  return [
    ...['-machine', 'pc', '-accel', 'tcg,thread=single', '-icount', 'shift=0,sleep=off', '-rtc', 'clock=vm'],
    ...['-cpu', run.cpu === '' ? DEFAULT_CPU : run.cpu, '-smp', '1', '-m', `${MEMORY_MIB}M`],
    ...['-nographic', '-no-reboot', '-net', 'none', '-monitor', 'none'],
    ...['-kernel', run.vmlinuz, '-initrd', run.initrd],
    ...['-append', kernelArguments(run.fs, run.signalStack, run.kernelArguments)],
    ...['-serial', `file:${console}`, '-serial', `file:${log}`],
  ]
}
