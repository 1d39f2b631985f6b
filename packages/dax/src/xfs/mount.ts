/**
 * Mounting xfs with `dax=always` on the machine's persistent memory.
 * @module
 */

import { MAP_SYNC, type Machine, notModelled, type VmOperations } from '@mm-model/core'
import type { DaxFileOperations } from '../file-operations.ts'
import * as plain from '../plain/index.ts'
import * as steps from '../steps/index.ts'
import { SuperBlock } from '../super-block.ts'
import { Xfs } from './personality.ts'

/** A freshly made xfs on all of the machine's persistent memory (`mkfs.xfs -m reflink=0`, `mount -o dax=always`). */
export function mountXfs(machine: Machine): SuperBlock {
  return new SuperBlock(machine, { personality: new Xfs(machine, false), fileOperations, vmOperations })
}

/**
 * The same, made so that files can share blocks (`mkfs.xfs -m reflink=1`).
 * @throws MachineError NOT_MODELLED on a kernel that has no shared blocks on DAX, or others than 6.1
 */
export function mountXfsReflink(machine: Machine): SuperBlock {
  const { name, daxSharedExtents } = machine.kernel
  if (!daxSharedExtents) throw notModelled(`xfs with reflink and DAX on Linux ${name}`)
  return new SuperBlock(machine, {
    personality: new Xfs(machine, true),
    fileOperations: reflinkFileOperations,
    vmOperations,
  })
}

/** fs/xfs/xfs_file.c: xfs_file_operations, 6.1, as far as memory and file calls ask. */
const fileOperations: DaxFileOperations = Object.freeze<DaxFileOperations>({
  mmapSupportedFlags: MAP_SYNC,
  // MAX_LFS_FILESIZE, 2^63 - 1, as near as a number comes to it
  maxBytes: 2 ** 63,
  steps: {
    mmap: steps.daxFileMmap,
    flushCmtime: steps.daxFlushCmtime,
    fsync: steps.xfsFileFsync,
    punchHole: steps.punchHole,
    setSize: steps.xfsSetSize,
    allocate: steps.xfsAllocate,
    punch: steps.xfsPunch,
    write: steps.xfsDaxWrite,
    writepages: steps.daxWritepages,
  },
  plain: {
    mmap: plain.daxFileMmap,
    flushCmtime: plain.daxFlushCmtime,
    fsync: plain.xfsFileFsync,
    punchHole: plain.punchHole,
    setSize: plain.xfsSetSize,
    allocate: plain.xfsAllocate,
    punch: plain.xfsPunch,
    write: plain.xfsDaxWrite,
    writepages: plain.daxWritepages,
  },
})

const reflinkFileOperations: DaxFileOperations = Object.freeze<DaxFileOperations>({
  ...fileOperations,
  steps: { ...fileOperations.steps, remapFileRange: steps.xfsFileRemapRange },
  plain: { ...fileOperations.plain, remapFileRange: plain.xfsFileRemapRange },
})

/** fs/xfs/xfs_file.c: xfs_file_vm_ops, 6.1 and 6.12. Its `map_pages` finds no pages in a DAX mapping. */
const vmOperations: VmOperations = Object.freeze<VmOperations>({
  hasMapPages: true,
  steps: {
    fault: steps.xfsFilemapFault,
    hugeFault: steps.xfsFilemapHugeFault,
    pfnMkwrite: steps.xfsFilemapPfnMkwrite,
  },
  plain: {
    fault: plain.xfsFilemapFault,
    hugeFault: plain.xfsFilemapHugeFault,
    pfnMkwrite: plain.xfsFilemapPfnMkwrite,
  },
})
