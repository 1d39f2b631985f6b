/** What a run of the verifier says: violated, holds, or nothing, because the search did not end. */

/**
 * @param {string} output What `pan` printed.
 * @returns {{ violated: boolean, assertion: string | null, states: number, transitions: number, depth: number }}
 * @throws {Error} The search was cut short, or ended in a way that is no verdict.
 */
export function readVerdict(output) {
  const errors = /^State-vector .* errors: (\d+)$/m.exec(output)?.[1]
  const states = /^\s*(\S+) states, stored/m.exec(output)?.[1]
  const transitions = /^\s*(\S+) transitions/m.exec(output)?.[1]
  const depth = /depth reached (\d+)/.exec(output)?.[1]
  if (errors === undefined || states === undefined || transitions === undefined || depth === undefined)
    throw new Error(`found no summary of the search, expected one: ${lastLine(output)}`)
  const found = { states: Number(states), transitions: Number(transitions), depth: Number(depth) }
  const first = /^pan:1: (.*) \(at depth \d+\)$/m.exec(output)?.[1]
  if (errors === '0') {
    const cut = /max search depth too small|out of memory|memory bound|resource|Search not completed/i.exec(
      output,
    )
    if (cut !== null)
      throw new Error(`found a search that was not exhausted (${cut[0]}), expected all states`)
    return { violated: false, assertion: null, ...found }
  }
  if (first === 'invalid end state') return { violated: true, assertion: 'I39', ...found }
  const name = /^assertion violated .*\b(I\d+)\)*$/.exec(first ?? '')?.[1]
  if (name === undefined) throw new Error(`found '${first ?? 'no reason'}', expected an invariant's name`)
  return { violated: true, assertion: name, ...found }
}

/** Whether what was found is what the table expects. */
export function agrees(variant, verdict) {
  return variant.violated === verdict.violated && variant.assertion === verdict.assertion
}

function lastLine(output) {
  return output.trimEnd().split('\n').at(-1) ?? 'no output'
}
