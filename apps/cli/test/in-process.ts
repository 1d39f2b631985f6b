// Runs a command of the command line in this process: starting one takes longer than most checks.
import { runCommand } from 'citty'
import { createColors } from 'picocolors'
import { type Command, type ExitCode, strictArguments } from '../src/command.ts'
import { InputError } from '../src/input-error.ts'
import type { Terminal } from '../src/terminal.ts'

export interface Told {
  readonly status: ExitCode
  readonly stdout: string
  /** What the program would print on standard error. */
  readonly stderr: string
  /** What was shown meanwhile. */
  readonly progress: readonly string[]
}

/** What the command prints, and its exit code; only the user's mistakes count as such. */
export async function inProcess(command: Command, ...words: readonly string[]): Promise<Told> {
  const printed: string[] = []
  const progress: string[] = []
  const terminal: Terminal = {
    colors: createColors(false),
    columns: 100,
    print: (text) => printed.push(text),
    printJson: (value) => printed.push(JSON.stringify(value)),
    progress: (text) => {
      if (text !== null) progress.push(text)
    },
    hostPlugin: () => {},
    end: () => {},
  }
  try {
    const { result } = await runCommand(command.definition(terminal), {
      rawArgs: strictArguments(command, words),
    })
    return { status: result as ExitCode, stdout: printed.join('\n'), stderr: '', progress }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return { status: 2, stdout: printed.join('\n'), stderr: error.message, progress }
  }
}
