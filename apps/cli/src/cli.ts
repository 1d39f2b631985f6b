#!/usr/bin/env node
import { explain, main } from './main.ts'
import { printError, processTerminal } from './terminal.ts'

const terminal = processTerminal()
// No `await` here: a plugin whose import never ends would have Node print a warning of its own.
main(process.argv.slice(2), terminal).then(terminal.end, (error) => {
  const [message, exitCode] = explain(error)
  printError(message)
  terminal.end(exitCode)
})
