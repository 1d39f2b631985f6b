import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kernelNames, type WriteFaultStrategy } from '@mm-model/core'
import { nearestWord } from '@mm-model/scenario'
import { InputError } from '../input-error.ts'
import type { Terminal } from '../terminal.ts'
import { BUILT_IN, ownStrategy } from './built-in.ts'
import { loadPlugin } from './load.ts'
import { locatePlugin } from './locate.ts'

const NAMES: readonly string[] = BUILT_IN.map(({ name }) => name)

/** The flag that chooses one strategy. */
export const STRATEGY_ARG = {
  type: 'string',
  valueHint: 'NAME',
  description: `the write-fault strategy: ${NAMES.join(', ')}, or the path or package of a plugin (default: what the kernel itself does: ${ownStrategies()})`,
} as const

/**
 * The strategy of a name, or of a plugin, which is loaded into this process.
 *
 * @throws {InputError} for a strategy that nobody knows, and for a plugin that cannot be used.
 * @throws {PluginFailure} for a plugin that throws.
 */
export async function chooseStrategy(
  command: string,
  name: string,
  terminal: Terminal,
): Promise<WriteFaultStrategy> {
  const known = BUILT_IN.find((strategy) => strategy.name === name)
  if (known !== undefined) return known
  const file = locateStrategy(command, name)
  terminal.hostPlugin(name)
  return loadPlugin(name, file, null)
}

/** `mkwrite for 6.1, retry for 4.5`. */
function ownStrategies(): string {
  return kernelNames.map((kernel) => `${ownStrategy(kernel).name} for ${kernel}`).join(', ')
}

/** Strategies from a comma-separated list; without one, all that are built. */
export async function chooseStrategies(
  command: string,
  list: string | undefined,
  terminal: Terminal,
): Promise<readonly WriteFaultStrategy[]> {
  if (list === undefined) return BUILT_IN
  const words = list.split(',')
  const twice = words.find((word, i) => words.indexOf(word) !== i)
  if (twice !== undefined)
    throw new InputError(command, `the strategy '${twice}' is listed twice`, 'list it once')
  const strategies: WriteFaultStrategy[] = []
  for (const word of words) {
    const strategy = await chooseStrategy(command, word, terminal)
    const same = strategies.findIndex(({ name }) => name === strategy.name)
    if (same >= 0)
      throw new InputError(
        command,
        `'${words[same]}' and '${word}' are both named '${strategy.name}'`,
        'rename one of them',
      )
    strategies.push(strategy)
  }
  return strategies
}

/** Whether it is one of ours, and recorded figures are of it; a plugin may have any name. */
export function isBuiltIn(strategy: WriteFaultStrategy): boolean {
  return BUILT_IN.includes(strategy)
}

/** @throws {InputError} when it is neither a path nor an installed package: with what it may have been meant to be. */
export function locateStrategy(command: string, name: string): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const file = locatePlugin(name, [process.cwd(), here])
  if (file !== null) return file
  const nearest = nearestWord(name, NAMES)
  const remedy =
    nearest === null
      ? `use ${NAMES.join(', ')}, a path that begins with ./, or an installed package`
      : `did you mean '${nearest}'?`
  throw new InputError(command, `unknown strategy '${name}'`, remedy)
}
