/**
 * The contract between the fault path and a backend: `struct vm_operations_struct` and `struct vm_fault`.
 * @module
 */

import type { Machine } from './machine.ts'
import type { CachedPage } from './page-cache.ts'
import type { Steps } from './step.ts'
import type { Task } from './task.ts'
import type { Vma } from './vma.ts'

/** Sizes a handler is asked for (include/linux/mm.h: enum page_entry_size, 6.1). */
export const PE_SIZE_PTE: number = 0
export const PE_SIZE_PMD: number = 1
export const PE_SIZE_PUD: number = 2

/** The same as a kernel tells its handlers: one of these, or the order in pages (`KernelProfile.hugeFaultTakesOrder`). */
export function hugeFaultSize(machine: Machine, peSize: number): number {
  if (!machine.kernel.hugeFaultTakesOrder || peSize === PE_SIZE_PTE) return peSize
  const { pageShift, pmdShift, pudShift } = machine.arch
  return (peSize === PE_SIZE_PMD ? pmdShift : pudShift) - pageShift
}

/** One form of the handlers. `R` is `number` (a `VM_FAULT_*` mask) or the same as steps. */
export interface VmOperationsForm<R> {
  /** `->fault`: make the page at `vmf.address` present. */
  fault(t: Task, vmf: VmFault): R
  /** `->huge_fault` at `PE_SIZE_PMD` or `PE_SIZE_PUD`; `null` where the backend has none. */
  readonly hugeFault: ((t: Task, vmf: VmFault, peSize: number) => R) | null
  /** `->page_mkwrite`: a store met a read-only entry for a page of the page cache; backends that map none have none. */
  readonly pageMkwrite?: (t: Task, vmf: VmFault) => R
  /** `->pfn_mkwrite`: a store met a read-only entry without `struct page`; `null` means the core makes it writable. */
  readonly pfnMkwrite: ((t: Task, vmf: VmFault) => R) | null
}

/** What a file system installs in `vma.vmOps`, in both forms of the code. */
export interface VmOperations {
  /**
   * Whether there is a `->map_pages`. It would map what a page cache has and finds nothing over DAX, but where it is, the
   * kernel calls the handlers under the lock of the area too (mm/memory.c: vmf_can_call_fault, 6.12). Default: false.
   */
  readonly hasMapPages?: boolean | undefined
  readonly steps: VmOperationsForm<Steps<number>>
  readonly plain: VmOperationsForm<number>
}

/**
 * One fault on its way (include/linux/mm.h: struct vm_fault, 6.1). Each task owns one and reuses it, since a task takes
 * one fault at a time; handlers may read all of it and must not keep it.
 */
export class VmFault {
  vma: Vma
  /** `FAULT_FLAG_*`. */
  flags = 0
  /** Page index in the file. */
  pgoff = 0
  /** Faulting address, page aligned. */
  address = 0
  /** Faulting address to the byte. */
  realAddress = 0
  /** Slot of the PMD entry. */
  pmd = -1
  /** Slot of the PTE, or -1 when there is none yet or it is empty. */
  pte = -1
  /** The entry as it was read without the lock: a PTE, or at the PMD step a PMD entry. */
  origLo = 0
  origHi = 0
  /** Frame to copy into for a private write fault, or -1. */
  cowPage = -1
  /** The page, locked, that a handler returned with `VM_FAULT_LOCKED` for the core to map, or null. */
  page: CachedPage | null = null
  /** Whether the frame about to be installed is the zero page. */
  zeroPage = false
  /** Whether the table lock of `pte` is held. */
  locked = false

  constructor(vma: Vma) {
    this.vma = vma
  }
}
