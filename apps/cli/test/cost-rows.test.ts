import { readFileSync } from 'node:fs'
import { parseObservation, parseScenario } from '@mm-model/scenario'
import { describe, expect, it } from 'vitest'
import { costRows } from '../src/cost-rows.ts'
import { COST_SOURCE, instructionsOf } from '../src/cost-table.ts'
import copy from '../src/data/cost.json'
import { RECORDINGS, ROOT } from './mm-model.ts'

function read(path: string): string {
  return readFileSync(`${ROOT}/${RECORDINGS}/${path}`, 'utf8')
}

/** `line: row` for each load and store of a recorded scenario. */
function rows(name: string, folder: string = 'linux-6.1-ext4'): readonly string[] {
  const scenario = parseScenario(read(`scenarios/${name}.scn`), { name })
  const found = costRows(scenario, parseObservation(read(`${folder}/${name}.json`)))
  return scenario.ops.flatMap(({ op, text }, i) => {
    if (op !== 'load' && op !== 'store') expect(found[i]).toBeNull()
    return op === 'load' || op === 'store' ? [`${text}: ${found[i] ?? '–'}`] : []
  })
}

describe('the cost table', () => {
  it('is the recorded one', () => {
    expect(copy).toEqual(JSON.parse(read('cost.json')))
  })

  it('names its source', () => {
    expect(COST_SOURCE.kernel).toContain('Linux 6.1.192')
  })

  it('has figures for recorded strategies and rows only', () => {
    expect(instructionsOf('retry', 'first store, block written')).toBe(9899.7)
    expect(instructionsOf('mkwrite', 'first store, block written')).toBe(5108.7)
    expect(instructionsOf('deferred-mtime', 'first store, block written')).toBeNull()
    expect(instructionsOf('mkwrite', null)).toBeNull()
  })
})

describe('the row of an operation', () => {
  it('follows from what the run showed', () => {
    expect(rows('01-hole-write')).toMatchInlineSnapshot(`
      [
        "store m0 0x0 1: first store, hole",
        "load m0 0x0: –",
        "load m0 0x1000: load, hole",
        "store m0 0x1000 2: store after load, hole",
        "store m0 0x0 3: store after fsync",
        "load m0 0x4000: load, block written",
        "store m0 0x4000 7: store after load, block written",
        "store m0 0x5000 7: first store, block written",
        "load m0 0x0: load, hole",
        "load m0 0x3000: –",
      ]
    `)
  })

  it('is the same under every strategy', () => {
    for (const strategy of ['retry', 'fallthrough', 'insert-writable'])
      expect(rows('01-hole-write', `linux-6.1-ext4-${strategy}`)).toEqual(rows('01-hole-write'))
  })

  it.each([
    ['unwritten blocks were not counted', 's0149-shared'],
    ['huge pages were not counted', 's0013-pmd'],
    ['anonymous memory', 's0022-anon'],
    ['private mappings', 's0024-private'],
    ['a child has its own entries', 's0019-fork'],
  ])('%s: %s', (_, name) => {
    expect(rows(name)).toMatchSnapshot()
  })
})
