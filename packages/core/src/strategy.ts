/**
 * The contract of write-fault strategies: the policy that the 2016 discussion was about, as a value.
 *
 * A strategy decides how a write fault on a shared file page whose frame is known installs its entry. It sees a narrow,
 * frozen view of the fault and answers with a number; the core does the work.
 * @module
 */

import type { VmFault } from './vm-operations.ts'

/** Version of this contract; a strategy states the one it was written for. */
export const STRATEGY_API_VERSION: 1 = 1

/** Install the entry as `vm_page_prot` says: read-only wherever the area wants to notice writes. */
export const INSTALL_READ_ONLY: number = 0
/**
 * Install it writable, dirty and young, and upgrade an entry that is there and maps the same frame
 * (`vmf_insert_mixed_mkwrite`).
 */
export const INSTALL_MKWRITE: number = 1
/**
 * Install it with the protection of a writable mapping (`vm_get_page_prot(vm_flags)`), neither dirty nor young; leave
 * an entry that is there alone (`vmf_insert_mixed_prot`).
 */
export const INSTALL_WRITABLE_PROT: number = 2

/** What a strategy may look at. Frozen; valid only during the call. */
export interface WriteFaultContext {
  /** `VM_*` of the area. */
  readonly vmFlags: number
  /** `FAULT_FLAG_*`. */
  readonly faultFlags: number
  /** Page index in the file. */
  readonly pgoff: number
  /** True in a fault on an entry that is present and read-only (`FAULT_FLAG_MKWRITE`). */
  readonly mkwrite: boolean
}

/** A write-fault policy. */
export interface WriteFaultStrategy {
  /** Lower-case letters and hyphens; the name a command line uses. */
  readonly name: string
  readonly apiVersion: typeof STRATEGY_API_VERSION
  /**
   * How to install the entry for a write fault: one of `INSTALL_*`. Must be a pure function of the context.
   */
  install(context: WriteFaultContext): number
  /**
   * After a write fault on a shared mapping that installed a read-only entry: `true` carries on into `do_wp_page`
   * inside the same fault, `false` (the kernel's way) returns to user space, where the store faults again.
   */
  readonly carryOn: boolean
}

/** The view of a fault that strategies get: getters over the fault in progress, itself frozen. */
export class FaultView implements WriteFaultContext {
  readonly #vmf: VmFault

  constructor(vmf: VmFault) {
    this.#vmf = vmf
    Object.freeze(this)
  }

  get vmFlags(): number {
    return this.#vmf.vma.vmFlags
  }

  get faultFlags(): number {
    return this.#vmf.flags
  }

  get pgoff(): number {
    return this.#vmf.pgoff
  }

  get mkwrite(): boolean {
    return (this.#vmf.flags & 0x2) !== 0
  }
}
