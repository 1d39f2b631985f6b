/**
 * Which bytes and pages a hole punched into a file takes, said from the outside.
 * @module
 */

import { PAGE_SIZE } from '@mm-model/core'
import type { SuperBlock } from '../super-block.ts'
import { Xfs } from '../xfs/personality.ts'

/** Bytes `from … to - 1`. */
interface ByteRange {
  readonly from: number
  readonly to: number
}

/**
 * Bytes that read as zeros after a hole was punched. ext4 leaves what begins behind the end of the file alone, and goes
 * to the end of its last page at most (ext4_punch_hole); xfs frees whole blocks wherever they are, and zeroes parts of
 * blocks up to the end of the file (xfs_free_file_space).
 */
export function punchedBytes(sb: SuperBlock, size: number, offset: number, length: number): ByteRange[] {
  const end = offset + length
  if (sb.personality instanceof Xfs) {
    const from = Math.ceil(offset / PAGE_SIZE) * PAGE_SIZE
    const to = Math.floor(end / PAGE_SIZE) * PAGE_SIZE
    return [
      { from, to },
      { from: offset, to: Math.min(end, size) },
    ].filter((range) => range.from < range.to)
  }
  if (offset >= size) return []
  return [{ from: offset, to: end > size ? size + PAGE_SIZE - (size % PAGE_SIZE) : end }]
}

/** Whole pages among them: first and last, or null. */
export function punchedPages(
  sb: SuperBlock,
  size: number,
  offset: number,
  length: number,
): { readonly first: number; readonly last: number } | null {
  const [range] = punchedBytes(sb, size, offset, length)
  if (range === undefined) return null
  const first = Math.ceil(range.from / PAGE_SIZE)
  const last = Math.floor(range.to / PAGE_SIZE) - 1
  return last < first ? null : { first, last }
}
