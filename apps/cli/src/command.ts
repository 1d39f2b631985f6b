import { nearestWord } from '@mm-model/scenario'
import type { ArgDef, ArgsDef, CommandDef, ParsedArgs } from 'citty'
import { InputError } from './input-error.ts'
import type { Terminal } from './terminal.ts'

/** 0: fine. 1: a finding, as a difference. 2: the input cannot be used. 3: a search that did not come to its end. */
export type ExitCode = 0 | 1 | 2 | 3

/** A command: its flags and operands as citty takes them, and what citty has no place for. */
export interface Command {
  /** The words that choose it: `run`, `strategy test`. */
  readonly name: string
  readonly summary: string
  readonly args: ArgsDef
  /** Whether the last operand may be given more than once. */
  readonly many: boolean
  /** Shown by `--help`, after the flags. */
  readonly notes: readonly string[]
  readonly examples: readonly string[]
  /** Runs with arguments that `strictArguments` let through. */
  readonly definition: (terminal: Terminal) => CommandDef
}

/** Commands that share their first word. */
export interface CommandGroup {
  readonly name: string
  readonly summary: string
  readonly commands: readonly Command[]
}

/** What a command is written as: the arguments of `run` have the types that `args` says. */
export interface CommandSource<Args extends ArgsDef> extends Omit<Command, 'args' | 'definition'> {
  readonly args: Args
  readonly run: (args: ParsedArgs<Args>, terminal: Terminal) => ExitCode | Promise<ExitCode>
}

/** Makes a command of its source. */
export function command<const Args extends ArgsDef>({ run, ...source }: CommandSource<Args>): Command {
  return {
    ...source,
    definition: (terminal) => ({
      meta: { name: source.name, description: source.summary },
      args: source.args,
      run: (context) => run(context.args as unknown as ParsedArgs<Args>, terminal),
    }),
  }
}

/**
 * Checks the words after a command's name, and rewrites them so that there is only one way to read them: each flag
 * with its value in one word, then `--`, then the operands. citty by itself takes any flag, and any number of
 * operands, without a word.
 */
export function strictArguments(command: Command, words: readonly string[]): string[] {
  const { name, args } = command
  const flags = Object.keys(args).filter((flag) => args[flag]!.type !== 'positional')
  const given: string[] = []
  const operands: string[] = []
  const seen = new Set<string>()
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (word === '--') {
      operands.push(...words.slice(i + 1))
      break
    }
    if (!word.startsWith('-') || word === '-') {
      operands.push(word)
      continue
    }
    const [flag, inline] = splitFlag(word)
    const definition = word.startsWith('--') && flags.includes(flag) ? args[flag]! : null
    if (definition === null) throw unknownFlag(name, word, flags)
    if (seen.has(flag)) throw new InputError(name, `--${flag} is given twice`, 'give it once')
    seen.add(flag)
    if (definition.type === 'boolean') {
      if (inline !== null)
        throw new InputError(name, `--${flag} takes no value, found '${inline}'`, `write --${flag}`)
      given.push(`--${flag}`)
      continue
    }
    const value = inline ?? words[++i]
    if (value === undefined || value === '' || (inline === null && value.startsWith('--')))
      throw new InputError(name, `--${flag} needs a value`, `write --${flag} ${placeholderOf(definition)}`)
    checkChoice(name, flag, definition, value)
    given.push(`--${flag}=${value}`)
  }
  checkOperands(command, operands)
  return [...given, '--', ...operands]
}

/** `<a|b>`, `DIR`: what stands for the value of a flag. */
export function placeholderOf(definition: ArgDef): string {
  return definition.type === 'enum' ? (definition.options ?? []).join('|') : (definition.valueHint ?? 'VALUE')
}

/** `FILE.scn`, `RECORDINGS_DIR`: what stands for each operand, in order. */
export function operandsOf({
  args,
}: Command): readonly { readonly name: string; readonly definition: ArgDef }[] {
  return Object.entries(args)
    .filter(([, definition]) => definition.type === 'positional')
    .map(([name, definition]) => ({ name: definition.valueHint ?? name.toUpperCase(), definition }))
}

function splitFlag(word: string): [flag: string, value: string | null] {
  const equals = word.indexOf('=')
  const flag = word.replace(/^--?/, '')
  return equals < 0 ? [flag, null] : [flag.slice(0, flag.indexOf('=')), word.slice(equals + 1)]
}

function unknownFlag(name: string, word: string, flags: readonly string[]): InputError {
  const [flag] = splitFlag(word)
  const known = [...flags, 'help']
  const nearest = known.includes(flag) ? flag : nearestWord(flag, known)
  const remedy =
    nearest === null ? `its flags are ${known.map((f) => `--${f}`).join(', ')}` : `did you mean --${nearest}?`
  return new InputError(name, `unknown flag '${word}'`, remedy)
}

function checkChoice(name: string, flag: string, { type, ...definition }: ArgDef, value: string): void {
  const options = type === 'enum' && 'options' in definition ? (definition.options ?? []) : null
  if (options === null || options.includes(value)) return
  const nearest = nearestWord(value, options)
  const remedy = nearest === null ? `choose one of ${options.join(', ')}` : `did you mean '${nearest}'?`
  throw new InputError(name, `unknown --${flag} '${value}'`, remedy)
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const expected = operandsOf(command)
  const missing = expected[operands.length]
  if (missing !== undefined && missing.definition.required !== false)
    throw new InputError(command.name, `${missing.name} is missing`, `run 'mm-model ${command.name} --help'`)
  const extra = operands[expected.length]
  if (extra !== undefined && !command.many)
    throw new InputError(
      command.name,
      `unexpected '${extra}'`,
      `it takes ${expected.map((o) => o.name).join(' and ') || 'flags'} only; run 'mm-model ${command.name} --help'`,
    )
  const empty = operands.indexOf('')
  if (empty >= 0) throw new InputError(command.name, `operand ${empty + 1} is empty`, 'give it a value')
}
