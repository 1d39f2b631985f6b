/** Differences of file calls, writeback and freezing, and of two tasks at once. */

import { runSteps, type Task } from '@mm-model/core'
import { expect } from 'vitest'
import {
  both,
  type Difference,
  entries,
  entryOf,
  events,
  KERNELS,
  type Kernel,
  last,
  map,
  plain,
  result,
  slot,
  steps,
  traps,
  world,
} from './both.ts'

const STORED = [
  'create a 65536',
  'fill a 0 16384 7',
  'mmap m a 0 65536 rw shared',
  'store m 0 1',
  'store m 8192 1',
]

/** Runs a call step by step and asks after each step. */
function watch<T>(call: Generator<number, T, void>, ask: () => void): T {
  for (;;) {
    const { done, value } = call.next()
    ask()
    if (done === true) return value
  }
}

export const fileDifferences: readonly Difference[] = [
  {
    name: 'dirty-for-good',
    shows() {
      const store = both(...STORED, 'fsync a', 'store m 0 2')
      expect(traps(store['6.1'])).toEqual(['0x7'])
      expect(traps(store['4.5'])).toEqual([])
      for (const kernel of KERNELS) {
        const w = world(kernel)
        map(w)
        plain.store(w.task, slot(0), 1)
        plain.fsync(w.task, w.file)
        expect(entryOf(w, 0)).toMatch(kernel === '4.5' ? / D$/ : /^frame 0x[\da-f]+$/)
      }
    },
  },
  {
    name: 'times-stand-still-after-fsync',
    shows() {
      const store = both(...STORED, 'fsync a', 'store m 0 2')
      expect(store['6.1'].files).toMatchObject([{ mtime: true }])
      expect(store['4.5'].files).toEqual([])
    },
  },
  {
    name: 'freeze-protects-nothing',
    shows() {
      expect(() => last('6.1', [...STORED, 'freeze', 'store m 0 2'])).toThrow(/would block for ever/)
      expect(result(last('4.5', [...STORED, 'freeze', 'store m 0 2']))).toBe('0')
    },
  },
  {
    name: 'punch-unmaps-its-range',
    shows() {
      const punch = both(...STORED, 'punch a 0 4096')
      expect(entries(punch['6.1'])).toEqual([])
      expect(entries(punch['4.5'])).toEqual(['m+0x2000 0x8400000000000a67 pmem#1'])
    },
  },
  {
    name: 'truncate-unmaps-what-it-cuts',
    shows() {
      for (const size of [131072, 65536, 12288]) {
        const truncate = both(...STORED, `truncate a ${size}`)
        expect(entries(truncate['6.1'])).toEqual([])
        expect(entries(truncate['4.5'])).toHaveLength(2)
      }
    },
  },
  {
    name: 'size-before-lock',
    shows() {
      for (const kernel of KERNELS) {
        const w = world(kernel)
        const { inode, mapping } = w.file
        let locked: boolean | null = null
        watch(steps.ftruncate(w.task, w.file, 4096), () => {
          if (locked === null && inode.size === 4096) locked = mapping.invalidateLock.writer !== null
        })
        expect(locked).toBe(kernel === '6.1')
      }
    },
  },
  {
    name: 'unmaps-exclusively',
    shows() {
      for (const kernel of KERNELS) {
        const w = world(kernel)
        map(w)
        plain.store(w.task, slot(0), 1)
        const { iMmapRwsem } = w.file.mapping
        let writer = false
        let readers = 0
        watch(steps.ftruncate(w.task, w.file, 0), () => {
          writer ||= iMmapRwsem.writer !== null
          readers = Math.max(readers, iMmapRwsem.readers)
        })
        expect({ writer, readers }).toEqual(
          kernel === '4.5' ? { writer: true, readers: 0 } : { writer: false, readers: 1 },
        )
      }
    },
  },
  {
    name: 'punch-flushes-beside-pages',
    shows() {
      const flushes = /^dax_writeback_(mapping_)?range$/
      const punch = both(...STORED, 'punch a 0 4096')
      expect(events(punch['6.1']).filter((name) => flushes.test(name))).toHaveLength(1)
      expect(events(punch['4.5']).filter((name) => flushes.test(name))).toHaveLength(0)
      const withPage = last('4.5', [...STORED, 'load m 0x8000', 'punch a 0 4096'])
      expect(events(withPage).filter((name) => flushes.test(name))).toHaveLength(1)
    },
  },
  {
    name: 'fallocate-changes-ctime',
    shows() {
      const inside = both(...STORED, 'falloc a 0x8000 4096')
      expect(inside['6.1'].files).toMatchObject([{ mtime: true, ctime: true }])
      expect(inside['4.5'].files).toMatchObject([{ mtime: false, ctime: true }])
      const growing = both(...STORED, 'falloc a 65536 4096')
      expect(growing['4.5'].files).toMatchObject([{ mtime: true, ctime: true }])
    },
  },
  {
    name: 'write-flushes-first',
    shows() {
      const fill = both(...STORED, 'fill a 0 4096 3')
      expect(events(fill['6.1'])).toEqual(['iomap_begin'])
      expect(events(fill['4.5'])).toEqual(['dax_writeback_mapping_range', 'ext4_get_block'])
    },
  },
  {
    name: 'write-unmaps-pages-only',
    shows() {
      // Where blocks are new, 6.1 unmaps; where there is a page of zeros, 4.5 does, and all of the range behind it.
      const lines = [...STORED, 'load m 0x1000', 'load m 0x8000']
      const fill = both(...lines, 'fill a 0 65536 3')
      expect(entries(fill['6.1'])).toEqual([
        'm+0x0 0x8400000000000a67 pmem#0',
        'm+0x1000 0x8400000000000225 pmem#2',
        'm+0x2000 0x8400000000000a67 pmem#1',
      ])
      expect(entries(fill['4.5'])).toEqual([
        'm+0x0 0x8400000000000a67 pmem#0',
        'm+0x1000 0x8400000000000225 pmem#2',
        'm+0x2000 0x8400000000000a67 pmem#1',
      ])
      const fewer = last('4.5', [...lines, 'fill a 0x8000 4096 3'])
      expect(entries(fewer)).toHaveLength(3)
      const before = last('4.5', [
        'create a 65536',
        'mmap m a 0 65536 rw shared',
        'store m 0 1',
        'store m 0x2000 1',
        'load m 0x1000',
        'fill a 0 65536 3',
      ])
      expect(entries(before)).toEqual(['m+0x0 0x8400000000000a67 pmem#0'])
    },
  },
  {
    name: 'write-deletes-entries',
    shows() {
      for (const kernel of KERNELS) {
        const w = world(kernel)
        map(w)
        plain.store(w.task, slot(0), 1)
        plain.load(w.task, slot(0) + 4096)
        plain.pwriteFill(w.task, w.file, 0, 4096, 3)
        expect(entryOf(w, 0)).toMatch(kernel === '4.5' ? /^none$/ : / D$/)
        // The page stays mapped and writable: what is stored now, no fsync flushes.
        expect(plain.store(w.task, slot(0), 2)).toBe(0)
        expect(entryOf(w, 0)).toMatch(kernel === '4.5' ? /^none$/ : / D$/)
      }
    },
  },
  {
    name: 'failed-write-leaves-the-size',
    shows() {
      const lines = [
        'create c 10',
        'create a 0',
        'falloc a 0 0x20000000',
        'create d 0',
        'falloc d 0 0x200000',
        'fill c 4096 100 1',
      ]
      const fill = both(...lines)
      expect(result(fill['6.1'])).toBe('ENOSPC')
      expect(fill['6.1'].files).toMatchObject([{ name: 'c', size: 4068 }])
      expect(result(fill['4.5'])).toBe('ENOSPC')
      expect(fill['4.5'].files).toMatchObject([{ name: 'c', size: 10 }])
    },
  },
  {
    name: 'store-meets-load-of-hole',
    shows() {
      expect(KERNELS.map((kernel) => race(kernel))).toEqual(['ok', 'SIGBUS'])
    },
  },
  {
    name: 'retry-once',
    shows() {
      // One task has the page of the hole locked; the other waits for it without mmap_lock, and then tries once more.
      const w = world('4.5')
      map(w)
      const other = w.machine.addTask(w.task.mm, 0)
      const flags: number[] = []
      w.machine.trace = (name, t, _a, b) => {
        if (name === 'handle_mm_fault' && t === other) flags.push(b)
      }
      const load = steps.load(w.task, slot(0))
      while (w.file.mapping.pages.find(0)?.lock.writer !== w.task) load.next()
      const waiting = steps.load(other, slot(0))
      for (let i = 0; i < 200; i++) waiting.next()
      expect(w.task.mm.mmapLock.readers).toBe(1)
      runSteps(load)
      runSteps(waiting)
      const [ALLOW_RETRY, TRIED] = [0x4, 0x20]
      expect(flags.map((word) => word & (ALLOW_RETRY | TRIED))).toEqual([ALLOW_RETRY, TRIED])
    },
  },
]

/**
 * A load of a hole has just looked its extent up when another task's store allocates the block; then the load goes on, and
 * then the store. What the store ended in.
 */
function race(kernel: Kernel): string {
  const w = world(kernel)
  map(w)
  const loader = w.machine.addTask(w.task.mm, 0)
  const lookUps = new Map<Task, number>()
  w.machine.trace = (name, t) => {
    if (name === 'iomap_begin' || name === 'ext4_dax_mmap_get_block')
      lookUps.set(t, (lookUps.get(t) ?? 0) + 1)
  }
  const load = steps.load(loader, slot(0))
  const store = steps.store(w.task, slot(0), 1)
  while (!lookUps.has(loader)) load.next()
  // 6.1 does not get there: the load holds the entry.
  for (let i = 0; i < 500 && lookUps.get(w.task) !== 2; i++) store.next()
  runSteps(load)
  runSteps(store)
  return w.task.signal?.signal ?? 'ok'
}
