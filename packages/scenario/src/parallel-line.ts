/**
 * Taking a parallel line apart: branches between `||`, operations between `;`.
 * @module
 */

import { BRANCH, LineWords, THEN, type Word } from './line-words.ts'
import { ScenarioSyntaxError } from './scenario-error.ts'

/** More could not run at the same time in a search, which keeps a bit for each. */
const MOST_BRANCHES: number = 30

/**
 * The operations of each branch, none of them empty. The line may begin with `||`, as one of a single operation has to.
 * @throws {ScenarioSyntaxError}
 */
export function splitBranches(line: number, text: string, all: readonly Word[]): LineWords[][] {
  const words = all[0]!.text === BRANCH ? all.slice(1) : all
  const branches: LineWords[][] = [[]]
  let begun: Word[] = []
  const end = (column: number): void => {
    if (begun.length === 0)
      throw new ScenarioSyntaxError(line, column, {
        code: 'SCENARIO_MISSING_WORD',
        found:
          column > text.length
            ? 'the end of the line'
            : `'${text.startsWith(BRANCH, column - 1) ? BRANCH : THEN}'`,
        expected: 'an operation',
        remedy: 'write `[@who] OPERATION [; OPERATION …]`, branches with `||` between them',
      })
    branches.at(-1)!.push(new LineWords(line, begun, column))
    begun = []
  }
  for (const word of words) {
    if (word.text !== BRANCH && word.text !== THEN) {
      begun.push(word)
      continue
    }
    end(word.column)
    if (word.text === BRANCH) branches.push([])
    if (branches.length > MOST_BRANCHES)
      throw new ScenarioSyntaxError(line, word.column, {
        code: 'SCENARIO_UNDEFINED',
        found: `more than ${MOST_BRANCHES} branches`,
        expected: `at most ${MOST_BRANCHES}`,
        remedy: 'use fewer',
      })
  }
  end(text.length + 1)
  return branches
}
