// Derived from ../steps/index.ts by `pnpm straighten`; edit that file, not this one.
/**
 * File calls and fault handlers of DAX file systems as steps; the same names in `@mm-model/dax/plain` run straight
 * through.
 * @module
 */

export { ext4DaxFault, ext4DaxHugeFault, ext4FileMmap } from './ext4-fault.ts'
export {
  fallocate,
  fsync,
  fsyncRange,
  ftruncate,
  MAX_FILE_SIZE,
  openCreate,
  preadByte,
  punchHole,
  pwriteFill,
} from './ext4-file.ts'
export { daxIomapFault } from './fault.ts'
export { freezeSuper, thawSuper } from './freeze.ts'
export { daxWritepages, fileWriteAndWaitRange } from './writeback.ts'
