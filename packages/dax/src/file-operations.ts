/**
 * What a DAX file system provides for open files beyond what the memory system asks of it.
 * @module
 */

import type { FileOperations, FileOperationsForm, Steps, Task } from '@mm-model/core'
import type { DaxInode } from './inode.ts'

/**
 * One form (stepped or plain) of the calls. Each is inside a section that a freeze waits for; 0, a count, or a negative
 * error number.
 */
export interface DaxFileOperationsForm<R> extends FileOperationsForm<R> {
  /** `->setattr` with a size; `i_rwsem` is held. */
  setSize(t: Task, inode: DaxInode, size: number): R
  /** `->fallocate`, mode 0. */
  allocate(t: Task, inode: DaxInode, offset: number, length: number): R
  /** `->fallocate`, `PUNCH_HOLE | KEEP_SIZE`. */
  punch(t: Task, inode: DaxInode, offset: number, length: number): R
  /** `->remap_file_range` of all of the first file onto the second; without it, no file can share blocks. */
  readonly remapFileRange?: (t: Task, inodeIn: DaxInode, inodeOut: DaxInode) => R
  /** `->write_iter` of one byte value: bytes written. */
  write(t: Task, inode: DaxInode, offset: number, length: number, byte: number): R
  /** `->writepages` with `WB_SYNC_ALL` over bytes `start … end`; `Infinity`: to the end. */
  writepages(t: Task, inode: DaxInode, start: number, end: number): R
}

/** The calls in both forms of the code. */
export interface DaxFileOperations extends FileOperations {
  /** Longest file (`s_maxbytes`). */
  readonly maxBytes: number
  readonly steps: DaxFileOperationsForm<Steps<number>>
  readonly plain: DaxFileOperationsForm<number>
}
