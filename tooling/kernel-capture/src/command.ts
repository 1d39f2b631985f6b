/** Commands: their options as data, so that help and reading of the command line cannot differ. */
import { parseArgs } from 'node:util'
import { nearestWord } from '@mm-model/scenario'
import { CaptureError, quoted } from './capture-error.ts'

/** 0: done. 1: a finding, as a difference or a scenario without recording. 2: the input cannot be used. */
export type ExitCode = 0 | 1 | 2

interface OptionDefinition {
  /** Stands for the value in help; a flag without it takes none. */
  readonly value?: string
  readonly required?: boolean
  readonly help: string
}

export interface Command {
  readonly name: string
  readonly summary: string
  /** Stand for what follows the options, in order. */
  readonly operands: readonly string[]
  readonly options: Readonly<Record<string, OptionDefinition>>
  readonly notes: readonly string[]
  readonly examples: readonly string[]
  readonly run: (words: Words, terminal: Terminal) => ExitCode | Promise<ExitCode>
}

/** Where a command prints: results, and what it is doing meanwhile. */
export interface Terminal {
  print(line: string): void
  tell(line: string): void
}

/** What the command line says. */
export class Words {
  readonly operands: readonly string[]
  readonly #values: Readonly<Record<string, string | boolean | undefined>>

  /** @throws {CaptureError} CAPTURE_ARGUMENT */
  constructor(command: Command, words: readonly string[]) {
    const place = `capture ${command.name}`
    const known = Object.entries(command.options)
    try {
      const { values, positionals } = parseArgs({
        // A value may begin with a dash where it is written `--cpu=-x`; parseArgs sees to that.
        args: [...words],
        options: Object.fromEntries(
          known.map(([name, { value }]) => [name, { type: value === undefined ? 'boolean' : 'string' }]),
        ),
        allowPositionals: true,
      })
      this.#values = values as Record<string, string | boolean | undefined>
      this.operands = positionals
    } catch (error) {
      throw asArgumentError(
        error,
        place,
        known.map(([name]) => name),
      )
    }
    for (const [name, { required, value }] of known) {
      if (this.#values[name] === '')
        throw argumentError(place, `--${name} without a value`, `--${name} ${value}`)
      if (required === true && this.#values[name] === undefined)
        throw argumentError(place, `no --${name}`, `--${name} ${value}`)
    }
    if (this.operands.length !== command.operands.length)
      throw argumentError(
        place,
        this.operands.length === 0 ? 'no operand' : `the operands ${this.operands.map(quoted).join(' ')}`,
        command.operands.length === 0 ? 'none' : command.operands.join(' '),
      )
  }

  /** The value of an option, or what stands for it. */
  text(name: string, otherwise: string): string {
    return this.optional(name) ?? otherwise
  }

  optional(name: string): string | null {
    const value = this.#values[name]
    return typeof value === 'string' ? value : null
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }

  /** @throws {CaptureError} CAPTURE_ARGUMENT unless the value is one of those. */
  choice<const Known extends string>(name: string, known: readonly Known[], otherwise: Known): Known {
    const value = this.text(name, otherwise)
    const choice = known.find((k) => k === value)
    if (choice !== undefined) return choice
    const nearest = nearestWord(value, known)
    throw argumentError(
      `--${name}`,
      quoted(value),
      `one of ${known.join(', ')}`,
      nearest === null ? undefined : `did you mean '${nearest}'?`,
    )
  }

  /** @throws {CaptureError} CAPTURE_ARGUMENT unless the value is a whole number from 1 to a million. */
  count(name: string, otherwise: number): number {
    const value = this.text(name, `${otherwise}`)
    if (/^[1-9]\d{0,5}$/.test(value)) return Number(value)
    throw argumentError(`--${name}`, quoted(value), 'a whole number from 1 to 999999')
  }
}

export function argumentError(
  place: string,
  found: string,
  expected: string,
  remedy: string = 'the command with --help says what it takes',
): CaptureError {
  return new CaptureError(place, { code: 'CAPTURE_ARGUMENT', found, expected, remedy })
}

function asArgumentError(error: unknown, place: string, known: readonly string[]): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!(error instanceof Error) || !code.startsWith('ERR_PARSE_ARGS')) return error
  const word = /'(-[^' ]*)/.exec(error.message)?.[1] ?? ''
  const options = [...known, 'help'].map((name) => `--${name}`)
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const nearest = nearestWord(word, options)
    return argumentError(
      place,
      quoted(word),
      `one of ${options.join(', ')}`,
      nearest === null ? undefined : `did you mean ${nearest}?`,
    )
  }
  return argumentError(
    place,
    `${word} as it stands there`,
    /ambiguous|missing/.test(error.message) ? `${word} with a value` : `${word} without a value`,
    'write --option=VALUE for a value that begins with a dash',
  )
}
