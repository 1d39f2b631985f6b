/** Differences of faults. */

import { expect } from 'vitest'
import {
  both,
  countOf,
  type Difference,
  entries,
  entryOf,
  events,
  KERNELS,
  last,
  MIB2,
  map,
  plain,
  result,
  slot,
  steps,
  traps,
  world,
} from './both.ts'

const MAPPED = ['create a 65536', 'fill a 0 16384 7', 'mmap m a 0 65536 rw shared']
const HUGE = ['create a 0x400000', 'falloc a 0 0x400000', 'mmap m a 0 0x400000 rw shared']

export const faultDifferences: readonly Difference[] = [
  {
    name: 'fault-flags',
    shows() {
      const trap = both(...MAPPED, 'load m 0')
      expect(trap['6.1'].faults[0]!.flags).toEqual(['ALLOW_RETRY', 'KILLABLE', 'USER', 'INTERRUPTIBLE'])
      expect(trap['4.5'].faults[0]!.flags).toEqual(['ALLOW_RETRY', 'KILLABLE', 'USER'])
      const populate = both('create a 4096', 'mmap m a 0 4096 rw shared populate')
      expect(populate['6.1'].faults[0]!.flags).toEqual(['ALLOW_RETRY', 'KILLABLE'])
      expect(populate['4.5'].faults[0]!.flags).toEqual(['ALLOW_RETRY'])
    },
  },
  {
    name: 'no-1g-step',
    shows() {
      const store = both(...MAPPED, 'store m 0 1')
      expect(countOf(store['6.1'], 'ext4_dax_huge_fault')).toBe(3)
      const first = store['4.5'].faults[0]!.events.map(({ name }) => name)
      const handlers = ['ext4_dax_pmd_fault', 'ext4_dax_fault']
      expect(first.filter((name) => handlers.includes(name))).toEqual(handlers)
    },
  },
  {
    name: 'table-before-handler',
    shows() {
      const again = both('create a 4096', 'mmap m a 0 16384 rw shared', 'load m 8192', 'load m 8192')
      expect(result(again['6.1'])).toBe('SIGBUS')
      expect(countOf(again['6.1'], 'dax_pmd_fault')).toBe(1)
      expect(result(again['4.5'])).toBe('SIGBUS')
      expect(countOf(again['4.5'], 'ext4_dax_pmd_fault')).toBe(0)
    },
  },
  {
    name: 'double-fault',
    shows() {
      const store = both(...MAPPED, 'store m 0 1')
      expect(traps(store['6.1'])).toEqual(['0x6'])
      expect(traps(store['4.5'])).toEqual(['0x6', '0x7'])
      expect(entries(store['4.5'])).toEqual(entries(store['6.1']))
    },
  },
  {
    name: 'core-makes-writable',
    shows() {
      const store = both(...MAPPED, 'load m 0', 'store m 0 1')
      expect(store['6.1'].faults[0]!.ret).toEqual(['NOPAGE'])
      expect(events(store['6.1'])).toContain('vmf_insert_mixed_mkwrite')
      expect(store['4.5'].faults[0]!.ret).toEqual([])
      expect(events(store['4.5'])).toEqual([
        'do_wp_page',
        'ext4_dax_pfn_mkwrite',
        'file_update_time',
        'ptep_set_access_flags',
      ])
    },
  },
  {
    name: 'times-twice',
    shows() {
      const store = both(...MAPPED, 'store m 0 1')
      const updates = (fault: { events: readonly { name: string }[] }): number =>
        fault.events.filter(({ name }) => name === 'file_update_time').length
      expect(store['6.1'].faults.map(updates)).toEqual([3])
      expect(store['4.5'].faults.map(updates)).toEqual([2, 1])
    },
  },
  {
    name: 'hole-pages',
    shows() {
      const load = both(...MAPPED, 'load m 0x8000')
      expect(entries(load['6.1'])).toEqual(['m+0x8000 0x8000000000000225 zero'])
      expect(load['6.1'].faults[0]!.ret).toEqual(['NOPAGE'])
      expect(entries(load['4.5'])).toEqual(['m+0x8000 0x8000000000000025 ram#0'])
      expect(load['4.5'].faults[0]!.ret).toEqual(['LOCKED'])
      // One page for everybody who maps it, private mappings too.
      const shared = last('4.5', [...MAPPED, 'load m 0x8000', 'mmap p a 0 65536 rw private', 'load p 0x8000'])
      expect(entries(shared)).toEqual([
        'm+0x8000 0x8000000000000025 ram#0',
        'p+0x8000 0x8000000000000025 ram#0',
      ])
    },
  },
  {
    name: 'hole-pages-are-counted',
    shows() {
      for (const kernel of KERNELS) {
        const w = world(kernel)
        map(w)
        const before = w.machine.memory.ramInUse
        plain.load(w.task, slot(0))
        plain.load(w.task, slot(0) + 4096)
        expect(w.machine.memory.ramInUse - before).toBe(kernel === '4.5' ? 2 : 0)
        expect(w.file.mapping.pages.size).toBe(kernel === '4.5' ? 2 : 0)
        // munmap leaves them in the page cache; truncation takes them.
        plain.munmap(w.task, slot(0), 65536)
        expect(w.file.mapping.pages.size).toBe(kernel === '4.5' ? 2 : 0)
        plain.ftruncate(w.task, w.file, 4096)
        expect(w.file.mapping.pages.size).toBe(kernel === '4.5' ? 1 : 0)
      }
    },
  },
  {
    name: 'three-faults-on-a-hole',
    shows() {
      const store = both(...MAPPED, 'load m 0x8000', 'store m 0x8000 1')
      expect(traps(store['6.1'])).toEqual(['0x7'])
      expect(traps(store['4.5'])).toEqual(['0x7', '0x7'])
      expect(store['4.5'].faults.map(({ ret }) => ret)).toEqual([['MAJOR', 'NOPAGE'], []])
      expect(entries(store['4.5'])).toEqual(['m+0x8000 0x8400000000000a67 pmem#0'])
    },
  },
  {
    name: 'no-entry-for-holes',
    shows() {
      for (const kernel of KERNELS) {
        const w = world(kernel)
        map(w)
        plain.load(w.task, slot(0))
        expect(entryOf(w, 0)).toBe(kernel === '4.5' ? 'none' : 'zero page D')
      }
    },
  },
  {
    name: 'entries-hold-sectors',
    shows() {
      for (const kernel of KERNELS) {
        const w = world(kernel)
        map(w)
        plain.store(w.task, slot(0), 1)
        expect(entryOf(w, 0)).toMatch(kernel === '4.5' ? /^sector 0x[\da-f]+ D$/ : /^frame 0x[\da-f]+ D$/)
      }
    },
  },
  {
    name: 'entries-are-never-locked',
    shows() {
      for (const kernel of KERNELS) {
        const w = world(kernel)
        map(w)
        let locked = false
        for (const _step of steps.store(w.task, slot(0), 1)) {
          const { entries: array } = w.file.inode
          locked ||= !array.isEmpty && w.sb.entryFormat.decode(array.headData).locked
        }
        expect(locked).toBe(kernel === '6.1')
      }
    },
  },
  {
    name: 'loads-tag-nothing',
    shows() {
      for (const kernel of KERNELS) {
        const w = world(kernel)
        plain.pwriteFill(w.task, w.file, 0, 4096, 7)
        map(w)
        plain.load(w.task, slot(0))
        expect(entryOf(w, 0)).toMatch(kernel === '4.5' ? /^sector 0x[\da-f]+$/ : / D$/)
      }
    },
  },
  {
    name: 'loads-convert-unwritten',
    shows() {
      const load = both('create a 65536', 'falloc a 0 65536', 'mmap m a 0 65536 rw shared', 'load m 0')
      expect(entries(load['6.1'])).toEqual(['m+0x0 0x8000000000000225 zero'])
      expect(entries(load['4.5'])).toEqual(['m+0x0 0x8400000000000225 pmem#0'])
    },
  },
  {
    name: 'cow-mapped-by-core',
    shows() {
      const store = both(...MAPPED, 'mmap p a 0 65536 rw private', 'store p 0 1')
      expect(store['6.1'].faults[0]!.ret).toEqual(['DONE_COW'])
      expect(store['4.5'].faults[0]!.ret).toEqual(['LOCKED'])
      expect(entries(store['4.5'])).toEqual(entries(store['6.1']))
      for (const kernel of KERNELS) {
        const w = world(kernel)
        map(w, 0, 'private')
        let mostReaders = 0
        for (const _step of steps.store(w.task, slot(0), 1))
          mostReaders = Math.max(mostReaders, w.file.mapping.iMmapRwsem.readers)
        expect(mostReaders).toBe(kernel === '4.5' ? 1 : 0)
      }
    },
  },
  {
    name: 'private-stores-touch-the-file',
    shows() {
      const store = both(...MAPPED, 'mmap p a 0 65536 rw private', 'store p 0 1')
      expect(store['6.1'].files).toEqual([])
      expect(store['4.5'].files).toMatchObject([{ name: 'a', mtime: true, ctime: true }])
      const frozen = ['create a 4096', 'mmap p a 0 4096 rw private', 'freeze', 'store p 0 1']
      expect(result(last('6.1', frozen))).toBe('0')
      expect(() => last('4.5', frozen)).toThrow(/would block for ever.*page fault/)
    },
  },
  {
    name: 'huge-loads-leave-no-entry',
    shows() {
      for (const kernel of KERNELS) {
        const w = world(kernel, 1024)
        plain.fallocate(w.task, w.file, 0, 2 * MIB2)
        plain.pwriteFill(w.task, w.file, 0, 2 * MIB2, 7)
        map(w)
        plain.load(w.task, slot(0))
        expect(entryOf(w, 0)).toMatch(kernel === '4.5' ? /^none$/ : /2 MiB/)
        plain.store(w.task, slot(0), 1)
        expect(entryOf(w, 0)).toMatch(/2 MiB D$/)
        // At one index in 4.5, over all 512 in 6.1.
        expect(entryOf(w, 511)).toMatch(kernel === '4.5' ? /^none$/ : /2 MiB D$/)
      }
    },
  },
  {
    name: 'no-huge-zero-page',
    shows() {
      const load = both('create a 0x400000', 'mmap m a 0 0x400000 rw shared', 'load m 0')
      expect(load['6.1'].ptes[0]).toMatchObject({ level: 2, frame: 'hugezero' })
      expect(load['4.5'].ptes[0]).toMatchObject({ level: 1, frame: 'ram#0' })
    },
  },
  {
    name: 'no-colour-check',
    shows() {
      const load = both(
        'create a 0x800000',
        'falloc a 0x1000 0x400000',
        'fill a 0x1000 0x400000 7',
        'mmap m a 0x1000 0x400000 rw shared',
        'load m 0',
      )
      expect(load['6.1'].ptes[0]).toMatchObject({ level: 1 })
      expect(load['4.5'].ptes[0]).toMatchObject({ at: 'm+0x0', level: 2 })
    },
  },
  {
    name: 'huge-entries-replaced',
    shows() {
      const store = both(...HUGE, 'fill a 0 0x400000 7', 'load m 0', 'store m 0 1')
      expect(countOf(store['6.1'], 'pmdp_set_access_flags')).toBe(1)
      expect(countOf(store['4.5'], 'pmdp_set_access_flags')).toBe(0)
      expect(store['4.5'].ptes[0]!.flags).toBe(store['6.1'].ptes[0]!.flags)
    },
  },
  {
    name: 'no-dax-tracepoints',
    shows() {
      const fsync = both(...MAPPED, 'store m 0 1', 'fsync a')
      expect(events(fsync['6.1'])).toContain('dax_writeback_one')
      expect(events(fsync['4.5'])).toEqual(['dax_writeback_mapping_range'])
      expect(events(last('4.5', [...MAPPED, 'store m 0 1']))).not.toContain('dax_pte_fault')
    },
  },
]
