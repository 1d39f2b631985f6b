/**
 * The smallest backend: a file whose pages are frames of persistent memory, one after the other, with no file system
 * behind it. One lock stands for its entry locks.
 */

import {
  AddressSpace,
  File,
  type FileOperations,
  FMODE_READ,
  FMODE_WRITE,
  PE_SIZE_PMD,
  PMEM_BASE_PFN,
  RwSem,
  type Steps,
  type Task,
  VM_FAULT_DONE_COW,
  VM_FAULT_FALLBACK,
  VM_FAULT_SIGBUS,
  VM_HUGEPAGE,
  VM_SHARED,
  type VmFault,
  type VmOperations,
} from '@mm-model/core'
import * as plain from '@mm-model/core/plain'
import * as steps from '@mm-model/core/steps'

export interface TinyOptions {
  readonly name?: string
  readonly pages?: number
  /** Frame of its first page, counted from the first of persistent memory. */
  readonly block?: number
  /** `FMODE_*`. */
  readonly mode?: number
  readonly isDax?: boolean
  /** `false`: no `->pfn_mkwrite`. */
  readonly pfnMkwrite?: boolean
  /** `true`: a `->huge_fault` that maps 2 MiB at once. */
  readonly huge?: boolean
  /** What `->mmap` adds to the flags of the area; by default what ext4 adds. */
  readonly vmFlags?: number
  /** `MAP_*` beyond the legacy ones. */
  readonly mmapFlags?: number
}

export class TinyFile extends File {
  readonly pages: number
  readonly firstPfn: number
  readonly vmFlags: number
  readonly vmOperations: VmOperations
  readonly lock: RwSem
  /** What the memory system asked of it: `fault 3 write`, `fsync 0-4095`. */
  readonly asked: string[] = []
  /** What the next calls answer instead of doing anything. */
  readonly answers: number[] = []

  constructor(options: TinyOptions = {}) {
    const name = options.name ?? 'tiny'
    super({
      name,
      mapping: new AddressSpace(name),
      mode: options.mode ?? FMODE_READ | FMODE_WRITE,
      isDax: options.isDax ?? true,
      ops: options.mmapFlags === undefined ? OPS : { ...OPS, mmapSupportedFlags: options.mmapFlags },
    })
    this.pages = options.pages ?? 64
    this.firstPfn = PMEM_BASE_PFN + (options.block ?? 0)
    this.vmFlags = options.vmFlags ?? VM_HUGEPAGE
    this.lock = new RwSem(`${name}.lock`, 5)
    this.vmOperations = vmOperations(options.pfnMkwrite !== false, options.huge === true)
  }

  /** Notes a call; its prepared answer, or -1. */
  ask(what: string): number {
    this.asked.push(what)
    return this.answers.shift() ?? -1
  }
}

const fileOf = (vmf: VmFault): TinyFile => vmf.vma.vmFile as TinyFile
const isWrite = (vmf: VmFault): boolean => (vmf.flags & 1) !== 0
const asking = (vmf: VmFault): string => `${vmf.pgoff} ${isWrite(vmf) ? 'write' : 'read'}`

/** Whether the fault installs for a store through a shared mapping. */
const forWrite = (vmf: VmFault): boolean => isWrite(vmf) && (vmf.vma.vmFlags & VM_SHARED) !== 0

/** What a file system's handler does first; there are no times here, but the strategy is asked. */
function updateTimes(t: Task, vmf: VmFault): void {
  if (forWrite(vmf)) t.machine.strategyHost.updateTimes(t)
}

/** Frame of the page, copied already when a private mapping stores to it; -1 past the end. */
function frameOf(t: Task, vmf: VmFault): number {
  const file = fileOf(vmf)
  if (vmf.pgoff >= file.pages) return -1
  const pfn = file.firstPfn + vmf.pgoff
  if (vmf.cowPage >= 0) t.machine.memory.copyPage(vmf.cowPage, pfn)
  return pfn
}

/** First frame of the 2 MiB around the page, -1 past the end, -2 when 2 MiB cannot be had. */
function hugeFrameOf(vmf: VmFault, peSize: number): number {
  const file = fileOf(vmf)
  if (peSize !== PE_SIZE_PMD) return -2
  const first = vmf.pgoff - (vmf.pgoff % 512)
  const start = vmf.address - (vmf.address % 0x200000)
  if (vmf.pgoff >= file.pages) return -1
  if (first + 512 > file.pages || start < vmf.vma.vmStart || start + 0x200000 > vmf.vma.vmEnd) return -2
  if (isWrite(vmf) && !forWrite(vmf)) return -2
  return (file.firstPfn + first) % 512 === 0 && vmf.pgoff % 512 === (vmf.address - start) / 4096
    ? file.firstPfn + first
    : -2
}

