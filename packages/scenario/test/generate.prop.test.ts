import {
  formatOperation,
  generateScenario,
  type Operation,
  parseScenario,
  runScenario,
} from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Random } from '../src/generate-random.ts'

const seed = fc.integer()
const MANY: readonly Operation[] = Array.from({ length: 400 }, (_, i) => generateScenario(i).ops).flat()

describe('generateScenario', () => {
  it('gives the same scenario for the same seed, now and in later versions', () => {
    expect(generateScenario(42)).toEqual(generateScenario(42))
    expect(generateScenario(42)).toEqual(generateScenario(42 + 2 ** 32))
    expect(generateScenario(42, { operations: 12 }).ops.map(({ text }) => text)).toMatchSnapshot()
    expect(generateScenario(7, { operations: 12 }).ops.map(({ text }) => text)).toMatchSnapshot()
  })

  it('writes lines that say the operation again', () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 12, max: 60 }), (n, operations) => {
        const { name, ops } = generateScenario(n, { operations })
        expect(ops).toHaveLength(operations)
        expect(parseScenario(ops.map(formatOperation).join('\n'), { name }).ops).toEqual(ops)
        expect(ops.map(({ text }) => text)).toEqual(ops.map(formatOperation))
      }),
    )
  })

  it('makes as many operations as asked for, within reason', () => {
    expect(generateScenario(1).ops).toHaveLength(30)
    expect(generateScenario(1, { operations: 0 }).ops).toHaveLength(12)
    expect(generateScenario(1, { operations: 1e9 }).ops).toHaveLength(10_000)
  })

  it('covers every operation and every word of the language', () => {
    const words = new Set<string>()
    for (const operation of MANY) {
      words.add(operation.who === null ? operation.op : `@ ${operation.op}`)
      for (const [word, value] of Object.entries(operation)) {
        if (['kind', 'advice', 'mode', 'prot', 'populate', 'locked'].includes(word)) {
          words.add(`${operation.op} ${word} ${String(value)}`)
        }
      }
    }
    expect([...words].toSorted()).toMatchSnapshot()
  })

  it('has one page and 8 MiB, 2 MiB at the same place, odd bytes, and what cannot be', () => {
    const mapped = MANY.filter((o) => o.op === 'mmap')
    const created = MANY.filter((o) => o.op === 'create')
    expect(created.map(({ size }) => size)).toEqual(expect.arrayContaining([4096, 8 << 20]))
    expect(
      mapped.some(({ file, length, offset }) => file !== null && length >= 4 << 20 && offset === 0),
    ).toBe(true)
    expect(mapped.some(({ file, length }) => file === null && length >= 2 << 20)).toBe(true)
    expect(mapped.some(({ offset }) => offset % 4096 !== 0)).toBe(true)
    expect(MANY.some((o) => o.op === 'fill' && o.offset % 4096 !== 0 && o.length % 4096 !== 0)).toBe(true)
    expect(MANY.some((o) => o.op === 'store' && o.map === 'nowhere')).toBe(true)
    expect(MANY.some((o) => 'offset' in o && o.offset > 2 ** 40)).toBe(true)
  })

  it('thaws whatever it freezes, and never waits for itself', { timeout: 60_000 }, () => {
    let answers = 0
    let notModelled = 0
    for (let n = 0; n < 150; n++) {
      const scenario = generateScenario(n)
      const ends = scenario.ops.filter(({ op }) => op === 'freeze' || op === 'thaw')
      if (ends.length > 0) expect(ends.at(-1)!.op).toBe('thaw')
      const { ops } = runScenario(scenario, { kernel: '6.1', fs: 'ext4', strategy: mkwrite }).observation
      answers += ops.filter(({ result }) => 'ret' in result).length
      notModelled += ops.filter(({ result }) => 'notModelled' in result).length
    }
    expect(notModelled).toBe(0)
    // Most operations have something to work on.
    expect(answers).toBeGreaterThan(150 * 30 * 0.6)
  })
})

describe('Random', () => {
  it('goes on from its state', () => {
    const random = new Random(5)
    random.next()
    const again = new Random(random.state)
    expect([again.next(), again.next()]).toEqual([random.next(), random.next()])
  })

  it('stays in its range', () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 1, max: 2 ** 32 }), (n, limit) => {
        const random = new Random(n)
        for (let i = 0; i < 20; i++) {
          const value = random.below(limit)
          expect(Number.isInteger(value) && value >= 0 && value < limit).toBe(true)
        }
      }),
    )
  })

  it('takes each value as often as its weight says', () => {
    const random = new Random(1)
    const counts = { a: 0, b: 0, never: 0 }
    for (let i = 0; i < 4000; i++)
      counts[
        random.weighted([
          [1, 'a'],
          [3, 'b'],
          [0, 'never'],
        ] as const)
      ]++
    expect(counts.never).toBe(0)
    expect(counts.a).toBeGreaterThan(850)
    expect(counts.a).toBeLessThan(1150)
  })
})
