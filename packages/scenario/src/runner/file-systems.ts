/**
 * The file systems a scenario can run on, and the state that recordings found each in.
 * @module
 */

import { type KernelProfile, type Machine, MachineError, type Task } from '@mm-model/core'
import { mountExt4, mountXfs, mountXfsReflink, type SuperBlock } from '@mm-model/dax'
import type { Calls } from './calls.ts'

/** One file system: how it comes to be, and what went on in it before a scenario begins. */
export interface FileSystem {
  /** Whether it is built with the kernel. */
  builtWith(kernel: KernelProfile): boolean
  /** Pages of persistent memory that a small one is quick to make on, the least that mkfs takes or more. */
  readonly smallPages: number
  mount(machine: Machine): SuperBlock
  /** Runs before anything is recorded. */
  use(t: Task, calls: Calls, sb: SuperBlock): void
}

const FILE_SYSTEMS = new Map<string, FileSystem>([
  ['ext4', { builtWith: () => true, smallPages: 8192, mount: mountExt4, use: writeSmallFile }],
  ['xfs', { builtWith: ({ dax }) => dax === 'iomap', smallPages: 76_800, mount: mountXfs, use: leaveAsMade }],
  [
    'xfs-reflink',
    {
      builtWith: ({ daxSharedExtents }) => daxSharedExtents,
      smallPages: 76_800,
      mount: mountXfsReflink,
      use: leaveAsMade,
    },
  ],
])

/** The names of the file systems that are built with a kernel. */
export function fileSystemNames(kernel: KernelProfile): readonly string[] {
  return [...FILE_SYSTEMS].filter(([, { builtWith }]) => builtWith(kernel)).map(([name]) => name)
}

/** @throws MachineError BAD_CONFIGURATION for one that is not built with the kernel */
export function fileSystem(name: string, kernel: KernelProfile): FileSystem {
  const found = FILE_SYSTEMS.get(name)
  if (found?.builtWith(kernel) === true) return found
  throw new MachineError('BAD_CONFIGURATION', {
    found: `the file system ${name} with kernel ${kernel.name}`,
    expected: `one that is built: ${fileSystemNames(kernel).join(', ')}`,
    remedy: 'choose one of these',
  })
}

/**
 * A small file has been written and emptied before, so ext4's allocator has a preallocation for small files, and nothing waits for
 * the journal.
 */
function writeSmallFile(t: Task, calls: Calls, sb: SuperBlock): void {
  const file = calls.openCreate(t, sb, '.used')
  calls.pwriteFill(t, file, 0, 4096, 1)
  calls.ftruncate(t, file, 0)
  calls.fsync(t, file)
}

/** xfs keeps nothing for later files: the first block of a file is where a fresh file system has its first free one. */
function leaveAsMade(): void {}
