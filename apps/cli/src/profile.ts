import { kernelNames } from '@mm-model/core'
import { nearestWord } from '@mm-model/scenario'
import { InputError } from './input-error.ts'

/** The file systems that are built. */
const BUILT_FILE_SYSTEMS = ['ext4', 'xfs', 'xfs-reflink'] as const

type FileSystem = (typeof BUILT_FILE_SYSTEMS)[number]

/** What a run is of: a kernel on a file system. */
export interface Profile {
  readonly kernel: string
  readonly fs: FileSystem
}

// What the project plans is refused by name until it is built; anything else is a mistake.
const KERNELS: Choices = { what: 'kernel', built: kernelNames, planned: ['4.5'] }
const FILE_SYSTEMS: Choices = { what: 'file system', built: BUILT_FILE_SYSTEMS, planned: ['ext2'] }

interface Choices {
  readonly what: string
  readonly built: readonly string[]
  readonly planned: readonly string[]
}

/** The flags that choose a profile, for the commands that run the model. */
export const PROFILE_ARGS = {
  kernel: { type: 'string', valueHint: '6.1|6.12|4.5', default: '6.1', description: 'the kernel' },
  fs: {
    type: 'string',
    valueHint: 'ext4|xfs|xfs-reflink|ext2',
    default: 'ext4',
    description: 'the file system',
  },
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

function checkBuilt(command: string, { what, built, planned }: Choices, name: string): void {
  if (built.includes(name)) return
  if (planned.includes(name))
    throw new InputError(command, `the ${what} '${name}' is not built yet`, `use ${built.join(', ')}`)
  const nearest = nearestWord(name, [...built, ...planned])
  const remedy = nearest === null ? `use ${built.join(', ')}` : `did you mean '${nearest}'?`
  throw new InputError(command, `unknown ${what} '${name}'`, remedy)
}
