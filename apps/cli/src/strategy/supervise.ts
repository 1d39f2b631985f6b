import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { CheckReport } from '@mm-model/conformance'
import { InputError } from '../input-error.ts'
import type { FailureParts } from './failure.ts'
import { type Assignment, type Described, decode, type Message, PIPE } from './messages.ts'

/** What the plugin did that ended the test before its end. */
export interface Failure extends FailureParts {
  /** A hook, or what else was running. */
  readonly where: string
  /** The combination that was run, by number; `null` while the plugin was loaded, and for what it did on its own. */
  readonly combination: number | null
}

/** What became of a test. */
export interface Tested {
  /** `null` when it was never loaded. */
  readonly strategy: Described | null
  /** How many combinations ran to their end. */
  readonly combinations: number
  /** `null` when the test did not come to its end. */
  readonly checks: readonly CheckReport[] | null
  readonly failure: Failure | null
}

export interface SuperviseOptions {
  /** For loading the plugin, and for each combination. */
  readonly timeoutSeconds: number
  /** What the kit and the plugin may have in objects; buffers included, {@link RESIDENT_PER_HEAP} times as much. */
  readonly memoryMib: number
  /** Told of each combination that begins. */
  readonly onCombination: (number: number) => void
}

const MIB = 1024 * 1024
/** The bound of all memory, where the system tells it: without one it ends some process, not always the right one. */
const RESIDENT_PER_HEAP = 3
/** How often to look, in milliseconds. */
const TICK = 100
/** Until Node and the kit are there, before any of the plugin's code. */
const START_SECONDS = 120

const IS_WINDOWS = process.platform === 'win32'

const CHILD = fileURLToPath(new URL('./strategy-child.js', import.meta.url))

/**
 * Runs the kit on a plugin in a process of its own, and ends that when it makes no progress or takes too much memory. A thread
 * would not do: a large array that exceeds the heap of a thread ends the whole process, and a thread that waits for
 * another program cannot be ended.
 *
 * @throws {InputError} for a plugin that cannot be used.
 */
