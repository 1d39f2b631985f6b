/**
 * Opening and closing files.
 * @module
 */

import { FMODE_WRITE } from '@mm-model/core'
import { DaxFile, type DaxInode } from './inode.ts'

/** A file open on the inode; `mode` is `FMODE_READ`, `FMODE_WRITE` or both. */
export function openFile(inode: DaxInode, mode: number): DaxFile {
  if ((mode & FMODE_WRITE) !== 0) inode.writers++
  return new DaxFile(inode, mode, inode.sb.fileOperations)
}
