import { MADV_DONTNEED, MADV_POPULATE_READ, MADV_POPULATE_WRITE, MS_SYNC } from '@mm-model/core'
import type { DaxFile } from '@mm-model/dax'
import { describe, expect, it } from 'vitest'
import { type Calls, forms } from './forms.ts'
import { createWorld, entry, type Kind, leaf, map, outcome, PAGE, slot, type World } from './world.ts'

/*
 * One line: how it is mapped, what the file is; what is done → leaf | entry of the page that was touched last.
 *
 * A file is of 16 pages, `big` of 4 MiB; it is a hole, unwritten or written from end to end. Mapping `m` begins at its
 * first page, mapping `n` at the second, so that it never lies as 2 MiB pages do. Entries: `block`, `zero`, `empty`, `2M`
 * for one of 2 MiB, tags D(irty) and T(owrite). Linux 6.1 tags on loads too. Leaves are those of the recordings.
 */
const LINES = `
  # kernel-facts J.3, S1 to S8: shared
  shared written; store 0 → 8400000000000a67 pmem | block D
  shared written; load 0 → 8400000000000225 pmem | block D
  shared written; load 0; store 0 → 8400000000000a67 pmem | block D
  shared hole; load 0 → 8000000000000225 zero | zero D
  shared hole; load 0; store 0 → 8400000000000a67 pmem | block D
  shared hole; store 0 → 8400000000000a67 pmem | block D
  shared unwritten; load 0 → 8000000000000225 zero | zero D
  shared unwritten; store 0 → 8400000000000a67 pmem | block D
  shared written; store 0; fsync → 8400000000000a25 pmem | block
  shared written; store 0; msync 0 1 → 8400000000000a25 pmem | block
  shared written; store 0; msync 1 1 → 8400000000000a67 pmem | block D
  shared written; store 0; fsync; store 0 → 8400000000000a67 pmem | block D
  shared written; load 0; fsync; store 0 → 8400000000000a67 pmem | block D
  shared hole; load 0; fsync → 8000000000000225 zero | zero

  # S9 to S11, S25: private
  private written; store 0 → 8000000000000867 ram | empty
  private written; load 0; store 0 → 8000000000000867 ram | block D
  private hole; load 0; store 0 → 8000000000000867 ram | zero D
  private written; store 0; fsync → 8000000000000867 ram | empty
  private big written; load 0 → pmd 84000000000000a5 pmem | block 2M D
  private big written; load 0; store 0 → 8000000000000867 ram | block 2M D
  private big written; load 0; store 0; load 1 → 8400000000000225 pmem | block 2M D

  # S14 to S16: rights and zapping
  shared written; store 0; protect r → 8400000000000a65 pmem | block D
  shared written; store 0; protect r; protect rw → 8400000000000a67 pmem | block D
  shared written; load 0; protect r; protect rw → 8400000000000225 pmem | block D
  shared written; store 0; dontneed 0 1 → none | block D
  shared written; store 0; dontneed 0 1; load 0 → 8400000000000225 pmem | block D

  # S19, S20: synchronous
  sync hole; store 0 → 8400000000000a67 pmem | block D
  sync written; fsync; store 0 → 8400000000000a67 pmem | block D
  sync unwritten; load 0; store 0 → 8400000000000a67 pmem | block D

  # S21 to S24: 2 MiB at once
  shared big written; store 0 → pmd 84000000000008e7 pmem | block 2M D
  shared big written; store 700 → pmd 84000000000008e7 pmem | block 2M D
  shared big written; load 0 → pmd 84000000000000a5 pmem | block 2M D
  shared big written; load 0; store 511 → pmd 84000000000008e7 pmem | block 2M D
  shared big written; store 0; fsync → pmd 84000000000008a5 pmem | block 2M
  shared big written; store 0; fsync; store 0 → pmd 84000000000008e7 pmem | block 2M D
  shared big hole; load 0 → pmd 80000000000000a5 huge zero | zero 2M D
  shared big hole; load 0; store 0 → pmd 84000000000008e7 pmem | block 2M D
  shared big hole; store 0 → pmd 84000000000008e7 pmem | block 2M D
  shared big unwritten; load 0 → pmd 80000000000000a5 huge zero | zero 2M D
  sync big hole; store 0 → pmd 84000000000008e7 pmem | block 2M D

  # a smaller entry is in the way of a 2 MiB one; a 2 MiB one without a block is broken up for a page
  shared big written; load n 0; store 0 → 8400000000000a67 pmem | block D
  shared big hole; load 0; load n 0 → 8000000000000225 zero | zero D
  shared big hole; load 0; load n 0; touch 0 → none | none
  shared big hole; load 0; store n 0; touch 0 → none | none
  shared big hole; load 0; store n 0; touch 1 → none | block D
  shared big written; store 0; load n 0 → 8400000000000225 pmem | block 2M D
  shared big written; store 0; load n 0; touch 0 → pmd 84000000000008e7 pmem | block 2M D
  # the attempt at 2 MiB leaves an empty entry, which the page that then comes replaces
  shared big written; punch 5 1; store 0 → 8400000000000a67 pmem | block D
  shared big written; punch 5 1; store 0; touch 1 → none | none
  shared big hole; fill 0 1; load 0; load 1 → 8000000000000225 zero | zero D

  # S26: blocks that go take their mappings with them
  shared written; store 0; punch 0 1 → none | none
  shared written; store 0; punch 5 1 → none | block D
  shared written; store 0; truncate 65536 → none | block D
  shared written; store 0; truncate 0 → none | none
  shared big written; store 0; punch 0 1 → none | none
  shared big written; store 0; truncate 2097153 → none | block 2M D
  private written; store 0; punch 0 1 → 8000000000000867 ram | none
  private written; store 0; truncate 0 → none | none

  # S27: a write that allocates unmaps the zero page; what 6.1 tagged on a load stays
  shared hole; load 0; fill 0 1 → none | zero D
  shared hole; load 0; fill 0 1; load 0 → 8400000000000225 pmem | block D
  shared hole; load 0; fsync; fill 0 1 → none | none
  shared written; store 0; fill 0 1 → 8400000000000a67 pmem | block D
  shared hole; load 0; alloc 0 1 → 8000000000000225 zero | zero D

  # S28: what the kernel faults in by itself
  shared written; populate read 0 → 8400000000000225 pmem | block D
  shared written; populate write 0 → 8400000000000a67 pmem | block D
  private written; populate write 0 → 8000000000000867 ram | empty
  shared written; lock 0 1 → 8400000000000225 pmem | block D
`

