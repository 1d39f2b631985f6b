/**
 * Open files and what is mapped of them: `struct file`, `struct address_space` and the calls a file system answers.
 * @module
 */

import { RwSem } from './locks.ts'
import { PageCache } from './page-cache.ts'
import type { Steps } from './step.ts'
import type { Task } from './task.ts'
import type { Vma } from './vma.ts'

export const FMODE_READ: number = 1
export const FMODE_WRITE: number = 2

/** One form (stepped or plain) of the calls that the memory system makes on a file. */
export interface FileOperationsForm<R> {
  /**
   * `->mmap`: sets `vma.vmOps` and may add to `vma.vmFlags`; 0 or a negative error number. `fs/ext4/file.c:
   * ext4_file_mmap, 6.1` is one.
   */
  mmap(t: Task, file: File, vma: Vma): R
  /** `->fsync` over the bytes `start … end` inclusive (fs/sync.c: vfs_fsync_range, 6.1). */
  fsync(t: Task, file: File, start: number, end: number, datasync: boolean): R
  /**
   * Writes the times of a file whose mapping has `asCmtime` set, and takes the flag (`mapping_flush_cmtime` of those
   * patches). Without it a file has no deferred times.
   */
  readonly flushCmtime?: ((t: Task, file: File) => R) | undefined
  /** Hole punch on behalf of `MADV_REMOVE` (fs/open.c: vfs_fallocate, 6.1). */
  punchHole(t: Task, file: File, offset: number, length: number): R
}

/** What a file system provides for open files, in both forms of the code. */
export interface FileOperations {
  /** `MAP_*` beyond the legacy ones that the file system understands (`mmap_supported_flags`). */
  readonly mmapSupportedFlags: number
  readonly steps: FileOperationsForm<Steps<number>>
  readonly plain: FileOperationsForm<number>
}

/** What is mapped of one inode (include/linux/fs.h: struct address_space, 6.1). */
export class AddressSpace {
  /**
   * Areas that map it, in the order of the kernel's interval tree: by first page, then by age of insertion
   * (`i_mmap`).
   */
  readonly iMmap: Vma[] = []
  readonly iMmapRwsem: RwSem
  /** Taken by faults for reading, by what removes blocks for writing; before 5.15 ext4's own `i_mmap_sem`. */
  readonly invalidateLock: RwSem
  readonly pages: PageCache = new PageCache()
  /**
   * Times are to be updated at the next chance: the flag `AS_CMTIME` of the deferred-mtime patches of 2012 and 2013, which
   * no released kernel has. Strategies that defer times set it.
   */
  asCmtime = false
  /** Whether a fault on this mapping has ever deferred its times: from then on dirty entries that go set {@link asCmtime}. */
  defersCmtime = false

  constructor(name: string) {
    this.iMmapRwsem = new RwSem(`${name}.i_mmap_rwsem`, 6)
    this.invalidateLock = new RwSem(`${name}.invalidate_lock`, 4)
  }

  /** mm/interval_tree.c: vma_interval_tree_insert, 6.1. */
  insertVma(vma: Vma): void {
    let index = this.iMmap.length
    while (index > 0 && this.iMmap[index - 1]!.vmPgoff > vma.vmPgoff) index--
    this.iMmap.splice(index, 0, vma)
  }

  /** Right behind `prev`, which begins at the same page (mm/interval_tree.c: vma_interval_tree_insert_after, 6.1). */
  insertVmaAfter(vma: Vma, prev: Vma): void {
    this.iMmap.splice(this.iMmap.indexOf(prev) + 1, 0, vma)
  }

  /** mm/interval_tree.c: vma_interval_tree_remove, 6.1. */
  removeVma(vma: Vma): void {
    const index = this.iMmap.indexOf(vma)
    if (index >= 0) this.iMmap.splice(index, 1)
  }

  /** include/linux/fs.h: mapping_mapped, 6.1. */
  get isMapped(): boolean {
    return this.iMmap.length > 0
  }
}

/** An open file (include/linux/fs.h: struct file, 6.1). File systems extend it with their inode. */
export class File {
  readonly name: string
  readonly mapping: AddressSpace
  readonly fMode: number
  readonly isDax: boolean
  readonly ops: FileOperations

  constructor(init: {
    name: string
    mapping: AddressSpace
    mode: number
    isDax: boolean
    ops: FileOperations
  }) {
    this.name = init.name
    this.mapping = init.mapping
    this.fMode = init.mode
    this.isDax = init.isDax
    this.ops = init.ops
  }
}
