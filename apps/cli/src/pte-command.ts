import { readFileSync } from 'node:fs'
import {
  archNames,
  type DecodedEntry,
  decodeEntry,
  type EntryFormat,
  formatByName,
  type Level,
  PgprotError,
} from '@mm-model/pgprot'
import { command, type ExitCode } from './command.ts'
import { InputError } from './input-error.ts'
import { bitRows, legendRows } from './pte-bits.ts'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'

const LEVELS: readonly Level[] = ['pte', 'pmd', 'pud', 'p4d', 'pgd']
/** Short names that stand for the usual configuration. */
const SHORT_NAMES = ['arm64', 'riscv64']

/** `mm-model pte`: page-table entries in words. */
export const pteCommand = command({
  name: 'pte',
  summary: 'Decode page-table entries of x86-64, arm64 and riscv64 in words.',
  many: true,
  args: {
    value: {
      type: 'positional',
      required: false,
      valueHint: 'VALUE',
      description:
        'entries, in hex (0x…) or decimal; none, or -, reads a list from standard input, one a line',
    },
    arch: {
      type: 'enum',
      options: [...archNames, ...SHORT_NAMES],
      default: 'x86-64',
      description: 'the architecture and its configuration',
    },
    level: {
      type: 'enum',
      options: [...LEVELS],
      default: 'pte',
      description: 'the level of the table they are in',
    },
    bits: { type: 'boolean', description: 'show which bit is what; without VALUE, of any leaf' },
    json: { type: 'boolean', description: 'print JSON: an object for one VALUE, else an array' },
  },
  notes: [
    'In a list, the first word that begins with 0x is the entry; blank lines and lines that begin with # are skipped.',
  ],
  examples: [
    'mm-model pte 0x8400000048200a67',
    'mm-model pte 0x80000000402008e7 --level pmd --bits',
    'mm-model pte 0x03e8000123456f43 --arch arm64',
    'mm-model pte --arch riscv64 --bits',
    'grep -o "pte=0x[0-9a-f]*" oops.txt | mm-model pte -',
  ],
  run: (args, terminal): ExitCode => {
    const format = formatByName(args.arch)
    const level = args.level as Level
    const words = args._
    if (words.length === 0 && args.bits) return printLegend(format, level, args.json === true, terminal)
    const fromList = words.length === 0 || (words.length === 1 && words[0] === '-')
    const values = fromList ? readList() : words.map((word) => ({ value: parseValue(word), place: '' }))
    const entries = values.map(({ value, place }) => decodeAt(format, value, level, place))
    if (args.json) {
      const plain = entries.map((entry) => asJson(entry, args.bits ? bitRows(format, entry) : undefined))
      terminal.printJson(plain.length === 1 && !fromList ? plain[0] : plain)
    } else {
      for (const [i, entry] of entries.entries()) printEntry(entry, i, args.bits === true, format, terminal)
    }
    return 0
  },
})

function printEntry(
  entry: DecodedEntry,
  i: number,
  bits: boolean,
  format: EntryFormat,
  terminal: Terminal,
): void {
  if (i > 0) terminal.print('')
  for (const line of describe(entry)) terminal.print(line)
  if (!bits) return
  const rows = bitRows(format, entry).map(({ bit, name, value, meaning }) => [bit, value, name, meaning])
  for (const line of table(['bits', 'value', 'name', 'meaning'], rows, terminal.colors, LEFT))
    terminal.print(line)
}

/** Columns of text: all but the value read from the left. */
const LEFT = [true, false, true, true]

function printLegend(format: EntryFormat, level: Level, json: boolean, terminal: Terminal): ExitCode {
  const { name, levelNames, maxLeafLevel } = format.arch
  const leaves = levelNames.slice(0, maxLeafLevel + 1)
  if (!leaves.includes(level)) {
    throw new InputError(
      'pte',
      `no ${level} entry of ${name} maps memory`,
      `choose --level ${leaves.join(' or ')}`,
    )
  }
  const rows = legendRows(format, level)
  if (json) terminal.printJson({ arch: name, level, kind: 'leaf', bits: rows })
  else {
    terminal.print(`${name} ${level}, leaf`)
    const cells = rows.map(({ bit, name, meaning }) => [bit, name, meaning])
    for (const line of table(['bits', 'name', 'meaning'], cells, terminal.colors, [true, true, true])) {
      terminal.print(line)
    }
  }
  return 0
}

/** The entries of standard input. @throws {InputError} naming the line that has none. */
function readList(): { value: bigint; place: string }[] {
  const lines = readFileSync(0, 'utf8').split('\n')
  const values = lines.flatMap((line, i) => {
    if (/^\s*(#|$)/.test(line)) return []
    const place = `standard input, line ${i + 1}: `
    const word = /0x[0-9a-f]+/i.exec(line)?.[0] ?? line.trim()
    return [{ value: parseValue(word, place), place }]
  })
  if (values.length > 0) return values
  throw new InputError('pte', 'standard input has no entry', 'give VALUE, or a list with one entry a line')
}

/** @throws {InputError} unless the text is a number of 64 bits. */
function parseValue(text: string, place = ''): bigint {
  const shown = text.length > 40 ? `${text.slice(0, 37)}...` : text
  if (!/^(0x[0-9a-f]+|[0-9]+)$/i.test(text))
    throw new InputError(
      'pte',
      `${place}'${shown}' is not a number`,
      /^[0-9a-f]+$/i.test(text)
        ? `write 0x${shown}`
        : 'write the entry in hex, as 0x8400000048200a67, or decimal',
    )
  const value = BigInt(text.toLowerCase())
  if (value >= 1n << 64n)
    throw new InputError('pte', `${place}'${shown}' has more than 64 bits`, 'write one entry')
  return value
}

function decodeAt(format: EntryFormat, value: bigint, level: Level, place: string): DecodedEntry {
  return refusing(() => decodeEntry(format, value, level), `${place}${hex(value)} is not a ${level} entry`)
}

/** Turns what the package refuses into one message. */
function refusing<T>(work: () => T, found: string): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof PgprotError)) throw error
    throw new InputError('pte', `${found}: found ${error.found}, expected ${error.expected}`, error.todo)
  }
}

function asJson(entry: DecodedEntry, bits: unknown): object {
  const plain = { ...entry, value: hex(entry.value), pfn: entry.pfn === null ? null : hex(entry.pfn) }
  return bits === undefined ? plain : { ...plain, bits }
}

function describe({ value, level, arch, kind, text, flags, fields, pfn }: DecodedEntry): readonly string[] {
  const rest = Object.entries(fields).filter(([, n]) => n > 0)
  return [
    `${hex(value)}  ${arch} ${level}, ${kind}`,
    text,
    ...(pfn === null ? [] : [`frame  ${hex(pfn)}`]),
    ...(flags.length === 0 ? [] : [`flags  ${flags.join(' ')}`]),
    ...rest.map(([name, n]) => `${name}  ${n}`),
  ]
}

function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`
}
