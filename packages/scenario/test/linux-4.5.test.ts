import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { coreUncheckedInvariants, kernel45 } from '@mm-model/core'
import { daxUncheckedInvariants } from '@mm-model/dax'
import { InvariantViolation, parseScenario, runScenario } from '@mm-model/scenario'
import { retry } from '@mm-model/strategy-retry'
import { describe, expect, it } from 'vitest'
import { callDifferences } from './linux-4.5/calls.ts'
import { faultDifferences } from './linux-4.5/faults.ts'
import { fileDifferences } from './linux-4.5/files.ts'
import { strategyTraps } from './linux-4.5/strategies.ts'
import { UNHELD } from './linux-4.5/unheld.ts'

const DIFFERENCES = [...faultDifferences, ...fileDifferences, ...callDifferences]
const DOCUMENT = readFileSync(join(import.meta.dirname, '../../dax/LINUX-4.5.md'), 'utf8')

/** The names in the first column of the tables under a heading. */
function namesUnder(heading: string): string[] {
  const [, section = ''] = DOCUMENT.split(`\n## ${heading}\n`)
  return Array.from(section.split('\n## ')[0]!.matchAll(/^\| `([^`]+)` \|/gm), ([, name]) => name!)
}

describe('Linux 4.5 against 6.1', () => {
  it.each(DIFFERENCES.map((difference) => [difference.name, difference] as const))(
    '%s',
    (_name, { shows }) => {
      shows()
    },
  )

  it('is described by a list that names the same differences', () => {
    expect(namesUnder('Differences').toSorted()).toEqual(DIFFERENCES.map(({ name }) => name).toSorted())
  })

  it('names a source for each', () => {
    const [, section = ''] = DOCUMENT.split('\n## Differences\n')
    const rows = section
      .split('\n## ')[0]!
      .split('\n')
      .filter((line) => line.startsWith('| `'))
    for (const row of rows) expect(row.split(' | ')).toHaveLength(4)
    for (const row of rows) expect(row.split(' | ')[3]).toMatch(/\w/)
  })

  it('lists the invariants that the kernel does not hold, with the reasons of its profile', () => {
    expect(namesUnder('Invariants that 4.5 does not hold')).toEqual(Object.keys(kernel45.unheldInvariants))
    for (const reason of Object.values(kernel45.unheldInvariants)) expect(DOCUMENT).toContain(reason)
  })
})

describe('what 4.5 does not hold', () => {
  const others = (id: string): Record<string, string> =>
    Object.fromEntries(Object.entries(kernel45.unheldInvariants).filter(([other]) => other !== id))

  it('is what scenarios are about', () => {
    expect(Object.keys(UNHELD)).toEqual(Object.keys(kernel45.unheldInvariants))
    const unchecked = [...coreUncheckedInvariants, ...daxUncheckedInvariants].map(({ id }) => id)
    for (const [id, lines] of Object.entries(UNHELD)) expect(unchecked.includes(id)).toBe(lines === null)
  })

  it.each(Object.entries(UNHELD).filter(([, lines]) => lines !== null))('%s', (id, lines) => {
    const scenario = parseScenario(lines!.join('\n'), { name: id })
    const run = (unheldInvariants: Record<string, string>): unknown =>
      runScenario(scenario, {
        kernel: { ...kernel45, unheldInvariants },
        fs: 'ext4',
        strategy: retry,
        invariants: true,
      })
    expect(run(kernel45.unheldInvariants)).toBeDefined()
    let violation: unknown = null
    try {
      run(others(id))
    } catch (error) {
      violation = error
    }
    expect(violation).toBeInstanceOf(InvariantViolation)
    expect((violation as InvariantViolation).invariant).toBe(id)
  })
})

describe('strategies on 4.5', () => {
  it('take the traps that the document says', () => {
    const rows = DOCUMENT.matchAll(/^\| `([a-z-]+)` \| (\d) \| (\d) \| (\d) \| (\d) \|$/gm)
    expect(Object.fromEntries(Array.from(rows, ([, name, ...traps]) => [name, traps.map(Number)]))).toEqual(
      strategyTraps(),
    )
  })
})
