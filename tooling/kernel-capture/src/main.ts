/**
 * What the words of a command line lead to; `cli.ts` is the program around it.
 * @module
 */

import { nearestWord, ScenarioError } from '@mm-model/scenario'
import { CaptureError, quoted } from './capture-error.ts'
import { argumentError, type Command, type ExitCode, type Terminal, Words } from './command.ts'
import { compareCommand } from './compare-command.ts'
import { countCommand } from './count-command.ts'
import { commandHelp, programHelp } from './help.ts'
import { installCommand } from './install-command.ts'
import { kernelsCommand } from './kernels-command.ts'
import { observeCommand } from './observe-command.ts'
import { offsetsCommand } from './offsets-command.ts'
import { recordCommand } from './record-command.ts'
import { strategiesCommand } from './strategies-command.ts'

const COMMANDS: readonly Command[] = [
  installCommand,
  recordCommand,
  strategiesCommand,
  countCommand,
  compareCommand,
  observeCommand,
  kernelsCommand,
  offsetsCommand,
]

const HELP: readonly string[] = ['--help', '-h']

/** Runs the command that the words name; the errors that it throws are for {@link explain}. */
export async function main(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [first, ...rest] = words[0] === 'help' ? [...words.slice(1), '--help'] : words
  if (first === undefined || HELP.includes(first)) {
    terminal.print(programHelp(COMMANDS))
    return first === undefined ? 2 : 0
  }
  const command = findCommand(first)
  if (rest.some((word) => HELP.includes(word))) {
    terminal.print(commandHelp(command))
    return 0
  }
  return command.run(new Words(command, rest), terminal)
}

function findCommand(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name)
  if (command !== undefined) return command
  const names = COMMANDS.map((known) => known.name)
  const nearest = nearestWord(name, names)
  throw argumentError(
    'capture',
    quoted(name),
    `one of ${names.join(', ')}`,
    nearest === null ? 'run `pnpm capture --help`' : `did you mean '${nearest}'?`,
  )
}

/** The line for an error; the exit code is 2. */
export function explain(error: unknown): string {
  const known = error instanceof CaptureError || error instanceof ScenarioError
  const message = error instanceof Error ? error.message : String(error)
  return known ? `capture: ${message} [${error.code}]` : `capture: internal error: ${message}; this is a bug`
}
