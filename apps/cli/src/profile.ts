import { kernelByName, kernelNames } from '@mm-model/core'
import { archNames } from '@mm-model/pgprot'
import { fileSystemNames, nearestWord } from '@mm-model/scenario'
import { InputError } from './input-error.ts'

/** What a run is of: a kernel on a file system. */
export interface Profile {
  readonly kernel: string
  readonly fs: string
  /** The architecture, where it is not x86-64. */
  readonly arch?: string | undefined
}

/** A profile in words: `6.1`, `ext4`, and the architecture where it is not the recorded one. */
export function profileWords({
  kernel,
  fs,
  arch,
}: {
  kernel: string
  fs: string
  arch?: string | undefined
}): string[] {
  return [kernel, fs, ...(arch === undefined ? [] : [arch])]
}

// What the project plans is refused by name until it is built; anything else is a mistake.
const KERNELS: Choices = { what: 'kernel', built: kernelNames, planned: [] }
const FILE_SYSTEMS: readonly string[] = ['ext4', 'xfs', 'xfs-reflink', 'ext2']

interface Choices {
  readonly what: string
  readonly built: readonly string[]
  readonly planned: readonly string[]
  /** Where it is not built, when it is built elsewhere. */
  readonly where?: string
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

/** The flag that chooses the architecture; recordings are of x86-64 only. */
export const ARCH_ARG = {
  type: 'string',
  valueHint: 'NAME',
  default: 'x86-64',
  description:
    'the architecture: x86-64, arm64-4k, riscv64-sv48 and others, as far as the kernel is built for it',
} as const

/** @throws {InputError} for a kernel, file system or architecture that is not built, or that nobody knows. */
export function chooseProfile(
  command: string,
  args: { readonly kernel: string; readonly fs: string; readonly arch?: string },
): Profile {
  checkBuilt(command, KERNELS, args.kernel)
  const built = fileSystemNames(kernelByName(args.kernel))
  const elsewhere = kernelNames.some((name) => fileSystemNames(kernelByName(name)).includes(args.fs))
  const where = elsewhere ? ` with kernel ${args.kernel}` : ''
  checkBuilt(command, { what: 'file system', built, planned: FILE_SYSTEMS, where }, args.fs)
  const profile = { kernel: args.kernel, fs: args.fs }
  const { arch = 'x86-64' } = args
  checkArch(command, args.kernel, arch)
  return arch === 'x86-64' ? profile : { ...profile, arch }
}

/** Entries of more architectures can be described than machines built. */
function checkArch(command: string, kernel: string, arch: string): void {
  const { otherArchs } = kernelByName(kernel)
  const what = 'architecture'
  checkBuilt(command, { what, built: ['x86-64', ...otherArchs], planned: archNames }, arch)
}

function checkBuilt(command: string, { what, built, planned, where = '' }: Choices, name: string): void {
  if (built.includes(name)) return
  if (planned.includes(name))
    throw new InputError(command, `the ${what} '${name}' is not built yet${where}`, `use ${built.join(', ')}`)
  const nearest = nearestWord(name, [...built, ...planned])
  const remedy = nearest === null ? `use ${built.join(', ')}` : `did you mean '${nearest}'?`
  throw new InputError(command, `unknown ${what} '${name}'`, remedy)
}
