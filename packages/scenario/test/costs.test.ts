import { costsOf, NO_COSTS, parseObservation, sumCosts } from '@mm-model/scenario'
import { describe, expect, it } from 'vitest'
import { FOLDERS, type Folder, recordingNames, recordingText } from './recordings.ts'

/** What the recording of 01-hole-write in a folder cost: a line for each operation that cost anything. */
function bill(folder: Folder): readonly string[] {
  const observation = parseObservation(recordingText(folder, '01-hole-write'))
  return costsOf(observation).flatMap((c, i) => {
    const faults = Object.entries(c.faultsByError).map(([error, n]) => `${n} of ${error}`)
    const figures = [
      c.faults > 0 ? `${c.faults} faults (${faults.join(', ')})` : '',
      count(c.handlerPasses, 'passes'),
      count(c.extentLookups, 'look-ups'),
      count(c.timestampUpdates, 'time updates'),
      count(c.timestampCalls, 'calls'),
      count(c.tlbFlushes, 'flushes'),
      count(c.readOnlyThenUpgraded, 'upgraded'),
    ].filter((figure) => figure !== '')
    return figures.length === 0 ? [] : [`${observation.ops[i]!.op}: ${figures.join(', ')}`]
  })
}

function count(n: number, what: string): string {
  return n === 0 ? '' : `${n} ${what}`
}

describe('the bill of 01-hole-write', () => {
  it('under mkwrite, as Linux is: one fault, one pass', () => {
    expect(bill('linux-6.1-ext4')).toMatchInlineSnapshot(`
      [
        "store m0 0x0 1: 1 faults (1 of 0x6), 1 passes, 1 look-ups, 1 time updates, 3 calls",
        "load m0 0x1000: 1 faults (1 of 0x4), 1 passes, 1 look-ups",
        "store m0 0x1000 2: 1 faults (1 of 0x7), 1 passes, 1 look-ups, 1 time updates, 1 calls, 1 flushes",
        "fsync a: 2 flushes",
        "store m0 0x0 3: 1 faults (1 of 0x7), 1 passes, 1 look-ups, 1 time updates, 1 calls",
        "fill a 0x4000 0x2000: 1 look-ups",
        "load m0 0x4000: 1 faults (1 of 0x4), 1 passes, 1 look-ups",
        "store m0 0x4000 7: 1 faults (1 of 0x7), 1 passes, 1 look-ups, 1 time updates, 1 calls, 1 upgraded",
        "store m0 0x5000 7: 1 faults (1 of 0x6), 1 passes, 1 look-ups, 1 time updates, 1 calls",
        "msync m0 0 64k: 3 flushes",
        "punch a 0x0 0x1000: 1 flushes",
        "load m0 0x0: 1 faults (1 of 0x4), 1 passes, 1 look-ups",
        "truncate a 0x2000: 1 flushes",
        "load m0 0x3000: 1 faults (1 of 0x4), 1 passes",
      ]
    `)
  })

  it('under retry: two faults, two passes, an entry installed read-only and then upgraded', () => {
    expect(bill('linux-6.1-ext4-retry')).toMatchInlineSnapshot(`
      [
        "store m0 0x0 1: 2 faults (1 of 0x6, 1 of 0x7), 2 passes, 2 look-ups, 1 time updates, 4 calls, 1 upgraded",
        "load m0 0x1000: 1 faults (1 of 0x4), 1 passes, 1 look-ups",
        "store m0 0x1000 2: 1 faults (1 of 0x7), 1 passes, 1 look-ups, 1 time updates, 1 calls, 1 flushes",
        "fsync a: 2 flushes",
        "store m0 0x0 3: 1 faults (1 of 0x7), 1 passes, 1 look-ups, 1 time updates, 1 calls",
        "fill a 0x4000 0x2000: 1 look-ups",
        "load m0 0x4000: 1 faults (1 of 0x4), 1 passes, 1 look-ups",
        "store m0 0x4000 7: 1 faults (1 of 0x7), 1 passes, 1 look-ups, 1 time updates, 1 calls, 1 upgraded",
        "store m0 0x5000 7: 2 faults (1 of 0x6, 1 of 0x7), 2 passes, 2 look-ups, 1 time updates, 2 calls, 1 upgraded",
        "msync m0 0 64k: 3 flushes",
        "punch a 0x0 0x1000: 1 flushes",
        "load m0 0x0: 1 faults (1 of 0x4), 1 passes, 1 look-ups",
        "truncate a 0x2000: 1 flushes",
        "load m0 0x3000: 1 faults (1 of 0x4), 1 passes",
      ]
    `)
  })

  it('under fallthrough: one fault, two passes', () => {
    expect(bill('linux-6.1-ext4-fallthrough')).toMatchInlineSnapshot(`
      [
        "store m0 0x0 1: 1 faults (1 of 0x6), 2 passes, 2 look-ups, 1 time updates, 4 calls, 1 upgraded",
        "load m0 0x1000: 1 faults (1 of 0x4), 1 passes, 1 look-ups",
        "store m0 0x1000 2: 1 faults (1 of 0x7), 1 passes, 1 look-ups, 1 time updates, 1 calls, 1 flushes",
        "fsync a: 2 flushes",
        "store m0 0x0 3: 1 faults (1 of 0x7), 1 passes, 1 look-ups, 1 time updates, 1 calls",
        "fill a 0x4000 0x2000: 1 look-ups",
        "load m0 0x4000: 1 faults (1 of 0x4), 1 passes, 1 look-ups",
        "store m0 0x4000 7: 1 faults (1 of 0x7), 1 passes, 1 look-ups, 1 time updates, 1 calls, 1 upgraded",
        "store m0 0x5000 7: 1 faults (1 of 0x6), 2 passes, 2 look-ups, 1 time updates, 2 calls, 1 upgraded",
        "msync m0 0 64k: 3 flushes",
        "punch a 0x0 0x1000: 1 flushes",
        "load m0 0x0: 1 faults (1 of 0x4), 1 passes, 1 look-ups",
        "truncate a 0x2000: 1 flushes",
        "load m0 0x3000: 1 faults (1 of 0x4), 1 passes",
      ]
    `)
  })

  it('under insert-writable: the same as under mkwrite', () => {
    expect(bill('linux-6.1-ext4-insert-writable')).toEqual(bill('linux-6.1-ext4'))
  })

  it('on 6.12: the second call of handle_mm_fault in a trap is not a fault', () => {
    const faults = (folder: Folder): readonly string[] => bill(folder).map((line) => line.split('), ')[0]!)
    expect(faults('linux-6.12-ext4')).toEqual(faults('linux-6.1-ext4'))
  })
})

describe('costs', () => {
  it.each(FOLDERS)('of all recordings in %s', (folder) => {
    const all = recordingNames(folder).flatMap((name) =>
      costsOf(parseObservation(recordingText(folder, name))),
    )
    expect(all).toHaveLength(1903)
    expect(sumCosts(all)).toMatchSnapshot()
  })

  it('of nothing are nothing', () => {
    expect(sumCosts([])).toEqual(NO_COSTS)
  })
})
