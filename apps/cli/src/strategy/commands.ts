import type { CommandGroup } from '../command.ts'
import { listCommand } from './list-command.ts'
import { newCommand } from './new-command.ts'
import { testCommand } from './test-command.ts'

/** `mm-model strategy …`. */
export const strategyCommands: CommandGroup = {
  name: 'strategy',
  summary: 'Write-fault strategies: list those that are built, test a plugin, start one.',
  commands: [listCommand, testCommand, newCommand],
}
