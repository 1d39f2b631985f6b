import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './workspace.ts'

type Tree = { readonly [key: string]: Tree | readonly number[] }
type Rows = Readonly<Record<string, number>>

function read<T>(path: string): T {
  return JSON.parse(readFileSync(join(root, 'fixtures', path), 'utf8'))
}

const built = read<Table>('instruction-counts/linux-6.1-strategies.json')
const debian = read<Table>('instruction-counts/linux-6.1-debian.json')
const recorded = read<{ strategies: Record<string, Rows>; 'for comparison': Record<string, Rows> }>(
  'kernel-observations/cost.json',
)

interface Table {
  readonly strategies: readonly string[]
  readonly counts: Tree
}

/** `fs/area/block/access/size/around` → the numbers. */
function flat(tree: Tree, path: string = ''): readonly (readonly [string, readonly number[]])[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    Array.isArray(value) ? [[`${path}${key}`, value] as const] : flat(value as Tree, `${path}${key}/`),
  )
}

const counted = new Map(flat(built.counts))
const countedOnDebian = new Map(flat(debian.counts))
const column = (strategy: string): number => built.strategies.indexOf(strategy)

/** The rows of the recorded table that are combinations, and which. The others were counted on anonymous memory. */
const ROWS: readonly (readonly [row: string, combination: string, allocates: boolean])[] = [
  ['first store, block written', 'shared/written/first store/4k/plain', false],
  ['store after fsync', 'shared/written/second store/4k/after fsync', false],
  ['first store, hole', 'shared/hole/first store/4k/plain', true],
  ['load, hole', 'shared/hole/first load/4k/plain', false],
  ['store after load, hole', 'shared/hole/store after load/4k/plain', true],
  ['load, block written', 'shared/written/first load/4k/plain', false],
  ['store after load, block written', 'shared/written/store after load/4k/plain', false],
  ['first store, private mapping of a written block', 'private/written/first store/4k/plain', false],
]

describe('the counts of the kernel with strategies', () => {
  it('have all six in every combination that was counted on Debian’s', () => {
    expect([...counted.keys()]).toEqual([...countedOnDebian.keys()])
    for (const [combination, numbers] of counted)
      expect([combination, numbers.length, numbers.every((n) => n > 0)]).toEqual([combination, 6, true])
  })

  it('agree with the recorded ones on what a strategy adds', () => {
    for (const [row, combination] of ROWS)
      for (const strategy of ['retry', 'insert-writable', 'fallthrough']) {
        const numbers = counted.get(`ext4/${combination}`)!
        const adds = numbers[column(strategy)]! / numbers[column('mkwrite')]!
        const added = recorded.strategies[strategy]![row]! / recorded.strategies.mkwrite![row]!
        expect(Math.abs(adds - added), `${row}, ${strategy}`).toBeLessThan(0.02)
      }
  })

  it('differ by how a strategy installs for first stores to shared pages of 4 KiB, and for nothing else', () => {
    for (const [combination, numbers] of counted) {
      // Waits for kernel threads vary more, and a timer tick in one of four accesses shows.
      if (combination.includes('sync') || combination.includes('/2m/')) continue
      const [mkwrite, retry, writable, fallthrough, hint] = numbers as [
        number,
        number,
        number,
        number,
        number,
      ]
      const near = (n: number): boolean => Math.abs(n - mkwrite) < Math.max(30, mkwrite / 100)
      expect(near(writable), combination).toBe(true)
      // A child has no entries of shared areas: each of its stores is a first one.
      const twice = /shared\/.*(first store\/4k\/(?!refused)|store.*\/4k\/in a forked child)/.test(
        combination,
      )
      expect([near(retry), near(fallthrough), near(hint)], combination).toEqual([!twice, !twice, !twice])
      if (twice) expect(retry > fallthrough && fallthrough > mkwrite, combination).toBe(true)
    }
  })

  it('are one instruction for a store to a page that is writable', () => {
    for (const [combination, numbers] of counted)
      if (combination.endsWith('/second store/4k/plain'))
        expect([combination, ...new Set(numbers)]).toEqual([combination, 1])
  })
})

describe('the counts of Debian’s kernel', () => {
  it('are the recorded ones less what enabled trace events cost, where nothing is allocated', () => {
    for (const fs of ['ext4', 'xfs']) {
      const rows = recorded['for comparison'][`Debian 6.1.176 ${fs} (mkwrite)`]!
      for (const [row, combination, allocates] of ROWS) {
        if (allocates) continue // The recorder's guest had a checksum instruction for metadata.
        const less = rows[row]! - countedOnDebian.get(`${fs}/${combination}`)![0]!
        expect([row, less > 600 && less < 1000, less]).toEqual([row, true, less])
      }
    }
  })
})
