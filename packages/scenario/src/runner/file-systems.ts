/**
 * The file systems a scenario can run on, and the state that recordings found each in.
 * @module
 */

import { type Machine, MachineError, type Task } from '@mm-model/core'
import { mountExt4, mountXfs, mountXfsReflink, type SuperBlock } from '@mm-model/dax'
import type { Calls } from './calls.ts'

/** One file system: how it comes to be, and what went on in it before a scenario begins. */
export interface FileSystem {
  mount(machine: Machine): SuperBlock
  /** Runs before anything is recorded. */
  use(t: Task, calls: Calls, sb: SuperBlock): void
}

const FILE_SYSTEMS: ReadonlyMap<string, FileSystem> = new Map([
  ['ext4', { mount: mountExt4, use: writeSmallFile }],
  ['xfs', { mount: mountXfs, use: leaveAsMade }],
  ['xfs-reflink', { mount: mountXfsReflink, use: leaveAsMade }],
])

/** The names of what is built. */
const FILE_SYSTEM_NAMES: readonly string[] = [...FILE_SYSTEMS.keys()]

/** @throws MachineError BAD_CONFIGURATION for one that is not built */
export function fileSystem(name: string): FileSystem {
  const found = FILE_SYSTEMS.get(name)
  if (found !== undefined) return found
  throw new MachineError('BAD_CONFIGURATION', {
    found: `the file system ${name}`,
    expected: `one that is built: ${FILE_SYSTEM_NAMES.join(', ')}`,
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
