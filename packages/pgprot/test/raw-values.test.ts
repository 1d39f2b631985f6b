import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Level } from '../src/arch.ts'
import { ask, change, entryFor, modified, protectionMap, vmPageProt } from '../src/bigint.ts'
import { archByName, decode, encode } from '../src/catalog.ts'

// Raw values with a known meaning, and every raw entry of the recordings.

type Row = readonly [arch: string, level: Level, value: bigint, pfn: number | null, words: string]

const ROWS: readonly Row[] = [
  // x86-64: a DAX read fault, the store that follows, writeback, zero pages, PROT_NONE, mprotect.
  [
    'x86-64',
    'pte',
    0x8400_0001_2345_6225n,
    0x123456,
    'user space: read-only, not executable, accessed, clean, special, device memory (DAX)',
  ],
  [
    'x86-64',
    'pte',
    0x8400_0001_2345_6a67n,
    0x123456,
    'user space: writable, not executable, accessed, dirty, soft-dirty, special, device memory (DAX)',
  ],
  [
    'x86-64',
    'pte',
    0x8400_0001_2345_6267n,
    0x123456,
    'user space: writable, not executable, accessed, dirty, special, device memory (DAX)',
  ],
  [
    'x86-64',
    'pte',
    0x8400_0001_2345_6a25n,
    0x123456,
    'user space: read-only, not executable, accessed, clean, soft-dirty, special, device memory (DAX)',
  ],
  [
    'x86-64',
    'pte',
    0x8000_0000_02a1_c225n,
    0x2a1c,
    'user space: read-only, not executable, accessed, clean, special;',
  ],
  [
    'x86-64',
    'pte',
    0x000f_fffe_dcba_9120n,
    0x123456,
    'nobody may touch it (PROT_NONE or a NUMA hint): accessed, clean;',
  ],
  [
    'x86-64',
    'pte',
    0x040f_fffe_dcba_9b60n,
    0x123456,
    'nobody may touch it (PROT_NONE or a NUMA hint): accessed, dirty, soft-dirty, special, device memory (DAX)',
  ],
  [
    'x86-64',
    'pte',
    0x8400_0001_2345_6a65n,
    0x123456,
    'user space: read-only, not executable, accessed, dirty, soft-dirty, special, device memory (DAX)',
  ],
  [
    'x86-64',
    'pmd',
    0x8400_0002_4000_08e7n,
    0x240000,
    'Maps 2 MiB at frame 0x240000 for user space: writable, not executable, accessed, dirty, soft-dirty, device memory (DAX)',
  ],
  [
    'x86-64',
    'pmd',
    0x8400_0002_4000_00a5n,
    0x240000,
    'Maps 2 MiB at frame 0x240000 for user space: read-only, not executable, accessed, clean, device memory (DAX)',
  ],
  [
    'x86-64',
    'pmd',
    0x8000_0000_41e0_00a5n,
    0x41e00,
    'Maps 2 MiB at frame 0x41e00 for user space: read-only, not executable, accessed, clean;',
  ],
  ['x86-64', 'pte', 0x8000_0000_7777_7025n, 0x77777, 'read-only, not executable, accessed, clean;'],
  [
    'x86-64',
    'pte',
    0xa800_0000_7777_7867n,
    0x77777,
    'writable, not executable, accessed, dirty, soft-dirty, protection key 5;',
  ],
  ['x86-64', 'pmd', 0x0000_0000_1234_5067n, 0x12345, 'Points to the pte table in frame 0x12345.'],
  ['x86-64', 'pgd', 0x0000_0000_1234_5067n, 0x12345, 'Points to the pud table in frame 0x12345.'],
  ['x86-64', 'pte', 0x1fff_ffff_ffdb_9600n, null, 'Swap type 3, offset 0x1234: the page is elsewhere.'],
  [
    'x86-64',
    'pte',
    0x1fff_ffff_ffdb_9608n,
    null,
    'Swap type 3, offset 0x1234 (exclusive): the page is elsewhere.',
  ],
  ['x86-64', 'pte', 0x07ff_ffff_ffff_fc00n, null, 'Swap type 0, offset 0x1: the page is elsewhere.'],
  ['x86-64', 'pte', 0n, null, 'Nothing is mapped.'],
  ['x86-64', 'pte', 0x60n, null, 'Nothing is mapped.'],
  [
    'x86-64',
    'pud',
    0x8000_0000_4000_01e3n,
    0x40000,
    'Maps 1 GiB at frame 0x40000 for the kernel: writable, not executable, accessed, dirty; cache WB.',
  ],
  [
    'x86-64-6.12',
    'pte',
    0x8200_0001_2345_6a67n,
    0x123456,
    'writable, not executable, accessed, dirty, soft-dirty, special, device memory (DAX)',
  ],
  [
    'x86-64-6.12',
    'pte',
    0x8400_0000_7777_7825n,
    0x77777,
    'read-only, not executable, accessed, dirty, soft-dirty;',
  ],
  // arm64, 4K granule.
  [
    'arm64',
    'pte',
    0x0360_0001_2345_6fc3n,
    0x123456,
    'user space: read-only, not executable, accessed, clean, special, device memory (DAX)',
  ],
  [
    'arm64',
    'pte',
    0x03e8_0001_2345_6f43n,
    0x123456,
    'user space: writable, not executable, accessed, dirty, special, device memory (DAX)',
  ],
  [
    'arm64',
    'pte',
    0x0068_0001_2345_6fc3n,
    0x123456,
    'user space: writable, not executable, accessed, clean; cache MT_NORMAL.',
  ],
  [
    'arm64',
    'pte',
    0x0068_0001_2345_6f43n,
    0x123456,
    'user space: writable, not executable, accessed, dirty; cache MT_NORMAL.',
  ],
  [
    'arm64',
    'pte',
    0x0160_0000_41e1_cfc3n,
    0x41e1c,
    'user space: read-only, not executable, accessed, clean, special;',
  ],
  [
    'arm64',
    'pte',
    0x0460_0001_2345_6f82n,
    0x123456,
    'nobody may touch it (PROT_NONE or a NUMA hint): accessed, clean;',
  ],
  [
    'arm64',
    'pmd',
    0x02e8_0002_4000_0f41n,
    0x240000,
    'Maps 2 MiB at frame 0x240000 for user space: writable, not executable, accessed, dirty, device memory (DAX)',
  ],
  ['arm64', 'pte', 0x0000_0000_0012_3418n, null, 'Swap type 3, offset 0x1234: the page is elsewhere.'],
  ['arm64', 'pmd', 0x0800_0000_1234_5003n, 0x12345, 'Points to the pte table in frame 0x12345.'],
  ['arm64', 'pte', 0x0020_0001_2345_6f83n, 0x123456, 'user space: execute-only, accessed, clean;'],
  [
    'arm64-64k',
    'pte',
    0x0060_1234_5678_afc3n,
    0xa_1234_5678,
    'Maps 64 KiB at frame 0xa12345678 for user space: read-only',
  ],
  // riscv64.
  [
    'riscv64',
    'pte',
    0x0000_0000_48d1_5853n,
    0x123456,
    'user space: read-only, not executable, accessed, clean; cache PMA.',
  ],
  [
    'riscv64',
    'pte',
    0x0000_0000_48d1_58d7n,
    0x123456,
    'user space: writable, not executable, accessed, dirty; cache PMA.',
  ],
  [
    'riscv64',
    'pte',
    0x0000_0000_2030_7153n,
    0x80c1c,
    'user space: read-only, not executable, accessed, clean, special;',
  ],
  [
    'riscv64',
    'pmd',
    0x0000_0000_9000_00d7n,
    0x240000,
    'Maps 2 MiB at frame 0x240000 for user space: writable, not executable, accessed, dirty;',
  ],
  ['riscv64', 'pmd', 0x0000_0000_202a_f001n, 0x80abc, 'Points to the pte table in frame 0x80abc.'],
  [
    'riscv64',
    'pte',
    0x0000_0000_48d1_5822n,
    0x123456,
    'nobody may touch it (PROT_NONE or a NUMA hint): not accessed, clean;',
  ],
  ['riscv64', 'pte', 0x0000_0000_0091_a0c0n, null, 'Swap type 3, offset 0x1234: the page is elsewhere.'],
  ['riscv64', 'pte', 0x4000_0000_0400_00d7n, 0x10000, 'writable, not executable, accessed, dirty; cache IO.'],
  [
    'riscv64',
    'pte',
    0x8000_0000_48d1_60d7n,
    0x123458,
    'writable, not executable, accessed, dirty; cache PMA.',
  ],
]

