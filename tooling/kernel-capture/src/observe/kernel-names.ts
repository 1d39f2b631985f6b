/** Names of the kernel's numbers, as recordings have them. */

type Flags = readonly (readonly [bit: number, name: string])[]

/** `enum vm_fault_reason` of include/linux/mm_types.h. */
const VM_FAULT: Flags = [
  [0x1, 'OOM'],
  [0x2, 'SIGBUS'],
  [0x4, 'MAJOR'],
  [0x10, 'HWPOISON'],
  [0x20, 'HWPOISON_LARGE'],
  [0x40, 'SIGSEGV'],
  // No released kernel has it; kernels of the strategy readonly-hint have.
  [0x80, 'READONLY'],
  [0x100, 'NOPAGE'],
  [0x200, 'LOCKED'],
  [0x400, 'RETRY'],
  [0x800, 'FALLBACK'],
  [0x1000, 'DONE_COW'],
  [0x2000, 'NEEDDSYNC'],
  [0x4000, 'COMPLETED'],
]

/** `enum fault_flag` of include/linux/mm_types.h. */
const FAULT_FLAG: Flags = [
  [0x1, 'WRITE'],
  [0x2, 'MKWRITE'],
  [0x4, 'ALLOW_RETRY'],
  [0x8, 'RETRY_NOWAIT'],
  [0x10, 'KILLABLE'],
  [0x20, 'TRIED'],
  [0x40, 'USER'],
  [0x80, 'REMOTE'],
  [0x100, 'INSTRUCTION'],
  [0x200, 'INTERRUPTIBLE'],
  [0x400, 'UNSHARE'],
  [0x800, 'ORIG_PTE_VALID'],
  [0x1000, 'VMA_LOCK'],
]

const ERRNO: Readonly<Record<number, string>> = {
  1: 'EPERM',
  2: 'ENOENT',
  4: 'EINTR',
  5: 'EIO',
  9: 'EBADF',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  14: 'EFAULT',
  16: 'EBUSY',
  17: 'EEXIST',
  19: 'ENODEV',
  22: 'EINVAL',
  24: 'EMFILE',
  25: 'ENOTTY',
  27: 'EFBIG',
  28: 'ENOSPC',
  30: 'EROFS',
  75: 'EOVERFLOW',
  95: 'EOPNOTSUPP',
}

const SIGNALS: Readonly<Record<string, readonly [signal: string, code: string]>> = {
  '11,1': ['SIGSEGV', 'SEGV_MAPERR'],
  '11,2': ['SIGSEGV', 'SEGV_ACCERR'],
  '11,128': ['SIGSEGV', 'SI_KERNEL'],
  '7,1': ['SIGBUS', 'BUS_ADRALN'],
  '7,2': ['SIGBUS', 'BUS_ADRERR'],
  '7,3': ['SIGBUS', 'BUS_OBJERR'],
}

export function vmFaultNames(value: number): readonly string[] {
  return namesOf(value, VM_FAULT)
}

export function faultFlagNames(value: number): readonly string[] {
  return namesOf(value, FAULT_FLAG)
}

/** `null` for an errno without a name here. */
export function errnoName(value: number): string | null {
  return ERRNO[value] ?? null
}

/** `null` for a signal and code without a name here. */
export function signalNames(signal: number, code: number): readonly [signal: string, code: string] | null {
  return SIGNALS[`${signal},${code}`] ?? null
}

function namesOf(value: number, flags: Flags): readonly string[] {
  return flags.filter(([bit]) => (value & bit) !== 0).map(([, name]) => name)
}
