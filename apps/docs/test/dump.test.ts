import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readDump } from '../demos/entry-decoder/dump.ts'

/** `pte 0x67` for an entry whose text names a level, `0x67` for one whose text does not. */
function entriesOf(text: string): string[] {
  return readDump(text).entries.map(
    ({ level, value }) => `${level ? `${level} ` : ''}0x${value.toString(16)}`,
  )
}

describe('readDump', () => {
  test.each([
    ['', []],
    ['0x8400000123456a67', ['0x8400000123456a67']],
    ['8400000123456A67', ['0x8400000123456a67']],
    ['67', ['0x67']],
    ['  0  ', ['0x0']],
    ['0x1,', ['0x1']],
    ['0x67 0x25', ['0x67', '0x25']],
    ['0x67\n\n0x25\r\n', ['0x67', '0x25']],
    ['0x8400_0001_2345_6a67', ['0x8400000123456a67']],
    ['84000001`23456a67', ['0x8400000123456a67']],
    ['0x67UL, 0x25ull, 0x1n', ['0x67', '0x25', '0x1']],
    ['# a note\n// another\n0x67', ['0x67']],
    // Words around it.
    ['pte=0x8400000123456a67', ['pte 0x8400000123456a67']],
    ['pte=67', ['pte 0x67']],
    ['pmd:84000002400008e7 (DAX)', ['pmd 0x84000002400008e7']],
    ['old 0x25 new 0x67', ['0x25', '0x67']],
    ['entry 8400000123456a67 at slot 12', ['0x8400000123456a67']],
    // What kernels and debuggers print.
    [
      'PGD 12345067 P4D 12345067 PUD 12346067 PMD 12347067 PTE 0',
      ['pgd 0x12345067', 'p4d 0x12345067', 'pud 0x12346067', 'pmd 0x12347067', 'pte 0x0'],
    ],
    [
      '[0000aaaab1234000] pgd=0800000101234003, p4d=0800000101234003, pte=0068000123456f43',
      ['pgd 0x800000101234003', 'p4d 0x800000101234003', 'pte 0x68000123456f43'],
    ],
    ['   PTE: ffff88800a1ac7f8 => 8000000123456867', ['pte 0x8000000123456867']],
    ['ffff888012345000:  8000000123456067 0000000000000000', ['0x8000000123456067', '0x0']],
    ['0x7f0000001000: 0x8400000123456a67', ['0x8400000123456a67']],
    ['$1 = {pte = 9511602417893206631}', ['pte 0x8400000123456a67']],
    ['pte_t pte = {pte = 0x67}', ['pte 0x67']],
    // Words of hex letters are words.
    ['the pte added a bad face\n0x67', ['0x67']],
  ])('%j', (text, expected) => {
    expect(entriesOf(text)).toEqual(expected)
  })

  test('says which lines have no entry, and which number is too wide', () => {
    const { entries, problems } = readDump('hello\n0x67\n0x10000000000000000\n')
    expect(entries).toHaveLength(1)
    expect(problems).toEqual([
      { line: 1, message: 'no entry in “hello”' },
      { line: 3, message: '0x10000000000000000 has more than 64 bits' },
    ])
  })

  test('says where in the text each number and level stands', () => {
    const text = 'note:\nPMD 25, pte=0x67\n'
    const spans = readDump(text).entries.map(({ label, number }) => [
      label && text.slice(label.start, label.end),
      text.slice(number.start, number.end),
    ])
    expect(spans).toEqual([
      ['PMD', '25'],
      ['pte', '0x67'],
    ])
  })

  test('reads back any list of values in any spelling', () => {
    const spelling = fc.constantFrom(
      (hex: string) => `0x${hex}`,
      (hex: string) => hex.padStart(16, '0'),
      (hex: string) => `pte=${hex}`,
      (hex: string) => `PTE ${hex.toUpperCase().padStart(16, '0')} PAGE`,
      (hex: string) => `ffff888012345000:  ${hex.padStart(16, '0')}  ................`,
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), spelling)), (lines) => {
        const text = lines.map(([value, spell]) => spell(value.toString(16))).join('\n')
        const { entries, problems } = readDump(text)
        expect(problems).toEqual([])
        expect(entries.map(({ value }) => value)).toEqual(lines.map(([value]) => value))
      }),
    )
  })

  test('takes any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        for (const { value } of readDump(text).entries) expect(BigInt.asUintN(64, value)).toBe(value)
      }),
    )
  })
})
