// Derived from ../steps/index.ts by `pnpm straighten`; edit that file, not this one.
/**
 * File calls and fault handlers of DAX file systems as steps; the same names in `@mm-model/dax/plain` run straight
 * through.
 * @module
 */

export { ext4DaxFault, ext4DaxHugeFault } from './ext4-fault.ts'
export { ext4Allocate, ext4DaxWrite, ext4Punch, ext4SetSize, ext4SyncFile } from './ext4-file.ts'
export { daxIomapFault } from './fault.ts'
export {
  daxFileMmap,
  daxFlushCmtime,
  fallocate,
  fsync,
  ftruncate,
  openCreate,
  preadByte,
  punchHole,
  pwriteFill,
  vfsCloneFileRange,
} from './file-calls.ts'
export { freezeSuper, thawSuper } from './freeze.ts'
export { dropCaches } from './invalidate.ts'
export { daxWritepages, fileWriteAndWaitRange } from './writeback.ts'
export { xfsFilemapFault, xfsFilemapHugeFault, xfsFilemapPfnMkwrite } from './xfs-fault.ts'
export { xfsAllocate, xfsDaxWrite, xfsFileFsync, xfsPunch, xfsSetSize } from './xfs-file.ts'
export { xfsFileRemapRange } from './xfs-remap.ts'
