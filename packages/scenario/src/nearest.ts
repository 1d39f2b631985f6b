/**
 * The word of `known` that `word` was probably meant to be, or `null` if none is near: at most one edit (insert,
 * delete, replace, swap neighbours) for each three letters, upper and lower case being the same.
 */
export function nearestWord(word: string, known: Iterable<string>): string | null {
  // Longer words are no slip of the finger, and the table below is quadratic.
  if (word.length === 0 || word.length > 40) return null
  const meant = word.toLowerCase()
  let best: string | null = null
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(meant, candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** The remedy for a word that is not one of `known`. */
export function didYouMean(word: string, known: readonly string[], otherwise: string): string {
  const nearest = nearestWord(word, known)
  return nearest === null ? otherwise : `did you mean '${nearest}'?`
}

/** Optimal string alignment: the edits that make `b` of `a`, where no part is edited twice. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let above: number[] = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let cost = Math.min(replaced, above[j]! + 1, row[j - 1]! + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, before[j - 2]! + 1)
      row.push(cost)
    }
    before = above
    above = row
  }
  return above[b.length]!
}
