/**
 * `@mm-model/dax`: file systems on persistent memory, as the fault path sees them.
 * @module
 */

export {
  DAX_EMPTY,
  DAX_LOCKED,
  DAX_PMD,
  DAX_ZERO_PAGE,
  daxEntryOrder,
  daxIsEmptyEntry,
  daxIsLocked,
  daxIsPmdEntry,
  daxIsZeroEntry,
  daxMakeEntry,
  daxToPfn,
  describeEntry,
} from './entry.ts'
export type { DecodedEntry, EntryFormat } from './entry-format.ts'
export type { EntryWaiter, EntryWaiters } from './entry-waiters.ts'
export { mountExt4 } from './ext4/mount.ts'
export { Ext4 } from './ext4/personality.ts'
export type { DaxFileOperations, DaxFileOperationsForm } from './file-operations.ts'
export { DaxFile, DaxInode } from './inode.ts'
export { type DaxCall, type DaxTransition, daxCallBy } from './invariants/call.ts'
export { wrongPages } from './invariants/data-invariants.ts'
export {
  daxCallInvariants,
  daxStateInvariants,
  daxUncheckedInvariants,
} from './invariants/dax-invariants.ts'
export { type EntrySnapshot, EntryTable } from './invariants/entries.ts'
export { type ExtentSnapshot, ExtentTable } from './invariants/extents.ts'
export { History } from './invariants/history.ts'
export { type DaxSnapshot, type InodeSnapshot, snapshotDax } from './invariants/snapshot.ts'
export * from './iomap.ts'
export { openFile } from './open.ts'
export {
  type Personality,
  SB_FREEZE_COMPLETE,
  SB_FREEZE_FS,
  SB_FREEZE_PAGEFAULT,
  SB_FREEZE_WRITE,
  SB_UNFROZEN,
  SuperBlock,
} from './super-block.ts'
export { PAGECACHE_TAG_DIRTY, PAGECACHE_TAG_TOWRITE, XArray, XaState } from './xarray.ts'
export { mountXfs, mountXfsReflink } from './xfs/mount.ts'
export { Xfs } from './xfs/personality.ts'
