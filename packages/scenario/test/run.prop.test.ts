import {
  formatOperation,
  parseObservation,
  parseScenario,
  runScenario,
  stringifyObservation,
} from '@mm-model/scenario'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { retry } from '@mm-model/strategy-retry'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const PAGES = 8
const page = fc.nat(PAGES - 1).map((n) => n * 4096)
const range = { offset: page, length: fc.integer({ min: 1, max: PAGES }).map((n) => n * 4096) }
const map = fc.constantFrom('m0', 'm1', 'm2')
const prot = fc.constantFrom(0, 1, 3)

/** An operation on one file and three mappings, none of which waits for another process. */
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constantFrom('load' as const), map, offset: page }) },
  {
    weight: 8,
    arbitrary: fc.record({ op: fc.constant('store' as const), map, offset: page, byte: fc.nat(255) }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('fsync' as const), file: fc.constant('a') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constantFrom('punch' as const, 'falloc' as const),
      file: fc.constant('a'),
      ...range,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('fill' as const),
      file: fc.constant('a'),
      ...range,
      byte: fc.nat(255),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('truncate' as const),
      file: fc.constant('a'),
      size: fc.nat(PAGES * 4096),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('munmap' as const), map, ...range }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('mprotect' as const), map, ...range, prot }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('msync' as const),
      map,
      ...range,
      mode: fc.constantFrom('sync' as const, 'async' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('madvise' as const),
      map,
      ...range,
      advice: fc.constantFrom('dontneed' as const, 'populate_read' as const, 'populate_write' as const),
    }),
  },
)

const line = fc
  .tuple(operation, fc.constantFrom(null, null, 'c'))
  .map(([o, child]) => formatOperation({ ...o, who: child }))

const program = fc
  .array(line, { minLength: 1, maxLength: 20 })
  .map((lines) =>
    [
      'create a 32k',
      'fill a 0 8k 3',
      'mmap m0 a 0 32k rw shared',
      'mmap m1 a 0 32k rw private',
      'mmap m2 anon 0 32k rw private',
      'fork c',
      ...lines,
    ].join('\n'),
  )

describe('any scenario', { timeout: 60_000 }, () => {
  it('runs the same step by step, straight through, and again', () => {
    fc.assert(
      fc.property(program, fc.constantFrom(mkwrite, retry, insertWritable), (text, strategy) => {
        const scenario = parseScenario(text, { name: 'random' })
        const [plain, again, steps] = (['plain', 'plain', 'steps'] as const).map((form) =>
          stringifyObservation(
            runScenario(scenario, { kernel: '6.1', fs: 'ext4', strategy, form }).observation,
          ),
        )
        expect(again).toBe(plain)
        expect(steps).toBe(plain)
        expect(stringifyObservation(parseObservation(plain!))).toBe(plain)
      }),
    )
  })

  it('gives a program the same answers under every strategy', () => {
    fc.assert(
      fc.property(program, (text) => {
        const scenario = parseScenario(text, { name: 'random' })
        const [first, ...others] = [mkwrite, retry, insertWritable].map((strategy) =>
          runScenario(scenario, { kernel: '6.1', fs: 'ext4', strategy }).observation.ops.map(
            ({ op, result, files }) => ({
              op,
              result,
              files,
            }),
          ),
        )
        for (const other of others) expect(other).toEqual(first)
      }),
    )
  })
})
