import { describe, expect, test } from 'vitest'
import { archByName, archNames, type DecodeOptions, decode, encode, formatByName } from '../src/catalog.ts'
import { PgprotError } from '../src/error.ts'
import { decodeEntry, type EncodableEntry } from '../src/format.ts'
import { legend } from '../src/legend.ts'
import { canonicalHalf, tableIndices } from '../src/walk.ts'
import { x86Format } from '../src/x86-64/format.ts'

test('an entry in words', () => {
  expect(decode(0x8400_0001_2345_6225n, { level: 'pte' })).toEqual({
    arch: 'x86-64',
    level: 'pte',
    kind: 'leaf',
    value: 0x8400_0001_2345_6225n,
    flags: ['_PAGE_PRESENT', '_PAGE_USER', '_PAGE_ACCESSED', '_PAGE_SPECIAL', '_PAGE_DEVMAP', '_PAGE_NX'],
    fields: { ignored: 0, pkey: 0 },
    pfn: 0x123456,
    cache: 'WB',
    text: 'Maps 4 KiB at frame 0x123456 for user space: read-only, not executable, accessed, clean, special, device memory (DAX); cache WB.',
  })
  expect(decodeEntry(x86Format, 0x12345067n, 'pmd')).toMatchObject({
    kind: 'table',
    pfn: 0x12345,
    cache: null,
  })
})

test('cache attributes', () => {
  const x86 = ['WB', 'WC', 'UC-', 'UC', 'WB', 'WP', 'UC-', 'WT']
  for (const [i, name] of x86.entries()) {
    const bits = BigInt(((i & 3) << 3) | 1)
    const pat = BigInt(i >> 2)
    expect(decode(bits | (pat << 7n), { level: 'pte' }).cache).toBe(name)
    expect(decode(bits | 0x80n | (pat << 12n), { level: 'pmd' }).cache).toBe(name)
  }
  const arm = (i: number) => decode(0x403n | BigInt(i << 2), { arch: 'arm64', level: 'pte' }).cache
  expect([0, 1, 2, 3, 4, 5].map(arm)).toEqual([
    'MT_NORMAL',
    'MT_NORMAL_TAGGED',
    'MT_NORMAL_NC',
    'MT_DEVICE_nGnRnE',
    'MT_DEVICE_nGnRE',
    'index 5',
  ])
  const riscv = (top: bigint, arch: string) => decode((top << 59n) | 0x43n, { arch, level: 'pte' }).cache
  expect([0n, 4n, 8n].map((top) => riscv(top, 'riscv64'))).toEqual(['PMA', 'NC', 'IO'])
  expect([14n, 0n, 16n, 1n].map((top) => riscv(top, 'riscv64-sv39-thead'))).toEqual([
    'PMA',
    'NC',
    'IO',
    'type 1',
  ])
  expect(riscv(0n, 'riscv64-sv39-nopbmt')).toBe('PMA')
})

