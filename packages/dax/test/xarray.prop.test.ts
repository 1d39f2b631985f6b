import { PAGECACHE_TAG_DIRTY, PAGECACHE_TAG_TOWRITE, XArray, XaState } from '@mm-model/dax'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const MARKS = [PAGECACHE_TAG_DIRTY, PAGECACHE_TAG_TOWRITE]

interface Entry {
  readonly start: number
  readonly order: number
  value: number
  readonly marks: Set<number>
}

/** The naive twin: a list of entries. */
class NaiveArray {
  readonly entries: Entry[] = []

  covering(index: number): Entry | undefined {
    return this.entries.find(({ start, order }) => index >= start && index < start + 2 ** order)
  }

  within(first: number, last: number, mark?: number): Entry[] {
    return this.entries
      .filter(({ start, order }) => start <= last && start + 2 ** order > first)
      .filter(({ marks }) => mark === undefined || marks.has(mark))
      .toSorted((a, b) => a.start - b.start)
  }

  remove(entry: Entry): void {
    this.entries.splice(this.entries.indexOf(entry), 1)
  }

  /** Highest index of the smallest tree of 64-slot nodes that holds it all. */
  maxIndex(): number {
    const last = Math.max(0, ...this.entries.map(({ start, order }) => start + 2 ** order - 1))
    if (last === 0) return 0
    let max = 63
    while (max < last) max = max * 64 + 63
    return max
  }
}

// Few, so that calls meet: around the borders of nodes, at every height, up to the longest file.
const index = fc.constantFrom(
  ...[0, 1, 5, 62, 63, 64, 66],
  ...[511, 512, 515, 575, 576, 1023, 1024],
  ...[4095, 4096, 4607, 4608, 32768, 262143, 262144],
  ...[2 ** 24, 2 ** 32 - 1],
)
const value = fc.integer({ min: 1, max: 2 ** 44 })
const mark = fc.constantFrom(...MARKS)

const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('put' as const),
      index,
      order: fc.constantFrom(0, 0, 0, 9),
      value,
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('erase' as const), index }) },
  { weight: 8, arbitrary: fc.record({ op: fc.constant('setMark' as const), index, mark }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('clearMark' as const), index, mark }) },
  // What writeback does to a range: one mark to the other, then entry by entry.
  { weight: 1, arbitrary: fc.record({ op: fc.constant('retag' as const), index, last: index }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('writeBack' as const), index, last: index }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('eraseRange' as const), index, last: index }) },
)

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never

function run(xa: XArray, naive: NaiveArray, command: Command): void {
  const xas = new XaState(xa)
  const c = 'last' in command ? { ...command, last: Math.max(command.index, command.last) } : command
  switch (c.op) {
    case 'put':
      put(xas, naive, c.index, c.order, c.value)
      return
    case 'erase': {
      const entry = naive.covering(c.index)
      expect(xas.set(c.index, 0).load()).toBe(entry?.value ?? 0)
      xas.store(0)
      if (entry !== undefined) naive.remove(entry)
      return
    }
    case 'setMark':
    case 'clearMark': {
      const entry = naive.covering(c.index)
      expect(xas.set(c.index, 0).load()).toBe(entry?.value ?? 0)
      if (entry === undefined) return
      expect(xas.getMark(c.mark)).toBe(entry.marks.has(c.mark))
      xas[c.op](c.mark)
      entry.marks[c.op === 'setMark' ? 'add' : 'delete'](c.mark)
      return
    }
    case 'retag':
      xas.set(c.index, 0)
      while (xas.findMarked(c.last, PAGECACHE_TAG_DIRTY) !== 0) xas.setMark(PAGECACHE_TAG_TOWRITE)
      for (const { marks } of naive.within(c.index, c.last, PAGECACHE_TAG_DIRTY))
        marks.add(PAGECACHE_TAG_TOWRITE)
      return
    case 'writeBack': {
      const todo = naive.within(c.index, c.last, PAGECACHE_TAG_TOWRITE)
      xas.set(c.index, 0)
      for (const entry of todo) {
        expect(xas.findMarked(c.last, PAGECACHE_TAG_TOWRITE)).toBe(entry.value)
        xas.store(entry.value + 1)
        xas.clearMark(PAGECACHE_TAG_TOWRITE)
        xas.reset()
        xas.store(entry.value)
        xas.clearMark(PAGECACHE_TAG_DIRTY)
        entry.marks.clear()
      }
      expect(xas.findMarked(c.last, PAGECACHE_TAG_TOWRITE)).toBe(0)
      return
    }
    case 'eraseRange':
      for (const entry of naive.within(c.index, c.last)) {
        expect(xas.set(Math.max(c.index, entry.start), 0).find(c.last)).toBe(entry.value)
        expect(xas.entryStart).toBe(entry.start)
        xas.store(0)
        naive.remove(entry)
      }
      expect(xas.set(c.index, 0).find(c.last)).toBe(0)
  }
}

