/** A run of words that two sentences share, or that one of them has. */
export interface Piece {
  readonly kind: 'same' | 'gone' | 'new'
  readonly text: string
}

/**
 * Two sentences merged: the words they share, and between these what is gone, then what is new. Together the same and
 * gone pieces are the first sentence, the same and new ones the second.
 */
export function diffWords(before: string, after: string): readonly Piece[] {
  const pieces: Piece[] = []
  let gone = ''
  let fresh = ''
  const flush = (): void => {
    if (gone !== '') pieces.push({ kind: 'gone', text: gone })
    if (fresh !== '') pieces.push({ kind: 'new', text: fresh })
    gone = ''
    fresh = ''
  }
  const steps = align(words(before), words(after))
  steps.forEach(({ kind, text }, k) => {
    // A space between two changed words joins them: “user space” became “the kernel”, not each word for itself.
    const joint = text === ' ' && steps[k - 1]?.kind !== 'same' && steps[k + 1]?.kind !== 'same'
    if (kind === 'same' && !(joint && k > 0 && k < steps.length - 1)) {
      flush()
      const last = pieces.at(-1)
      if (last?.kind === 'same') pieces[pieces.length - 1] = { kind, text: last.text + text }
      else pieces.push({ kind, text })
    } else {
      if (kind !== 'new') gone += text
      if (kind !== 'gone') fresh += text
    }
  })
  flush()
  return pieces
}

/** Words, and what stands between them as words of their own. */
function words(sentence: string): readonly string[] {
  return sentence.match(/[\w-]+|\s|[^\w\s]/g) ?? []
}

/** One word a piece, by the longest common subsequence. */
function align(a: readonly string[], b: readonly string[]): readonly Piece[] {
  // shared[i][j]: how many words the rests a[i..] and b[j..] have in common.
  const shared = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  const at = (i: number, j: number): number => shared[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      shared[i]![j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const steps: Piece[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && a[i] === b[j]) {
      steps.push({ kind: 'same', text: a[i]! })
      i++
      j++
    } else if (j === b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      steps.push({ kind: 'gone', text: a[i++]! })
    } else {
      steps.push({ kind: 'new', text: b[j++]! })
    }
  }
  return steps
}
