import { Console } from 'node:console'
import { createColors } from 'picocolors'
import { describeThrown } from './strategy/failure.ts'

export type Colors = ReturnType<typeof createColors>

/** Where a command prints, and with which colours. */
export interface Terminal {
  readonly colors: Colors
  /** Characters in a line; 100 where there is no terminal. */
  readonly columns: number
  /** Prints a line, or several, on standard output. */
  print(text: string): void
  /** Prints a value as JSON on standard output. */
  printJson(value: unknown): void
  /** Shows how far the work is, in place of what it showed before; `null` takes it away. On a terminal only. */
  progress(text: string | null): void
  /**
   * From here on a plugin's code runs in this process: its console goes to standard error, and what it does outside of
   * a hook ends the program with a message and exit code 1: an error, `process.exit`, an import that never ends.
   * @param name The plugin, for messages.
   */
  hostPlugin(name: string): void
  /** Ends the program when all is printed. Timers of plugins do not keep it. */
  end(exitCode: number): void
}

/** The process's own terminal. A reader that goes away (`| head`) ends the output, not the work. */
export function processTerminal(): Terminal {
  const write = writer(process.stdout)
  const plugins: string[] = []
  let ended = false
  return {
    colors: createColors(hasColors(process.stdout)),
    columns: process.stdout.columns ?? 100,
    print: (text) => write(`${text}\n`),
    printJson: (value) => write(`${JSON.stringify(value, null, 2)}\n`),
    progress: (text) => {
      if (process.stderr.isTTY !== true || process.env.TERM === 'dumb') return
      const width = process.stderr.columns ?? 80
      process.stderr.write(`\r\u001b[2K${text?.slice(0, width - 1) ?? ''}`)
    },
    hostPlugin: (name) => {
      plugins.push(name)
      if (plugins.length > 1) return
      globalThis.console = new Console(process.stderr, process.stderr)
      process.on('uncaughtException', (error) => {
        // After the end it changes nothing that was printed.
        if (ended) return
        ended = true
        printError(`${plugins.join(', ')}: threw outside of a hook: ${describeThrown(error)}`)
        process.exit(1)
      })
      const endedByPlugin = (how: string): void => {
        if (ended) return
        ended = true
        printError(`${plugins.join(', ')}: ${how}`)
        process.exitCode = 1
      }
      process.on('beforeExit', () =>
        endedByPlugin('its import never ends: a top-level await waits for nothing; leave the await out'),
      )
      process.on('exit', () =>
        endedByPlugin('ended the process; expected an answer; leave out what ends a process'),
      )
    },
    end: (exitCode) => {
      ended = true
      process.exitCode = exitCode
      // Without plugins never process.exit: what is printed must reach a pipe.
      if (plugins.length > 0) process.stdout.write('', () => process.exit())
    },
  }
}

/** Prints a message on standard error. */
export function printError(message: string): void {
  const { red } = createColors(hasColors(process.stderr))
  writer(process.stderr)(`${red('mm-model')}: ${message}\n`)
}

function writer(stream: NodeJS.WriteStream): (text: string) => void {
  let open = true
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    open = false
  })
  return (text) => {
    if (open) stream.write(text)
  }
}

/** https://no-color.org: any value but the empty one switches colours off. */
function hasColors(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
}
