import { describe, expect, it } from 'vitest'
import { readCatalog, runAfter, runBefore, surpriseAfter, surpriseBefore } from '../museum.mjs'

// `npm run museum` runs all of them. That the verdicts are those of the model in Promela follows: catalog.test.ts holds the
// variants that pieces name to what these expect.
describe.each(readCatalog().filter(({ slow }) => slow !== true))('$id', (piece) => {
  it('breaks its rule before the fix, and nothing with fewer preemptions', () => {
    expect(surpriseBefore(piece, runBefore(piece))).toBeNull()
    if (piece.preemptions === 0) return
    expect(runBefore({ ...piece, preemptions: piece.preemptions - 1 }).outcome).toBe('not exhausted')
  })

  it('holds after it in every interleaving', () => {
    expect(surpriseAfter(runAfter(piece))).toBeNull()
  })
})
