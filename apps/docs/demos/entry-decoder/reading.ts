import {
  type BitField,
  type DecodedEntry,
  decodeEntry,
  type EntryFormat,
  type EntryKind,
  type Level,
  legend,
  PgprotError,
} from '@mm-model/pgprot'
import { configurations, familyOf, formatOf } from './configurations.ts'

/** What a field is for, which is what its colour says. */
type Role = 'hardware' | 'software' | 'frame' | 'none'

export interface Field extends BitField {
  readonly role: Role
  /** The kernel's name, or what stands for one. */
  readonly label: string
  readonly meaning: string
  /** The bits as they are. */
  readonly bits: bigint
  /** What they say: `0` or `1`, a number, a frame. */
  readonly shown: string
}

/** A way out of a refusal. */
export type Remedy =
  | { readonly kind: 'flip'; readonly bit: number }
  | { readonly kind: 'level'; readonly level: Level }
  | { readonly kind: 'arch'; readonly name: string }

/** What one value means at one level, or why it means nothing. */
export interface Reading {
  readonly value: bigint
  readonly level: Level
  readonly arch: string
  readonly kind: EntryKind | null
  /** `null` when the package refuses the value. */
  readonly entry: DecodedEntry | null
  readonly error: PgprotError | null
  /** From bit 63 down. For a value that is no entry of this level, as near as can be told. */
  readonly fields: readonly Field[]
  /** Physical address of what a leaf or table pointer names. */
  readonly physical: bigint | null
}

/** Reads one value. `level` must exist in the configuration. */
export function readEntry(archName: string, level: Level, value: bigint): Reading {
  const format = formatOf(archName)
  const { arch } = format
  const lo = Number(BigInt.asUintN(32, value))
  const hi = Number(value >> 32n)
  const number = arch.levelNames.indexOf(level)
  const present = (lo & 1) !== 0
  const kind = format.kind(lo, hi, number)
  const result = tryDecode(format, value, level)
  const entry = result instanceof PgprotError ? null : result
  const guess: EntryKind = number <= arch.maxLeafLevel ? 'leaf' : 'table'
  const fields = legend(format, level, kind ?? guess, present)
    .map((field) => describeField(field, value, entry))
    .reverse()
  return {
    value,
    level,
    arch: archName,
    kind,
    entry,
    error: result instanceof PgprotError ? result : null,
    fields,
    physical: entry?.pfn == null ? null : BigInt(entry.pfn) << BigInt(arch.pageShift),
  }
}

/** What would make sense of a refused value: one bit flipped, another level, another architecture. */
export function remedies({ value, level, arch, error, fields }: Reading): readonly Remedy[] {
  if (error === null) return []
  const found: Remedy[] = []
  const reads = (name: string, at: Level, as = value): boolean =>
    !(tryDecode(formatOf(name), as, at) instanceof PgprotError)
  // The bit that was refused, or else one that it depends on.
  const { bit } = error
  const singles = fields.filter(({ width, role }) => width === 1 && role !== 'none').map(({ shift }) => shift)
  const helps = (one: number): boolean => reads(arch, level, value ^ (1n << BigInt(one)))
  const flip = bit === undefined ? undefined : [bit, ...singles.reverse()].find(helps)
  if (flip !== undefined) found.push({ kind: 'flip', bit: flip })
  for (const other of formatOf(arch).arch.levelNames)
    if (other !== level && reads(arch, other)) found.push({ kind: 'level', level: other })
  const families = new Set([familyOf(arch)])
  for (const { name, family } of configurations) {
    if (families.has(family) || !formatOf(name).arch.levelNames.includes(level) || !reads(name, level))
      continue
    families.add(family)
    found.push({ kind: 'arch', name })
  }
  return found
}

function tryDecode(format: EntryFormat, value: bigint, level: Level): DecodedEntry | PgprotError {
  try {
    return decodeEntry(format, value, level)
  } catch (error) {
    if (error instanceof PgprotError) return error
    throw error
  }
}

function describeField(
  { shift, width, name, meaning }: BitField & { readonly meaning: string },
  value: bigint,
  entry: DecodedEntry | null,
): Field {
  const bits = BigInt.asUintN(width, value >> BigInt(shift))
  const reserved = name === '-'
  const unused = name === '!'
  // Of an entry that is not present the hardware reads bit 0 alone.
  const software = /\bsoftware\b/.test(meaning) || ((value & 1n) === 0n && shift > 0)
  const role: Role =
    reserved || unused || name === 'ignored'
      ? 'none'
      : name === 'pfn' || name === 'offset'
        ? 'frame'
        : software
          ? 'software'
          : 'hardware'
  const told = name === 'pfn' ? entry?.pfn : entry?.fields[name]
  const shown = width === 1 ? String(bits) : `0x${(told ?? bits).toString(16)}`
  const label = reserved ? 'reserved' : unused ? 'unused' : name
  return { shift, width, name, role, label, meaning, bits, shown }
}
