import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  coreCallInvariants,
  coreStateInvariants,
  coreUncheckedInvariants,
  defineStrategy,
  INSTALL_READ_ONLY,
  PhysicalMemory,
  Tlb,
  type WriteFaultStrategy,
} from '@mm-model/core'
import {
  DaxInode,
  daxCallInvariants,
  daxStateInvariants,
  daxUncheckedInvariants,
  XaState,
} from '@mm-model/dax'
import {
  compareObservations,
  InvariantViolation,
  parseObservation,
  parseScenario,
  runScenario,
  stringifyObservation,
} from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { describe, expect, it, vi } from 'vitest'
import { scenarioSources } from './recordings.ts'

const PROFILE = { kernel: '6.1', fs: 'ext4', strategy: mkwrite } as const
const KERNEL = join(import.meta.dirname, 'invariants-kernel')

describe('the recorded scenarios', { timeout: 60_000 }, () => {
  it('break no invariant, and are observed the same with them checked', () => {
    for (const [name, text] of scenarioSources()) {
      const scenario = parseScenario(text, { name })
      const [off, on] = [false, true].map((invariants) =>
        stringifyObservation(runScenario(scenario, { ...PROFILE, invariants }).observation),
      )
      expect(on).toBe(off)
    }
  })

  it.each(readdirSync(KERNEL).flatMap((file) => (file.endsWith('.scn') ? [file.replace('.scn', '')] : [])))(
    '%s: does what a kernel did when random scenarios made us ask',
    (name) => {
      const read = (ending: string): string => readFileSync(join(KERNEL, `${name}.${ending}`), 'utf8')
      const scenario = parseScenario(read('scn'), { name })
      const { observation } = runScenario(scenario, { ...PROFILE, invariants: true })
      expect(compareObservations(parseObservation(read('json')), observation).differences).toEqual([])
    },
  )

  it('has a mapping that does not see what was written, as on the kernel', () => {
    const text = readFileSync(join(KERNEL, 'stale-zero-page.scn'), 'utf8')
    const { ops } = runScenario(parseScenario(text, { name: 'stale' }), {
      ...PROFILE,
      invariants: true,
    }).observation
    expect(ops.slice(6, 8).map(({ op, result }) => [op, result])).toEqual([
      ['pread a 0x3000', { ret: 126 }],
      ['load m 0x3000', { ret: 0 }],
    ])
  })
})

describe('a broken rule', () => {
  /** Never lets anybody store. */
  const stubborn: WriteFaultStrategy = defineStrategy({
    name: 'stubborn',
    apiVersion: 1,
    capabilities: { firstStoreTraps: 2, marksDirty: true, times: 'fault' },
    install: () => INSTALL_READ_ONLY,
  })
  const scenario = parseScenario('create a 4k\n\nfill a 0 4k\nmmap m a 0 4k rw shared\nstore m 8 1', {
    name: 'test',
  })

  it('ends the run with an error that says which, where, and what was found', () => {
    let error: unknown
    try {
      runScenario(scenario, { ...PROFILE, strategy: stubborn, invariants: true })
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(InvariantViolation)
    const { code, name, invariant, line, operation, violations, message } = error as InvariantViolation
    expect({ code, name, invariant, line, operation }).toEqual({
      code: 'INVARIANT_VIOLATED',
      name: 'InvariantViolation',
      invariant: 'I43',
      line: 5,
      operation: 'store m 8 1',
    })
    expect(violations).toHaveLength(1)
    expect(message).toMatchInlineSnapshot(
      `"line 5: 'store m 8 1' breaks I43 (an access that nobody disturbs succeeds or ends after at most 2 traps, 3 under MAP_SYNC) at the middle of the operation: found 64 faults in a row for one access at 0x600000000008, expected that a fault that reports success makes progress (I43); this is a defect of the model, the strategy or the backend: shrinkScenario makes the scenario small"`,
    )
  })

  it('is an error of the machine for who did not ask for invariants', () => {
    expect(() => runScenario(scenario, { ...PROFILE, strategy: stubborn })).toThrow(
      expect.objectContaining({ code: 'NO_PROGRESS' }),
    )
  })

  const text =
    'create a 4k\nfill a 0 4k 5\nmmap s a 0 4k rw shared\nstore s 8 1\nfsync a\nmmap p a 0 4k rw private\nstore p 0 2'

  it.each([
    {
      broken: 'nothing is copied',
      target: PhysicalMemory.prototype,
      call: 'copyPage',
      line: 7,
      says: 'I32 at p+0x0 in mm1',
    },
    {
      broken: 'nothing is flushed',
      target: Tlb.prototype,
      call: 'flushPage',
      line: 5,
      says: 'I8 at s+0x0 in mm1',
    },
    {
      broken: 'nothing is written',
      target: PhysicalMemory.prototype,
      call: 'fillPmem',
      line: 2,
      says: 'I47 at page 0 of a',
    },
    {
      broken: 'times stand still',
      target: DaxInode.prototype,
      call: 'touch',
      line: 4,
      says: 'I35 at s+0x0 in mm1, page 0 of a',
    },
    {
      broken: 'nothing is marked',
      target: XaState.prototype,
      call: 'setMark',
      line: 4,
      says: 'I19 at s+0x0 in mm1, page 0 of a',
    },
  ])('is found where $broken', ({ target, call, line, says }) => {
    const run = (): unknown =>
      runScenario(parseScenario(text, { name: 'mutant' }), { ...PROFILE, invariants: true })
    expect(run).not.toThrow()
    const broken = vi
      .spyOn(target as unknown as { [name: string]: () => void }, call)
      .mockImplementation(() => {})
    try {
      run()
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(InvariantViolation)
      const { invariant, where, line: at } = error as InvariantViolation
      expect({ line: at, says: `${invariant} at ${where}` }).toEqual({ line, says })
    } finally {
      broken.mockRestore()
    }
  })
})

it('every invariant of the list is checked once, or said not to be', () => {
  const checked = [...coreStateInvariants, ...coreCallInvariants, ...daxStateInvariants, ...daxCallInvariants]
  const unchecked = [...coreUncheckedInvariants, ...daxUncheckedInvariants]
  const ids = new Set([...checked, ...unchecked].map(({ id }) => id))
  expect([...ids].toSorted()).toEqual(Array.from({ length: 52 }, (_, i) => `I${i + 1}`).toSorted())
  expect(new Set(checked.map(({ id }) => id)).size).toBe(42)
  expect(unchecked.filter(({ id }) => checked.some((other) => other.id === id))).toEqual([])
  expect(unchecked.filter(({ reason }) => reason === '')).toEqual([])
})