test.each(ROWS)('%s %s %#x', (arch, level, value, pfn, words) => {
  const entry = decode(value, { arch, level })
  expect(entry.pfn).toBe(pfn)
  expect(entry.text).toContain(words)
  expect(encode(entry)).toBe(value)
})

describe('the same values, made', () => {
  const x86 = archByName('x86-64')
  const arm = archByName('arm64')
  const map = protectionMap(x86)

  test('x86-64: a DAX store, writeback, mprotect to nothing and back', () => {
    const readOnly = change(x86.pteMkdevmap, entryFor(x86.pfnPte, 0x123456, map[3]!))
    expect(readOnly).toBe(0x8400_0001_2345_6225n)
    const written = change(x86.pteMkwrite, change(x86.pteMkdirty, change(x86.pteMkyoung, readOnly)))
    expect(written).toBe(0x8400_0001_2345_6a67n)
    expect(change(x86.pteWrprotect, change(x86.pteMkclean, written))).toBe(0x8400_0001_2345_6a25n)
    const hidden = modified(x86.pteModify, written, map[0]!)
    expect(hidden).toBe(0x040f_fffe_dcba_9b60n)
    expect(modified(x86.pteModify, hidden, map[3]!)).toBe(0x8400_0001_2345_6a65n)
    expect(entryFor(x86.pfnPte, 0x123456, map[0]!)).toBe(0x000f_fffe_dcba_9120n)
  })

  test('x86-64: huge leaves are trans_huge or devmap, not both', () => {
    expect([
      ask(x86.pmdTransHuge, 0x8000_0000_41e0_00a5n),
      ask(x86.pmdDevmap, 0x8000_0000_41e0_00a5n),
    ]).toEqual([true, false])
    expect([
      ask(x86.pmdTransHuge, 0x8400_0002_4000_08e7n),
      ask(x86.pmdDevmap, 0x8400_0002_4000_08e7n),
    ]).toEqual([false, true])
  })

  test('x86-64: a protection key travels from VM flags to the entry', () => {
    expect(vmPageProt(x86, (5n << 32n) | 3n)).toBe(0xa800_0000_0000_0025n)
  })

  test('arm64: dirty first, then writable; cleaned it is the old value again', () => {
    const map = protectionMap(arm)
    const readOnly = change(arm.pteMkdevmap, entryFor(arm.pfnPte, 0x123456, map[1]!))
    expect(readOnly).toBe(0x0360_0001_2345_6fc3n)
    const written = change(arm.pteMkwrite, change(arm.pteMkdirty, readOnly))
    expect(written).toBe(0x03e8_0001_2345_6f43n)
    expect(change(arm.pteMkclean, change(arm.pteWrprotect, written))).toBe(readOnly)
    expect(entryFor(archByName('arm64-64k').pfnPte, 0xa_1234_5678, 0n)).toBe(0x1234_5678_a000n)
  })
})

