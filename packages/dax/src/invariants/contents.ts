/**
 * A naive twin of all data: what every page of every file and every private copy must hold, kept by looking at calls
 * alone. Loads, copies and blocks are compared with it.
 * @module
 */

import {
  MADV_REMOVE,
  type MmSnapshot,
  PAGE_SIZE,
  PTRS_PER_PMD_LEAF,
  spaceOf,
  VM_LOCKED,
  VM_MAYWRITE,
  VM_SHARED,
} from '@mm-model/core'
import { DaxFile, type DaxInode } from '../inode.ts'
import { Xfs } from '../xfs/personality.ts'
import type { DaxCall } from './call.ts'
import { punchedBytes } from './punch.ts'
import { isCopiedOnWrite } from './sharing.ts'
import { areaAt, type DaxSnapshot, inodeIn, pageAt } from './snapshot.ts'

/** A private page that appeared during the last call. */
export interface FreshCopy {
  readonly space: MmSnapshot
  readonly address: number
  readonly pfn: number
  /** What it must hold. */
  readonly bytes: Uint8Array
}

/** A page of a file whose bytes the last call could have changed, or must not have changed. */
export interface TouchedPage {
  readonly inode: DaxInode
  readonly page: number
  /** Whether the call may change it: false for a store to a private mapping of it. */
  readonly mayChange: boolean
}

export class Contents {
  /** Bytes of file pages; a page that is not there holds zeros. */
  readonly #files: Map<DaxInode, Map<number, Uint8Array>> = new Map()
  /** Bytes of RAM frames that entries map. */
  readonly #frames: Map<number, Uint8Array> = new Map()
  /** Of the last call. */
  fresh: FreshCopy[] = []
  touched: TouchedPage[] = []

  constructor(snapshot: DaxSnapshot) {
    const { memory } = snapshot.sb.machine
    for (const { inode, extents } of snapshot.inodes) {
      for (const { page, pages, block, unwritten } of extents.all) {
        for (let i = 0; i < pages && !unwritten; i++) {
          const bytes = memory.pmemPage(block + i)
          if (bytes !== undefined) this.#pagesOf(inode).set(page + i, bytes.slice())
        }
      }
    }
    for (const pfn of snapshot.memory.frames.keys())
      if (isCopy(snapshot, pfn)) this.#frames.set(pfn, readFrame(snapshot, pfn))
  }

  /** What the page of the file must hold; `undefined`: zeros. */
  filePage(inode: DaxInode, page: number): Uint8Array | undefined {
    return this.#files.get(inode)?.get(page)
  }

  /** What a RAM frame that entries map must hold. */
  frame(pfn: number): Uint8Array | undefined {
    return this.#frames.get(pfn)
  }

  /** Every page of every file that must hold something. */
  *pages(): IterableIterator<TouchedPage> {
    for (const [inode, pages] of this.#files) {
      for (const page of pages.keys()) yield { inode, page, mayChange: false }
    }
  }

  /** Takes in one call. */
  advance(before: DaxSnapshot, after: DaxSnapshot, call: DaxCall): void {
    this.fresh = []
    this.touched = []
    this.#growth(before, after, call)
    this.#fileCall(before, after, call)
    if (call.name === 'store' && call.signal === null) this.#store(after, call)
    this.#takeFrames(before, after, call)
  }