export async function supervise(assignment: Assignment, options: SuperviseOptions): Promise<Tested> {
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${options.memoryMib}`, CHILD, JSON.stringify(assignment)],
    // What the plugin prints goes to our standard error, so that our output is ours alone.
    // In a group of its own, which ends with it: a plugin may start programs.
    { stdio: ['ignore', process.stderr, 'pipe', 'pipe'], detached: !IS_WINDOWS, windowsHide: true },
  )
  const release = endTogether(child)
  try {
    return await new Watch(child, options).result
  } finally {
    release()
  }
}

/** The child ends when this process does, whatever ends it. */
function endTogether(child: ChildProcess): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const kill = (): void => killGroup(child)
  const pass = (signal: NodeJS.Signals): void => {
    kill()
    process.removeListener(signal, pass)
    process.kill(process.pid, signal)
  }
  process.on('exit', kill)
  for (const signal of signals) process.on(signal, pass)
  return () => {
    kill()
    process.removeListener('exit', kill)
    for (const signal of signals) process.removeListener(signal, pass)
  }
}

/** Ends a process and what it started. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    if (IS_WINDOWS) child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    // All of them have ended.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** One process, watched. */
class Watch {
  readonly result: Promise<Tested>
  readonly #child: ChildProcess
  readonly #options: SuperviseOptions
  #strategy: Described | null = null
  #combination: number | null = null
  #hook: string | null = null
  #ended: Message | null = null
  /** Why this process was ended by us. */
  #killed: FailureParts | null = null
  /** Ticks in the same combination. Counted, not timed: on a busy machine this process is late as often as the other. */
  #ticks: number = 0
  #begun: boolean = false
  #unread: string = ''
  #nativeError: string = ''

  constructor(child: ChildProcess, options: SuperviseOptions) {
    this.#child = child
    this.#options = options
    const pipe = child.stdio[PIPE] as NodeJS.ReadableStream
    pipe.setEncoding('utf8')
    pipe.on('data', (text: string) => this.#read(text))
    child.stderr!.setEncoding('utf8')
    child.stderr!.on('data', (text: string) => {
      this.#nativeError = `${this.#nativeError}${text}`.slice(-10_000)
    })
    const timer = setInterval(() => this.#look(), TICK)
    this.result = new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (status, signal) => {
        clearInterval(timer)
        try {
          resolve(this.#conclude(status, signal))
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  #read(text: string): void {
    const lines = `${this.#unread}${text}`.split('\n')
    this.#unread = lines.pop()!
    for (const line of lines) {
      const message = decode(line)
      if (message !== null) this.#hear(message)
    }
  }

  #hear(message: Message): void {
    if (!this.#begun) this.#ticks = 0
    this.#begun = true
    switch (message.kind) {
      case 'loaded':
        this.#strategy = message.strategy
        this.#hook = null
        this.#ticks = 0
        return
      case 'hook':
        this.#hook = message.hook
        return
      case 'combination':
        this.#combination = message.number
        this.#ticks = 0
        this.#options.onCombination(message.number)
        return
      default:
        this.#ended = message
    }
  }

  #look(): void {
    const { timeoutSeconds, memoryMib } = this.#options
    const seconds = this.#begun ? timeoutSeconds : START_SECONDS
    const residentLimit = memoryMib * RESIDENT_PER_HEAP
    this.#ticks++
    if (this.#ticks * TICK >= seconds * 1000) this.#end(tooLong(seconds))
    else if (residentMib(this.#child.pid) > residentLimit) this.#end(tooLarge(`${residentLimit} MiB in all`))
  }

  #end(why: FailureParts): void {
    this.#killed ??= why
    killGroup(this.#child)
    // A program that the plugin started, in a group of its own, may hold the pipes open.
    for (const stream of this.#child.stdio) stream?.destroy()
  }

  #conclude(status: number | null, signal: NodeJS.Signals | null): Tested {
    const ended = this.#ended
    if (ended?.kind === 'input') throw new InputError(ended.place, ended.complaint, ended.remedy)
    const strategy = this.#strategy
    if (ended?.kind === 'report') {
      const { combinations, checks } = ended
      return { strategy, combinations, checks, failure: null }
    }
    const combinations = this.#combination ?? 0
    // What the plugin does outside of its hooks is of no combination.
    if (ended?.kind === 'failure')
      return {
        strategy,
        combinations,
        checks: null,
        failure: { where: ended.where, combination: null, ...ended.parts },
      }
    const where = this.#hook ?? 'outside of its hooks'
    const parts = this.#killed ?? this.#deathOf(status, signal)
    return {
      strategy,
      combinations,
      checks: null,
      failure: { where, combination: this.#combination, ...parts },
    }
  }

  /** The process ended without a word. */
  #deathOf(status: number | null, signal: NodeJS.Signals | null): FailureParts {
    if (/heap out of memory|Allocation failed/.test(this.#nativeError))
      return tooLarge(`${this.#options.memoryMib} MiB of heap`)
    const how = signal === null ? `with code ${status}` : `by ${signal}`
    return {
      found: `it ended the process ${how}`,
      expected: 'an answer',
      // The system ends processes in that way when memory runs out.
      remedy: `leave out what ends a process${signal === 'SIGKILL' ? ', or look for what takes memory' : ''}`,
    }
  }
}

function tooLong(seconds: number): FailureParts {
  return {
    found: `no end within ${seconds} s`,
    expected: 'an answer',
    remedy: 'look for a loop that does not end, or give a longer --timeout',
  }
}

function tooLarge(what: string): FailureParts {
  return {
    found: `it takes more than ${what}`,
    expected: 'a hook that keeps nothing',
    remedy: 'look for what grows with each call, or give a larger --memory',
  }
}

/** Memory of a process in MiB; 0 where the system has no /proc to ask, and once the process is gone. */
function residentMib(pid: number | undefined): number {
  try {
    // The second figure is in pages; those of 4 KiB are the smallest that Linux has.
    return (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096) / MIB
  } catch {
    return 0
  }
}
