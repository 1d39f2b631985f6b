/**
 * The areas of one address space, sorted by address: what the kernel keeps in a maple tree. Sorted arrays with a
 * binary search and a remembered last hit: at 65,530 areas a look-up is 16 probes of one typed array.
 * @module
 */

import { MachineError } from './errors.ts'
import type { Vma } from './vma.ts'

export class VmaSet {
  readonly #areas: Vma[] = []
  /** `vmEnd` of each area, so that a search touches no object. Kept by {@link refresh} when an area changes. */
  #ends: Float64Array = new Float64Array(16)
  #last = 0

  get size(): number {
    return this.#areas.length
  }

  at(index: number): Vma | null {
    return this.#areas[index] ?? null
  }

  [Symbol.iterator](): IterableIterator<Vma> {
    return this.#areas[Symbol.iterator]()
  }

  /** Index of the first area that ends above `address`, or `size` (mm/mmap.c: find_vma, 6.1). */
  indexOf(address: number): number {
    const ends = this.#ends
    const last = this.#last
    if (last < this.#areas.length && address < ends[last]! && (last === 0 || address >= ends[last - 1]!))
      return last
    let lo = 0
    let hi = this.#areas.length
    while (lo < hi) {
      const mid = (lo + hi) >>> 1
      if (ends[mid]! > address) hi = mid
      else lo = mid + 1
    }
    this.#last = lo
    return lo
  }

  /** First area that ends above `address` (mm/mmap.c: find_vma, 6.1). */
  findVma(address: number): Vma | null {
    return this.#areas[this.indexOf(address)] ?? null
  }

  /** First area that overlaps `[start, end)` (include/linux/mm.h: find_vma_intersection, 6.1). */
  findIntersection(start: number, end: number): Vma | null {
    const vma = this.findVma(start)
    return vma !== null && vma.vmStart < end ? vma : null
  }

  /** The area before the first that ends above `address`. */
  findPrev(address: number): Vma | null {
    return this.#areas[this.indexOf(address) - 1] ?? null
  }

  /** @throws MachineError INVARIANT when it would overlap a neighbour (I4). */
  insert(vma: Vma): void {
    const index = this.indexOf(vma.vmStart)
    const next = this.#areas[index]
    if (next !== undefined && next.vmStart < vma.vmEnd) {
      throw new MachineError('INVARIANT', {
        found: `area 0x${vma.vmStart.toString(16)}-0x${vma.vmEnd.toString(16)} over 0x${next.vmStart.toString(16)}`,
        expected: 'that areas of one address space are disjoint (I4)',
        remedy: 'unmap the range first',
      })
    }
    if (this.#areas.length === this.#ends.length) {
      const ends = new Float64Array(this.#ends.length * 2)
      ends.set(this.#ends)
      this.#ends = ends
    }
    this.#areas.splice(index, 0, vma)
    vma.detached = false
    this.#ends.copyWithin(index + 1, index, this.#areas.length - 1)
    this.#ends[index] = vma.vmEnd
  }

  remove(vma: Vma): void {
    const index = this.#areas.indexOf(vma, Math.max(0, this.indexOf(vma.vmStart)))
    this.#areas.splice(index, 1)
    vma.detached = true
    this.#ends.copyWithin(index, index + 1, this.#areas.length + 1)
  }

  /**
   * Moves the limits of an area that is in the set. The caller keeps the set disjoint: limits may meet a neighbour's,
   * never pass them, and no area changes its place in the order.
   */
  setLimits(vma: Vma, start: number, end: number): void {
    const index = this.#areas.indexOf(vma, Math.max(0, this.indexOf(vma.vmStart) - 1))
    vma.vmStart = start
    vma.vmEnd = end
    this.#ends[index] = end
  }
}
