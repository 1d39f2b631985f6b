import type { Level } from '@mm-model/pgprot'

/** An entry as it stands in a text. Offsets are indices into that text. */
interface DumpEntry {
  readonly value: bigint
  /** The level that the text itself names, as in `pmd=0x…`, or `null`. */
  readonly level: Level | null
  /** The word that names the level. */
  readonly label: Span | null
  readonly number: Span
}

interface Span {
  readonly start: number
  readonly end: number
}

/** A line that has something other than entries. */
interface DumpProblem {
  /** Counted from 1. */
  readonly line: number
  readonly message: string
}

export interface Dump {
  readonly entries: readonly DumpEntry[]
  readonly problems: readonly DumpProblem[]
}

// Digits may be grouped: 0x8400_0001_2345_6a67, 84000001`23456a67.
const HEX = "0x[0-9a-f_`']+|[0-9a-f][0-9a-f_`']*"
// "pte=8400…", "PMD 102347067", "pte_val: 0x…", crash's "PTE: ffff88800a1ac7f8 => 8400…".
const LABELLED = new RegExp(
  `\\b(pgd|p4d|pud|pmd|pte)(?:_?val)?\\b(\\s*[:=(]\\s*|\\s+)(?:(?:${HEX})\\s*=>\\s*)?(${HEX})(?![0-9a-z])`,
  'gid',
)
const PREFIXED = /\b(0x[0-9a-f_`']+)(?:u?l{1,2}|n)?\b(?!\s*(?::|=>))/dgi
const BARE = /(?<![\w.])([0-9a-f][0-9a-f_`']*)\b(?!\s*(?::|=>)|[.\w])/dgi
const COMMENT = /^\s*(?:#|\/\/)/

/**
 * The entries in any text: one a line or several, with or without `0x`, in the midst of other words. A number after a
 * level's name belongs to that level, and where a line has such numbers, the others are no entries. Without names,
 * numbers with `0x` count; without these, numbers of eight digits or more, or a number that has the line to itself.
 * What stands before `:` or `=>` is an address.
 */
export function readDump(text: string): Dump {
  const entries: DumpEntry[] = []
  const problems: DumpProblem[] = []
  let start = 0
  text.split('\n').forEach((line, index) => {
    if (line.trim() !== '' && !COMMENT.test(line)) {
      const found = numbersOf(line)
      if (found.length === 0) problems.push({ line: index + 1, message: `no entry in “${clip(line)}”` })
      for (const { number, level, label } of found) {
        const digits = line.slice(number.start, number.end)
        const value = parseDigits(digits)
        if (value === null) {
          problems.push({ line: index + 1, message: `${clip(digits)} has more than 64 bits` })
        } else {
          entries.push({ value, level, label: shifted(label, start), number: shifted(number, start) })
        }
      }
    }
    start += line.length + 1
  })
  return { entries, problems }
}

interface Found {
  readonly number: Span
  readonly level: Level | null
  readonly label: Span | null
}

function numbersOf(line: string): readonly Found[] {
  const labelled = [...line.matchAll(LABELLED)].flatMap((match): Found[] => {
    const number = spanOf(match, 3)
    const [, label = '', separator = '', digits = ''] = match
    // "the pte added" is English: without a separator a number needs a digit.
    if (!/[:=(]/.test(separator) && !isNumber(digits, 1)) return []
    return number ? [{ number, level: label.toLowerCase() as Level, label: spanOf(match, 1) }] : []
  })
  if (labelled.length > 0) return labelled
  const plain = (match: RegExpMatchArray): Found[] => {
    const number = spanOf(match, 1)
    return number ? [{ number, level: null, label: null }] : []
  }
  const prefixed = [...line.matchAll(PREFIXED)].flatMap(plain)
  if (prefixed.length > 0) return prefixed
  const bare = [...line.matchAll(BARE)]
  if (bare.length === 1 && bare[0]?.[1] === line.trim().replace(/[,;]$/, '')) return bare.flatMap(plain)
  return bare.filter(([, digits = '']) => isNumber(digits, 8)).flatMap(plain)
}

/** A number rather than a word of the letters a to f: it has a digit, or is as long as an entry. */
function isNumber(digits: string, least: number): boolean {
  return digits.length >= 16 || (digits.length >= least && /\d/.test(digits))
}

/** Hex, or decimal if it has more digits than 64 bits have in hex and no letters; `null` if it is too wide. */
function parseDigits(digits: string): bigint | null {
  const plain = digits.replace(/[_`']/g, '').toLowerCase()
  const decimal = /^\d{17,20}$/.test(plain) && !plain.startsWith('0')
  const value = BigInt(plain.startsWith('0x') || decimal ? plain : `0x${plain}`)
  return value >> 64n === 0n ? value : null
}

function spanOf(match: RegExpMatchArray, group: number): Span | null {
  const indices = match.indices?.[group]
  return indices ? { start: indices[0], end: indices[1] } : null
}

function shifted<T extends Span | null>(span: T, by: number): T
function shifted(span: Span | null, by: number): Span | null {
  return span && { start: span.start + by, end: span.end + by }
}

function clip(text: string): string {
  const trimmed = text.trim()
  return trimmed.length > 40 ? `${trimmed.slice(0, 39)}…` : trimmed
}
