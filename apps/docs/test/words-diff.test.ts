import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diffWords } from '../demos/entry-decoder/words-diff.ts'

/** Gone words in brackets, new ones in braces. */
function marked(before: string, after: string): string {
  return diffWords(before, after)
    .map(({ kind, text }) => (kind === 'gone' ? `[${text}]` : kind === 'new' ? `{${text}}` : text))
    .join('')
}

describe('diffWords', () => {
  test.each([
    ['', '', ''],
    ['a b', 'a b', 'a b'],
    ['read-only, dirty', 'writable, dirty', '[read-only]{writable}, dirty'],
    ['not executable, clean', 'executable, clean', '[not ]executable, clean'],
    ['for user space: dirty', 'for the kernel: dirty', 'for [user space]{the kernel}: dirty'],
    ['Nothing is mapped.', 'Maps 4 KiB.', '[Nothing is mapped]{Maps 4 KiB}.'],
    ['a, b; c', 'a, b, d; c', 'a, b{, d}; c'],
  ])('%j to %j', (before, after, expected) => {
    expect(marked(before, after)).toBe(expected)
  })

  test('holds both sentences, changes in the order gone, new', () => {
    const sentence = fc
      .array(fc.constantFrom('a', 'bc', 'd-e', ',', ';', ' ', ' '), { maxLength: 20 })
      .map((w) => w.join(''))
    fc.assert(
      fc.property(sentence, sentence, (before, after) => {
        const pieces = diffWords(before, after)
        const without = (kind: string) =>
          pieces
            .filter((piece) => piece.kind !== kind)
            .map(({ text }) => text)
            .join('')
        expect(without('new')).toBe(before)
        expect(without('gone')).toBe(after)
        expect(pieces.map(({ kind }) => kind[0]).join('')).not.toMatch(/ng|(.)\1/)
        if (before === after) expect(pieces.every(({ kind }) => kind === 'same')).toBe(true)
      }),
    )
  })
})
