/**
 * What the generator knows of the scenario so far: enough to aim operations at things that exist, and to leave out those
 * that would wait for ever. What an operation answered is not known: an mmap may have failed.
 * @module
 */

import { Random } from './generate-random.ts'
import type { MapKind } from './syntax.ts'

const PAGE = 4096
const MIB = 1 << 20

/** A kind of scenario: how large its files are, and what happens often. */
export interface Theme {
  readonly name: string
  /** Sizes of files and mappings in pages. */
  readonly pages: readonly number[]
  /** Percent of numbers that are not multiples of a page. */
  readonly unaligned: number
  /** Percent of operations aimed at what does not exist or does not fit. */
  readonly wrong: number
  /** How much more often than usual some operations are. */
  readonly favours: Readonly<Record<string, number>>
}

const THEMES: readonly (readonly [weight: number, theme: Theme])[] = [
  [6, { name: 'small', pages: [1, 2, 4, 8, 16], unaligned: 4, wrong: 2, favours: {} }],
  [
    3,
    {
      name: 'areas',
      pages: [4, 8, 16],
      unaligned: 2,
      wrong: 3,
      favours: { munmap: 4, mprotect: 4, mremap: 5, madvise: 4, mlock: 3, mmap: 2 },
    },
  ],
  [3, { name: 'fork', pages: [1, 2, 4], unaligned: 2, wrong: 1, favours: { fork: 8, store: 2 } }],
  [
    3,
    {
      name: 'file',
      pages: [2, 4, 8, 40],
      unaligned: 25,
      wrong: 3,
      favours: { truncate: 4, punch: 4, fill: 4, falloc: 4 },
    },
  ],
  [2, { name: 'freeze', pages: [1, 2, 4, 8], unaligned: 4, wrong: 1, favours: { freeze: 12, fsync: 3 } }],
  [
    4,
    {
      name: 'pmd',
      pages: [512, 512, 1024, 1024, 2048, 513, 700],
      unaligned: 2,
      wrong: 1,
      favours: { fsync: 2, falloc: 3, punch: 2 },
    },
  ],
  [2, { name: 'wrong', pages: [1, 4, 8], unaligned: 30, wrong: 25, favours: { reopen: 6, mmap: 3 } }],
]

/** A name of a mapping, and what it may mean. */
export interface KnownMapping {
  /** Null when it may mean more than one file, or none. */
  file: string | null
  /** Bytes, of the last operation that gave it a length. */
  length: number
  /** Whether any mmap of that name was of this kind. */
  readonly kinds: Set<MapKind | 'anon'>
  /** Whether it may have moved or changed its length. */
  resized: boolean
}

/** What one process can name. */
export interface KnownProcess {
  /** Sizes in bytes. */
  readonly files: Map<string, number>
  readonly mappings: Map<string, KnownMapping>
}

export class World {
  readonly random: Random
  readonly theme: Theme
  /** Whether stores to private mappings wait for a frozen file system too. */
  readonly privateStoresWait: boolean
  readonly first: KnownProcess = { files: new Map(), mappings: new Map() }
  readonly children: Map<string, KnownProcess> = new Map()
  /**
   * Files that may share blocks. write(2) to them leaves entries of the old block behind on 6.1, and a store there never ends
   * (`History.heldNoMore` of `@mm-model/dax`).
   */
  readonly shared: Set<string> = new Set()
  /** Whether the file system is frozen: then nothing may write to it. */
  frozen = false
  /** Pages that accesses and ranges come back to, so that operations meet. */
  readonly hot: readonly number[]

  constructor(seed: number, privateStoresWait: boolean) {
    this.random = new Random(seed)
    this.privateStoresWait = privateStoresWait
    this.theme = this.random.weighted(THEMES)
    const largest = Math.max(...this.theme.pages)
    const borders = [0, 1, 511, 512, 513, 1023].filter((page) => page < largest)
    this.hot = [this.random.pick(borders), ...Array.from({ length: 3 }, () => this.random.below(largest))]
  }

  processOf(child: string | null): KnownProcess {
    return (child === null ? undefined : this.children.get(child)) ?? this.first
  }

  /** A size for a file or a mapping, in bytes. */
  size(): number {
    const { random, theme } = this
    const bytes = random.pick(theme.pages) * PAGE
    return random.chance(theme.unaligned) ? Math.max(1, bytes - random.below(PAGE)) : bytes
  }

  /** An offset in `length` bytes: a page, most often a hot one; sometimes in the middle of one or behind the end. */
  offset(length: number): number {
    const { random, theme } = this
    const pages = Math.max(1, Math.ceil(length / PAGE))
    if (random.chance(theme.wrong)) return this.odd(length)
    const hot = random.pick(this.hot)
    const page = random.chance(60) && hot < pages ? hot : random.below(pages)
    return page * PAGE + (random.chance(theme.unaligned) ? random.below(PAGE) : 0)
  }

  /** Offset and length of a part of `length` bytes. */
  range(length: number): { offset: number; length: number } {
    const { random, theme } = this
    const offset = this.offset(length)
    const rest = Math.max(1, Math.ceil((length - offset) / PAGE))
    const pages = random.chance(50) ? random.between(1, Math.min(4, rest)) : random.between(1, rest)
    let bytes = pages * PAGE
    if (random.chance(10)) bytes = Math.max(PAGE, length - offset)
    if (random.chance(theme.unaligned)) bytes = Math.max(1, bytes - random.below(PAGE))
    if (random.chance(theme.wrong)) bytes = random.pick([0, bytes + PAGE, bytes * 2, 4 * MIB])
    if (theme.name === 'pmd' && random.chance(25))
      return { offset: Math.floor(offset / (2 * MIB)) * 2 * MIB, length: 2 * MIB }
    return { offset, length: bytes }
  }

  /** A number that fits nothing in particular. */
  odd(length: number): number {
    const { random } = this
    return random.pick([
      length,
      length + PAGE,
      length + 100,
      1,
      0x800,
      64 * MIB,
      2 ** 44,
      2 ** 52,
      2 ** 53 - 2 ** 30,
    ])
  }
}
