import { archNames, formatByName } from '@mm-model/pgprot'
import { describe, expect, test } from 'vitest'
import { configurations, formatOf } from '../demos/entry-decoder/configurations.ts'
import { examplesFor } from '../demos/entry-decoder/examples.ts'
import { readEntry, remedies } from '../demos/entry-decoder/reading.ts'
import {
  EMPTY,
  view,
  withArch,
  withFlip,
  withLevel,
  withoutFlips,
  withText,
} from '../demos/entry-decoder/state.ts'

/** Labels of the fields of a value that have a role, from bit 63 down. */
function labels(arch: string, level: 'pte' | 'pmd', value: bigint, role: string): string[] {
  return readEntry(arch, level, value)
    .fields.filter((field) => field.role === role)
    .map(({ label }) => label)
}

describe('configurations', () => {
  test('every name of the catalog is offered, or reads as one that is', () => {
    for (const name of archNames) {
      const plain = name.replace(/-(nodbm|noaf|svadu)$/, '')
      expect(configurations.map((one) => one.name)).toContain(plain)
      const [a, b] = [formatByName(name), formatByName(plain)]
      for (let level = 0; level < a.arch.levels; level++)
        for (const kind of ['leaf', 'table', 'swap', 'none'] as const) {
          if (kind === 'leaf' && level > a.arch.maxLeafLevel) continue
          expect(a.layout(level, kind, true)).toBe(b.layout(level, kind, true))
        }
    }
  })

  test('labels tell them apart', () => {
    const labels = configurations.map(({ family, label }) => `${family}: ${label}`)
    expect(new Set(labels).size).toBe(labels.length)
    expect(labels).toEqual(
      expect.arrayContaining([
        'x86-64: 4 levels',
        'x86-64: 5 levels',
        'arm64: 64 KiB pages',
        'riscv64: Sv57',
      ]),
    )
  })

  test.each(configurations.map(({ name }) => name))('the examples for %s are entries', (name) => {
    for (const { level, text } of examplesFor(name)) {
      const { rows, dump } = view({ ...EMPTY, arch: name, level, text })
      expect(dump.problems).toEqual([])
      expect(rows.length).toBeGreaterThan(0)
      for (const row of rows) expect(readEntry(name, row.level, row.value).error).toBeNull()
    }
  })
})

describe('readEntry', () => {
  test('marks the bits that are software’s own', () => {
    expect(labels('x86-64', 'pte', 0x8400000123456a67n, 'software')).toEqual([
      '_PAGE_DEVMAP',
      '_PAGE_SOFT_DIRTY',
      '_PAGE_UFFD_WP',
      '_PAGE_SPECIAL',
    ])
    expect(labels('arm64-4k', 'pte', 0x03e8000123456f43n, 'software')).toEqual([
      'PTE_DEVMAP',
      'PTE_SPECIAL',
      'PTE_DIRTY',
    ])
    expect(labels('riscv64-sv39', 'pte', 0x48d158d7n, 'software')).toEqual(['RSW1', '_PAGE_SPECIAL'])
    // Of what is not present the hardware reads bit 0 alone.
    expect(labels('x86-64', 'pte', 0x000ffffedcba9120n, 'hardware')).toEqual(['_PAGE_PRESENT'])
  })

  test('covers all 64 bits once, whatever the value', () => {
    for (const { name } of configurations)
      for (const level of formatOf(name).arch.levelNames)
        for (const value of [0n, 1n, 0x67n, 0x41n, 0x100n, 0x20n, 3n, ~0n & ((1n << 64n) - 1n)]) {
          let next = 64
          for (const { shift, width, bits } of readEntry(name, level, value).fields) {
            next -= width
            expect(shift).toBe(next)
            expect(bits).toBe(BigInt.asUintN(width, value >> BigInt(shift)))
          }
          expect(next).toBe(0)
        }
  })

  test('shows frames as decoded: aligned, put together, not inverted', () => {
    const frame = (arch: string, level: 'pte' | 'pmd', value: bigint) =>
      readEntry(arch, level, value).fields.find(({ name }) => name === 'pfn')?.shown
    expect(frame('x86-64', 'pmd', 0x84000002400008e7n)).toBe('0x240000')
    expect(frame('x86-64', 'pte', 0x000ffffedcba9120n)).toBe('0x123456')
    expect(frame('arm64-64k', 'pte', 0x036012345678afc3n)).toBe('0xa12345678')
    expect(readEntry('arm64-64k', 'pte', 0x036012345678afc3n).physical).toBe(0xa123456780000n)
  })

  test('offers ways out of a refusal', () => {
    const large = readEntry('x86-64', 'pgd', 0x84000002400008e7n)
    expect(large.error?.code).toBe('PGPROT_RESERVED_BIT')
    expect(remedies(large).slice(0, 3)).toEqual([
      { kind: 'level', level: 'pte' },
      { kind: 'level', level: 'pmd' },
      { kind: 'level', level: 'pud' },
    ])
    const block = readEntry('arm64-4k', 'pte', 0x02e8000240000f41n)
    expect(block.error?.code).toBe('PGPROT_LEVEL')
    expect(remedies(block)).toContainEqual({ kind: 'level', level: 'pmd' })
    expect(remedies(readEntry('x86-64', 'pgd', 0xe7n))[0]).toEqual({ kind: 'flip', bit: 7 })
    // Writable but not readable: clearing the refused bit leaves no leaf, so the one it depends on is offered.
    const unreadable = readEntry('riscv64-sv39', 'pte', 0x48d158d5n)
    expect(unreadable.error?.bit).toBe(2)
    expect(remedies(unreadable)[0]).toEqual({ kind: 'flip', bit: 1 })
    expect(remedies(readEntry('x86-64', 'pte', 0x67n))).toEqual([])
  })
})

describe('state', () => {
  const two = { ...EMPTY, text: 'pte=0x25\n0x67', at: 1 }

  test('a flip changes one entry, and flipping back leaves nothing', () => {
    const flipped = withFlip(two, 1)
    expect(view(flipped).rows.map(({ value }) => value)).toEqual([0x25n, 0x65n])
    expect(view(flipped).was?.value).toBe(0x67n)
    expect(withFlip(flipped, 1)).toEqual(two)
    expect(withoutFlips(withFlip(flipped, 63))).toEqual(two)
  })

  test('flips stay with entries that stay', () => {
    const flipped = withFlip(two, 1)
    expect(withText(flipped, '0x25\n0x67\n0x1').edits).toEqual(flipped.edits)
    expect(withText(flipped, '0x67').edits.size).toBe(0)
    expect(withText(flipped, '0x67').at).toBe(0)
  })

  test('a level is changed where it is written', () => {
    expect(withLevel(two, 'pmd')).toEqual({ ...two, level: 'pmd' })
    expect(withLevel({ ...two, at: 0 }, 'pmd')).toEqual({ ...two, at: 0, text: 'pmd=0x25\n0x67' })
    // Where all entries say theirs, it is the level of what will be pasted next as well.
    expect(withLevel({ ...EMPTY, text: 'PTE 25' }, 'pud')).toEqual({ ...EMPTY, level: 'pud', text: 'PUD 25' })
  })

  test('a level that does not exist is the root’s', () => {
    const { rows } = view({ ...EMPTY, text: 'PGD 67 P4D 67' })
    expect(rows.map(({ level, folded }) => [level, folded])).toEqual([
      ['pgd', null],
      ['pgd', 'p4d'],
    ])
    expect(withArch({ ...EMPTY, arch: 'x86-64-la57', level: 'p4d' }, 'x86-64').level).toBe('pgd')
  })
})
