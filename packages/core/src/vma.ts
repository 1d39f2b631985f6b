/**
 * Areas: `struct vm_area_struct` and `struct anon_vma` as far as faults, merging and fork need them.
 * @module
 */

import type { File } from './file.ts'
import { RwSem } from './locks.ts'
import type { Mm } from './mm.ts'
import type { VmOperations } from './vm-operations.ts'

/**
 * A set of areas that may map the same anonymous pages (include/linux/rmap.h: struct anon_vma, 6.1). Reverse mapping
 * itself is not needed, since nothing is reclaimed or migrated; identity and chain lengths decide what may merge.
 */
export class AnonVma {
  readonly parent: AnonVma | null
  /** Child anon_vmas plus one when it is its own parent (`num_children`). */
  numChildren: number
  /** Areas whose `anon_vma` this is (`num_active_vmas`). */
  numActiveVmas = 0

  constructor(parent: AnonVma | null) {
    this.parent = parent
    this.numChildren = parent === null ? 1 : 0
  }
}

/** One area of an address space (include/linux/mm_types.h: struct vm_area_struct, 6.1 and 6.12). */
export class Vma {
  readonly vmMm: Mm
  /** First byte, page aligned. */
  vmStart: number
  /** First byte after, page aligned. */
  vmEnd: number
  /** `VM_*`, low 32 bits. */
  vmFlags: number
  /** Halves of `vm_page_prot`. */
  vmPageProtLo = 0
  vmPageProtHi = 0
  /** Offset of `vmStart` in the file, in pages; for private anonymous areas the first address, in pages. */
  vmPgoff: number
  vmFile: File | null
  vmOps: VmOperations | null
  anonVma: AnonVma | null = null
  /** The anon_vmas this area hangs on, oldest last (`anon_vma_chain`). */
  anonVmaChain: AnonVma[] = []
  /** The lock that a fault holds for reading instead of `mmap_lock` (`vm_lock`); null where the kernel has none. */
  readonly vmLock: RwSem | null
  /** `mmLockSeq` of the address space when the area was last locked for writing, -1 for never (`vm_lock_seq`). */
  vmLockSeq = -1
  /** Whether it is in no address space any more, though a fault may still have found it (`detached`). */
  detached = false

  constructor(
    mm: Mm,
    init: {
      start: number
      end: number
      flags: number
      pgoff: number
      file: File | null
      ops?: VmOperations | null
    },
  ) {
    this.vmMm = mm
    this.vmStart = init.start
    this.vmEnd = init.end
    this.vmFlags = init.flags
    this.vmPgoff = init.pgoff
    this.vmFile = init.file
    this.vmOps = init.ops ?? null
    this.vmLock = mm.machine.kernel.perVmaLock ? new RwSem(lockName(mm, init.start), 2) : null
  }

  /** mm/memory.c and include/linux/mm.h: vma_is_anonymous, 6.1. */
  get isAnonymous(): boolean {
    return this.vmOps === null
  }

  /** include/linux/fs.h: vma_is_dax, 6.1. */
  get isDax(): boolean {
    return this.vmFile?.isDax === true
  }

  /** include/linux/pagemap.h: linear_page_index, 6.1. */
  linearPageIndex(address: number): number {
    return Math.floor((address - this.vmStart) / 4096) + this.vmPgoff
  }

  /** First page index after the area, in its file. */
  get pgoffEnd(): number {
    return this.vmPgoff + (this.vmEnd - this.vmStart) / 4096
  }
}

/** `mm1.vm_lock 3 of the area at 0x600000000000`, by the address where the area came to be. */
function lockName(mm: Mm, start: number): string {
  // A number, since the halves of a split area may begin at the same address, one after the other.
  return `${mm.mmapLock.name.replace('mmap_lock', 'vm_lock')} ${++mm.vmLocks} of the area at 0x${start.toString(16)}`
}
