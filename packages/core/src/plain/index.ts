// Derived from ../steps/index.ts by `pnpm straighten`; edit that file, not this one.
/**
 * The memory system as steps: generator functions that yield wherever another task could get in. For runs that
 * nobody interleaves, the same functions under the same names are in `@mm-model/core/plain`.
 * @module
 */

export { access, doUserAddrFault, load, store } from './access.ts'
export { anonVmaPrepare } from './anon-rmap.ts'
export { blocked } from './blocked.ts'
export { fromScratch } from './entries.ts'
export { handleMmFault, handlePteFault } from './fault.ts'
export { finishFault } from './file-fault.ts'
export { fork } from './fork.ts'
export { memWrite } from './gup.ts'
export {
  vmfInsertForRead,
  vmfInsertForWrite,
  vmfInsertMixed,
  vmfInsertMixedMkwrite,
  vmfInsertMixedProt,
  vmfInsertPfnPmd,
} from './insert.ts'
export { vmfInsertPfnPmdOver } from './insert-over.ts'
export { downgradeWrite, downRead, downWrite, lockTable, unlockTable, upRead, upWrite } from './locking.ts'
export { madvise } from './madvise.ts'
export { mlock } from './mlock.ts'
export { getUnmappedArea, mmap, vmaSetPageProt, vmaWantsWritenotify } from './mmap.ts'
export { mprotect } from './mprotect.ts'
export { mremap } from './mremap.ts'
export { msync } from './msync.ts'
export { munmap } from './munmap.ts'
export { lockPageOrRetry } from './page-lock.ts'
export { pfnMkcleanRange } from './rmap-clean.ts'
export { lockVmaUnderRcu, mmapWriteUnlock, vmaEndRead, vmaStartWrite } from './vma-lock.ts'
export { splitHugePmd, unmapMappingPages, unmapMappingRange, zapPageRangeSingle } from './zap.ts'