const stepped = {
  *fault(t: Task, vmf: VmFault): Steps<number> {
    const file = fileOf(vmf)
    const answer = file.ask(`fault ${asking(vmf)}`)
    if (answer >= 0) return answer
    updateTimes(t, vmf)
    const pfn = frameOf(t, vmf)
    if (pfn < 0) return VM_FAULT_SIGBUS
    yield* steps.downWrite(t, file.lock)
    let ret: number
    if (vmf.cowPage >= 0) ret = (yield* steps.finishFault(t, vmf)) || VM_FAULT_DONE_COW
    else if (forWrite(vmf)) ret = yield* steps.vmfInsertForWrite(t, vmf, pfn)
    else ret = yield* steps.vmfInsertForRead(t, vmf, pfn)
    yield* steps.upWrite(t, file.lock)
    return ret
  },
  *hugeFault(t: Task, vmf: VmFault, peSize: number): Steps<number> {
    const answer = fileOf(vmf).ask(`huge ${peSize} ${asking(vmf)}`)
    if (answer >= 0) return answer
    const pfn = hugeFrameOf(vmf, peSize)
    if (pfn < 0) return pfn === -1 ? VM_FAULT_SIGBUS : VM_FAULT_FALLBACK
    return yield* steps.vmfInsertPfnPmd(t, vmf, pfn, isWrite(vmf))
  },
  *pfnMkwrite(t: Task, vmf: VmFault): Steps<number> {
    const file = fileOf(vmf)
    const answer = file.ask(`mkwrite ${asking(vmf)}`)
    if (answer >= 0) return answer
    yield* steps.downWrite(t, file.lock)
    const ret = yield* steps.vmfInsertForWrite(t, vmf, file.firstPfn + vmf.pgoff)
    yield* steps.upWrite(t, file.lock)
    return ret
  },
}

const straight = {
  fault(t: Task, vmf: VmFault): number {
    const file = fileOf(vmf)
    const answer = file.ask(`fault ${asking(vmf)}`)
    if (answer >= 0) return answer
    updateTimes(t, vmf)
    const pfn = frameOf(t, vmf)
    if (pfn < 0) return VM_FAULT_SIGBUS
    plain.downWrite(t, file.lock)
    let ret: number
    if (vmf.cowPage >= 0) ret = plain.finishFault(t, vmf) || VM_FAULT_DONE_COW
    else if (forWrite(vmf)) ret = plain.vmfInsertForWrite(t, vmf, pfn)
    else ret = plain.vmfInsertForRead(t, vmf, pfn)
    plain.upWrite(t, file.lock)
    return ret
  },
  hugeFault(t: Task, vmf: VmFault, peSize: number): number {
    const answer = fileOf(vmf).ask(`huge ${peSize} ${asking(vmf)}`)
    if (answer >= 0) return answer
    const pfn = hugeFrameOf(vmf, peSize)
    if (pfn < 0) return pfn === -1 ? VM_FAULT_SIGBUS : VM_FAULT_FALLBACK
    return plain.vmfInsertPfnPmd(t, vmf, pfn, isWrite(vmf))
  },
  pfnMkwrite(t: Task, vmf: VmFault): number {
    const file = fileOf(vmf)
    const answer = file.ask(`mkwrite ${asking(vmf)}`)
    if (answer >= 0) return answer
    plain.downWrite(t, file.lock)
    const ret = plain.vmfInsertForWrite(t, vmf, file.firstPfn + vmf.pgoff)
    plain.upWrite(t, file.lock)
    return ret
  },
}

function vmOperations(pfnMkwrite: boolean, huge: boolean): VmOperations {
  return {
    steps: {
      fault: stepped.fault,
      hugeFault: huge ? stepped.hugeFault : null,
      pfnMkwrite: pfnMkwrite ? stepped.pfnMkwrite : null,
    },
    plain: {
      fault: straight.fault,
      hugeFault: huge ? straight.hugeFault : null,
      pfnMkwrite: pfnMkwrite ? straight.pfnMkwrite : null,
    },
  }
}

/** The file calls change nothing, so one function serves both forms. */
const answering = {
  mmap(file: File, vma: VmFault['vma']): number {
    const tiny = file as TinyFile
    const answer = tiny.answers.shift()
    if (answer !== undefined) return answer
    vma.vmOps = tiny.vmOperations
    vma.vmFlags |= tiny.vmFlags
    return 0
  },
  fsync(file: File, start: number, end: number, datasync: boolean): number {
    const tiny = file as TinyFile
    tiny.asked.push(`fsync ${start}-${end}${datasync ? ' data' : ''}`)
    return tiny.answers.shift() ?? 0
  },
  punchHole(file: File, offset: number, length: number): number {
    const tiny = file as TinyFile
    tiny.asked.push(`punch ${offset}+${length}`)
    return tiny.answers.shift() ?? 0
  },
}

const OPS: FileOperations = {
  mmapSupportedFlags: 0,
  steps: {
    // biome-ignore-start lint/correctness/useYield: they have no visible step
    *mmap(_t, file, vma) {
      return answering.mmap(file, vma)
    },
    *fsync(_t, file, start, end, datasync) {
      return answering.fsync(file, start, end, datasync)
    },
    *punchHole(_t, file, offset, length) {
      return answering.punchHole(file, offset, length)
    },
    // biome-ignore-end lint/correctness/useYield: they have no visible step
  },
  plain: {
    mmap: (_t, file, vma) => answering.mmap(file, vma),
    fsync: (_t, file, start, end, datasync) => answering.fsync(file, start, end, datasync),
    punchHole: (_t, file, offset, length) => answering.punchHole(file, offset, length),
  },
}

/**
 * Writeback as a file system would do it: takes the lock of the file, then write-protects and cleans every entry of
 * `pages` pages from `first`.
 */
export function* clean(t: Task, file: TinyFile, first: number, pages: number): Steps<void> {
  yield* steps.downWrite(t, file.lock)
  yield* steps.downRead(t, file.mapping.iMmapRwsem)
  for (const vma of file.mapping.iMmap) {
    yield* steps.pfnMkcleanRange(t, vma, file.firstPfn + first, pages, first)
  }
  yield* steps.upRead(t, file.mapping.iMmapRwsem)
  yield* steps.upWrite(t, file.lock)
}
