import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseObservation, stringifyObservation } from '@mm-model/scenario'
import { describe, expect, test } from 'vitest'
import { observe } from '../src/observe/observe.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')

/** Logs of the harness's own agent, each of the same five scenarios. */
const LOGS = [
  ['6.1', 'ext4'],
  ['6.1', 'xfs'],
  ['6.12', 'ext4'],
] as const
const SCENARIOS = ['s0002-vma', 's0003-err', 's0013-pmd', 's0030-fork', 's0137-trunc']

const logText = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'logs', `${name}.log`), 'utf8')

/** A log around lines of one scenario that has one operation. */
function logOf(...lines: readonly string[]): string {
  return ['AGENT 1 levels=4', 'SCENARIO /scn/one.scn', ...lines, 'END', 'DONE', ''].join('\n')
}

function observeOne(...lines: readonly string[]) {
  const { observations, failures } = observe(logOf(...lines), { kernel: '6.1', fs: 'ext4', place: 'log' })
  return { ops: observations[0]?.ops ?? [], failures }
}

const trace = (event: string, pid = 7): string => `T   agent-${pid}  [000] .....  1.000001: ${event}`
const MAPPED = ['OP mmap m0 anon 0 8k rw private', 'R ret=0', 'M m0 0x600000000000 0x2000']

describe.each(LOGS)('the log of linux-%s-%s', (kernel, fs) => {
  const folder = `linux-${kernel}-${fs}`
  const { observations, failures, levels } = observe(logText(folder), { kernel, fs, place: folder })

  test('has recordings of all scenarios but the zero page', () => {
    expect(observations.map(({ scenario }) => scenario)).toEqual(SCENARIOS)
    expect(failures).toEqual([])
    expect(levels).toBe(4)
  })

  test.each(SCENARIOS)('gives the shipped bytes of %s', (name) => {
    const observation = observations.find(({ scenario }) => scenario === name)!
    const shipped = join(ROOT, 'fixtures/kernel-observations', folder, `${name}.json`)
    expect(stringifyObservation(observation)).toBe(readFileSync(shipped, 'utf8'))
  })

  test('gives what a reader of recordings takes', () => {
    for (const observation of observations)
      expect(parseObservation(stringifyObservation(observation))).toEqual(
        JSON.parse(JSON.stringify(observation)),
      )
  })
})

describe('faults', () => {
  test('a trap, its handler and what happened in it are one fault; the agent’s own memory is left out', () => {
    const { ops } = observeOne(
      ...MAPPED,
      'OP store m0 0x1000 7',
      'R ret=0',
      trace('page_fault_user: address=0x5cc65c ip=0x401cbc error_code=0x7'),
      trace('hmf: (handle_mm_fault+0x0/0x2d0) addr=0x5cc65c flags=0x255 vmflags=0x1 vmprot=0x2 pgd=0x3'),
      trace('do_wp_page: (do_wp_page+0x0/0x380) flags=0xa55 orig=0x80000000029bc865'),
      trace('hmf_ret: (do_user_addr_fault+0x191/0x550 <- handle_mm_fault) ret=0x8'),
      trace('page_fault_user: address=0x600000001000 ip=0x401cbc error_code=0x6'),
      trace(
        'hmf: (handle_mm_fault+0x0/0x2d0) addr=0x600000001000 flags=0x255 vmflags=0x73 vmprot=0x25 pgd=0x3',
      ),
      trace('do_wp_page: (do_wp_page+0x0/0x380) flags=0xa55 orig=0x80000000029bc865'),
      trace('hmf_ret: (do_user_addr_fault+0x191/0x550 <- handle_mm_fault) ret=0x100'),
      trace('file_update_time: (file_update_time+0x0/0x10)'),
    )
    expect(ops[1]).toMatchObject({
      faults: [
        {
          at: 'm0+0x1000',
          error: '0x6',
          flags: ['WRITE', 'ALLOW_RETRY', 'KILLABLE', 'USER', 'INTERRUPTIBLE'],
          vmFlags: '0x73',
          pageProt: '0x25',
          ret: ['NOPAGE'],
          events: [{ name: 'do_wp_page', orig: '0x8000000000000865' }],
        },
      ],
      events: [{ name: 'file_update_time' }],
    })
  })

  test('a trap that is refused has no ret; a handler that the kernel calls by itself has no error', () => {
    const { ops } = observeOne(
      ...MAPPED,
      'OP store m0 0 7',
      'R signal=11 code=2',
      trace('page_fault_user: address=0x600000000000 ip=0x401cbc error_code=0x7'),
      'OP mlock m0 0 4k',
      'R ret=0',
      trace(
        'hmf: (handle_mm_fault+0x0/0x2d0) addr=0x600000000000 flags=0x201 vmflags=0x73 vmprot=0x25 pgd=0x3',
      ),
      trace('hmf_ret: (__get_user_pages+0x1/0x2 <- handle_mm_fault) ret=0x0'),
    )
    expect(ops[1]?.result).toEqual({ signal: 'SIGSEGV', code: 'SEGV_ACCERR' })
    expect(ops[1]?.faults).toEqual([{ at: 'm0+0x0', error: '0x7', events: [] }])
    expect(ops[2]?.faults[0]).toMatchObject({ error: null, flags: ['WRITE', 'INTERRUPTIBLE'], ret: [] })
  })

  test('two processes in one trace do not mix', () => {
    const { ops } = observeOne(
      ...MAPPED,
      'OP store m0 0 7',
      'R ret=0',
      trace('page_fault_user: address=0x600000000000 ip=0x1 error_code=0x6', 7),
      trace('hmf: (handle_mm_fault+0x0/0x2d0) addr=0x5cc000 flags=0x255 vmflags=0x1 vmprot=0x2 pgd=0x3', 8),
      trace(
        'hmf: (handle_mm_fault+0x0/0x2d0) addr=0x600000000000 flags=0x1 vmflags=0x73 vmprot=0x25 pgd=0x3',
        7,
      ),
      trace('finish_fault: (finish_fault+0x0/0x380)', 8),
      trace('finish_fault: (finish_fault+0x0/0x380)', 7),
    )
    expect(ops[1]?.faults).toMatchObject([{ at: 'm0+0x0', events: [{ name: 'finish_fault' }] }])
    expect(ops[1]?.events).toEqual([])
  })
})

