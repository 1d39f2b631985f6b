/**
 * Pages of a file in RAM: `struct page` of a page cache, as far as faults meet them. Files here are DAX and keep no data
 * in it; before 4.14 a load of a hole left a page of zeros there.
 * @module
 */

import type { AddressSpace } from './file.ts'
import { RwSem } from './locks.ts'

/** One page; it belongs to the file until {@link PageCache.delete} (include/linux/mm_types.h: struct page, 4.5). */
export class CachedPage {
  readonly pfn: number
  /** Page index in the file. */
  readonly index: number
  /** The file, or null once it was taken out (`page->mapping`). */
  mapping: AddressSpace | null
  /** `PG_locked`. */
  readonly lock: RwSem

  constructor(pfn: number, index: number, mapping: AddressSpace, name: string) {
    this.pfn = pfn
    this.index = index
    this.mapping = mapping
    // Who has taken a page out can hold its lock still when the next one comes to its place.
    this.lock = new RwSem(`${name}.PG_locked of page ${index}, number ${mapping.pages.added}`, 5)
  }
}

/** The pages of one file, by index (`mapping->page_tree`, the entries that are pages; 4.5). */
export class PageCache {
  readonly #pages: Map<number, CachedPage> = new Map()
  /** How many have been added so far. */
  added = 0

  /** `mapping->nrpages`. */
  get size(): number {
    return this.#pages.size
  }

  find(index: number): CachedPage | null {
    return this.#pages.get(index) ?? null
  }

  /** In the order in which they came. */
  [Symbol.iterator](): IterableIterator<CachedPage> {
    return this.#pages.values()
  }

  /** The pages of `first … last`, in the order of their indices. */
  between(first: number, last: number): CachedPage[] {
    return [...this.#pages.values()]
      .filter(({ index }) => index >= first && index <= last)
      .sort((a, b) => a.index - b.index)
  }

  add(page: CachedPage): void {
    this.#pages.set(page.index, page)
    this.added++
  }

  /** mm/filemap.c: delete_from_page_cache, 4.5; what it costs in frames is the caller's. */
  delete(page: CachedPage): void {
    this.#pages.delete(page.index)
    page.mapping = null
  }
}
