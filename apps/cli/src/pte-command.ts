import { type DecodedEntry, decode, type Level, PgprotError } from '@mm-model/pgprot'
import { command, type ExitCode } from './command.ts'
import { InputError } from './input-error.ts'

const LEVELS: readonly Level[] = ['pte', 'pmd', 'pud', 'p4d', 'pgd']

/** `mm-model pte`: a page-table entry in words. */
export const pteCommand = command({
  name: 'pte',
  summary: 'Decode a page-table entry of x86-64 in words.',
  many: false,
  args: {
    value: {
      type: 'positional',
      required: true,
      valueHint: 'VALUE',
      description: 'the entry, in hex (0x…) or decimal',
    },
    level: {
      type: 'enum',
      options: [...LEVELS],
      default: 'pte',
      description: 'the level of the table it is in',
    },
    json: { type: 'boolean', description: 'print JSON' },
  },
  notes: [],
  examples: ['mm-model pte 0x8400000048200a67', 'mm-model pte 0x80000000402008e7 --level pmd'],
  run: (args, { print, printJson }): ExitCode => {
    const value = parseValue(args.value)
    const entry = decodeAt(value, args.level as Level)
    if (args.json) printJson({ ...entry, value: hex(value), pfn: entry.pfn === null ? null : hex(entry.pfn) })
    else for (const line of describe(entry)) print(line)
    return 0
  },
})

/** @throws {InputError} unless the text is a number of 64 bits. */
function parseValue(text: string): bigint {
  if (!/^(0x[0-9a-f]+|[0-9]+)$/i.test(text))
    throw new InputError(
      'pte',
      `'${text}' is not a number`,
      /^[0-9a-f]+$/i.test(text)
        ? `write 0x${text}`
        : 'write the entry in hex, as 0x8400000048200a67, or decimal',
    )
  const value = BigInt(text.toLowerCase())
  if (value >= 1n << 64n) throw new InputError('pte', `'${text}' has more than 64 bits`, 'write one entry')
  return value
}

function decodeAt(value: bigint, level: Level): DecodedEntry {
  try {
    return decode(value, { level })
  } catch (error) {
    if (!(error instanceof PgprotError)) throw error
    throw new InputError(
      'pte',
      `${hex(value)} is not a ${level} entry: found ${error.found}, expected ${error.expected}`,
      error.todo,
    )
  }
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
