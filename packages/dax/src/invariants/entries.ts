/**
 * The mapping entries of one inode, copied out of its array with the array's own structure checked on the way.
 * @module
 */

import { PG_PMD_NR } from '../entry.ts'
import type { DecodedEntry, EntryFormat } from '../entry-format.ts'
import {
  EMPTY,
  NODE,
  PAGECACHE_TAG_DIRTY,
  PAGECACHE_TAG_TOWRITE,
  SIBLING,
  VALUE,
  type XArray,
} from '../xarray.ts'

const CHUNK_SIZE = 64
const MARKS: readonly number[] = [PAGECACHE_TAG_DIRTY, PAGECACHE_TAG_TOWRITE]
const MARK_NAMES: readonly string[] = ['DIRTY', 'TOWRITE']

/** One entry as it was. */
export interface EntrySnapshot extends DecodedEntry {
  /** First page. */
  readonly start: number
  readonly dirty: boolean
  readonly toWrite: boolean
}

/** Something about the array itself that is wrong, and the invariant that it breaks. */
export interface ArrayProblem {
  readonly invariant: 'I18' | 'I22'
  readonly page: number
  readonly found: string
  readonly expected: string
}

/** All entries of an inode in the order of their pages. */
export class EntryTable {
  readonly all: readonly EntrySnapshot[]
  readonly problems: readonly ArrayProblem[]

  constructor(all: readonly EntrySnapshot[], problems: readonly ArrayProblem[]) {
    this.all = all
    this.problems = problems
  }

  static of(xa: XArray, format: EntryFormat): EntryTable {
    const reader = new ArrayReader(xa, format)
    reader.readHead()
    return new EntryTable(reader.entries, reader.problems)
  }

  /** The entry that covers the page, or null; where one of 2 MiB lies over smaller ones (4.5), the smallest. */
  find(page: number): EntrySnapshot | null {
    const entry = this.#last(page)
    if (entry !== null && page < entry.start + entry.pages) return entry
    const huge = this.#last(page - (page % PG_PMD_NR))
    return huge !== null && page < huge.start + huge.pages ? huge : null
  }

  /** The last entry that begins at or before the page. */
  #last(page: number): EntrySnapshot | null {
    const { all } = this
    let low = 0
    let high = all.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (all[middle]!.start <= page) low = middle + 1
      else high = middle
    }
    return all[low - 1] ?? null
  }

  /** Entries that cover any of the pages `first … last`. */
  overlapping(first: number, last: number): EntrySnapshot[] {
    return this.all.filter(({ start, pages }) => start <= last && start + pages > first)
  }

  /** Entries that lie at any of the indices `first … last` of the array. */
  at(first: number, last: number): EntrySnapshot[] {
    return this.all.filter(({ start, slots }) => start <= last && start + slots > first)
  }
}

/** Walks the nodes without the array's own code, so that a defect there shows. */
class ArrayReader {
  readonly entries: EntrySnapshot[] = []
  readonly problems: ArrayProblem[] = []
  readonly #xa: XArray
  readonly #format: EntryFormat

  constructor(xa: XArray, format: EntryFormat) {
    this.#xa = xa
    this.#format = format
  }

  readHead(): void {
    const xa = this.#xa
    if (xa.headKind === NODE) {
      this.#readNode(xa.headData, 0)
      for (const mark of MARKS) {
        if (xa.headMarks[mark] !== xa.anyNodeMark(xa.headData, mark)) this.#markProblem(0, mark, 'the head')
      }
    } else if (xa.headKind === VALUE) {
      this.#add(0, 1, xa.headData, (mark) => xa.headMarks[mark]!)
    } else if (MARKS.some((mark) => xa.headMarks[mark])) {
      this.#markProblem(
        0,
        MARKS.findIndex((mark) => xa.headMarks[mark]),
        'an empty array',
      )
    }
  }

  #readNode(node: number, first: number): void {
    const xa = this.#xa
    const span = 2 ** xa.shift[node]!
    for (let offset = 0; offset < CHUNK_SIZE; offset++) {
      const slot = node * CHUNK_SIZE + offset
      const kind = xa.kind[slot]!
      const page = first + offset * span
      if (kind === NODE) {
        const child = xa.data[slot]!
        this.#readNode(child, page)
        for (const mark of MARKS) {
          if (xa.nodeMark(node, offset, mark) !== xa.anyNodeMark(child, mark)) {
            this.#markProblem(page, mark, 'a node above entries')
          }
        }
      } else if (kind === VALUE) {
        let slots = 1
        while (
          offset + slots < CHUNK_SIZE &&
          xa.kind[slot + slots] === SIBLING &&
          xa.data[slot + slots] === offset
        ) {
          slots++
        }
        this.#add(page, slots * span, xa.data[slot]!, (mark) => xa.nodeMark(node, offset, mark))
        this.#readSiblings(node, offset, slots, page, span)
        offset += slots - 1
      } else {
        if (kind === SIBLING) this.#orderProblem(page, 'part of an entry without its first page')
        this.#readMarks(node, offset, page, kind === EMPTY ? 'a page without entry' : 'part of an entry')
      }
    }
  }

  #readSiblings(node: number, offset: number, slots: number, page: number, span: number): void {
    for (let i = 1; i < slots; i++) this.#readMarks(node, offset + i, page + i * span, 'part of an entry')
  }

  #readMarks(node: number, offset: number, page: number, where: string): void {
    for (const mark of MARKS) if (this.#xa.nodeMark(node, offset, mark)) this.#markProblem(page, mark, where)
  }

  #add(start: number, slots: number, value: number, marked: (mark: number) => boolean): void {
    const entry = this.#format.decode(value)
    if (slots !== entry.slots) {
      const size = entry.pages > 1 ? 'an entry of 2 MiB' : 'an entry of one page'
      this.#orderProblem(start, `${size} over ${slots} pages`)
    }
    const dirty = marked(PAGECACHE_TAG_DIRTY)
    this.entries.push({ ...entry, start, dirty, toWrite: marked(PAGECACHE_TAG_TOWRITE) })
  }

  #orderProblem(page: number, found: string): void {
    this.problems.push({
      invariant: 'I18',
      page,
      found,
      expected: 'entries that cover what they say they cover',
    })
  }

  #markProblem(page: number, mark: number, where: string): void {
    const found = `the ${MARK_NAMES[mark]!} mark of ${where} without that of an entry, or the other way round`
    this.problems.push({
      invariant: 'I22',
      page,
      found,
      expected: 'marks on entries and on the nodes above them',
    })
  }
}
