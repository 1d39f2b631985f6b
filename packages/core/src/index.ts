/**
 * `@mm-model/core`: address spaces, page tables, TLBs and the fault path of Linux on x86-64, as data structures and the
 * contracts that backends and strategies implement. The path itself is in `@mm-model/core/plain` and, step by step, in
 * `@mm-model/core/steps`.
 * @module
 */

export { pageOffset, pageStart, pmdStart, pudStart } from './address.ts'
export { type DefectSet, defectNames } from './defect-set.ts'
export { type Defect, type DefectName, defects } from './defects.ts'
export * from './errno.ts'
export { MachineError, type MachineErrorCode, notModelled } from './errors.ts'
export { type FaultDeed, touchesFaultDeed } from './events.ts'
export * from './fault-flags.ts'
export {
  AddressSpace,
  File,
  type FileOperations,
  type FileOperationsForm,
  FMODE_READ,
  FMODE_WRITE,
} from './file.ts'
export { type Call, callBy, type Transition } from './invariants/call.ts'
export {
  coreCallInvariants,
  coreStateInvariants,
  coreUncheckedInvariants,
} from './invariants/core-invariants.ts'
export { FaultLog, type LoggedFault } from './invariants/fault-log.ts'
export {
  type Invariant,
  type UncheckedInvariant,
  type Violation,
  violationsOf,
} from './invariants/invariant.ts'
export { LeafTable, type TableCensus } from './invariants/leaves.ts'
export {
  type AreaSnapshot,
  type FrameSnapshot,
  type HugePageSnapshot,
  type MachineSnapshot,
  type MmSnapshot,
  snapshotMachine,
  spaceOf,
  type Translation,
} from './invariants/snapshot.ts'
export { kernelByName, kernelNames } from './kernels/catalog.ts'
export { kernel45 } from './kernels/linux-4.5.ts'
export { kernel61 } from './kernels/linux-6.1.ts'
export { kernel612 } from './kernels/linux-6.12.ts'
export { RwSem } from './locks.ts'
export { Machine, type MachineOptions } from './machine.ts'
export { Mm } from './mm.ts'
export { MmuGather } from './mmu-gather.ts'
export { CachedPage, PageCache } from './page-cache.ts'
export { PageTables, PTL_FREE } from './page-tables.ts'
export {
  HUGE_ZERO_PFN,
  PAGE_SHIFT,
  PAGE_SIZE,
  PAGE_TABLE_BASE_PFN,
  PhysicalMemory,
  type PhysicalMemoryOptions,
  PMD_SIZE,
  PMEM_BASE_PFN,
  PTRS_PER_PMD_LEAF,
  PUD_SIZE,
  ZERO_PFN,
} from './physical-memory.ts'
export type { KernelProfile } from './profile.ts'
export {
  answerShootdowns,
  type FlushRequest,
  type ShootdownHandler,
  Shootdowns,
  shootdownHandlers,
} from './shootdowns.ts'
export * from './step.ts'
export {
  ASSERT_READ_ONLY_START,
  ASSERT_SHARED_WRITABLE,
  type StrategyWarning,
} from './strategy/assertions.ts'
export * from './strategy/contract.ts'
export { defineStrategy } from './strategy/define.ts'
export { StrategyError, type StrategyErrorCode } from './strategy/error.ts'
export { StrategyHost } from './strategy/host.ts'
export { FaultView } from './strategy/view.ts'
export * from './syscall-flags.ts'
export {
  SIGNAL_ACCERR,
  SIGNAL_ADRERR,
  SIGNAL_KERNEL,
  SIGNAL_KILL,
  SIGNAL_MAPERR,
  type Signal,
  Task,
} from './task.ts'
export { TLB_DIRTY, TLB_EXEC, TLB_WRITE, Tlb } from './tlb.ts'
export {
  EVENT_ACCESS,
  EVENT_CALL,
  EVENT_COMMITTED,
  EVENT_FAULT,
  EVENT_FLUSHED,
  EVENT_STORED,
  EVENT_STORED_PRIVATE,
  EVENT_SYNC,
  EVENT_SYNCED,
  EVENT_WRITTEN,
  EVENT_ZEROED,
  TOUCH_ACQUIRE,
  TOUCH_ACQUIRE_SHARED,
  TOUCH_AREAS,
  TOUCH_ENTRIES,
  TOUCH_ENTRY_LOCK,
  TOUCH_FILE_SYSTEM,
  TOUCH_FLUSHES,
  TOUCH_FRAME,
  TOUCH_FRAMES,
  TOUCH_FREEZE,
  TOUCH_I_MMAP,
  TOUCH_LOCK,
  TOUCH_QUEUE,
  TOUCH_READ,
  TOUCH_RELEASE,
  TOUCH_RELEASE_SHARED,
  TOUCH_SHOOTDOWN,
  TOUCH_SIZE,
  TOUCH_TABLE,
  TOUCH_TABLE_LOCK,
  TOUCH_TABLES,
  TOUCH_TASKS,
  TOUCH_TIMES,
  TOUCH_TLB,
  TOUCH_USER_MODE,
  TOUCH_WAKE,
  TOUCH_WRITE,
  type TouchSink,
  touches,
} from './touch.ts'
export type { CoreEventName, TraceSink } from './trace.ts'
export * from './vm-flags.ts'
export {
  hugeFaultSize,
  PE_SIZE_PMD,
  PE_SIZE_PTE,
  PE_SIZE_PUD,
  VmFault,
  type VmOperations,
  type VmOperationsForm,
} from './vm-operations.ts'
export { AnonVma, Vma } from './vma.ts'
export { VmaSet } from './vma-set.ts'
