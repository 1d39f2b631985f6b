/**
 * What a kernel, or the model, was observed doing: one object a scenario, one element an operation. The recordings
 * of real kernels and the model's runs have this one shape. Member names and their order are the recordings'.
 */

/** What an operation returned. `notModelled` is the model saying that it cannot tell; no recording has it. */
export type OperationResult =
  | { readonly ret: number }
  | { readonly errno: string }
  | { readonly signal: string; readonly code: string }
  | { readonly skipped: true }
  | { readonly notModelled: string }

/** A member of an event. Strings are hex numbers as the kernel prints them, places (`m0+0x1000`), or names. */
export type EventValue = string | number | boolean | readonly string[]

/**
 * A kernel event: a tracepoint or the entry into a function. Which members an event has depends on its name
 * (`pgoff`, `pglen`, `flags`, `ret`, `orig`, `order`, `write`, `pos`, `len`, `frame`, `range`, `at`, `pte`,
 * `start`, `nr`, `even_cows`); their order is kept.
 */
export interface EventObservation {
  readonly name: string
  readonly [member: string]: EventValue
}

/** A fault taken for a page of the scenario's mappings. Without `ret` it was refused before `handle_mm_fault`. */
export interface FaultObservation {
  /** `mapping+offset` of the byte, as `m0+0x1008`. */
  readonly at: string
  /**
   * What the processor says of the trap, in hex: the x86 error code, the arm64 syndrome, the riscv64 cause; `null` when the
   * kernel faulted the page in by itself.
   */
  readonly error: string | null
  readonly events: readonly EventObservation[]
  /** Names of the FAULT_FLAG bits. */
  readonly flags?: readonly string[] | undefined
  /** `vm_flags`, raw, in hex. */
  readonly vmFlags?: string | undefined
  /** `vm_page_prot`, raw, in hex. */
  readonly pageProt?: string | undefined
  /** Names of the VM_FAULT bits. */
  readonly ret?: readonly string[] | undefined
}

/** A file whose mtime, ctime or block count changed in the operation. */
export interface FileObservation {
  readonly name: string
  readonly mtime: boolean
  readonly ctime: boolean
  /** In units of 512 bytes, the file system's own extent blocks included. */
  readonly blocks: number
  readonly size: number
}

/** A leaf entry of the scenario's mappings that is not empty. */
export interface PteObservation {
  readonly at: string
  /** 1 is a PTE, 2 a PMD leaf. */
  readonly level: number
  /** The raw 64-bit entry in hex with the frame number (bits 12 to 51 on x86-64) cleared. */
  readonly flags: string
  /** `zero`, `hugezero`, `pmem#n` or `ram#n`, numbered by first appearance in the scenario. */
  readonly frame: string
}

/** An area over the scenario's mappings, as `/proc/self/maps` shows it. */
export interface VmaObservation {
  /** As `rw-s`. */
  readonly perms: string
  /** Offset in the file, in hex. */
  readonly offset: string
  /** The file's name; empty for anonymous memory. */
  readonly name: string
  readonly at: string
  /** In hex. */
  readonly len: string
}

/** One operation: what it returned, what happened in it, and the state of the executing process after it. */
export interface OperationObservation {
  /** The source line. */
  readonly op: string
  readonly result: OperationResult
  readonly faults: readonly FaultObservation[]
  /** Events outside any fault, in order. */
  readonly events: readonly EventObservation[]
  readonly files: readonly FileObservation[]
  readonly ptes: readonly PteObservation[]
  readonly vmas: readonly VmaObservation[]
}

/** One scenario, observed. */
export interface Observation {
  readonly scenario: string
  /** The kernel version, as `6.1`. */
  readonly kernel: string
  /** The file system, as `ext4`. */
  readonly fs: string
  /** The architecture, as `arm64-4k`; recordings do not say it, as all are of x86-64. */
  readonly arch?: string | undefined
  readonly ops: readonly OperationObservation[]
}