function refusal(run: () => unknown): PgprotError {
  try {
    run()
  } catch (error) {
    if (error instanceof PgprotError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('decode refuses', () => {
  type Case = readonly [
    name: string,
    value: bigint,
    options: DecodeOptions,
    code: string,
    message: string,
    bit: number | undefined,
  ]
  const cases: readonly Case[] = [
    ['a negative value', -1n, { level: 'pte' }, 'PGPROT_VALUE_RANGE', 'found -1', undefined],
    [
      'a value of 65 bits',
      1n << 64n,
      { level: 'pte' },
      'PGPROT_VALUE_RANGE',
      'expected an integer from 0 to 2^64 − 1',
      undefined,
    ],
    [
      'an unknown architecture',
      0n,
      { level: 'pte', arch: 'vax' },
      'PGPROT_UNSUPPORTED',
      'found architecture vax',
      undefined,
    ],
    [
      'a level that is not there',
      0n,
      { level: 'p4d' },
      'PGPROT_LEVEL',
      'found level p4d, expected one of pte, pmd, pud, pgd (x86-64)',
      undefined,
    ],
    [
      'a reserved bit of a 2 MiB leaf',
      0x8000_0002_4000_20e7n,
      { level: 'pmd' },
      'PGPROT_RESERVED_BIT',
      'found bit 13 set',
      13,
    ],
    ['a large entry in a PGD', 0xe7n, { level: 'pgd' }, 'PGPROT_RESERVED_BIT', 'found bit 7 set', 7],
    [
      'a page in a PMD table',
      0x8400_0001_2345_6225n,
      { level: 'pmd' },
      'PGPROT_LEVEL',
      'found bit 9 set, expected it clear in a pmd table',
      9,
    ],
    [
      'a swap entry in a PUD table',
      0x1fff_ffff_ffdb_9600n,
      { level: 'pud' },
      'PGPROT_LEVEL',
      'expected a pud entry of x86-64',
      undefined,
    ],
    [
      'a stray bit of a swap entry',
      0x1fff_ffff_ffdb_9610n,
      { level: 'pte' },
      'PGPROT_RESERVED_BIT',
      'found bit 4 set',
      4,
    ],
    [
      'an arm64 block in a PTE table',
      0x0060_0000_4000_0fc1n,
      { level: 'pte', arch: 'arm64' },
      'PGPROT_LEVEL',
      'expected a pte entry of arm64-4k',
      undefined,
    ],
    [
      'an arm64 page in a PMD table',
      0x0060_0001_2345_6fc3n,
      { level: 'pmd', arch: 'arm64' },
      'PGPROT_LEVEL',
      'found bit 6 set',
      6,
    ],
    [
      'an arm64 block that is not aligned',
      0x0060_0000_4000_1fc1n,
      { level: 'pmd', arch: 'arm64' },
      'PGPROT_RESERVED_BIT',
      'found bit 12 set',
      12,
    ],
    [
      'a 64K block at the PUD level',
      0x0060_0000_0000_0fc1n,
      { level: 'pgd', arch: 'arm64-64k' },
      'PGPROT_LEVEL',
      'expected a pgd entry of arm64-64k',
      undefined,
    ],
    [
      'a riscv64 leaf that is writable, not readable',
      0x48d1_58d5n,
      { level: 'pte', arch: 'riscv64' },
      'PGPROT_RESERVED_BIT',
      'found bit 2 set',
      2,
    ],
    [
      'a riscv64 reserved bit',
      (1n << 57n) | 0x53n,
      { level: 'pte', arch: 'riscv64' },
      'PGPROT_RESERVED_BIT',
      'found bit 57 set',
      57,
    ],
    [
      'riscv64 memory type 3',
      (3n << 61n) | 0x53n,
      { level: 'pte', arch: 'riscv64' },
      'PGPROT_RESERVED_BIT',
      'found bit 62 set',
      62,
    ],
    [
      'a riscv64 table pointer in a PTE table',
      0x202a_f001n,
      { level: 'pte', arch: 'riscv64' },
      'PGPROT_LEVEL',
      'expected a pte entry of riscv64-sv39',
      undefined,
    ],
    [
      'a riscv64 page in a PMD table',
      0x48d1_58d7n,
      { level: 'pmd', arch: 'riscv64' },
      'PGPROT_RESERVED_BIT',
      'found bit 11 set',
      11,
    ],
    [
      'a memory type without Svpbmt',
      (1n << 61n) | 0x53n,
      { level: 'pte', arch: 'riscv64-sv39-nopbmt' },
      'PGPROT_RESERVED_BIT',
      'found bit 61 set',
      61,
    ],
  ]
  test.each(cases)('%s', (_, value, options, code, message, bit) => {
    const error = refusal(() => decode(value, options))
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
    expect(error.bit).toBe(bit)
    expect(error.message).toBe(`${code}: found ${error.found}, expected ${error.expected}; ${error.todo}`)
    expect(error.name).toBe('PgprotError')
  })
})

describe('encode refuses', () => {
  const leaf = { level: 'pte', kind: 'leaf', flags: ['_PAGE_PRESENT'], pfn: 1 } as const
  const cases: readonly (readonly [string, EncodableEntry & { arch?: string }, string, string])[] = [
    [
      'a frame number too wide',
      { ...leaf, pfn: 2 ** 40 },
      'PGPROT_PFN_RANGE',
      'found frame number 0x10000000000, expected a multiple of 1 below 2^40',
    ],
    ['a negative frame number', { ...leaf, pfn: -1 }, 'PGPROT_PFN_RANGE', 'found frame number -1'],
    ['half a frame number', { ...leaf, pfn: 0.5 }, 'PGPROT_PFN_RANGE', 'below 2^40'],
    ['no frame number', { ...leaf, pfn: null }, 'PGPROT_PFN_RANGE', 'found no frame number'],
    [
      'a frame that is not aligned',
      { level: 'pmd', kind: 'leaf', flags: ['_PAGE_PRESENT', '_PAGE_PSE'], pfn: 1 },
      'PGPROT_PFN_RANGE',
      'expected a multiple of 512',
    ],
    [
      'an unknown flag',
      { ...leaf, flags: ['_PAGE_SHINY'] },
      'PGPROT_UNKNOWN_FLAG',
      'found _PAGE_SHINY, expected a flag of a pte leaf',
    ],
    [
      'a reserved bit by its mark',
      { level: 'pmd', kind: 'leaf', flags: ['-'], pfn: 0 },
      'PGPROT_UNKNOWN_FLAG',
      'found -',
    ],
    [
      'a flag of another level',
      { ...leaf, flags: ['_PAGE_PRESENT', '_PAGE_PSE'] },
      'PGPROT_LEVEL',
      'it is one of pmd leaf, pud leaf',
    ],
    [
      'a flag of another kind',
      { ...leaf, flags: ['_PAGE_PRESENT', '_PAGE_PROTNONE'] },
      'PGPROT_LEVEL',
      'found _PAGE_PROTNONE',
    ],
    [
      'a PMD leaf that is none',
      { level: 'pmd', kind: 'leaf', flags: ['_PAGE_PRESENT'], pfn: 512 },
      'PGPROT_LEVEL',
      'expected a pmd leaf of x86-64',
    ],
    [
      'an unknown field',
      { ...leaf, fields: { colour: 1 } },
      'PGPROT_BAD_FIELD',
      'found colour = 1, expected a field of a pte leaf',
    ],
    [
      'a field too wide',
      { ...leaf, fields: { pkey: 16 } },
      'PGPROT_BAD_FIELD',
      'found pkey = 16, expected an integer below 2^4',
    ],
    ['the frame as a field', { ...leaf, fields: { pfn: 2 ** 41 } }, 'PGPROT_BAD_FIELD', 'found pfn'],
    [
      'a flag of another architecture',
      { ...leaf, arch: 'arm64' },
      'PGPROT_UNKNOWN_FLAG',
      'found _PAGE_PRESENT',
    ],
  ]
  test.each(cases)('%s', (_, entry, code, message) => {
    const error = refusal(() => encode(entry))
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
  })
})

test('which bit is what', () => {
  const rows = legend(formatByName('x86-64'), 'pte', 'leaf').map(
    ({ shift, width, name, meaning }) => `${shift + width - 1}..${shift} ${name}: ${meaning}`,
  )
  expect(rows).toMatchInlineSnapshot(`
    [
      "0..0 _PAGE_PRESENT: present: the hardware may use the entry",
      "1..1 _PAGE_RW: writable",
      "2..2 _PAGE_USER: user space may use it",
      "3..3 _PAGE_PWT: write through (cache attribute, lowest bit)",
      "4..4 _PAGE_PCD: cache disable (cache attribute, middle bit)",
      "5..5 _PAGE_ACCESSED: accessed, set by the hardware",
      "6..6 _PAGE_DIRTY: written, set by the hardware",
      "7..7 _PAGE_PAT: cache attribute, highest bit",
      "8..8 _PAGE_GLOBAL: stays in the TLB across address spaces",
      "9..9 _PAGE_SPECIAL: no struct page to be used (software)",
      "10..10 _PAGE_UFFD_WP: write-protected by userfaultfd (software)",
      "11..11 _PAGE_SOFT_DIRTY: written since the last reset of soft-dirty bits (software)",
      "51..12 pfn: frame number",
      "57..52 ignored: ignored by the hardware, unused by Linux",
      "58..58 _PAGE_DEVMAP: device memory with struct pages, DAX (software)",
      "62..59 pkey: protection key",
      "63..63 _PAGE_NX: not executable",
    ]
  `)
})

test('names: aliases, and what is not one', () => {
  for (const [alias, name] of [
    ['x86_64', 'x86-64'],
    ['arm64', 'arm64-4k'],
    ['aarch64', 'arm64-4k'],
    ['riscv64', 'riscv64-sv39'],
  ] as const) {
    expect(archByName(alias).name).toBe(name)
  }
  expect(refusal(() => archByName('toString')).code).toBe('PGPROT_UNSUPPORTED')
  expect(refusal(() => archByName('constructor')).expected).toContain(archNames.join(', '))
})

test('the halves of an address space', () => {
  const x86 = archByName('x86-64')
  expect(canonicalHalf(x86, 0x7fff_ffff_ffffn)).toBe('user')
  expect(canonicalHalf(x86, 0x8000_0000_0000n)).toBe('not canonical')
  expect(canonicalHalf(x86, 0xffff_8000_0000_0000n)).toBe('kernel')
  expect(canonicalHalf(x86, -1n)).toBe('kernel')
  expect(tableIndices(x86, 0x7f12_3456_7abcn)).toEqual([0x167, 0x1a2, 0x48, 0xfe])
})
