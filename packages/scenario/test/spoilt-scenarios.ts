// Scenarios with one thing wrong, made from the recorded ones; the command line's tests use them too.
import fc from 'fast-check'
import { scenarioSources } from './recordings.ts'

const good = fc.constantFrom(...scenarioSources().values())

/** A good scenario, a line of it that is an operation, and numbers to choose a place with. */
const place = fc.record({ text: good, line: fc.nat(), word: fc.nat(), letter: fc.nat() })

type Place = typeof place extends fc.Arbitrary<infer T> ? T : never

/** The scenario with the words of one line changed. */
function changed({ text, line }: Place, change: (words: string[]) => readonly string[]): string {
  const lines = text.trimEnd().split('\n')
  const at = line % lines.length
  return lines.with(at, change(lines[at]!.split(' ')).join(' ')).join('\n')
}

/** Numbers that no program means. */
const absurd = fc.constantFrom(
  '-1',
  '1e9',
  '0x',
  '0xg',
  '08',
  '4kb',
  '1.5',
  '9007199254740992',
  '0x20000000000000',
  '18446744073709551616',
  '9999999999999m',
  'Infinity',
  'NaN',
  `1${'0'.repeat(300)}`,
)

/** Ways to spoil a scenario so that nothing is left that the language defines. */
export const SPOILT: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'cut off in a line': place.map(({ text, line }) => {
    // The cut goes through the first word of the line: an end cut off later may leave a line that is whole by chance.
    const lines = text.trimEnd().split('\n')
    const cut = lines.slice(0, (line % lines.length) + 1)
    return cut.with(-1, cut.at(-1)!.split(' ').slice(0, 1).join(' ').slice(0, -1)).join('\n')
  }),
  'a word missing': place.map((p) => changed(p, (words) => words.filter((_, i) => i !== 1))),
  'a misspelt operation': place.map((p) =>
    changed(p, (words) => {
      const at = words[0]!.startsWith('@') ? 1 : 0
      const op = words[at]!
      const letter = p.letter % op.length
      return words.with(at, `${op.slice(0, letter)}${op[letter] === 'q' ? 'z' : 'q'}${op.slice(letter + 1)}`)
    }),
  ),
  'an absurd number': fc.tuple(place, absurd).map(([p, number]) => `${p.text}\nstore m0 ${number}`),
  'an absurd number in place of another': fc.tuple(place, absurd).map(([p, number]) => {
    const lines = p.text.trimEnd().split('\n')
    const sized = lines.flatMap((l, i) =>
      / (0x[0-9a-f]+|\d+)[km]?\b/.test(l) && !l.startsWith('#') ? [i] : [],
    )
    const at = sized[p.line % sized.length]!
    return lines.with(at, lines[at]!.replace(/ (0x[0-9a-f]+|\d+)[km]?\b/, ` ${number}`)).join('\n')
  }),
  'a word too many': place.map((p) => changed(p, (words) => [...words, 'sync', 'extra'])),
  'a binary byte': place.map((p) => {
    const at = p.letter % p.text.length
    return `${p.text.slice(0, at)}\0${p.text.slice(at)}`
  }),
  'other text': fc
    .tuple(
      good,
      fc.string({ minLength: 1 }).filter((s) => !/^[\s#]/.test(s)),
    )
    .map(([text, s]) => `${text}?${s}`),
  'a file never created': place.map((p) =>
    p.text
      .replace(/^create.*$/gm, '#')
      .replace(/^$/, 'fsync a')
      .concat('\nfsync a'),
  ),
  'a child never forked': place.map((p) => `${p.text}@nobody load m0 0`),
  'a line without an end': place.map((p) => `${p.text}${' '.repeat(511)}`),
}
