#!/usr/bin/env node
import { nearestWord, ScenarioError } from '@mm-model/scenario'
import { runCommand as runCittyCommand } from 'citty'
import { description, version } from '../package.json'
import { type Command, type ExitCode, strictArguments } from './command.ts'
import { compareCommand } from './compare-command.ts'
import { commandHelp, programHelp } from './help.ts'
import { InputError } from './input-error.ts'
import { pteCommand } from './pte-command.ts'
import { runCommand } from './run-command.ts'
import { printError, processTerminal } from './terminal.ts'
import { verifyCommand } from './verify-command.ts'

const COMMANDS: readonly Command[] = [runCommand, verifyCommand, compareCommand, pteCommand]

const HELP: readonly string[] = ['--help', '-h']

async function main(words: readonly string[]): Promise<ExitCode> {
  const terminal = processTerminal()
  const [first, ...rest] = words[0] === 'help' ? [...words.slice(1), '--help'] : words
  if (first === undefined || HELP.includes(first)) {
    terminal.print(programHelp(COMMANDS, description, terminal.colors))
    return first === undefined ? 2 : 0
  }
  if (first === '--version') {
    terminal.print(version)
    return 0
  }
  const command = findCommand(first)
  const options = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest
  if (options.some((word) => HELP.includes(word))) {
    terminal.print(commandHelp(command, terminal.colors))
    return 0
  }
  const { result } = await runCittyCommand(command.definition(terminal), {
    rawArgs: strictArguments(command, rest),
  })
  return result as ExitCode
}

function findCommand(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name)
  if (command !== undefined) return command
  const names = COMMANDS.map((known) => known.name)
  if (name.startsWith('-'))
    throw new InputError(`'${name}'`, 'no such flag before a command', `the commands are ${names.join(', ')}`)
  const nearest = nearestWord(name, names)
  throw new InputError(
    `'${name}'`,
    'no such command',
    nearest === null ? `the commands are ${names.join(', ')}` : `did you mean '${nearest}'?`,
  )
}

try {
  // Never process.exit: what is printed must reach a pipe.
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const known = error instanceof InputError || error instanceof ScenarioError
  const message = error instanceof Error ? error.message : String(error)
  printError(
    known ? message : `internal error: ${message}; this is a bug of mm-model, please report the command`,
  )
  process.exitCode = known ? 2 : 1
}