describe('names', () => {
  test('frames are numbered by appearance, by kind; the zero pages have names of their own', () => {
    const log = [
      'AGENT 1 levels=4',
      ...[
        'SCENARIO /scn/000-zero.scn',
        'OP mmap z anon 0 4096 r private',
        'R ret=0',
        'M z 0x600000000000 0x1000',
      ],
      ...['OP load z 0', 'R ret=0', 'P z 0 level=1 0x800000000330d225', 'END'],
      ...[
        'SCENARIO /scn/one.scn',
        'OP mmap m0 anon 0 8m rw private',
        'R ret=0',
        'M m0 0x600000000000 0x800000',
      ],
      'P m0 0 level=1 0x800000000330d225',
      'P m0 0x1000 level=1 0x8000000001f22867',
      'P m0 0x2000 level=1 0x8400000040741a67',
      'P m0 0x3000 level=1 0x8000000001f23867',
      'P m0 0x4000 level=1 0x8000000001f22865',
      'P m0 0x200000 level=2 0x80000000042000a5',
      'P m0 0x400000 level=2 0x80000000046008e7',
      'P m0 0x600000 level=2 0x84000000408008e7',
      ...['END', 'DONE'],
    ].join('\r\n')
    const { observations } = observe(log, { kernel: '6.1', fs: 'ext4', place: 'log' })
    expect(observations.map(({ scenario }) => scenario)).toEqual(['one'])
    expect(observations[0]?.ops[0]?.ptes.map(({ frame }) => frame)).toEqual([
      'zero',
      'ram#0',
      'pmem#0',
      'ram#1',
      'ram#0',
      'hugezero',
      'hugezero',
      'pmem#1',
    ])
  })

  test('an address has the name of the mapping that was there last, in the process that executes', () => {
    const { ops } = observeOne(
      ...MAPPED,
      'V 600000000000-600000002000 rw-p 00000000 00:00 0 ',
      'OP fork c1',
      'R ret=0',
      'OP @c1 mmap m1 a 0 4k rw shared',
      'R ret=0',
      'M m1 0x600040000000 0x1000',
      'V 600040000000-600040001000 rw-s 00003000 103:00 12   /mnt/a',
      'OP mmap m2 a 0 4k rw shared',
      'R ret=0',
      'M m2 0x600040000000 0x1000',
      'V 600040000000-600040001000 rw-s 00000000 103:00 12   /mnt/a',
      'OP mremap m0 0 8k 16k move',
      'R ret=0',
      'M m0 0x700000000000 0x4000',
      'V 700000000000-700000004000 rw-p 00000000 00:00 0 ',
    )
    expect(ops.flatMap(({ vmas }) => vmas)).toEqual([
      { perms: 'rw-p', offset: '0x0', name: '', at: 'm0+0x0', len: '0x2000' },
      { perms: 'rw-s', offset: '0x3000', name: 'a', at: 'm1+0x0', len: '0x1000' },
      { perms: 'rw-s', offset: '0x0', name: 'a', at: 'm2+0x0', len: '0x1000' },
      { perms: 'rw-p', offset: '0x0', name: '', at: 'm0+0x0', len: '0x4000' },
    ])
  })

  test('numbers without a name stay numbers', () => {
    const { ops } = observeOne('OP fsync a', 'R errno=131', 'OP load m 0', 'R signal=4 code=9')
    expect(ops.map(({ result }) => result)).toEqual([
      { errno: 'errno 131' },
      { signal: 'signal 4', code: 'code 9' },
    ])
  })
})

