/**
 * Blocks that several files have: who has them, and that nobody writes to them in place (I52).
 * @module
 */

import { type Invariant, type Violation, VM_SHARED } from '@mm-model/core'
import type { DaxInode } from '../inode.ts'
import type { DaxTransition } from './call.ts'
import { pageDifference } from './data-invariants.ts'
import { atLeaf, atPage, describeLeaf } from './entry-invariants.ts'
import { type DaxSnapshot, inodeIn } from './snapshot.ts'

/** Pages of files that a written block stands for. */
function pagesOf({ inodes }: DaxSnapshot, block: number): { inode: DaxInode; page: number }[] {
  return inodes.flatMap(({ inode, extents }) =>
    extents.all
      .filter((extent) => !extent.unwritten && block >= extent.block && block < extent.block + extent.pages)
      .map((extent) => ({ inode, page: extent.page + (block - extent.block) })),
  )
}

/** Whether a write to the page goes to a copy: its block is shared, or one waits to take its place (xfs_reflink_allocate_cow, 6.1). */
export function isCopiedOnWrite(snapshot: DaxSnapshot, inode: DaxInode, page: number): boolean {
  const is = inodeIn(snapshot, inode)
  if (is === null || inode.xfs === null) return false
  if (is.copies.find(page) !== null) return true
  const block = is.extents.writtenBlock(page)
  return block >= 0 && pagesOf(snapshot, block).length > 1
}

export const I52: Invariant<DaxTransition> = {
  id: 'I52',
  title: 'a block shared by two files is never written in place: what one stores, the other does not see',
  kind: 'T',
  source:
    'fs/dax.c: dax_insert_entry (cow), dax_iomap_copy_around; fs/xfs/xfs_reflink.c: xfs_reflink_allocate_cow',
  check({ before, after, history: { contents } }) {
    const found: Violation[] = []
    for (const inode of after.inodes) {
      for (const leaf of inode.leaves) {
        if (leaf.what !== 'block' || (leaf.area.flags & VM_SHARED) === 0) continue
        if (!leaf.space.leaves.writable(leaf.i)) continue
        const block = inode.extents.writtenBlock(leaf.page)
        if (block < 0 || pagesOf(after, block).length < 2) continue
        found.push({
          invariant: 'I52',
          ...atLeaf(leaf, inode),
          found: `${describeLeaf(leaf)}, of a block that two files have`,
          expected: 'a read-only entry',
        })
      }
    }
    for (const { inode, page, mayChange } of contents.touched) {
      const block = inodeIn(before, inode)?.extents.writtenBlock(page) ?? -1
      if (!mayChange || block < 0) continue
      for (const other of pagesOf(after, block)) {
        const wrong = pageDifference(
          after,
          other.inode,
          other.page,
          contents.filePage(other.inode, other.page),
        )
        if (wrong === null || other.inode === inode) continue
        found.push({ invariant: 'I52', ...atPage(other.page, other.inode.name), ...wrong })
      }
    }
    return found
  },
}
