/**
 * How many files each block of an allocation group is of, for blocks of more than one.
 * @module
 */

import { notModelled } from '@mm-model/core'

/** Blocks that as many files share. */
interface SharedRun {
  bno: number
  length: number
  /** 2 or more. */
  refs: number
}

/** Records that fit into the one leaf of the tree (xfs_refcountbt_maxrecs, 6.1). */
const MOST_LEAF_RECORDS = 336

/**
 * The reference counts of one group (fs/xfs/libxfs/xfs_refcount.c, 6.1), as long as the tree is a single leaf. As in the
 * kernel, a block that only one file has is in no record.
 */
export class RefcountTree {
  /** By first block; neighbours of one count are one run. */
  readonly #runs: SharedRun[] = []
  /** The run of shared blocks that the last {@link findShared} found; the length is 0 if there is none. */
  bno = 0
  length = 0

  /** Shared runs, for checks: [first block in the group, count, files]. */
  get all(): readonly (readonly [bno: number, length: number, refs: number])[] {
    return this.#runs.map(({ bno, length, refs }) => [bno, length, refs])
  }

  /** One more file has the blocks (xfs_refcount_increase_extent, 6.1). */
  increase(bno: number, length: number): void {
    this.#adjust(bno, length, 1, () => {})
  }

  /** One file less has the blocks; `free` is told of those that nobody has now (xfs_refcount_decrease_extent, 6.1). */
  decrease(bno: number, length: number, free: (bno: number, length: number) => void): void {
    this.#adjust(bno, length, -1, free)
  }

  /** The first shared blocks in a range, and how many follow each other (xfs_refcount_find_shared, 6.1). */
  findShared(bno: number, length: number): void {
    const end = bno + length
    const runs = this.#runs
    let i = runs.findIndex((run) => run.bno + run.length > bno)
    this.length = 0
    if (i < 0 || runs[i]!.bno >= end) return
    this.bno = Math.max(bno, runs[i]!.bno)
    let sharedEnd = runs[i]!.bno + runs[i]!.length
    for (i++; i < runs.length && runs[i]!.bno === sharedEnd && sharedEnd < end; i++)
      sharedEnd += runs[i]!.length
    this.length = Math.min(sharedEnd, end) - this.bno
  }

  #adjust(bno: number, length: number, by: 1 | -1, free: (bno: number, length: number) => void): void {
    const end = bno + length
    this.#splitAt(bno)
    this.#splitAt(end)
    const runs = this.#runs
    let i = runs.findIndex((run) => run.bno >= bno)
    if (i < 0) i = runs.length
    for (let at = bno; at < end; ) {
      const run = runs[i]
      if (run === undefined || run.bno > at) {
        const count = Math.min(end, run?.bno ?? end) - at
        if (by > 0) runs.splice(i++, 0, { bno: at, length: count, refs: 2 })
        else free(at, count)
        at += count
      } else {
        run.refs += by
        at += run.length
        if (run.refs > 1) i++
        else runs.splice(i, 1)
      }
    }
    this.#join()
    if (runs.length > MOST_LEAF_RECORDS)
      throw notModelled(`an xfs group with more than ${MOST_LEAF_RECORDS} runs of shared blocks`)
  }

  #splitAt(bno: number): void {
    const i = this.#runs.findIndex((run) => run.bno < bno && run.bno + run.length > bno)
    if (i < 0) return
    const run = this.#runs[i]!
    const rest = run.bno + run.length - bno
    run.length -= rest
    this.#runs.splice(i + 1, 0, { bno, length: rest, refs: run.refs })
  }

  #join(): void {
    const runs = this.#runs
    for (let i = runs.length - 1; i > 0; i--) {
      const run = runs[i]!
      const left = runs[i - 1]!
      if (left.bno + left.length !== run.bno || left.refs !== run.refs) continue
      left.length += run.length
      runs.splice(i, 1)
    }
  }
}
