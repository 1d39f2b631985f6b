import { type Combination, combinations, nameOf } from '@mm-model/conformance'
import { nearestWord } from '@mm-model/scenario'
import { InputError } from '../input-error.ts'

/** The words of a combination's name: `6.1`, `x86-64`, `shared`, `rw`, `written`, `4k`, `store`, `fsync`. */
function wordsOf(combination: Combination): readonly string[] {
  return nameOf(combination).split(/,? /)
}

/** The combinations whose name has every one of the words; all without any. */
export function combinationsWith(words: readonly string[]): readonly Combination[] {
  return combinations().filter((combination) => {
    const own = wordsOf(combination)
    return words.every((word) => own.includes(word))
  })
}

/**
 * The words of `--only`.
 *
 * @throws {InputError} for a word that no combination has, and for words that none has together.
 */
export function parseOnly(command: string, text: string | undefined): readonly string[] {
  const words = (text ?? '').split(/[,\s]+/).filter((word) => word !== '')
  const known = [...new Set(combinations().flatMap(wordsOf))]
  const unknown = words.find((word) => !known.includes(word))
  if (unknown !== undefined) {
    const nearest = nearestWord(unknown, known)
    const remedy = nearest === null ? `its words are ${known.join(', ')}` : `did you mean '${nearest}'?`
    throw new InputError(command, `no combination has the word '${unknown}'`, remedy)
  }
  if (combinationsWith(words).length === 0)
    throw new InputError(command, `no combination has all of '${words.join(' ')}'`, 'leave some out')
  return words
}
