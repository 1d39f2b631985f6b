/**
 * Flags that system calls take (include/uapi/asm-generic/mman*.h, x86-64), and what mmap is asked for.
 * @module
 */

import type { File } from './file.ts'

export const PROT_NONE: number = 0
export const PROT_READ: number = 1
export const PROT_WRITE: number = 2
export const PROT_EXEC: number = 4
/** Accepted, and without effect on x86. */
export const PROT_SEM: number = 8
export const PROT_GROWSDOWN: number = 0x1000000
export const PROT_GROWSUP: number = 0x2000000

export const MAP_SHARED: number = 0x1
export const MAP_PRIVATE: number = 0x2
export const MAP_SHARED_VALIDATE: number = 0x3
export const MAP_TYPE: number = 0xf
export const MAP_FIXED: number = 0x10
export const MAP_ANONYMOUS: number = 0x20
export const MAP_32BIT: number = 0x40
export const MAP_GROWSDOWN: number = 0x100
export const MAP_LOCKED: number = 0x2000
export const MAP_NORESERVE: number = 0x4000
export const MAP_POPULATE: number = 0x8000
export const MAP_NONBLOCK: number = 0x10000
export const MAP_HUGETLB: number = 0x40000
export const MAP_SYNC: number = 0x80000
export const MAP_FIXED_NOREPLACE: number = 0x100000

/** Flags that `MAP_SHARED` accepts and `MAP_SHARED_VALIDATE` does not question (include/linux/mman.h, x86). */
export const LEGACY_MAP_MASK: number =
  MAP_SHARED |
  MAP_PRIVATE |
  MAP_FIXED |
  MAP_ANONYMOUS |
  MAP_GROWSDOWN |
  0x800 |
  0x1000 |
  MAP_LOCKED |
  MAP_NORESERVE |
  MAP_POPULATE |
  MAP_NONBLOCK |
  0x20000 |
  MAP_HUGETLB |
  MAP_32BIT

export const MADV_WILLNEED: number = 3
export const MADV_DONTNEED: number = 4
export const MADV_FREE: number = 8
export const MADV_REMOVE: number = 9
export const MADV_DONTFORK: number = 10
export const MADV_DOFORK: number = 11
export const MADV_HUGEPAGE: number = 14
export const MADV_NOHUGEPAGE: number = 15
export const MADV_POPULATE_READ: number = 22
export const MADV_POPULATE_WRITE: number = 23

export const MS_ASYNC: number = 1
export const MS_INVALIDATE: number = 2
export const MS_SYNC: number = 4

export const MREMAP_MAYMOVE: number = 1
export const MREMAP_FIXED: number = 2
export const MREMAP_DONTUNMAP: number = 4

/** What mmap(2) is asked for. Addresses, lengths and offsets in bytes. */
export interface MmapRequest {
  readonly address: number
  readonly length: number
  /** `PROT_*`. */
  readonly prot: number
  /** `MAP_*`. */
  readonly flags: number
  /** Null with `MAP_ANONYMOUS`. */
  readonly file: File | null
  readonly offset: number
}
