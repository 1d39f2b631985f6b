import { kernelNames, type WriteFaultStrategy } from '@mm-model/core'
import { nearestWord } from '@mm-model/scenario'
import { deferredMtime } from '@mm-model/strategy-deferred-mtime'
import { fallthrough } from '@mm-model/strategy-fallthrough'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { readonlyHint } from '@mm-model/strategy-readonly-hint'
import { retry } from '@mm-model/strategy-retry'
import { InputError } from './input-error.ts'

/** The file systems that are built. */
const BUILT_FILE_SYSTEMS = ['ext4', 'xfs'] as const

type FileSystem = (typeof BUILT_FILE_SYSTEMS)[number]

/** What a run is of: a kernel on a file system. */
export interface Profile {
  readonly kernel: string
  readonly fs: FileSystem
}

/** The strategies that are built, in the order of the discussion: before the change, what was proposed, Linux as it is. */
const STRATEGIES: readonly WriteFaultStrategy[] = [
  retry,
  insertWritable,
  fallthrough,
  readonlyHint,
  mkwrite,
  deferredMtime,
]

/** The strategy that Linux 6.1 itself follows. */
const DEFAULT_STRATEGY: WriteFaultStrategy = mkwrite

// What the project plans is refused by name until it is built; anything else is a mistake.
const KERNELS: Choices = { what: 'kernel', built: kernelNames, planned: ['6.12', '4.5'] }
const FILE_SYSTEMS: Choices = { what: 'file system', built: BUILT_FILE_SYSTEMS, planned: ['ext2'] }
const STRATEGY_NAMES: Choices = {
  what: 'strategy',
  built: STRATEGIES.map((strategy) => strategy.name),
  planned: [],
}

interface Choices {
  readonly what: string
  readonly built: readonly string[]
  readonly planned: readonly string[]
}

/** The flags that choose a profile, for the commands that run the model. */
export const PROFILE_ARGS = {
  kernel: { type: 'string', valueHint: '6.1|6.12|4.5', default: '6.1', description: 'the kernel' },
  fs: { type: 'string', valueHint: 'ext4|xfs|ext2', default: 'ext4', description: 'the file system' },
} as const

/** The flag that chooses one strategy. */
export const STRATEGY_ARG = {
  type: 'string',
  valueHint: 'NAME',
  description: `the write-fault strategy: ${STRATEGY_NAMES.built.join(', ')} (default: what the kernel does, mkwrite for 6.1)`,
} as const

/** @throws {InputError} for a kernel or file system that is not built, or that nobody knows. */
export function chooseProfile(
  command: string,
  args: { readonly kernel: string; readonly fs: string },
): Profile {
  checkBuilt(command, KERNELS, args.kernel)
  checkBuilt(command, FILE_SYSTEMS, args.fs)
  return { kernel: args.kernel, fs: args.fs as FileSystem }
}

/** @throws {InputError} for a strategy that is not built, or that nobody knows. */
export function chooseStrategy(command: string, name: string | undefined): WriteFaultStrategy {
  if (name === undefined) return DEFAULT_STRATEGY
  checkBuilt(command, STRATEGY_NAMES, name)
  return STRATEGIES.find((strategy) => strategy.name === name)!
}

/** Strategies from a comma-separated list; without one, all that are built. */
export function chooseStrategies(command: string, list: string | undefined): readonly WriteFaultStrategy[] {
  if (list === undefined) return STRATEGIES
  const names = list.split(',')
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined)
    throw new InputError(command, `the strategy '${twice}' is listed twice`, 'list it once')
  return names.map((name) => chooseStrategy(command, name))
}

function checkBuilt(command: string, { what, built, planned }: Choices, name: string): void {
  if (built.includes(name)) return
  if (planned.includes(name))
    throw new InputError(command, `the ${what} '${name}' is not built yet`, `use ${built.join(', ')}`)
  const nearest = nearestWord(name, [...built, ...planned])
  const remedy = nearest === null ? `use ${built.join(', ')}` : `did you mean '${nearest}'?`
  throw new InputError(command, `unknown ${what} '${name}'`, remedy)
}
