/**
 * The friendly form: bigint in, object out, and back. One format describes the entries of one architecture.
 * @module
 */
import type { Level, PageTableArch } from './arch.ts'
import { PgprotError } from './error.ts'
import { describe } from './sentence.ts'

/** What an entry is: nothing, a mapping, a pointer to a lower table, or a note where the page went. */
export type EntryKind = 'none' | 'leaf' | 'table' | 'swap'

/** Some neighbouring bits of an entry. */
export interface BitField {
  /** The lowest bit, 0..63. */
  readonly shift: number
  readonly width: number
  /** The kernel's name; `'-'` for reserved bits, `'!'` for bits that Linux leaves alone in this kind of entry. */
  readonly name: string
}

/** How the entries of one architecture look. Made by the architectures; users pass it around. */
export interface EntryFormat {
  readonly arch: PageTableArch
  /** What the entry is, or `null` for a value that this level cannot hold. */
  readonly kind: (lo: number, hi: number, level: number) => EntryKind | null
  /**
   * The fields from bit 0 up, as "name" or "name:width" with spaces between; `present` is the hardware's view.
   * Widths add up to 64.
   */
  readonly layout: (level: number, kind: EntryKind, present: boolean) => string
  /** The bit of a reserved combination, or −1. */
  readonly reserved: (lo: number, hi: number, kind: EntryKind) => number
  /** Stores a frame number and the bits around it. */
  readonly storePfn: (level: number) => PageTableArch['pfnPte']
  /** Cache attribute of a leaf. */
  readonly cache: (lo: number, hi: number, level: number) => string
  /** User space may fetch instructions, but not load. */
  readonly executeOnly: (lo: number, hi: number) => boolean
}

/** An entry in words. Plain data: `encode` takes it back. */
export interface DecodedEntry {
  readonly arch: string
  readonly level: Level
  readonly kind: EntryKind
  readonly value: bigint
  /** The one-bit fields that are set, in the kernel's names, the lowest first. */
  readonly flags: readonly string[]
  /** The wider fields by name, except the frame number. */
  readonly fields: Readonly<Record<string, number>>
  /** Frame number in pages of the architecture; `null` for kinds that have none. */
  readonly pfn: number | null
  /** Cache attribute of a leaf, else `null`. */
  readonly cache: string | null
  /** One plain sentence. */
  readonly text: string
}

/** What `encode` needs of a `DecodedEntry`; missing flags are clear, missing fields 0. */
export interface EncodableEntry {
  readonly level: Level
  readonly kind: EntryKind
  readonly flags?: readonly string[] | undefined
  readonly fields?: Readonly<Record<string, number>> | undefined
  readonly pfn?: number | null | undefined
}

/** The fields of an entry from bit 0 up; together they cover all 64 bits once. */
export function bitTable(
  format: EntryFormat,
  level: Level,
  kind: EntryKind,
  present: boolean = kind === 'leaf' || kind === 'table',
): readonly BitField[] {
  let shift = 0
  return format
    .layout(levelNumber(format, level), kind, present)
    .split(' ')
    .map((item) => {
      const [name = '', width = '1'] = item.split(':')
      const field = { shift, width: Number(width), name }
      shift += field.width
      return field
    })
}

/**
 * The entry `value` (0..2^64 − 1) found at `level`. Throws `PGPROT_VALUE_RANGE`, `PGPROT_LEVEL` for a value that
 * belongs elsewhere, `PGPROT_RESERVED_BIT`.
 */
export function decodeEntry(format: EntryFormat, value: bigint, level: Level): DecodedEntry {
  const { arch } = format
  const number = levelNumber(format, level)
  if (value !== BigInt.asUintN(64, value)) {
    throw new PgprotError('PGPROT_VALUE_RANGE', {
      found: String(value),
      expected: 'an integer from 0 to 2^64 − 1',
      todo: 'cut it with BigInt.asUintN(64, value)',
    })
  }
  const lo = Uint32Array.of(Number(value & 0xffff_ffffn))
  const hi = Uint32Array.of(Number(value >> 32n))
  const kind = format.kind(lo[0]!, hi[0]!, number)
  if (kind === null) throw wrongLevel(format, `0x${value.toString(16)}`, level)

  const flags: string[] = []
  const fields: Record<string, number> = {}
  for (const { shift, width, name } of bitTable(format, level, kind, (lo[0]! & 1) !== 0)) {
    const bits = BigInt.asUintN(width, value >> BigInt(shift))
    if (name === '-' || name === '!') refuseBits(bits, shift, `${level} ${kind}`, name)
    else if (width > 1 && name !== 'pfn') fields[name] = Number(bits)
    else if (width === 1 && bits !== 0n) flags.push(name)
  }
  const bit = format.reserved(lo[0]!, hi[0]!, kind)
  if (bit >= 0) refuseBits(1n, bit, `${level} ${kind} with its other bits`, '-')
  if (kind === 'swap')
    Object.assign(fields, { type: arch.swpType(lo, hi, 0), offset: arch.swpOffset(lo, hi, 0) })
  const pfnOf = kind === 'table' ? arch.tableEntryPfn : [arch.ptePfn, arch.pmdPfn, arch.pudPfn][number]!
  const pfn = kind === 'leaf' || kind === 'table' ? pfnOf(lo, hi, 0) : null
  const cache = kind === 'leaf' ? format.cache(lo[0]!, hi[0]!, number) : null
  const entry = { arch: arch.name, level, kind, value, flags, fields, pfn, cache }
  return { ...entry, text: describe(format, entry, lo, hi) }
}

