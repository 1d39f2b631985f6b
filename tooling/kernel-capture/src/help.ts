import type { Command } from './command.ts'

/** The help of the program as a whole. */
export function programHelp(commands: readonly Command[]): string {
  return [
    'Records what real kernels do: boots one in QEMU, runs scenario files, writes observations.',
    '',
    'Usage',
    '  pnpm capture <command> …',
    '',
    'Commands',
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    '`pnpm capture <command> --help` shows the options of a command.',
    '',
    'Exit codes',
    ...EXIT_CODES,
  ].join('\n')
}

/** The help of one command. */
export function commandHelp({ name, summary, operands, options, notes, examples }: Command): string {
  const rows = Object.entries(options).map(([option, { value, help, required }]): [string, string] => [
    value === undefined ? `--${option}` : `--${option} ${value}`,
    required === true ? `${help} (required)` : help,
  ])
  return [
    summary,
    '',
    'Usage',
    `  pnpm capture ${[name, ...operands].join(' ')} [options]`,
    '',
    'Options',
    ...columns([...rows, ['--help', 'show this']]),
    ...(notes.length === 0 ? [] : ['', 'Notes', ...notes.map((note) => `  ${note}`)]),
    '',
    'Exit codes',
    ...EXIT_CODES,
    '',
    'Examples',
    ...examples.map((example) => `  ${example}`),
  ].join('\n')
}

const EXIT_CODES: readonly string[] = [
  '  0  done',
  '  1  a finding: recordings differ, or a scenario could not be recorded',
  '  2  it could not be done; a message on standard error says what was found and what to do',
]

function columns(rows: readonly (readonly [left: string, right: string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
