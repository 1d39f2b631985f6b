/**
 * Error numbers of the system calls (include/uapi/asm-generic/errno*.h). A system call of the model answers as the
 * kernel's does: a value ≥ 0, or a negative error number.
 * @module
 */

export const EPERM: number = 1
export const EIO: number = 5
export const EBADF: number = 9
export const EAGAIN: number = 11
export const ENOMEM: number = 12
export const EACCES: number = 13
export const EFAULT: number = 14
export const EBUSY: number = 16
export const EEXIST: number = 17
export const ENODEV: number = 19
export const EINVAL: number = 22
export const EFBIG: number = 27
export const ENOSPC: number = 28
export const EOVERFLOW: number = 75
export const EOPNOTSUPP: number = 95

const NAMES: ReadonlyMap<number, string> = new Map([
  [EPERM, 'EPERM'],
  [EIO, 'EIO'],
  [EBADF, 'EBADF'],
  [EAGAIN, 'EAGAIN'],
  [ENOMEM, 'ENOMEM'],
  [EACCES, 'EACCES'],
  [EFAULT, 'EFAULT'],
  [EBUSY, 'EBUSY'],
  [EEXIST, 'EEXIST'],
  [ENODEV, 'ENODEV'],
  [EINVAL, 'EINVAL'],
  [EFBIG, 'EFBIG'],
  [ENOSPC, 'ENOSPC'],
  [EOVERFLOW, 'EOVERFLOW'],
  [EOPNOTSUPP, 'EOPNOTSUPP'],
])

/** `EINVAL` for 22, and so on; an unknown number is printed as it is. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? String(errno)
}
