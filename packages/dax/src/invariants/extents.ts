/**
 * The block map of one inode, copied out of its extent tree without a look-up, which would fill caches.
 * @module
 */

import { type ExtentNode, extentLen, isUnwritten } from '../ext4/blocks/extent-node.ts'
import type { DaxInode } from '../inode.ts'
import type { FileExtents } from '../xfs/blocks/file-extents.ts'

/** A run of blocks of a file. */
export interface ExtentSnapshot {
  /** First page of the file. */
  readonly page: number
  readonly pages: number
  /** First block of the device. */
  readonly block: number
  /** Allocated, and reads as zeros. */
  readonly unwritten: boolean
}

/** All extents of an inode in the order of their pages. */
export class ExtentTable {
  readonly all: readonly ExtentSnapshot[]

  constructor(all: readonly ExtentSnapshot[]) {
    this.all = all
  }

  static of(inode: DaxInode): ExtentTable {
    const all: ExtentSnapshot[] = []
    if (inode.blocks !== null) readNode(inode.blocks.root, all)
    else if (inode.xfs !== null) return ExtentTable.#ofFork(inode.xfs.extents)
    return new ExtentTable(all)
  }

  /** Blocks that wait to become the file's: the COW fork of xfs. */
  static ofCopies({ xfs }: DaxInode): ExtentTable {
    return xfs === null ? NOTHING : ExtentTable.#ofFork(xfs.cow)
  }

  static #ofFork({ all }: FileExtents): ExtentTable {
    return new ExtentTable(
      all.map(({ offset, block, count, unwritten }) => ({ page: offset, pages: count, block, unwritten })),
    )
  }

  /** The extent that holds the page, or null for a hole. */
  find(page: number): ExtentSnapshot | null {
    const { all } = this
    let low = 0
    let high = all.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (all[middle]!.page <= page) low = middle + 1
      else high = middle
    }
    const extent = all[low - 1]
    return extent !== undefined && page < extent.page + extent.pages ? extent : null
  }

  /** Whether one of the extents has the block. */
  holds(block: number): boolean {
    return this.all.some((extent) => block >= extent.block && block < extent.block + extent.pages)
  }

  /** The written block behind the page, or -1: a hole, or unwritten. */
  writtenBlock(page: number): number {
    const extent = this.find(page)
    return extent === null || extent.unwritten ? -1 : extent.block + (page - extent.page)
  }

  /** `hole`, `unwritten block 7`, `block 7`, for messages. */
  describe(page: number): string {
    const extent = this.find(page)
    if (extent === null) return 'a hole'
    return `${extent.unwritten ? 'unwritten block' : 'block'} ${extent.block + (page - extent.page)}`
  }
}

const NOTHING: ExtentTable = /*#__PURE__*/ new ExtentTable([])

function readNode(node: ExtentNode, all: ExtentSnapshot[]): void {
  if (node.depth > 0) {
    for (const child of node.children) readNode(child, all)
    return
  }
  for (let i = 0; i < node.entries; i++) {
    const raw = node.raw[i]!
    all.push({
      page: node.block[i]!,
      pages: extentLen(raw),
      block: node.start[i]!,
      unwritten: isUnwritten(raw),
    })
  }
}
