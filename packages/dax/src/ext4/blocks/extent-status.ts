/** What the status tree knows about a run of blocks (fs/ext4/extents_status.h, 6.1). */
export const ES_WRITTEN: number = 1
export const ES_UNWRITTEN: number = 2
export const ES_HOLE: number = 4

/**
 * The extent-status tree of an inode (fs/ext4/extents_status.c, 6.1): a cache in front of the extent tree.
 *
 * Runs never overlap and two that can be merged always are, so the tree is the same thing as one status per block,
 * read as runs of greatest length. That is what makes it visible: a lookup answers with the rest of its *run*, and
 * punching a block out of a cached hole splits the run. Nothing is ever dropped for want of memory.
 */
export class ExtentStatusTree {
  count: number = 0
  lblk: Uint32Array = new Uint32Array(8)
  len: Uint32Array = new Uint32Array(8)
  pblk: Uint32Array = new Uint32Array(8)
  status: Uint8Array = new Uint8Array(8)
  /** The run found last (`cache_es`): most lookups are for it again. */
  private last: number = 0

  /** The run that covers `lblk`, or -1 (`ext4_es_lookup_extent`). */
  lookup(lblk: number): number {
    const last = this.last
    if (last < this.count && lblk >= this.lblk[last]! && lblk - this.lblk[last]! < this.len[last]!)
      return last
    const i = this.firstEndingAfter(lblk)
    if (i === this.count || this.lblk[i]! > lblk) return -1
    this.last = i
    return i
  }

  /** Replaces what is known about the range and merges with the runs beside it (`ext4_es_insert_extent`). */
  insert(lblk: number, len: number, pblk: number, status: number): void {
    if (len === 0) return
    this.remove(lblk, len)
    this.link(lblk, len, pblk, status)
  }

  /** Notes the range unless something is known about any part of it (`ext4_es_cache_extent`). */
  cache(lblk: number, len: number, pblk: number, status: number): void {
    if (len === 0) return
    const i = this.firstEndingAfter(lblk)
    if (i < this.count && this.lblk[i]! < lblk + len) return
    this.link(lblk, len, pblk, status)
  }

  /** Forgets the range (`ext4_es_remove_extent`). */
  remove(lblk: number, len: number): void {
    if (len === 0) return
    const end = lblk + len
    let i = this.firstEndingAfter(lblk)
    if (i === this.count || this.lblk[i]! >= end) return
    const head = lblk - this.lblk[i]!
    if (head > 0) {
      const runEnd = this.lblk[i]! + this.len[i]!
      this.len[i] = head
      if (runEnd > end) {
        this.open(i + 1)
        this.fill(i + 1, end, runEnd - end, this.pblk[i]! + (end - this.lblk[i]!), this.status[i]!)
        return
      }
      i++
    }
    let stop = i
    while (stop < this.count && this.lblk[stop]! + this.len[stop]! <= end) stop++
    if (stop > i) this.close(i, stop)
    if (i < this.count && this.lblk[i]! < end) {
      const cut = end - this.lblk[i]!
      this.fill(i, end, this.len[i]! - cut, this.pblk[i]! + cut, this.status[i]!)
    }
  }

  /** First run whose end lies behind `lblk`. */
  private firstEndingAfter(lblk: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.lblk[middle]! + this.len[middle]! <= lblk) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Adds a run to a place that is free (`__es_insert_extent`). */
  private link(lblk: number, len: number, pblk: number, status: number): void {
    let i = this.firstEndingAfter(lblk)
    const left = i > 0 && this.canMerge(i - 1, lblk, pblk, status)
    const right =
      i < this.count &&
      this.lblk[i] === lblk + len &&
      this.status[i] === status &&
      (status === ES_HOLE || pblk + len === this.pblk[i])
    if (left && right) {
      this.len[i - 1] = this.len[i - 1]! + len + this.len[i]!
      this.close(i, i + 1)
      i--
    } else if (left) {
      i--
      this.len[i] = this.len[i]! + len
    } else if (right) {
      this.fill(i, lblk, len + this.len[i]!, pblk, status)
    } else {
      this.open(i)
      this.fill(i, lblk, len, pblk, status)
    }
    this.last = i
  }

  /** `ext4_es_can_be_merged`, the run before and what follows it. */
  private canMerge(i: number, lblk: number, pblk: number, status: number): boolean {
    if (this.status[i] !== status || this.lblk[i]! + this.len[i]! !== lblk) return false
    return status === ES_HOLE || this.pblk[i]! + this.len[i]! === pblk
  }

  private fill(i: number, lblk: number, len: number, pblk: number, status: number): void {
    this.lblk[i] = lblk
    this.len[i] = len
    this.pblk[i] = status === ES_HOLE ? 0 : pblk
    this.status[i] = status
  }

  private open(i: number): void {
    const n = this.count
    if (n === this.lblk.length) this.grow()
    this.lblk.copyWithin(i + 1, i, n)
    this.len.copyWithin(i + 1, i, n)
    this.pblk.copyWithin(i + 1, i, n)
    this.status.copyWithin(i + 1, i, n)
    this.count = n + 1
  }

  private close(from: number, to: number): void {
    const n = this.count
    this.lblk.copyWithin(from, to, n)
    this.len.copyWithin(from, to, n)
    this.pblk.copyWithin(from, to, n)
    this.status.copyWithin(from, to, n)
    this.count = n - (to - from)
  }

  private grow(): void {
    const size = this.lblk.length * 2
    const { lblk, len, pblk, status } = this
    this.lblk = new Uint32Array(size)
    this.len = new Uint32Array(size)
    this.pblk = new Uint32Array(size)
    this.status = new Uint8Array(size)
    this.lblk.set(lblk)
    this.len.set(len)
    this.pblk.set(pblk)
    this.status.set(status)
  }
}
