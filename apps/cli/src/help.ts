import { type Command, type CommandGroup, operandsOf, placeholderOf } from './command.ts'
import type { Colors } from './terminal.ts'

/** The help of the program as a whole. */
export function programHelp(
  commands: readonly (Command | CommandGroup)[],
  description: string,
  { bold }: Colors,
): string {
  return [
    description,
    '',
    bold('Usage'),
    '  mm-model <command> …',
    '',
    bold('Commands'),
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    bold('Flags'),
    ...columns([
      ['--help', 'show this, or the help of a command'],
      ['--version', 'print the version'],
    ]),
    '',
    bold('Exit codes'),
    ...EXIT_CODES,
  ].join('\n')
}

/** The help of commands that share their first word. */
export function groupHelp({ name, summary, commands }: CommandGroup, { bold }: Colors): string {
  return [
    summary,
    '',
    bold('Usage'),
    `  mm-model ${name} <command> …`,
    '',
    bold('Commands'),
    ...columns(commands.map((command) => [command.name, command.summary])),
    '',
    bold('Flags'),
    ...columns([['--help', 'show this, or the help of a command']]),
    '',
    bold('Exit codes'),
    ...EXIT_CODES,
  ].join('\n')
}

/** The help of one command. */
export function commandHelp(command: Command, { bold }: Colors): string {
  const operands = operandsOf(command)
  const usage = operands.map(({ name }, i) =>
    command.many && i === operands.length - 1 ? `${name} …` : name,
  )
  const flags = Object.entries(command.args).filter(([, definition]) => definition.type !== 'positional')
  return [
    command.summary,
    '',
    bold('Usage'),
    `  mm-model ${[command.name, ...usage].join(' ')} [flags]`,
    ...(operands.length === 0
      ? []
      : [
          '',
          bold('Operands'),
          ...columns(operands.map(({ name, definition }) => [name, definition.description ?? ''])),
        ]),
    '',
    bold('Flags'),
    ...columns([
      ...flags.map(([flag, definition]): [string, string] => [
        definition.type === 'boolean' ? `--${flag}` : `--${flag} ${placeholderOf(definition)}`,
        definition.default === undefined
          ? (definition.description ?? '')
          : `${definition.description} (default: ${definition.default})`,
      ]),
      ['--help', 'show this'],
    ]),
    ...(command.notes.length === 0 ? [] : ['', bold('Notes'), ...command.notes.map((note) => `  ${note}`)]),
    '',
    bold('Exit codes'),
    ...EXIT_CODES,
    '',
    bold('Examples'),
    ...command.examples.map((example) => `  ${example}`),
  ].join('\n')
}

const EXIT_CODES: readonly string[] = [
  '  0  fine',
  '  1  a finding: a difference, or something that is not modelled',
  '  2  the command line or a file cannot be used; a message on standard error says where and what to do',
  '  3  a search that found nothing and did not come to its end: nothing is known of what it left out',
]

function columns(rows: readonly (readonly [left: string, right: string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
