import { createColors } from 'picocolors'

export type Colors = ReturnType<typeof createColors>

/** Where a command prints, and with which colours. */
export interface Terminal {
  readonly colors: Colors
  /** Prints a line, or several, on standard output. */
  print(text: string): void
  /** Prints a value as JSON on standard output. */
  printJson(value: unknown): void
}

/** The process's own terminal. A reader that goes away (`| head`) ends the output, not the work. */
export function processTerminal(): Terminal {
  const write = writer(process.stdout)
  return {
    colors: createColors(hasColors(process.stdout)),
    print: (text) => write(`${text}\n`),
    printJson: (value) => write(`${JSON.stringify(value, null, 2)}\n`),
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
