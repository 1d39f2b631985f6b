/**
 * Mounting ext4 with `dax=always` on the machine's persistent memory.
 * @module
 */

import { MAP_SYNC, type Machine, type VmOperations } from '@mm-model/core'
import type { DaxFileOperations } from '../file-operations.ts'
import * as plain from '../plain/index.ts'
import { radixEntries } from '../radix-entry.ts'
import * as steps from '../steps/index.ts'
import { SuperBlock } from '../super-block.ts'
import { fileOperations45, vmOperations45 } from './linux-4.5.ts'
import { EXT4_MAX_BYTES, Ext4 } from './personality.ts'

/** A freshly made ext4 on all of the machine's persistent memory (`mke2fs`, `mount -o dax=always`). */
export function mountExt4(machine: Machine): SuperBlock {
  if (machine.kernel.dax === 'get-block') {
    return new SuperBlock(machine, {
      personality: new Ext4(machine, 'ext4_get_block'),
      fileOperations: fileOperations45,
      vmOperations: vmOperations45,
      entryFormat: radixEntries,
    })
  }
  return new SuperBlock(machine, { personality: new Ext4(machine), fileOperations, vmOperations })
}

/** fs/ext4/file.c: ext4_file_operations, 6.1, as far as memory and file calls ask. */
const fileOperations: DaxFileOperations = Object.freeze<DaxFileOperations>({
  mmapSupportedFlags: MAP_SYNC,
  maxBytes: EXT4_MAX_BYTES,
  steps: {
    mmap: steps.daxFileMmap,
    flushCmtime: steps.daxFlushCmtime,
    fsync: steps.ext4SyncFile,
    punchHole: steps.punchHole,
    setSize: steps.ext4SetSize,
    allocate: steps.ext4Allocate,
    punch: steps.ext4Punch,
    write: steps.ext4DaxWrite,
    writepages: steps.daxWritepages,
  },
  plain: {
    mmap: plain.daxFileMmap,
    flushCmtime: plain.daxFlushCmtime,
    fsync: plain.ext4SyncFile,
    punchHole: plain.punchHole,
    setSize: plain.ext4SetSize,
    allocate: plain.ext4Allocate,
    punch: plain.ext4Punch,
    write: plain.ext4DaxWrite,
    writepages: plain.daxWritepages,
  },
})

/** fs/ext4/file.c: ext4_dax_vm_ops, 6.1 and 6.12. */
const vmOperations: VmOperations = Object.freeze<VmOperations>({
  steps: { fault: steps.ext4DaxFault, hugeFault: steps.ext4DaxHugeFault, pfnMkwrite: steps.ext4DaxFault },
  plain: { fault: plain.ext4DaxFault, hugeFault: plain.ext4DaxHugeFault, pfnMkwrite: plain.ext4DaxFault },
})