/** The protection maps, private then shared. */
test.each([
  [
    'x86-64',
    '120 8000000000000025 8000000000000025 8000000000000025 25 25 25 25 120 8000000000000025 8000000000000027 8000000000000027 25 25 27 27',
  ],
  [
    'arm64',
    '460000000000f82 60000000000fc3 60000000000fc3 60000000000fc3 20000000000fc3 20000000000fc3 20000000000fc3 20000000000fc3 460000000000f82 60000000000fc3 68000000000fc3 68000000000fc3 20000000000fc3 20000000000fc3 28000000000fc3 28000000000fc3',
  ],
  ['riscv64', '22 53 53 53 59 5b 5b 5b 22 53 57 57 59 5b 5f 5f'],
])('protection map of %s', (name, values) => {
  const map = protectionMap(archByName(name)).map((prot) => prot.toString(16))
  expect(map.join(' ')).toBe(values)
})

interface RecordedEntry {
  readonly level: number
  readonly flags: string
  readonly frame: string
}

interface RecordedFault {
  readonly vmFlags: string
  readonly pageProt: string
}

const RECORDINGS = join(import.meta.dirname, '../../../fixtures/kernel-observations')

/** Every distinct raw entry and fault protection of the recordings of one kernel. */
function recorded(directory: string): {
  entries: Map<string, RecordedEntry>
  faults: Map<string, RecordedFault>
} {
  const entries = new Map<string, RecordedEntry>()
  const faults = new Map<string, RecordedFault>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const record = value as Partial<RecordedEntry & RecordedFault>
    if (typeof record.level === 'number' && typeof record.flags === 'string') {
      entries.set(
        `${record.level} ${record.flags} ${record.frame?.replace(/\d+$/, '')}`,
        record as RecordedEntry,
      )
    }
    if (typeof record.pageProt === 'string')
      faults.set(`${record.vmFlags} ${record.pageProt}`, record as RecordedFault)
    for (const inner of Object.values(value)) visit(inner)
  }
  for (const file of readdirSync(join(RECORDINGS, directory)).filter((name) => name.endsWith('.json'))) {
    visit(JSON.parse(readFileSync(join(RECORDINGS, directory, file), 'utf8')))
  }
  return { entries, faults }
}

