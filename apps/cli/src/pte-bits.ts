import { type DecodedEntry, type EntryFormat, type LegendField, type Level, legend } from '@mm-model/pgprot'

/** One field of an entry for a table: `63`, or `12–51`. */
export interface BitRow {
  readonly bit: string
  readonly name: string
  /** In hex where it is wider than a bit. */
  readonly value: string
  readonly meaning: string
}

/** The fields of an entry, the highest bit first, with what they hold. */
export function bitRows(format: EntryFormat, { value, level, kind }: DecodedEntry): readonly BitRow[] {
  const present = kind === 'leaf' || kind === 'table' ? (value & 1n) === 1n : undefined
  return legend(format, level, kind, present)
    .map((field): BitRow => {
      const held = (value >> BigInt(field.shift)) & ((1n << BigInt(field.width)) - 1n)
      return { ...shown(field), value: field.width === 1 ? String(held) : `0x${held.toString(16)}` }
    })
    .toReversed()
}

/** The fields of a leaf that is present, the highest bit first. */
export function legendRows(format: EntryFormat, level: Level): readonly Omit<BitRow, 'value'>[] {
  return legend(format, level, 'leaf').map(shown).toReversed()
}

function shown({ shift, width, name, meaning }: LegendField): Omit<BitRow, 'value'> {
  return { bit: width === 1 ? String(shift) : `${shift}–${shift + width - 1}`, name, meaning }
}
