import { explore, invariantsNamed, programOf, shrinkProgram, stateInvariants } from '@mm-model/check'
import { parseScenario, ScenarioError } from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { expect, it } from 'vitest'
import { searchRandom } from '../src/bounded.ts'
import { Search } from '../src/search.ts'
import { shrinkSchedule } from '../src/shrink-schedule.ts'

const STAGE = {
  kernel: '6.1',
  fs: 'ext4',
  strategy: mkwrite,
  defects: ['dirty-cleared-before-flush'],
} as const

const TEXT = `create a 64k
create b 4k
fill a 0 64k 3
mmap m a 0 64k rw shared
mmap n b 0 4k rw shared
load n 0
store m 0x2000 5
thread t1
@t1 fsync a || load m 0x2000 ; store m 0x2000 9 ; fsync a
`

it('a program loses what has no part in the violation', { timeout: 120_000 }, () => {
  const scenario = parseScenario(TEXT, { name: 'long' })
  const invariants = invariantsNamed(['I24', 'I23', 'I25'])
  const { counterexample } = explore(programOf(scenario, STAGE), { invariants, shortest: false })
  expect(counterexample).not.toBeNull()
  const { scenario: small, open } = shrinkProgram(scenario, counterexample!.name, STAGE, invariants)
  expect(open).toBe(0)
  expect(small.ops.length).toBeLessThan(scenario.ops.length)
  expect(small.ops.some(({ text }) => text.includes('b'))).toBe(false)
  const again = explore(programOf(small, STAGE), { invariants, shortest: false })
  expect(again.counterexample?.name).toBe(counterexample!.name)
  // A search of one execution does not come to its end, and that is said.
  expect(
    shrinkProgram(scenario, counterexample!.name, STAGE, invariants, { executions: 1 }).open,
  ).toBeGreaterThan(0)
  expect(() => shrinkProgram(scenario, 'I12', STAGE, invariants)).toThrowError(RangeError)
  expect(() => programOf(parseScenario('create a 4k\n', { name: 'x' }), STAGE)).toThrowError(ScenarioError)
})

it('a schedule found by chance becomes one with no more preemptions and steps that breaks the same rule', () => {
  const program = programOf(parseScenario(TEXT, { name: 'long' }), STAGE)
  const limits = { executions: 1e6, steps: 1e9, states: 0 }
  let shorter = 0
  for (let seed = 1; seed <= 3; seed++) {
    const search = new Search(program, stateInvariants, limits, false)
    const found = searchRandom(search, 2000, seed)!
    const small = shrinkSchedule(search, found)
    expect(small.wrong.name).toBe(found.wrong.name)
    expect(small.preemptions).toBeLessThanOrEqual(found.preemptions)
    if (small.preemptions < found.preemptions) shorter++
    // What it says it is: running it again ends so.
    expect(shrinkSchedule(search, small)).toEqual(small)
  }
  expect(shorter).toBeGreaterThan(0)
  const { counterexample } = explore(program, {
    invariants: stateInvariants,
    random: { schedules: 2000, seed: 1 },
  })
  expect(counterexample).toMatchObject({ shortest: false })
})
