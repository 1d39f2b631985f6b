/**
 * A schedule as runs: who ran, and how many steps on end.
 * @module
 */

/** Equal neighbours as one, with their number. */
export function runsOf<T>(items: Iterable<T>): [item: T, count: number][] {
  const runs: [T, number][] = []
  for (const item of items) {
    const last = runs.at(-1)
    if (last !== undefined && last[0] === item) last[1]++
    else runs.push([item, 1])
  }
  return runs
}
