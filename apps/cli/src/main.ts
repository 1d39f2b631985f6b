/**
 * What the words of a command line lead to; `cli.ts` is the program around it.
 * @module
 */

import { StrategyError } from '@mm-model/core'
import { nearestWord, ScenarioError } from '@mm-model/scenario'
import { runCommand as runCittyCommand } from 'citty'
import { description, version } from '../package.json'
import { checkCommand } from './check/check-command.ts'
import { mergeCommand } from './check/merge-command.ts'
import { type Command, type CommandGroup, type ExitCode, strictArguments } from './command.ts'
import { compareCommand } from './compare-command.ts'
import { EndlessFault } from './endless-fault.ts'
import { commandHelp, groupHelp, programHelp } from './help.ts'
import { InputError } from './input-error.ts'
import { pteCommand } from './pte-command.ts'
import { runCommand } from './run-command.ts'
import { strategyCommands } from './strategy/commands.ts'
import { PluginFailure } from './strategy/failure.ts'
import type { Terminal } from './terminal.ts'
import { verifyCommand } from './verify-command.ts'

const COMMANDS: readonly (Command | CommandGroup)[] = [
  runCommand,
  verifyCommand,
  compareCommand,
  checkCommand,
  strategyCommands,
  pteCommand,
]

const HELP: readonly string[] = ['--help', '-h']

/** Runs the command that the words name; the errors that it throws are for {@link explain}. */
export async function main(given: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const words = given[0] === 'help' ? [...given.slice(1), '--help'] : given
  const [first, second] = words
  if (first === undefined || HELP.includes(first)) {
    terminal.print(programHelp(COMMANDS, description, terminal.colors))
    return first === undefined ? 2 : 0
  }
  if (first === '--version') {
    terminal.print(version)
    return 0
  }
  if (first === 'check' && second === 'merge') return runNamed(mergeCommand, words.slice(2), terminal)
  const named = find(COMMANDS, first, '')
  if (!('commands' in named)) return runNamed(named, words.slice(1), terminal)
  if (second === undefined || HELP.includes(second)) {
    terminal.print(groupHelp(named, terminal.colors))
    return second === undefined ? 2 : 0
  }
  return runNamed(find(named.commands, second, `${named.name} `), words.slice(2), terminal)
}

async function runNamed(command: Command, words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const options = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
  if (options.some((word) => HELP.includes(word))) {
    terminal.print(commandHelp(command, terminal.colors))
    return 0
  }
  const { result } = await runCittyCommand(command.definition(terminal), {
    rawArgs: strictArguments(command, words),
  })
  return result as ExitCode
}

/** @param before The words that stand before the name, with a space after them. */
function find<T extends Command | CommandGroup>(commands: readonly T[], word: string, before: string): T {
  const name = `${before}${word}`
  const command = commands.find((known) => known.name === name)
  if (command !== undefined) return command
  const names = commands.map((known) => known.name)
  if (word.startsWith('-'))
    throw new InputError(`'${name}'`, 'no such flag before a command', `the commands are ${names.join(', ')}`)
  const nearest = nearestWord(
    word,
    names.map((known) => known.slice(before.length)),
  )
  throw new InputError(
    `'${name}'`,
    'no such command',
    nearest === null ? `the commands are ${names.join(', ')}` : `did you mean '${before}${nearest}'?`,
  )
}

/** The line and the exit code of what went wrong. */
export function explain(error: unknown): [message: string, exitCode: ExitCode] {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof InputError || error instanceof ScenarioError) return [message, 2]
  if (error instanceof PluginFailure || error instanceof StrategyError || error instanceof EndlessFault)
    return [message, 1]
  return [`internal error: ${message}; this is a bug of mm-model, please report the command`, 1]
}
