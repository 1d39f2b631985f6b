// docs/configurations.md says where two configurations differ from 6.1 as shipped; the recordings have to say the same.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Observation, parseObservation, stringifyObservation } from '@mm-model/scenario'
import { describe, expect, test } from 'vitest'
import { readScenarios } from '../src/scenario-files.ts'

const FIXTURES = join(import.meta.dirname, '..', '..', '..', 'fixtures')
const FOLDER = join(FIXTURES, 'kernel-configurations')
const PAGE = readFileSync(join(import.meta.dirname, '..', 'docs', 'configurations.md'), 'utf8')

const read = (folder: string): ReadonlyMap<string, Observation> =>
  new Map(
    readdirSync(folder).map((file) => {
      const text = readFileSync(join(folder, file), 'utf8')
      const observation = parseObservation(text)
      expect(stringifyObservation(observation), file).toBe(text)
      return [file.replace(/\.json$/, ''), observation]
    }),
  )

const shipped = read(join(FOLDER, 'linux-6.1-ext4'))

/** The rows of the table below a heading: the cells without their backquotes. */
function tableUnder(heading: string): readonly (readonly string[])[] {
  const section = PAGE.slice(PAGE.indexOf(`### ${heading}`))
    .split('\n')
    .slice(1)
  const rows = section.slice(section.findIndex((line) => line.startsWith('| `')))
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('| ')),
    )
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
}

/** Scenario and operation of all that differs, in order. */
function differences(other: ReadonlyMap<string, Observation>): readonly (readonly [string, number])[] {
  return [...shipped].flatMap(([name, { ops }]) =>
    ops.flatMap((op, i) =>
      JSON.stringify(op) === JSON.stringify(other.get(name)?.ops[i]) ? [] : [[name, i] as const],
    ),
  )
}

const resultOf = (observation: Observation, operation: number): string =>
  Object.values(observation.ops[operation]?.result ?? {}).join(' ')

describe.each([
  ['la57', 'Five levels'],
  ['thp-never', 'Huge pages `never`'],
])('the configuration %s', (name, heading) => {
  const other = read(join(FOLDER, `linux-6.1-ext4-${name}`))
  const found = differences(other)
  const rows = tableUnder(heading)

  test('has the scenarios that 6.1 as shipped has, which are the sources there', () => {
    const sources = readScenarios(join(FOLDER, 'scenarios'))
    expect([...other.keys()]).toEqual([...shipped.keys()])
    expect([...shipped.keys()]).toEqual(sources.map((source) => source.name))
    for (const { name: scenario, scenario: parsed } of sources)
      expect(other.get(scenario)?.ops.map(({ op }) => op)).toEqual(parsed.ops.map(({ text }) => text))
  })

  test('differs where the page says, and nowhere else', () => {
    expect(rows.map(([scenario, op]) => [scenario, op])).toEqual(
      found.map(([scenario, operation]) => [scenario, shipped.get(scenario)?.ops[operation]?.op]),
    )
  })

  test('differs in as many operations as the heading counts', () => {
    const operations = [...shipped.values()].flatMap(({ ops }) => ops).length
    const scenarios = new Set(found.map(([scenario]) => scenario)).size
    expect(PAGE).toContain(
      `### ${heading}: ${found.length} of ${operations} operations, in ${scenarios} scenarios`,
    )
  })
})

test('with five levels the results are those of the table', () => {
  const la57 = read(join(FOLDER, 'linux-6.1-ext4-la57'))
  expect(tableUnder('Five levels').map(([, , four, five]) => [four, five])).toEqual(
    differences(la57).map(([scenario, operation]) => [
      resultOf(shipped.get(scenario)!, operation),
      resultOf(la57.get(scenario)!, operation),
    ]),
  )
})

test('the shipped scenarios are the same with five levels, byte for byte', () => {
  const [four, five] = ['linux-6.1-ext4', 'linux-6.1-ext4-la57'].map((name) =>
    join(FIXTURES, 'kernel-observations', name),
  )
  const files = readdirSync(four!)
  expect(readdirSync(five!)).toEqual(files)
  const differing = files.filter(
    (file) => !readFileSync(join(four!, file)).equals(readFileSync(join(five!, file))),
  )
  expect(differing).toEqual([])
})