const lines = LINES.split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '' && !line.startsWith('#'))

class Stage {
  readonly #k: Calls
  readonly #file: DaxFile
  readonly world: World
  /** Page touched last, and the mapping it was touched through. */
  #page = 0
  #mapping = 0

  constructor(k: Calls, setting: string) {
    this.#k = k
    this.world = createWorld()
    const [kind, ...words] = setting.split(' ')
    const { task } = this.world
    this.#file = k.openCreate(task, this.world.sb, 'a')
    const pages = words.includes('big') ? 1024 : 16
    k.ftruncate(task, this.#file, pages * PAGE)
    if (words.includes('written')) k.pwriteFill(task, this.#file, 0, pages * PAGE, 0x78)
    if (words.includes('unwritten')) k.fallocate(task, this.#file, 0, pages * PAGE)
    map(k, task, this.#file, { pages, kind: kind as Kind })
    map(k, task, this.#file, { n: 1, pages: pages - 1, pgoff: 1, kind: kind as Kind })
  }

  call(text: string): void {
    const [op, ...words] = text.split(' ')
    if (words[0] === 'n' || op === 'load' || op === 'store' || op === 'touch') {
      this.#mapping = words[0] === 'n' ? 1 : 0
      this.#page = Number(words.at(-1))
      if (op !== 'touch') this.#access(op!)
      return
    }
    expect(this.#call(op!, words), text).toBeGreaterThanOrEqual(0)
  }

  #access(op: string): void {
    const { task } = this.world
    if (op === 'load') this.#k.load(task, this.#address())
    else this.#k.store(task, this.#address(), 1)
    expect(outcome(task)).toBe('ok')
  }

  #call(op: string, words: string[]): number {
    const k = this.#k
    const { task } = this.world
    const [offset, length] = words.map((word) => Number(word) * PAGE)
    switch (op) {
      case 'fill':
        return k.pwriteFill(task, this.#file, offset!, length!, 0x79)
      case 'alloc':
        return k.fallocate(task, this.#file, offset!, length!)
      case 'punch':
        return k.punchHole(task, this.#file, offset!, length!)
      case 'truncate':
        return k.ftruncate(task, this.#file, Number(words[0]))
      case 'fsync':
        return k.fsync(task, this.#file)
      case 'msync':
        return k.msync(task, slot(0) + offset!, length!, MS_SYNC)
      case 'protect':
        return k.mprotect(task, slot(0), 16 * PAGE, words[0] === 'r' ? 1 : 3)
      case 'dontneed':
        return k.madvise(task, slot(0) + offset!, length!, MADV_DONTNEED)
      case 'populate':
        return k.madvise(task, slot(0), PAGE, words[0] === 'read' ? MADV_POPULATE_READ : MADV_POPULATE_WRITE)
      case 'lock':
        return k.mlock(task, slot(0) + offset!, length!)
      default:
        throw new Error(`no such call: ${op}`)
    }
  }

  #address(): number {
    return slot(this.#mapping) + this.#page * PAGE
  }

  state(): string {
    return `${leaf(this.world.task, this.#address())} | ${entry(this.#file, this.#page + this.#mapping)}`
  }
}

describe.each(forms)('in the %s form', (_form, k) => {
  it.each(lines)('%s', (line) => {
    const [, setting, calls, expected] = /^(.*?); (.*) → (.*)$/.exec(line)!
    const stage = new Stage(k, setting!)
    for (const call of calls!.split('; ')) stage.call(call)
    expect(stage.state()).toBe(expected)
  })
})
