import { didYouMean } from './nearest.ts'
import { type Complaint, quoted, ScenarioSyntaxError } from './scenario-error.ts'
import { PROT_EXEC, PROT_READ, PROT_WRITE } from './syntax.ts'

/** 2^53 - 1: up to here a number of bytes is exact. */
const BIGGEST: number = Number.MAX_SAFE_INTEGER

const NAME: RegExp = /^[A-Za-z][A-Za-z0-9_]*$/
const NUMBER: RegExp = /^(0x[0-9a-fA-F]+|0|[1-9][0-9]*)([kKmM]?)$/

/** A word of a line, `;` and `||` included. */
export interface Word {
  readonly text: string
  /** Counted from 1. */
  readonly column: number
}

/** Between operations of one branch of a parallel line. */
export const THEN: string = ';'
/** Between branches. */
export const BRANCH: string = '||'

/** What stands between blanks; `;` and `||` are words without any. */
const WORD: RegExp = /\|\||;|(?:[^ \t;|]|\|(?!\|))+/g

/** Takes a line apart. */
export function wordsOf(source: string): Word[] {
  return Array.from(source.matchAll(WORD), (m) => ({ text: m[0], column: m.index + 1 }))
}

/** Whether it makes its line a parallel one. */
export function isSeparator({ text }: Word): boolean {
  return text === THEN || text === BRANCH
}

/** The words of one line, or of one operation of a parallel one, taken from left to right. Each take checks its word and complains at its column. */
export class LineWords {
  readonly line: number
  readonly #words: readonly Word[]
  /** The column after the last word's line or operation, where a missing word is reported. */
  readonly #endColumn: number
  #next: number = 0
  /** How the operation is written, for the remedies; known once its first word was read. */
  usage: string = ''

  constructor(line: number, words: readonly Word[], endColumn: number) {
    this.line = line
    this.#words = words
    this.#endColumn = endColumn
  }

  /** Whether a word is left. */
  get more(): boolean {
    return this.#next < this.#words.length
  }

  /** The next word, without taking it; empty at the end of the line. */
  get peek(): string {
    return this.#words[this.#next]?.text ?? ''
  }

  /** The words that are left, a blank between any two. */
  get rest(): string {
    return this.#words
      .slice(this.#next)
      .map(({ text }) => text)
      .join(' ')
  }

  /** Complains about the word taken last. */
  complain(complaint: Complaint): never {
    throw new ScenarioSyntaxError(
      this.line,
      this.#words[this.#next - 1]?.column ?? this.#endColumn,
      complaint,
    )
  }

  /** Any word. */
  take(expected: string): string {
    const word = this.#words[this.#next++]
    if (word !== undefined) return word.text
    return this.complain({
      code: 'SCENARIO_MISSING_WORD',
      found: 'the end of the line',
      expected,
      remedy: this.usage === '' ? 'write it' : `write \`${this.usage}\``,
    })
  }

  /** A name, as `[A-Za-z][A-Za-z0-9_]*`. */
  name(what: string): string {
    const word = this.take(`the name of a ${what}`)
    if (NAME.test(word)) return word
    return this.complain({
      code: 'SCENARIO_BAD_NAME',
      found: quoted(word),
      expected: `the name of a ${what}`,
      remedy: 'a name is a letter, then letters, digits or _',
    })
  }

  /** One of `known`. */
  choice<const Known extends string>(known: readonly Known[]): Known {
    const expected = known.length === 1 ? `'${known[0]}'` : `one of ${known.join(', ')}`
    return this.#known(this.take(expected), known, expected)
  }

  #known<const Known extends string>(word: string, known: readonly Known[], expected: string): Known {
    const choice = known.find((k) => k === word)
    if (choice !== undefined) return choice
    return this.complain({
      code: 'SCENARIO_BAD_WORD',
      found: quoted(word),
      expected,
      remedy: didYouMean(word, known, `write \`${this.usage}\``),
    })
  }

