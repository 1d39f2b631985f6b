import {
  CHECKS,
  type Combination,
  combinations,
  conform,
  conformance,
  hasReflink,
  MACHINES,
  nameOf,
  outcomeOf,
  programOf,
  References,
} from '@mm-model/conformance'
import { wrongStrategies } from '@mm-model/conformance/gallery'
import { deferredMtime, withDeferredMtime } from '@mm-model/strategy-deferred-mtime'
import { fallthrough } from '@mm-model/strategy-fallthrough'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { readonlyHint } from '@mm-model/strategy-readonly-hint'
import { retry } from '@mm-model/strategy-retry'
import { describe, expect, it } from 'vitest'

const SOUND = [
  mkwrite,
  retry,
  insertWritable,
  fallthrough,
  readonlyHint,
  deferredMtime,
  withDeferredMtime(retry),
  withDeferredMtime(insertWritable),
]

/** A part that has every value of every axis on every machine: `scripts/conform.mjs` runs them all. */
const SOME = combinations().filter((_, i) => i % 41 === 0)

/** A few, all of one kind. */
const only = ({ block, area, prot, size, access }: Combination): boolean =>
  block === 'written' && area === 'shared' && prot === 'rw' && size === '4k' && access === 'load-store'

/** Many programs run in one test, on whatever machine. */
const PATIENCE = 120_000

describe('combinations', () => {
  it('are all there are, each once, in one order', () => {
    const names = combinations().map(nameOf)
    expect(new Set(names).size).toBe(names.length)
    // area × prot × block × size × access × around, less private MAP_SYNC
    const whole = 2 * 3 * 4 * 2 * 3 * 6 - 3 * 4 * 2 * 3
    expect(MACHINES.map((machine) => combinations([machine]).length)).toEqual(
      MACHINES.map((machine) => (hasReflink(machine) ? whole : (whole / 4) * 3)),
    )
    expect(MACHINES.filter(hasReflink).length).toBe(3)
  })

  it('are programs that parse, each with what it is about', () => {
    for (const c of combinations()) {
      const { scenario, first, accesses, text } = programOf(c)
      const words = [...first, ...accesses].map((i) => scenario.ops[i]!.op)
      expect(new Set(words)).toEqual(new Set(c.access === 'load-store' ? ['load', 'store'] : [c.access]))
      expect(text.startsWith(`# ${nameOf(c)}\n`)).toBe(true)
    }
  })

  it('of the part that is run here, have every value of every axis', () => {
    for (const axis of ['area', 'prot', 'block', 'size', 'access', 'around', 'machine'] as const) {
      const values = (list: readonly Combination[]): Set<unknown> => new Set(list.map((c) => c[axis]))
      expect(values(SOME)).toEqual(values(combinations()))
    }
  })
})

describe.each(SOUND.map((strategy) => [strategy.name, strategy] as const))('%s', (_name, strategy) => {
  it(
    'passes',
    () => {
      const references = new References()
      const findings = SOME.flatMap((c) => outcomeOf(strategy, c, references).findings)
      expect(findings).toEqual([])
    },
    PATIENCE,
  )
})

describe('the gallery', () => {
  it('has enough strategies, each with a name of its own, and every check catches one', () => {
    const wrong = wrongStrategies()
    expect(wrong.length).toBeGreaterThanOrEqual(15)
    expect(new Set(wrong.map(({ strategy }) => strategy.name)).size).toBe(wrong.length)
    const caught = new Set(wrong.map(({ catches }) => catches))
    expect(CHECKS.map(({ id }) => id).filter((id) => !caught.has(id))).toEqual([])
  })
})

describe('conform', () => {
  const registered = (strategy: typeof mkwrite): Map<string, () => void> => {
    const tests = new Map<string, () => void>()
    conform({ test: (name, run) => tests.set(name, run), strategy, machines: [MACHINES[0]!], only })
    return tests
  }

  it('registers a test for the definition and one for each check and machine, and runs nothing yet', () => {
    const tests = registered(mkwrite)
    expect(tests.size).toBe(1 + CHECKS.length)
    expect([...tests.keys()].every((name) => name.startsWith('conformance'))).toBe(true)
  })

  it('says which check fails, where, and with which program', () => {
    const never = wrongStrategies().find(({ strategy }) => strategy.name === 'throws')!.strategy
    const [, contract] = registered(never).values()
    expect(contract).toThrowError(
      /does not hold that hooks answer[\s\S]*did not think of that[\s\S]*mm-model run[\s\S]*mmap m a/,
    )
  })

  it('refuses what is no strategy in the first test', () => {
    const tests = registered({ name: 'x' } as unknown as typeof mkwrite)
    const [definition] = tests.values()
    expect(definition).toThrowError(/apiVersion/)
  })
})

it('reports by check, and tells of each combination before it runs', () => {
  const machines = [MACHINES[0]!]
  const some = combinations(machines).filter(only)
  const seen: number[] = []
  const { strategy } = wrongStrategies().find((wrong) => wrong.catches === 'contract')!
  const report = conformance(strategy, { machines, only, onProgress: (_c, number) => seen.push(number) })
  expect(seen).toEqual(some.map((_, i) => i))
  expect(report.passed).toBe(false)
  expect(report.checks.map(({ check }) => check)).toEqual(CHECKS)
})