/** As a fault takes an entry: an entry that covers the index is replaced, a smaller one is a conflict. */
function put(xas: XaState, naive: NaiveArray, at: number, order: number, value: number): void {
  const start = at - (at % 2 ** order)
  const covering = naive.covering(at)
  const inside = naive.within(start, start + 2 ** order - 1)[0]
  const known = covering !== undefined && covering.order >= order ? covering : inside
  expect(xas.set(at, order).findConflict()).toBe(known?.value ?? 0)
  if (known !== undefined && known.order < order) return
  xas.store(value)
  if (known === undefined) naive.entries.push({ start, order, value, marks: new Set() })
  else known.value = value
}

function agree(xa: XArray, naive: NaiveArray): void {
  const xas = new XaState(xa)
  expect(xa.isEmpty).toBe(naive.entries.length === 0)
  expect(xa.maxIndex()).toBe(naive.maxIndex())
  for (const m of MARKS) {
    expect(xa.marked(m)).toBe(naive.entries.some(({ marks }) => marks.has(m)))
    // All that carry the mark, in order, each once.
    const found: number[] = []
    xas.set(0, 0)
    for (let v = xas.findMarked(2 ** 40, m); v !== 0; v = xas.findMarked(2 ** 40, m)) {
      found.push(xas.index)
      expect(xas.getMark(m)).toBe(true)
    }
    expect(found).toEqual(naive.within(0, 2 ** 40, m).map(({ start }) => start))
  }
  for (const { start, order, value, marks } of naive.entries) {
    for (const i of new Set([start, start + 2 ** order - 1, start + Math.floor(2 ** order / 3)])) {
      expect(xas.set(i, 0).load()).toBe(value)
      for (const m of MARKS) expect(xas.getMark(m)).toBe(marks.has(m))
    }
    for (const i of [start - 1, start + 2 ** order]) {
      if (i >= 0) expect(xas.set(i, 0).load()).toBe(naive.covering(i)?.value ?? 0)
    }
  }
}

describe('XArray', () => {
  it('is a list of entries, in a tree as small as it can be', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 50 }), (commands) => {
        const xa = new XArray()
        const naive = new NaiveArray()
        for (const c of commands) {
          run(xa, naive, c)
          agree(xa, naive)
        }
        // Nothing is left when everything is erased, and the nodes can be used again.
        run(xa, naive, { op: 'eraseRange', index: 0, last: 2 ** 40 })
        expect([xa.isEmpty, xa.maxIndex(), naive.entries]).toEqual([true, 0, []])
      }),
    )
  })

  it('keeps one entry, at index 0, without a node', () => {
    const xa = new XArray()
    const xas = new XaState(xa).set(0, 0)
    xas.findConflict()
    xas.store(5)
    xas.setMark(PAGECACHE_TAG_DIRTY)
    expect([xa.headKind, xa.maxIndex(), xa.marked(PAGECACHE_TAG_DIRTY)]).toEqual([1, 0, true])
    // Higher entries push it down, marks and all; when they go it comes back up.
    const other = new XaState(xa).set(9, 0)
    other.findConflict()
    other.store(6)
    expect([xa.maxIndex(), xas.set(0, 0).load(), xas.getMark(PAGECACHE_TAG_DIRTY)]).toEqual([63, 5, true])
    other.set(9, 0).load()
    other.store(0)
    expect([xa.maxIndex(), xas.set(0, 0).load(), xas.getMark(PAGECACHE_TAG_DIRTY)]).toEqual([0, 5, true])
    expect(xa.marked(PAGECACHE_TAG_DIRTY)).toBe(true)
  })

  it('gives up a scan where Linux gives it up', () => {
    // What dax_writeback_range_done prints: the index behind the last slot that was looked at (recorded, xas_find_marked).
    const gaveUp = (entries: [number, number][], last: number): number => {
      const xa = new XArray()
      for (const [i, order] of entries) {
        const xas = new XaState(xa).set(i, order)
        xas.findConflict()
        xas.store(1)
        xas.setMark(PAGECACHE_TAG_TOWRITE)
      }
      const xas = new XaState(xa).set(0, 0)
      while (xas.findMarked(last, PAGECACHE_TAG_TOWRITE) !== 0);
      return xas.index
    }
    expect(gaveUp([], 100)).toBe(0)
    expect(gaveUp([[0, 0]], 100)).toBe(1)
    expect(gaveUp([[5, 0]], 100)).toBe(64)
    expect(gaveUp([[5, 0]], 7)).toBe(64)
    expect(gaveUp([[0, 9]], 10_000)).toBe(4096)
    expect(gaveUp([[512, 9]], 1023)).toBe(4096)
  })

  it('grows without losing what it holds', () => {
    const xa = new XArray()
    for (let i = 0; i < 20_000; i += 7) {
      const xas = new XaState(xa).set(i, 0)
      xas.findConflict()
      xas.store(i + 1)
    }
    const xas = new XaState(xa)
    let wrong = 0
    for (let i = 0; i < 20_000; i++) if (xas.set(i, 0).load() !== (i % 7 === 0 ? i + 1 : 0)) wrong++
    expect(wrong).toBe(0)
  })
})
