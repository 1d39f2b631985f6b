/**
 * What a state does not show any more and rules about calls need: the data, what was committed, when pages became
 * writable, and where the kernel itself left a zero page behind.
 * @module
 */

import { MADV_POPULATE_WRITE, PMEM_BASE_PFN, spaceOf, VM_SHARED, VM_SYNC } from '@mm-model/core'
import type { DaxInode } from '../inode.ts'
import type { DaxCall } from './call.ts'
import { Contents } from './contents.ts'
import { ExtentTable } from './extents.ts'
import { isCopiedOnWrite } from './sharing.ts'
import { areaAt, type DaxSnapshot, type InodeSnapshot, inodeIn, pageAt } from './snapshot.ts'

/** A mapping entry whose DIRTY mark the last call took. */
export interface CleanedEntry {
  readonly inode: DaxInode
  /** Its first page. */
  readonly page: number
  /** Clock tick since which it could be stored to through a shared mapping. */
  readonly writableSince: number
}

/** What the entry of an old block leads to, once the file has another. */
const BROKEN_BY_WRITE_TO_COPY: readonly string[] = ['I13', 'I15', 'I16', 'I43', 'I47']

const NO_EXTENTS = new ExtentTable([])

/** Begins at a snapshot and is told of every call after it. */
export class History {
  readonly contents: Contents
  /** Rules that {@link heldNoMore} tells. */
  readonly #broken: Set<string> = new Set()
  /** Of the last call. */
  cleaned: CleanedEntry[] = []
  /** Block maps as they were at the last commit. */
  readonly #committed: Map<DaxInode, ExtentTable> = new Map()
  /** For each mapping entry that was writable since it was clean, by its first page: since when. */
  readonly #writable: Map<DaxInode, Map<number, number>> = new Map()
  /** Pages that {@link zeroedAround} tells. */
  readonly #zeroedAround: Map<DaxInode, Set<number>> = new Map()

  constructor(snapshot: DaxSnapshot) {
    this.contents = new Contents(snapshot)
    for (const inode of snapshot.inodes) {
      this.#committed.set(inode.inode, inode.extents)
      this.#noteWritable(inode, inode.mtime)
    }
  }

  /** Takes in one call. A commit during a call is taken to hold what the call left. */
  advance(before: DaxSnapshot, after: DaxSnapshot, call: DaxCall): void {
    this.contents.advance(before, after, call)
    this.cleaned = []
    this.#noteBroken(before, after, call)
    for (const inode of after.inodes) {
      if (!inode.datasyncDirty) this.#committed.set(inode.inode, inode.extents)
      this.#noteWritable(inode, after.memory.now)
      this.#noteZeroedAround(inodeIn(before, inode.inode), inode, before, call)
    }
  }

  /** The block map that a crash would leave. */
  committed(inode: DaxInode): ExtentTable {
    return this.#committed.get(inode) ?? NO_EXTENTS
  }

  /**
   * Whether the zero page mapped there is the kernel's own mistake. ext4 turns a whole short unwritten extent into zeros
   * when one block of it is written (ext4_ext_convert_to_initialized, EXT4_EXT_ZERO_LEN). The blocks around are written
   * from then on, but nobody unmaps the zero pages that stand for them; and since they are not new any more, a later
   * write(2) to them does not either: mappings go on seeing zeros. Recorded on 6.1.176 (I46, I47 do not hold there).
   */
  zeroedAround(inode: DaxInode, page: number): boolean {
    return this.#zeroedAround.get(inode)?.has(page) === true
  }

  /**
   * Whether the kernel itself broke the rule earlier, so that it does not hold any more. 6.1 does where xfs copies shared blocks,
   * both as recorded (`r56-sync-second-copy`, `r57-write-over-shared` of fixtures/more-observations):
   *
   * - write(2) to a copy leaves the entries of the old block, in the mapping and in page tables, because dax_iomap_iter takes them
   *   out for IOMAP_F_NEW alone (mended in 6.2 by f80e1668888f, "fsdax: invalidate pages when CoW"); a store through one of them
   *   faults for ever, as insert_pfn leaves another frame alone: asked, Debian's 6.1.176 hung there;
   * - a fault of a MAP_SYNC mapping does not wait for the copy to become the file's: when xfs_direct_write_iomap_begin asks
   *   whether something waits for the log, xfs_reflink_end_cow has not run.
   */
  heldNoMore(invariant: string): boolean {
    return this.#broken.has(invariant)
  }

  #noteBroken(before: DaxSnapshot, after: DaxSnapshot, { name, inode: written }: DaxCall): void {
    for (const { inode, extents, entries, leaves } of after.inodes) {
      if (inode.xfs?.reflink !== true) continue
      for (const { area, space, i, page } of leaves) {
        if ((area.flags & VM_SYNC) !== 0 && space.leaves.writable(i) && isCopiedOnWrite(before, inode, page))
          this.#broken.add('I26')
      }
      if (name !== 'fill' || inode !== written) continue
      for (const { page } of this.contents.touched) {
        const entry = entries.find(page)
        if (entry === null || !isCopiedOnWrite(before, inode, page)) continue
        if (entry.pfn + (page - entry.start) === PMEM_BASE_PFN + extents.writtenBlock(page)) continue
        for (const rule of BROKEN_BY_WRITE_TO_COPY) this.#broken.add(rule)
      }
    }
  }

  /** Notes what can be stored to from `now` on, and what cannot any more. */
  #noteWritable({ inode, leaves, entries }: InodeSnapshot, now: number): void {
    const since = this.#writable.get(inode) ?? new Map<number, number>()
    this.#writable.set(inode, since)
    for (const { what, area, space, i, page } of leaves) {
      if (what !== 'block' || (area.flags & VM_SHARED) === 0 || !space.leaves.writable(i)) continue
      const start = entries.find(page)?.start ?? page
      if (!since.has(start)) since.set(start, now)
    }
    for (const [page, writableSince] of since) {
      if (entries.find(page)?.dirty === true) continue
      since.delete(page)
      this.cleaned.push({ inode, page, writableSince })
    }
  }

  #noteZeroedAround(was: InodeSnapshot | null, is: InodeSnapshot, before: DaxSnapshot, call: DaxCall): void {
    const known = this.#zeroedAround.get(is.inode) ?? new Set<number>()
    this.#zeroedAround.set(is.inode, known)
    const masked = new Set<number>()
    for (const { what, page, pages } of is.leaves) {
      for (let p = page; what === 'zero' && p < page + pages; p++) masked.add(p)
    }
    for (const page of known) if (!masked.has(page)) known.delete(page)
    for (const page of masked) {
      if (was?.extents.find(page)?.unwritten !== true || is.extents.writtenBlock(page) < 0) continue
      if (!this.#isTarget(before, is.inode, page, call)) known.add(page)
    }
  }

  /** Whether the call was to write to the page. */
  #isTarget(before: DaxSnapshot, inode: DaxInode, page: number, call: DaxCall): boolean {
    if (this.contents.touched.some((touched) => touched.inode === inode && touched.page === page)) return true
    if (call.name !== 'madvise' || call.flags !== MADV_POPULATE_WRITE) return false
    const area = areaAt(spaceOf(before.memory, call.task.mm), call.address)
    if (area === null) return false
    const first = pageAt(area, call.address)
    return page >= first && page < first + Math.ceil(call.length / 4096)
  }
}
