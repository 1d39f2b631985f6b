/**
 * Fault flags and fault results (include/linux/mm_types.h, 6.1), with the names that tracepoints print; and what a trap
 * was about, in the bits of the x86 error code (arch/x86/include/asm/trap_pf.h, 6.1), whatever the architecture.
 * @module
 */

export const FAULT_FLAG_WRITE: number = 0x1
export const FAULT_FLAG_MKWRITE: number = 0x2
export const FAULT_FLAG_ALLOW_RETRY: number = 0x4
export const FAULT_FLAG_RETRY_NOWAIT: number = 0x8
export const FAULT_FLAG_KILLABLE: number = 0x10
export const FAULT_FLAG_TRIED: number = 0x20
export const FAULT_FLAG_USER: number = 0x40
export const FAULT_FLAG_REMOTE: number = 0x80
export const FAULT_FLAG_INSTRUCTION: number = 0x100
export const FAULT_FLAG_INTERRUPTIBLE: number = 0x200
export const FAULT_FLAG_UNSHARE: number = 0x400
export const FAULT_FLAG_ORIG_PTE_VALID: number = 0x800
/** The fault runs under the lock of its area, not under `mmap_lock` (6.4 and later). */
export const FAULT_FLAG_VMA_LOCK: number = 0x1000
/** What every hardware fault starts with. */
export const FAULT_FLAG_DEFAULT: number =
  FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE | FAULT_FLAG_INTERRUPTIBLE

export const VM_FAULT_OOM: number = 0x1
export const VM_FAULT_SIGBUS: number = 0x2
export const VM_FAULT_MAJOR: number = 0x4
export const VM_FAULT_WRITE: number = 0x8
export const VM_FAULT_HWPOISON: number = 0x10
export const VM_FAULT_HWPOISON_LARGE: number = 0x20
export const VM_FAULT_SIGSEGV: number = 0x40
/**
 * "Installed, but read-only": the result that the discussion of 2016 proposed, in a bit that 6.1 leaves free. Only strategies
 * that hint make handlers return it, and `do_shared_fault` and `wp_pfn_shared` take it off.
 */
export const VM_FAULT_READONLY: number = 0x80
export const VM_FAULT_NOPAGE: number = 0x100
export const VM_FAULT_LOCKED: number = 0x200
export const VM_FAULT_RETRY: number = 0x400
export const VM_FAULT_FALLBACK: number = 0x800
export const VM_FAULT_DONE_COW: number = 0x1000
export const VM_FAULT_NEEDDSYNC: number = 0x2000
export const VM_FAULT_COMPLETED: number = 0x4000
export const VM_FAULT_ERROR: number =
  VM_FAULT_OOM |
  VM_FAULT_SIGBUS |
  VM_FAULT_SIGSEGV |
  VM_FAULT_HWPOISON |
  VM_FAULT_HWPOISON_LARGE |
  VM_FAULT_FALLBACK

/** There was an entry, and it did not allow the access. Only x86-64 asks for it, so only its traps say it. */
export const TRAP_PRESENT: number = 0x1
export const TRAP_WRITE: number = 0x2
export const TRAP_USER: number = 0x4
export const TRAP_FETCH: number = 0x10

type NamedBit = readonly [bit: number, name: string]

/** `FAULT_FLAG_*` by name, in bit order (include/linux/mm_types.h: enum fault_flag, 6.1 and 6.12). */
export const FAULT_FLAG_NAMES: readonly NamedBit[] = [
  [FAULT_FLAG_WRITE, 'WRITE'],
  [FAULT_FLAG_MKWRITE, 'MKWRITE'],
  [FAULT_FLAG_ALLOW_RETRY, 'ALLOW_RETRY'],
  [FAULT_FLAG_RETRY_NOWAIT, 'RETRY_NOWAIT'],
  [FAULT_FLAG_KILLABLE, 'KILLABLE'],
  [FAULT_FLAG_TRIED, 'TRIED'],
  [FAULT_FLAG_USER, 'USER'],
  [FAULT_FLAG_REMOTE, 'REMOTE'],
  [FAULT_FLAG_INSTRUCTION, 'INSTRUCTION'],
  [FAULT_FLAG_INTERRUPTIBLE, 'INTERRUPTIBLE'],
  [FAULT_FLAG_UNSHARE, 'UNSHARE'],
  [FAULT_FLAG_ORIG_PTE_VALID, 'ORIG_PTE_VALID'],
  [FAULT_FLAG_VMA_LOCK, 'VMA_LOCK'],
]

/** `VM_FAULT_*` by name, in bit order (include/linux/mm_types.h: enum vm_fault_reason, 6.1). */
export const VM_FAULT_NAMES: readonly NamedBit[] = [
  [VM_FAULT_OOM, 'OOM'],
  [VM_FAULT_SIGBUS, 'SIGBUS'],
  [VM_FAULT_MAJOR, 'MAJOR'],
  [VM_FAULT_WRITE, 'WRITE'],
  [VM_FAULT_HWPOISON, 'HWPOISON'],
  [VM_FAULT_HWPOISON_LARGE, 'HWPOISON_LARGE'],
  [VM_FAULT_SIGSEGV, 'SIGSEGV'],
  [VM_FAULT_READONLY, 'READONLY'],
  [VM_FAULT_NOPAGE, 'NOPAGE'],
  [VM_FAULT_LOCKED, 'LOCKED'],
  [VM_FAULT_RETRY, 'RETRY'],
  [VM_FAULT_FALLBACK, 'FALLBACK'],
  [VM_FAULT_DONE_COW, 'DONE_COW'],
  [VM_FAULT_NEEDDSYNC, 'NEEDDSYNC'],
  [VM_FAULT_COMPLETED, 'COMPLETED'],
]

/** The names of the bits that are set in `value`, in the order of `names`. */
export function bitNames(value: number, names: readonly NamedBit[]): string[] {
  return names.filter(([bit]) => (value & bit) !== 0).map(([, name]) => name)
}