  /** A whole number, at most `biggest`, because of `why`. */
  number(what: string, biggest: number = BIGGEST, why: string = ''): number {
    return this.numberOf(this.take(`a number (${what})`), what, biggest, why)
  }

  /** The same of a word that was taken, or of a part of it. */
  numberOf(word: string, what: string, biggest: number, why: string): number {
    const parts = NUMBER.exec(word)
    if (parts === null)
      return this.complain({
        code: 'SCENARIO_BAD_NUMBER',
        found: quoted(word),
        expected: `a number (${what})`,
        remedy: /^0[0-9]/.test(word)
          ? 'leave out the leading zero, or write 0x for hex'
          : 'numbers are decimal or 0x hex, with an optional k (1024) or m (1024 * 1024) at the end',
      })
    const [, digits, suffix] = parts
    // Number() may round beyond 2^53, but never back below it; the factor is a power of two and rounds nothing.
    const value = Number(digits) * { '': 1, k: 1024, m: 1048576 }[suffix!.toLowerCase() as '' | 'k' | 'm']
    if (value <= biggest) return value
    return this.complain({
      code: 'SCENARIO_NUMBER_TOO_BIG',
      found: quoted(word),
      expected: `a number (${what}) up to ${biggest === BIGGEST ? '2^53 - 1' : biggest}`,
      remedy: why === '' ? 'use a smaller one' : why,
    })
  }

  /** Alternatives: several of what may stand there, with `|` between them. */
  alternatives<T>(expected: string, read: (word: string) => T): T[] {
    return this.take(expected).split('|').map(read)
  }

  /** Alternatives that are all among `known`. */
  choices<const Known extends string>(known: readonly Known[]): Known[] {
    const expected = `some of ${known.join('|')}`
    return this.alternatives(expected, (word) => this.#known(word, known, expected))
  }

  /** Alternatives that are numbers, at most `biggest`. */
  numbers(what: string, biggest: number = BIGGEST, why: string = ''): number[] {
    return this.alternatives(`a number (${what})`, (word) => this.numberOf(word, what, biggest, why))
  }

  /** A byte, 0 to 255; `otherwise` at the end of the line. */
  byteOr(otherwise: number): number {
    return this.more ? this.number('a byte', 255, 'a byte is 0 to 255') : otherwise
  }

  /** OFF and LEN, whose sum must be exact too. */
  range(
    lengthName: string = 'LEN',
    longest: number = BIGGEST,
    why: string = '',
  ): { offset: number; length: number } {
    const offset = this.number('OFF')
    const length = this.number(lengthName, longest, why)
    if (offset + length <= BIGGEST) return { offset, length }
    return this.complain({
      code: 'SCENARIO_NUMBER_TOO_BIG',
      found: `OFF + ${lengthName} beyond 2^53 - 1`,
      expected: `a range that ends by 2^53 - 1`,
      remedy: 'use smaller numbers',
    })
  }

  /** PROT: letters of `rwx`, each at most once, or `-` for none. */
  protection(): number {
    const expected = `a protection (letters of rwx, or - for none)`
    const word = this.take(expected)
    if (word === '-') return 0
    let prot = 0
    for (const letter of word) {
      const bit = { r: PROT_READ, w: PROT_WRITE, x: PROT_EXEC }[letter] ?? 0
      if (bit === 0 || (prot & bit) !== 0)
        return this.complain({
          code: 'SCENARIO_BAD_WORD',
          found: quoted(word),
          expected,
          remedy: bit === 0 ? `leave out ${quoted(letter)}` : `write ${quoted(letter)} once`,
        })
      prot |= bit
    }
    return prot
  }

  /** The end of the line. */
  end(): void {
    const extra = this.#words[this.#next++]
    if (extra === undefined) return
    this.complain({
      code: 'SCENARIO_EXTRA_WORD',
      found: quoted(extra.text),
      expected: 'the end of the line',
      remedy: extra.text.startsWith('#') ? 'a comment has a line of its own' : `write \`${this.usage}\``,
    })
  }
}
