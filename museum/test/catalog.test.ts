import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defectNames, defects } from '@mm-model/core'
import { describe, expect, it } from 'vitest'
import { difference, fixOf, readCatalog, readmeTable, scenarioOf } from '../museum.mjs'

const museum = join(import.meta.dirname, '..')
const catalog = readCatalog()

interface Variant {
  readonly id: string
  readonly when: string
  readonly bug: number | null
  readonly violated: boolean
}
const variants = JSON.parse(
  readFileSync(join(museum, '../tooling/spin/variants.json'), 'utf8'),
) as readonly Variant[]

describe('the catalog', () => {
  it('has a piece for each scenario, and a scenario for each piece', () => {
    const files = readdirSync(museum).filter((name) => name.endsWith('.scn'))
    expect(catalog.map(({ id }) => `${id}.scn`).toSorted()).toEqual(files.toSorted())
    expect(new Set(catalog.map(({ id }) => id)).size).toBe(catalog.length)
  })

  it('has at least 20 bugs of the reference', () => {
    expect(new Set(catalog.flatMap(({ row }) => row ?? [])).size).toBeGreaterThanOrEqual(20)
  })

  it('shows every defect that a machine can be built with', () => {
    const shown = catalog.flatMap(({ before, after }) => [
      ...(before.defects ?? []),
      ...(after.defects ?? []),
    ])
    expect(defectNames.filter((name) => !shown.includes(name))).toEqual([])
  })

  it('covers what the model in Promela has, but for what it says', () => {
    const covered = catalog.map(({ spin }) => spin)
    const all = new Set(variants.filter(({ when }) => when !== 'strategy').map(({ id }) => id))
    const readme = readFileSync(join(museum, 'README.md'), 'utf8')
    const missing = [...all].filter((id) => !covered.includes(id))
    expect(missing.filter((id) => !readme.includes(`\`${id}\``))).toEqual([])
    expect(missing.length).toBeLessThan(all.size / 8)
  })

  it('gives the table of the README', () => {
    expect(readFileSync(join(museum, 'README.md'), 'utf8')).toContain(`\n${readmeTable()}\n\n`)
  })
})

/** Pieces after whose fix the era was still without something else. */
const TWO_CHANGES = '06-two-faults-on-an-unwritten-extent'

describe.each(catalog)('$id', (piece) => {
  const { id, row, before, after, spin } = piece

  it('begins with its row, and a comment that says what happens', () => {
    const number = Number(id.slice(0, 2))
    expect(row === null ? number > 50 : number === row).toBe(true)
    expect(readFileSync(join(museum, `${id}.scn`), 'utf8')).toMatch(/^# [A-Z].*\.\n[a-z]/i)
    expect(scenarioOf(piece).ops.some(({ op }) => op === 'parallel')).toBe(true)
  })

  const kinds = new Set(difference(piece).map((name) => defects[name].kind))

  it('differs in one thing before and after, or in the repairs of one', () => {
    const other = (['kernel', 'strategy', 'fs', 'arch'] as const).filter((key) => before[key] !== after[key])
    const count = difference(piece).length + other.length
    if (!kinds.has('defect') && kinds.has('repair')) expect([1, 2]).toContain(count)
    else expect(count).toBe(id === TWO_CHANGES ? 2 : 1)
  })

  it('has a fix, or is wrong in 6.1 and has a repair', () => {
    if (fixOf(piece) !== null) {
      expect(kinds.has('repair')).toBe(false)
      return
    }
    expect([...kinds]).toEqual(['repair'])
    expect((before.defects ?? []).filter((name) => defects[name].kind === 'defect')).toEqual([])
  })

  it('has the verdicts of the variant that it names', () => {
    const sides = variants.filter(({ id: variant }) => variant === spin)
    expect(sides.map(({ when, violated, bug }) => [when, violated, bug])).toEqual(
      spin === null
        ? []
        : [
            ['before', true, row],
            ['after', false, row],
          ],
    )
  })
})