  /**
   * A mapping can store behind the end of a file, in its last page. When the file grows, xfs zeroes what is there
   * (xfs_setattr_size, xfs_file_write_checks: xfs_zero_range), and ext4 shows it.
   */
  #growth(before: DaxSnapshot, after: DaxSnapshot, { name, inode }: DaxCall): void {
    const was = inodeIn(before, inode)
    const is = inodeIn(after, inode)
    if (inode === null || was === null || is === null || !(after.sb.personality instanceof Xfs)) return
    if (name !== 'create' && is.size > was.size) this.#zero(before, inode, was.size, is.size)
  }

  #fileCall(before: DaxSnapshot, after: DaxSnapshot, call: DaxCall): void {
    const { name, inode, ret, offset, length } = call
    if (name === 'madvise' && call.flags === MADV_REMOVE) this.#remove(before, call)
    if (inode === null) return
    const size = inodeIn(before, inode)?.size ?? 0
    if (name === 'create') this.#zero(before, inode, 0, Infinity)
    else if (name === 'fill' && ret > 0) this.#fill(inode, offset, ret, call.byte)
    else if (name === 'truncate' && ret === 0 && length <= size) this.#zero(before, inode, length, Infinity)
    else if (name === 'punch' && ret === 0) this.#punch(before, inode, size, offset, length)
    else if (name === 'reflink' && call.source !== null) this.#share(after, call.source, inode)
  }

  /** Pages that have the same block in both files now: after an error those of the extents that came before it. */
  #share(after: DaxSnapshot, source: DaxInode, inode: DaxInode): void {
    const from = inodeIn(after, source)
    const to = inodeIn(after, inode)
    if (from === null || to === null || source === inode) return
    const pages = this.#pagesOf(inode)
    const held = new Set([...pages.keys(), ...this.#pagesOf(source).keys()])
    for (const page of held) {
      if (page * PAGE_SIZE >= from.size) continue
      if (to.extents.writtenBlock(page) !== from.extents.writtenBlock(page)) continue
      const bytes = this.filePage(source, page)
      if (bytes === undefined) pages.delete(page)
      else pages.set(page, bytes.slice())
      this.touched.push({ inode, page, mayChange: true })
    }
  }

  #punch(before: DaxSnapshot, inode: DaxInode, size: number, offset: number, length: number): void {
    for (const { from, to } of punchedBytes(before.sb, size, offset, length))
      this.#zero(before, inode, from, to)
  }

  /** `MADV_REMOVE`, area by area until one refuses it. */
  #remove(before: DaxSnapshot, { task, address, length, ret }: DaxCall): void {
    const end = address + Math.ceil(length / PAGE_SIZE) * PAGE_SIZE
    if (address % PAGE_SIZE !== 0) return
    for (const area of spaceOf(before.memory, task.mm)?.areas ?? []) {
      const first = Math.max(area.start, address)
      const last = Math.min(area.end, end)
      if (first >= last) continue
      const shared = VM_SHARED | VM_MAYWRITE
      if ((area.flags & VM_LOCKED) !== 0 || !(area.file instanceof DaxFile)) return
      if ((area.flags & shared) !== shared) return
      const { inode } = area.file
      const size = inodeIn(before, inode)?.size ?? 0
      // What an error number of the last area stands for is not told apart from a hole behind it: both leave it alone.
      if (ret === 0 || last < end || ret === -12)
        this.#punch(before, inode, size, area.pgoff * PAGE_SIZE + (first - area.start), last - first)
    }
  }

  #fill(inode: DaxInode, offset: number, length: number, byte: number): void {
    const pages = this.#pagesOf(inode)
    for (let at = offset; at < offset + length; ) {
      const page = Math.floor(at / PAGE_SIZE)
      const from = at % PAGE_SIZE
      const to = Math.min(PAGE_SIZE, offset + length - page * PAGE_SIZE)
      const bytes = pages.get(page) ?? new Uint8Array(PAGE_SIZE)
      bytes.fill(byte, from, to)
      pages.set(page, bytes)
      this.touched.push({ inode, page, mayChange: true })
      at = page * PAGE_SIZE + to
    }
  }

  /**
   * Bytes `from … to - 1` become zeros; with `to` Infinity, everything from `from` on. A part of a shared block stays as it is:
   * the zeros go to a copy that the file never gets (xfs_zero_range hands dax_zero_range operations without an end; recorded on
   * 6.1.176, mended by 13dd4e04625f).
   */
  #zero(before: DaxSnapshot, inode: DaxInode, from: number, to: number): void {
    const pages = this.#pagesOf(inode)
    for (const [page, bytes] of pages) {
      const start = page * PAGE_SIZE
      if (start + PAGE_SIZE <= from || start >= to) continue
      if (start >= from && start + PAGE_SIZE <= to) pages.delete(page)
      else if (isCopiedOnWrite(before, inode, page)) continue
      else bytes.fill(0, Math.max(0, from - start), Math.min(PAGE_SIZE, to - start))
      this.touched.push({ inode, page, mayChange: true })
    }
  }

  #store(after: DaxSnapshot, { task, address, byte }: DaxCall): void {
    const space = spaceOf(after.memory, task.mm)
    const area = areaAt(space, address)
    if (space === null || area === null) return
    const leaf = space.leaves.find(address)
    const file = area.file instanceof DaxFile ? area.file : null
    const page = pageAt(area, address)
    const pfn = leaf < 0 ? -1 : space.leaves.frameAt(leaf, address)
    if (isCopy(after, pfn)) {
      const frame = this.#frames.get(pfn)
      if (frame !== undefined) frame[address % PAGE_SIZE] = byte
      if (file !== null) this.touched.push({ inode: file.inode, page, mayChange: false })
    } else if (file !== null) {
      const pages = this.#pagesOf(file.inode)
      const bytes = pages.get(page) ?? new Uint8Array(PAGE_SIZE)
      bytes[address % PAGE_SIZE] = byte
      pages.set(page, bytes)
      this.touched.push({ inode: file.inode, page, mayChange: true })
    }
  }

  /** Notes RAM frames that appeared, with what they must have been copied from, and forgets those that went. */
  #takeFrames(before: DaxSnapshot, after: DaxSnapshot, call: DaxCall): void {
    const taken: [number, Uint8Array][] = []
    for (const space of after.memory.spaces) {
      const { leaves } = space
      for (let i = 0; i < leaves.count; i++) {
        const pages = leaves.huge[i] === 1 ? PTRS_PER_PMD_LEAF : 1
        if (!isCopy(after, leaves.pfn[i]!)) continue
        for (let part = 0; part < pages; part++) {
          const pfn = leaves.pfn[i]! + part
          if (this.#frames.has(pfn)) continue
          const address = leaves.address[i]! + part * PAGE_SIZE
          const bytes = this.#sourceOf(before, space, address)?.slice() ?? new Uint8Array(PAGE_SIZE)
          if (storedTo(call, space, address)) bytes[call.address % PAGE_SIZE] = call.byte
          taken.push([pfn, bytes])
          this.fresh.push({ space, address, pfn, bytes })
        }
      }
    }
    for (const pfn of this.#frames.keys()) if (!isCopy(after, pfn)) this.#frames.delete(pfn)
    for (const [pfn, bytes] of taken) this.#frames.set(pfn, bytes)
  }

  /** What was seen at an address before: a private copy, else the page of the file; `undefined`: zeros. */
  #sourceOf(before: DaxSnapshot, space: MmSnapshot, address: number): Uint8Array | undefined {
    const old = spaceOf(before.memory, space.mm)
    const was = old?.leaves.find(address) ?? -1
    if (old !== null && was >= 0) {
      const copy = this.#frames.get(old.leaves.frameAt(was, address))
      if (copy !== undefined) return copy
    }
    const area = areaAt(space, address)
    if (area === null || !(area.file instanceof DaxFile)) return undefined
    return this.filePage(area.file.inode, pageAt(area, address))
  }

  #pagesOf(inode: DaxInode): Map<number, Uint8Array> {
    const known = this.#files.get(inode)
    if (known !== undefined) return known
    const pages = new Map<number, Uint8Array>()
    this.#files.set(inode, pages)
    return pages
  }
}

/** Whether the call stored a byte to the page at `address`. */
function storedTo({ name, task, address: to, signal }: DaxCall, space: MmSnapshot, address: number): boolean {
  return (
    name === 'store' && signal === null && task.mm === space.mm && to >= address && to < address + PAGE_SIZE
  )
}

/** Whether the frame is a private page: RAM that entries map, and not a file's. */
export function isCopy({ memory }: DaxSnapshot, pfn: number): boolean {
  return memory.frames.get(pfn)?.ofFile === false
}

/** The bytes of a frame as they are. */
export function readFrame({ sb }: DaxSnapshot, pfn: number): Uint8Array {
  const bytes = new Uint8Array(PAGE_SIZE)
  for (let i = 0; i < PAGE_SIZE; i++) bytes[i] = sb.machine.memory.readByte(pfn, i)
  return bytes
}