const kernels = readdirSync(RECORDINGS).filter((name) => /^linux-\d/.test(name))

describe.each(kernels)('recordings of %s', (directory) => {
  const arch = directory.startsWith('linux-6.12') ? 'x86-64-6.12' : 'x86-64'
  const value = archByName(arch)
  const { entries, faults } = recorded(directory)

  test('there are some', () => {
    expect(entries.size).toBeGreaterThan(10)
    expect(faults.size).toBeGreaterThan(3)
  })

  test.each([...entries])('entry %s', (_, { level, flags, frame }) => {
    const raw = BigInt(flags)
    const levelName = level === 1 ? 'pte' : 'pmd'
    // The recordings clear the frame field: the entry for frame 0, not inverted where Linux inverts it.
    const entry = decode(raw, { arch, level: levelName })
    expect(encode(entry)).toBe(raw)
    expect(entry.kind).toBe('leaf')
    expect(entry.fields.ignored).toBe(0)
    // What the frame is, the flags must agree with; of an inverted frame the recorder could not tell.
    if ((raw & 1n) === 0n) return
    const device = frame.startsWith('pmem')
    expect(ask(value.pteDevmap, raw)).toBe(device)
    if (level === 1) expect(ask(value.pteSpecial, raw)).toBe(device || frame.startsWith('zero'))
    expect(ask(value.pmdTransHuge, raw)).toBe(level === 2 && frame.startsWith('huge'))
  })

  test.each([...faults])(
    'protection of a fault, VM flags and vm_page_prot %s',
    (_, { vmFlags, pageProt }) => {
      // Write notification takes the protection of the private twin.
      const flags = BigInt(vmFlags)
      const candidates = [vmPageProt(value, flags), vmPageProt(value, flags & ~8n)]
      expect(candidates).toContain(BigInt(pageProt))
      expect(ask(value.pgprotWritable, BigInt(pageProt))).toBe(false)
    },
  )
})
