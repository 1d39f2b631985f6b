/**
 * Mounting ext4 with `dax=always` on the machine's persistent memory.
 * @module
 */

import { type FileOperations, MAP_SYNC, type Machine, type VmOperations } from '@mm-model/core'
import * as plain from '../plain/index.ts'
import * as steps from '../steps/index.ts'
import { SuperBlock } from '../super-block.ts'
import { Ext4 } from './personality.ts'

/** A freshly made ext4 on all of the machine's persistent memory (`mke2fs`, `mount -o dax=always`). */
export function mountExt4(machine: Machine): SuperBlock {
  return new SuperBlock(machine, { personality: new Ext4(machine), fileOperations, vmOperations })
}

/** fs/ext4/file.c: ext4_file_operations, 6.1, as far as memory asks. */
const fileOperations: FileOperations = Object.freeze<FileOperations>({
  mmapSupportedFlags: MAP_SYNC,
  steps: { mmap: steps.ext4FileMmap, fsync: steps.fsyncRange, punchHole: steps.punchHole },
  plain: { mmap: plain.ext4FileMmap, fsync: plain.fsyncRange, punchHole: plain.punchHole },
})

/** fs/ext4/file.c: ext4_dax_vm_ops, 6.1. */
const vmOperations: VmOperations = Object.freeze<VmOperations>({
  steps: { fault: steps.ext4DaxFault, hugeFault: steps.ext4DaxHugeFault, pfnMkwrite: steps.ext4DaxFault },
  plain: { fault: plain.ext4DaxFault, hugeFault: plain.ext4DaxHugeFault, pfnMkwrite: plain.ext4DaxFault },
})
