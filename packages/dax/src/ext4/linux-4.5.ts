/**
 * What ext4 of 4.5 gives to the memory system and to file calls.
 * @module
 */

import type { VmOperations } from '@mm-model/core'
import type { DaxFileOperations } from '../file-operations.ts'
import * as plainCalls from '../plain/file-calls.ts'
import * as plainFault from '../plain/linux-4.5-ext4-fault.ts'
import * as plainFile from '../plain/linux-4.5-ext4-file.ts'
import * as plainWriteback from '../plain/linux-4.5-writeback.ts'
import * as stepsCalls from '../steps/file-calls.ts'
import * as stepsFault from '../steps/linux-4.5-ext4-fault.ts'
import * as stepsFile from '../steps/linux-4.5-ext4-file.ts'
import * as stepsWriteback from '../steps/linux-4.5-writeback.ts'
import { EXT4_MAX_BYTES } from './personality.ts'

/** fs/ext4/file.c: ext4_file_operations, 4.5, as far as memory and file calls ask. */
export const fileOperations45: DaxFileOperations = Object.freeze<DaxFileOperations>({
  mmapSupportedFlags: 0,
  maxBytes: EXT4_MAX_BYTES,
  steps: {
    mmap: stepsFile.ext4FileMmap,
    flushCmtime: stepsCalls.daxFlushCmtime,
    fsync: stepsFile.ext4SyncFile,
    punchHole: stepsCalls.punchHole,
    setSize: stepsFile.ext4Setattr,
    allocate: stepsFile.ext4Fallocate,
    punch: stepsFile.ext4PunchHole,
    write: stepsFile.ext4FileWriteIter,
    writepages: stepsWriteback.daxWritebackMappingRange,
  },
  plain: {
    mmap: plainFile.ext4FileMmap,
    flushCmtime: plainCalls.daxFlushCmtime,
    fsync: plainFile.ext4SyncFile,
    punchHole: plainCalls.punchHole,
    setSize: plainFile.ext4Setattr,
    allocate: plainFile.ext4Fallocate,
    punch: plainFile.ext4PunchHole,
    write: plainFile.ext4FileWriteIter,
    writepages: plainWriteback.daxWritebackMappingRange,
  },
})

/** fs/ext4/file.c: ext4_dax_vm_ops, 4.5; `pmd_fault` stands at `hugeFault`. */
export const vmOperations45: VmOperations = Object.freeze<VmOperations>({
  steps: {
    fault: stepsFault.ext4DaxFault,
    hugeFault: stepsFault.ext4DaxPmdFault,
    pageMkwrite: stepsFault.ext4DaxFault,
    pfnMkwrite: stepsFault.ext4DaxPfnMkwrite,
  },
  plain: {
    fault: plainFault.ext4DaxFault,
    hugeFault: plainFault.ext4DaxPmdFault,
    pageMkwrite: plainFault.ext4DaxFault,
    pfnMkwrite: plainFault.ext4DaxPfnMkwrite,
  },
})
