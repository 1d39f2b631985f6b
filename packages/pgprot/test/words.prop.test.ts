import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Level } from '../src/arch.ts'
import { archNames, decode, encode, formatByName } from '../src/catalog.ts'
import { PgprotError } from '../src/error.ts'
import {
  bitTable,
  type DecodedEntry,
  type EncodableEntry,
  type EntryFormat,
  type EntryKind,
} from '../src/format.ts'
import { legend } from '../src/legend.ts'

const KINDS: readonly EntryKind[] = ['none', 'leaf', 'table', 'swap']

interface Shape {
  readonly level: Level
  readonly kind: EntryKind
  readonly present: boolean
}

/** Every kind of entry that a configuration can have, at every level. */
function shapes({ arch }: EntryFormat): Shape[] {
  return arch.levelNames.flatMap((level, number) =>
    KINDS.flatMap((kind): Shape[] => {
      if (kind === 'none') return [{ level, kind, present: false }]
      if (kind === 'table') return number > 0 ? [{ level, kind, present: true }] : []
      if (kind === 'swap') return number < 2 ? [{ level, kind, present: false }] : []
      return number <= arch.maxLeafLevel ? [true, false].map((present) => ({ level, kind, present })) : []
    }),
  )
}

const ALL = (1n << 64n) - 1n

describe.each(archNames.map((name) => [name, formatByName(name)] as const))('%s', (name, format) => {
  const { arch } = format

  test('the catalog and the value agree on the name', () => {
    expect(arch.name).toBe(name)
  })

  test.each(shapes(format))(
    'the fields of a $level $kind (present: $present) cover each bit once',
    (shape) => {
      const fields = legend(format, shape.level, shape.kind, shape.present)
      let covered = 0n
      for (const { shift, width, meaning } of fields) {
        const mask = ((1n << BigInt(width)) - 1n) << BigInt(shift)
        expect(covered & mask).toBe(0n)
        covered |= mask
        expect(meaning).not.toBe('')
      }
      expect(covered).toBe(ALL)
      const oneBit = fields
        .filter(({ width, name: of }) => width === 1 && of.length > 1)
        .map(({ name: of }) => of)
      expect(new Set(oneBit).size).toBe(oneBit.length)
    },
  )

  /** Values near those that occur: pieces of a layout put together at random. */
  const nearby = fc
    .tuple(
      fc.constantFrom(...shapes(format)),
      fc.bigInt({ min: 0n, max: ALL }),
      fc.nat({ max: 63 }),
      fc.nat({ max: 9 }),
    )
    .map(([{ level, kind, present }, noise, flip, dice]) => {
      let value = 0n
      for (const { shift, width, name: of } of bitTable(format, level, kind, present)) {
        if (of === '-' || of === '!') continue
        value |= (((1n << BigInt(width)) - 1n) << BigInt(shift)) & noise
      }
      value = present ? value | 1n : value & ~1n
      return { level, value: dice === 0 ? value ^ (1n << BigInt(flip)) : value }
    })

  test('what decodes, encodes to itself; what does not, says which bit or level', () => {
    let decoded = 0
    fc.assert(
      fc.property(nearby, ({ level, value }) => {
        let entry: DecodedEntry
        try {
          entry = decode(value, { arch: format, level })
        } catch (error) {
          expect(error).toBeInstanceOf(PgprotError)
          const { code, bit } = error as PgprotError
          expect(['PGPROT_LEVEL', 'PGPROT_RESERVED_BIT']).toContain(code)
          if (bit !== undefined) expect((value >> BigInt(bit)) & 1n).toBe(1n)
          return
        }
        decoded++
        expect(encode({ ...entry, arch: format })).toBe(value)
        expect(entry.value).toBe(value)
        expect(entry.text).toMatch(/^[A-Z].*\.$/)
      }),
      { numRuns: 1000 },
    )
    expect(decoded).toBeGreaterThan(200)
  })

  test('what encodes, decodes to the same words', () => {
    const entries = fc.constantFrom(...shapes(format)).chain(({ level, kind, present }) => {
      const number = arch.levelNames.indexOf(level)
      const table = bitTable(format, level, kind, present)
      const names = table.filter((f) => f.width === 1 && f.name.length > 1).map((f) => f.name)
      const fields = Object.fromEntries(
        table
          .filter((f) => f.width > 1 && f.name.length > 1 && f.name !== 'pfn')
          .map((f) => [f.name, fc.maxSafeNat().map((n) => n % 2 ** f.width)]),
      )
      const pages = kind === 'leaf' ? 2 ** (arch.shifts[number]! - arch.pageShift) : 1
      const pfn = fc.maxSafeNat().map((n) => (n % (2 ** arch.pfnBits / pages)) * pages)
      return fc.record({
        level: fc.constant(level),
        kind: fc.constant(kind),
        flags: fc.subarray(names),
        fields: fc.record(fields),
        pfn: kind === 'leaf' || kind === 'table' ? pfn : fc.constant(null),
      })
    })
    fc.assert(
      fc.property(entries, (entry: EncodableEntry) => {
        let value: bigint
        try {
          value = encode({ ...entry, arch: format })
        } catch (error) {
          // Flags that make another kind of entry, or a reserved combination.
          expect(['PGPROT_LEVEL', 'PGPROT_RESERVED_BIT', 'PGPROT_UNKNOWN_FLAG']).toContain(
            (error as PgprotError).code,
          )
          return
        }
        const { level, kind, flags, fields, pfn } = decode(value, { arch: format, level: entry.level })
        expect({ level, kind, flags, fields, pfn }).toEqual(entry)
      }),
      { numRuns: 1000 },
    )
  })
})