describe('events', () => {
  const eventsOf = (...events: readonly string[]) =>
    observeOne(...MAPPED, 'OP fsync a', 'R ret=0', ...events.map((event) => trace(event))).ops[1]?.events

  test('have the members that recordings have', () => {
    expect(
      eventsOf(
        'dax_writeback_range: dev 259:0 ino 0xc pgoff 0x0-0x7fffffffffffffff',
        'dax_writeback_one: dev 259:0 ino 0xc pgoff 0x1 pglen 0x200',
        'dax_load_hole: dev 259:0 ino 0xc shared ALLOW_RETRY address 0x600000000000 pgoff 0x2 NOPAGE',
        'dax_pmd_fault: dev 259:0 ino 0xc shared WRITE|USER address 0x600000000000 vm_start 0x1 vm_end 0x2 pgoff 0x3 max_pgoff 0x4',
        'unmap_mapping_range: (unmap_mapping_range+0x0/0x130) start=0x4000 len=0x0 even_cows=0x1',
        'ext4_iomap_begin: (ext4_iomap_begin+0x0/0x2f0 [ext4]) pos=0x3064 len=0xf9c flags=0x103',
        'xfs_write_iomap: (xfs_direct_write_iomap_begin+0x0/0x2f0 [xfs]) pos=0x0 len=0x1000 flags=0x10',
        'dax_iomap_fault: (dax_iomap_fault+0x0/0x30) order=1',
        'vmf_insert_mixed: (vmf_insert_mixed+0x0/0x10) addr=0x600000000000 pfn=0x2000000000040741',
      ),
    ).toEqual([
      { name: 'dax_writeback_range', pgoff: '0x0-0x7fffffffffffffff' },
      { name: 'dax_writeback_one', pgoff: '0x1', pglen: '0x200' },
      { name: 'dax_load_hole', ret: 'NOPAGE', pgoff: '0x2' },
      { name: 'dax_pmd_fault', pgoff: '0x3', flags: ['WRITE', 'USER'] },
      { name: 'unmap_mapping_range', start: '0x4000', len: '0x0', even_cows: '0x1' },
      { name: 'iomap_begin', write: true, pos: '0x3064', len: '0xf9c' },
      { name: 'iomap_begin', write: false, pos: '0x0', len: '0x1000' },
      { name: 'dax_iomap_fault', order: 1 },
      { name: 'vmf_insert_mixed', frame: 'pmem#0' },
    ])
  })

  test('about addresses are of the scenario’s memory, or of everything', () => {
    expect(
      eventsOf(
        'flush_tlb_mm_range: (flush_tlb_mm_range+0x0/0x170) start=0x5cc000 end=0x5cd000',
        'flush_tlb_mm_range: (flush_tlb_mm_range+0x0/0x170) start=0x600000001000 end=0x600000002000',
        'flush_tlb_mm_range: (flush_tlb_mm_range+0x0/0x170) start=0x0 end=0xffffffffffffffff',
        'ptep_clear_flush: (ptep_clear_flush+0x0/0x60) addr=0x5cc000',
        'ptep_set_access_flags: (ptep_set_access_flags+0x0/0x60) addr=0x600000000000 entry=0x84000000408008e7 dirty=0x1',
        'tlb_flush: pages:1 reason:local mm shootdown (3)',
      ),
    ).toEqual([
      { name: 'flush_tlb_mm_range', range: ['m0+0x1000', '0x1000'] },
      { name: 'flush_tlb_mm_range', range: 'all' },
      { name: 'ptep_set_access_flags', at: 'm0+0x0', pte: '0x84000000000008e7' },
    ])
  })
})
