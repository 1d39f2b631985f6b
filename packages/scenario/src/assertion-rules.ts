import type { LineWords } from './line-words.ts'
import { knownFile, type Scope } from './operation-rules.ts'
import { quoted } from './scenario-error.ts'
import type { Assertion, AssertionWords, EntryState, LeafState } from './syntax.ts'

const WHENS: readonly Assertion['when'][] = ['always', 'finally']
const ENTRY_STATES: readonly EntryState[] = ['none', 'empty', 'zero', 'clean', 'dirty', 'locked']
const LEAF_STATES: readonly LeafState[] = ['none', 'ro', 'rw']
/** What an operation can answer. */
const ANSWER = /^(-?[0-9]+|E[A-Z0-9]+|SIG(SEGV|BUS)|skipped)$/

type What = AssertionWords['what']

interface Rule<Name extends What> {
  readonly usage: string
  readonly read: (words: LineWords, scope: Scope) => Extract<AssertionWords, { readonly what: Name }>
}

const byteRule = <Name extends 'byte' | 'durable'>(what: Name): Rule<'byte' | 'durable'> => ({
  usage: `${what} F OFF V[|V…]`,
  read: (words, scope) => ({
    what,
    file: knownFile(words, scope),
    offset: words.number('OFF'),
    oneOf: words.alternatives('bytes, or end', (word) =>
      word === 'end' ? word : words.numberOf(word, 'a byte', 255, 'a byte is 0 to 255, or `end`'),
    ),
  }),
})

const RULES: { readonly [Name in What]: Rule<Name extends 'byte' | 'durable' ? 'byte' | 'durable' : Name> } =
  {
    byte: byteRule('byte'),
    durable: byteRule('durable'),
    entry: {
      usage: `entry F PAGE ${ENTRY_STATES.join('|')}`,
      read: (words, scope) => ({
        what: 'entry',
        file: knownFile(words, scope),
        page: words.number('PAGE'),
        oneOf: words.choices(ENTRY_STATES),
      }),
    },
    leaf: {
      usage: `leaf M OFF ${LEAF_STATES.join('|')}`,
      read: (words) => ({
        what: 'leaf',
        map: words.name('mapping'),
        offset: words.number('OFF'),
        oneOf: words.choices(LEAF_STATES),
      }),
    },
    size: {
      usage: 'size F N[|N…]',
      read: (words, scope) => ({ what: 'size', file: knownFile(words, scope), oneOf: words.numbers('N') }),
    },
    result: {
      usage: 'result N V[|V…]',
      read: (words) => ({
        what: 'result',
        operation: words.number('N'),
        oneOf: words.alternatives('what an operation answers', (word) => {
          if (ANSWER.test(word)) return word
          return words.complain({
            code: 'SCENARIO_BAD_WORD',
            found: quoted(word),
            expected: 'what an operation answers',
            remedy: 'that is a number, the name of an error (ENOSPC) or of a signal (SIGBUS), or `skipped`',
          })
        }),
      }),
    },
  }

/** Whether a line with this first word says what must hold. */
export function isAssertion(word: string): boolean {
  return WHENS.some((when) => when === word)
}

/**
 * Reads what follows `@who`.
 * @throws {ScenarioSyntaxError}
 */
export function readAssertion(words: LineWords, scope: Scope): AssertionWords & Pick<Assertion, 'when'> {
  words.usage = 'always|finally WHAT …'
  const when = words.choice(WHENS)
  const what = words.choice(Object.keys(RULES) as What[])
  if (what === 'result' && when === 'always')
    words.complain({
      code: 'SCENARIO_UNDEFINED',
      found: "'always result'",
      expected: "'finally result'",
      remedy: 'an operation has one result, once it has ended',
    })
  const { usage, read } = RULES[what]
  words.usage = `${when} ${usage}`
  return { ...read(words, scope), when }
}