/**
 * The value of an entry: the inverse of `decodeEntry`. Throws `PGPROT_UNKNOWN_FLAG`, `PGPROT_LEVEL` for a flag of
 * another level or kind, `PGPROT_BAD_FIELD`, `PGPROT_PFN_RANGE` for a frame number that is too wide or not aligned to
 * the leaf, `PGPROT_RESERVED_BIT`.
 */
export function encodeEntry(format: EntryFormat, entry: EncodableEntry): bigint {
  const { arch } = format
  const { level, kind, flags = [], fields = {}, pfn } = entry
  const number = levelNumber(format, level)
  // The hardware's present bit is bit 0 everywhere, and the same name in all layouts.
  const presentFlag = bitTable(format, arch.levelNames[0]!, 'leaf', true)[0]!.name
  const table = bitTable(format, level, kind, flags.includes(presentFlag))
  const named = new Map(table.map((field) => [field.name, field]))

  let bits = 0n
  for (const name of flags) {
    const field = named.get(name)
    if (field?.width !== 1 || name.length === 1) throw unknownFlag(format, name, `${level} ${kind}`)
    bits |= 1n << BigInt(field.shift)
  }
  for (const [name, value] of Object.entries(fields)) {
    const width = named.get(name)?.width ?? 0
    if (width < 2 || !(Number.isInteger(value) && value >= 0 && value < 2 ** width)) {
      throw new PgprotError('PGPROT_BAD_FIELD', {
        found: `${name} = ${value}`,
        expected: width < 2 ? `a field of a ${level} ${kind}` : `an integer below 2^${width}`,
        todo: 'see bitTable() for the fields',
      })
    }
    if (kind !== 'swap') bits |= BigInt(value) << BigInt(named.get(name)!.shift)
  }

  const lo = new Uint32Array(1)
  const hi = new Uint32Array(1)
  const bitsLo = Number(bits & 0xffff_ffffn)
  const bitsHi = Number(bits >> 32n)
  if (kind === 'leaf' || kind === 'table') {
    checkPfn(arch, pfn, kind === 'leaf' ? number : 0)
    format.storePfn(kind === 'leaf' ? number : 0)(lo, hi, 0, pfn!, bitsLo, bitsHi)
  } else {
    if (kind === 'swap') arch.mkSwapEntry(lo, hi, 0, fields.type ?? 0, fields.offset ?? 0)
    lo[0]! |= bitsLo
    hi[0]! |= bitsHi
  }
  const value = (BigInt(hi[0]!) << 32n) | BigInt(lo[0]!)
  if (decodeEntry(format, value, level).kind !== kind)
    throw wrongLevel(format, `flags of another kind`, level, kind)
  return value
}

/** 0 for `'pte'`, 1 for `'pmd'`, … Throws `PGPROT_LEVEL` for a level that the configuration does not have. */
function levelNumber({ arch }: EntryFormat, level: Level): number {
  const number = arch.levelNames.indexOf(level)
  if (number >= 0) return number
  throw new PgprotError('PGPROT_LEVEL', {
    found: `level ${level}`,
    expected: `one of ${arch.levelNames.join(', ')} (${arch.name})`,
    todo: 'name a level that exists',
  })
}

function wrongLevel({ arch }: EntryFormat, found: string, level: Level, kind = 'entry'): PgprotError {
  return new PgprotError('PGPROT_LEVEL', {
    found,
    expected: `a ${level} ${kind} of ${arch.name}`,
    todo: 'check the level, or which table it came from',
  })
}

function unknownFlag(format: EntryFormat, name: string, where: string): PgprotError {
  const { levelNames, maxLeafLevel } = format.arch
  const has = (level: Level, kind: EntryKind): boolean =>
    [true, false].some((present) =>
      bitTable(format, level, kind, present).some((field) => field.name === name),
    )
  const kinds = ['leaf', 'table', 'swap', 'none'] as const
  const places = levelNames.flatMap((level, number) =>
    kinds
      .filter((kind) => (number <= maxLeafLevel || kind === 'table') && has(level, kind))
      .map((kind) => `${level} ${kind}`),
  )
  // The marks of reserved bits are names nowhere.
  const elsewhere = name.length > 1 && places.length > 0
  return new PgprotError(elsewhere ? 'PGPROT_LEVEL' : 'PGPROT_UNKNOWN_FLAG', {
    found: name,
    expected: `a flag of a ${where}`,
    todo: elsewhere ? `it is one of ${places.join(', ')}` : 'see bitTable() for the flags',
  })
}

function refuseBits(bits: bigint, shift: number, where: string, mark: string): void {
  if (bits === 0n) return
  const bit = shift + bits.toString(2).length - bits.toString(2).lastIndexOf('1') - 1
  throw new PgprotError(mark === '!' ? 'PGPROT_LEVEL' : 'PGPROT_RESERVED_BIT', {
    found: `bit ${bit} set`,
    expected: `it clear in a ${where}`,
    todo:
      mark === '!' ? 'check the level: Linux does not use that bit here' : 'check the value and its level',
    bit,
  })
}

function checkPfn(arch: PageTableArch, pfn: number | null | undefined, level: number): void {
  const pages = 2 ** (arch.shifts[level]! - arch.pageShift)
  if (pfn != null && Number.isInteger(pfn) && pfn >= 0 && pfn < 2 ** arch.pfnBits && pfn % pages === 0) return
  throw new PgprotError('PGPROT_PFN_RANGE', {
    found: pfn == null ? 'no frame number' : `frame number ${pfn < 0 ? pfn : `0x${pfn.toString(16)}`}`,
    expected: `a multiple of ${pages} below 2^${arch.pfnBits}`,
    todo: 'frame numbers count pages of the architecture; cut or align it',
  })
}
