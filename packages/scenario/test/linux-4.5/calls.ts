/** Differences of the memory system's own calls. */

import { EEXIST, MADV_POPULATE_READ, type MmapRequest } from '@mm-model/core'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { expect } from 'vitest'
import {
  both,
  countOf,
  type Difference,
  entries,
  events,
  KERNELS,
  type Kernel,
  last,
  MIB2,
  map,
  plain,
  result,
  slot,
  traps,
  world,
} from './both.ts'

const STORED = ['create a 65536', 'fill a 0 16384 7', 'mmap m a 0 65536 rw shared', 'store m 0 1']
const HUGE = [
  'create a 0x400000',
  'falloc a 0 0x400000',
  'fill a 0 0x400000 7',
  'mmap m a 0 0x400000 rw shared',
  'store m 0 1',
]
const VM_MIXEDMAP = 0x10000000n

export const callDifferences: readonly Difference[] = [
  {
    name: 'mixedmap',
    shows() {
      const load = both(...STORED, 'load m 0x1000')
      expect(BigInt(load['6.1'].faults[0]!.vmFlags!) & VM_MIXEDMAP).toBe(0n)
      expect(BigInt(load['4.5'].faults[0]!.vmFlags!) & VM_MIXEDMAP).toBe(VM_MIXEDMAP)
    },
  },
  {
    name: 'areas-stay-split',
    shows() {
      const areas = both(...STORED, 'mprotect m 0 4096 r', 'mprotect m 0 4096 rw')
      expect(areas['6.1'].vmas).toHaveLength(1)
      expect(areas['4.5'].vmas).toHaveLength(2)
    },
  },
  {
    name: 'fork-copies-shared',
    shows() {
      const load = both(...STORED, 'fork c', '@c load m 0')
      expect(traps(load['6.1'])).toEqual(['0x4'])
      expect(traps(load['4.5'])).toEqual([])
      // Clean and old, but writable: the child stores without a fault.
      expect(traps(last('4.5', [...STORED, 'fork c', '@c store m 0 2']))).toEqual([])
    },
  },
  {
    name: 'fork-write-protects-huge',
    shows() {
      const fork = both(...HUGE, 'fork c', 'store m 0 2')
      expect(traps(fork['6.1'])).toEqual([])
      expect(traps(fork['4.5'])).toEqual(['0x7'])
    },
  },
  {
    name: 'no-map-sync',
    shows() {
      const mmap = both('create a 4096', 'mmap m a 0 4096 rw sync')
      expect(result(mmap['6.1'])).toBe('0')
      expect(result(mmap['4.5'])).toBe('EINVAL')
    },
  },
  {
    name: 'no-fixed-noreplace',
    shows() {
      for (const kernel of KERNELS) {
        const w = world(kernel)
        map(w)
        const request: MmapRequest = {
          address: slot(0),
          length: 4096,
          prot: 3,
          flags: 0x100000 | 1,
          file: w.file,
          offset: 0,
        }
        const address = plain.mmap(w.task, request)
        // The flag is not known, and the address a mere hint.
        if (kernel === '4.5') expect(address).toBeGreaterThan(0)
        else expect(address).toBe(-EEXIST)
      }
    },
  },
  {
    name: 'no-alignment-to-2m',
    shows() {
      for (const kernel of KERNELS) {
        const w = world(kernel, 1024)
        const request: MmapRequest = {
          address: 0,
          length: 2 * MIB2 + 4096,
          prot: 3,
          flags: 1,
          file: w.file,
          offset: 0,
        }
        expect(plain.mmap(w.task, request) % MIB2 === 0).toBe(kernel === '6.1')
      }
    },
  },
  {
    name: 'mremap-of-2m-is-not-modelled',
    shows() {
      const move = both(...HUGE, 'mremap m 0 0x400000 0x400000 move')
      expect(result(move['6.1'])).toBe('0')
      expect(move['4.5'].result).toMatchObject({ notModelled: expect.stringContaining('CVE-2020-10757') })
    },
  },
  {
    name: 'mremap-moves-entries',
    shows() {
      for (const kernel of KERNELS) {
        const w = world(kernel, 512)
        map(w)
        plain.load(w.task, slot(0) + 4096)
        const { pageTables: pt } = w.machine
        const table = pt.tableAt(pt.pmdSlot(w.task.mm.pgd, slot(0)))
        expect(plain.mremap(w.task, slot(0), MIB2, MIB2, 3, slot(1))).toBe(slot(1))
        const moved = pt.tableAt(pt.pmdSlot(w.task.mm.pgd, slot(1)))
        // A whole table in 6.1; in 4.5 its entries, to another one.
        expect(moved === table).toBe(kernel === '6.1')
      }
    },
  },
  {
    name: 'mprotect-leaves-private-read-only',
    shows() {
      const lines = [
        'create a 4096',
        'mmap p a 0 4096 rw private',
        'store p 0 1',
        'mprotect p 0 4096 r',
        'mprotect p 0 4096 rw',
      ]
      const store = both(...lines, 'store p 0 2')
      expect(traps(store['6.1'])).toEqual([])
      expect(traps(store['4.5'])).toEqual(['0x7'])
    },
  },
  {
    name: 'mprotect-wants-soft-dirty',
    shows() {
      // What the patch of 2016 installs is made dirty by the hardware, and so not soft-dirty.
      const lines = [...STORED, 'mprotect m 0 4096 r', 'mprotect m 0 4096 rw', 'store m 0 2']
      expect(traps(last('6.1', lines, insertWritable))).toEqual([])
      expect(traps(last('4.5', lines, insertWritable))).toEqual(['0x7'])
      expect(traps(last('4.5', lines))).toEqual([])
    },
  },
  {
    name: 'mprotect-flushes-all',
    shows() {
      const mprotect = both(...STORED, 'mprotect m 0 65536 r', 'mprotect m 0 65536 rw')
      const flushed = (kernel: Kernel): unknown[] =>
        mprotect[kernel].events.filter(({ name }) => name === 'flush_tlb_mm_range').map(({ range }) => range)
      expect(flushed('6.1')).toEqual([['m+0x0', '0x1000']])
      expect(flushed('4.5')).toEqual([['m+0x0', '0x10000']])
    },
  },
  {
    name: 'no-populate-advice',
    shows() {
      const advice = both(...STORED, 'madvise m 0 4096 populate_read')
      expect(result(advice['6.1'])).toBe('0')
      expect(result(advice['4.5'])).toBe('EINVAL')
      // 4.5 knows neither what came later, nor does the model do what it knows and 6.1 has as well.
      const w = world('4.5')
      map(w)
      expect(plain.madvise(w.task, slot(0), 4096, MADV_POPULATE_READ)).toBe(-22)
      expect(plain.madvise(w.task, slot(0), 4096, 20)).toBe(-22)
      expect(() => plain.madvise(w.task, slot(0), 4096, 12)).toThrow(/not modelled/)
    },
  },
  {
    name: 'free-is-dontneed',
    shows() {
      const free = both(...STORED, 'madvise m 0 4096 free')
      expect(result(free['6.1'])).toBe('EINVAL')
      expect(result(free['4.5'])).toBe('0')
      expect(entries(free['4.5'])).toEqual([])
    },
  },
  {
    name: 'huge-advice-refused',
    shows() {
      for (const advice of ['hugepage', 'nohugepage']) {
        const told = both(...STORED, `madvise m 0 4096 ${advice}`)
        expect(result(told['6.1'])).toBe('0')
        expect(result(told['4.5'])).toBe('EINVAL')
      }
    },
  },
  {
    name: 'get-block-events',
    shows() {
      const store = both('create a 65536', 'mmap m a 0 65536 rw shared', 'store m 0 1')
      expect(countOf(store['6.1'], 'iomap_begin')).toBe(1)
      // Twice: what is there, and then with leave to allocate.
      expect(events(store['4.5']).filter((name) => name === 'ext4_dax_mmap_get_block')).toHaveLength(2)
    },
  },
]
