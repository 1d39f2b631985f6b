import { programOf } from '@mm-model/check'
import { type OperationResult, parseScenario, runScenario, type Scenario } from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Execution, WAITS } from '../src/execution.ts'
import { type ScenarioInstance, textOf } from '../src/scenario-program.ts'

const page = fc.constantFrom('0', '4k', '8k', '12k')
const pages = fc.constantFrom('0 4k', '0 8k', '4k 4k', '4k 12k', '0 16k')
const prot = fc.constantFrom('r', 'rw', '-')
const words = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((all) => all.join(' '))

const operation = fc.oneof(
  { weight: 4, arbitrary: words('store', fc.constantFrom('m', 'p', 'n'), page, fc.constantFrom('1', '2')) },
  { weight: 3, arbitrary: words('load', fc.constantFrom('m', 'p', 'n'), page) },
  words('fsync a'),
  words('punch a', pages),
  words('truncate a', page),
  words('fill a', pages, '3'),
  words('pread a', page),
  words('mprotect', fc.constantFrom('m', 'p'), pages, prot),
  words('munmap', fc.constantFrom('m', 'p'), pages),
  words('mmap n a', pages, prot, fc.constantFrom('shared', 'private')),
  words('mremap m 0 8k', fc.constantFrom('4k', '8k'), fc.constantFrom('move', 'maymove', 'inplace')),
  words('msync m', pages),
  words('madvise p', pages, 'dontneed'),
  words('poke p', page),
)

const branch = fc.array(operation, { minLength: 1, maxLength: 3 }).map((ops) => ops.join(' ; '))

const scenarios = fc
  .record({
    before: fc.array(operation, { maxLength: 2 }),
    branches: fc.tuple(branch, branch, branch),
    after: fc.array(operation, { maxLength: 2 }),
  })
  .map(({ before, branches: [first, thread, child], after }) => {
    const setUp = ['create a 16k', 'fill a 4k 8k', 'mmap m a 0 16k rw shared', 'mmap p a 0 16k r private']
    const line = `@t ${thread} || ${first} || @c ${child}`
    return parseScenario([...setUp, 'thread t', 'fork c', ...before, line, ...after].join('\n'), {
      name: 'any',
    })
  })

/** What the branches answer when each runs to its end before the next begins, and then the lines below. */
function leftToRight(scenario: Scenario, fs: string): string[] {
  const execution = new Execution(programOf(scenario, { kernel: '6.1', fs, strategy: mkwrite }))
  const { threads, staged } = execution.instance as ScenarioInstance
  for (const thread of threads.keys()) {
    while ((execution.done & (1 << thread)) === 0) {
      if (execution.step(thread) !== WAITS) continue
      // Alone it can wait for nothing but other CPUs.
      const answered = execution.handlers.some((_, i) => execution.step(threads.length + i) !== WAITS)
      if (!answered) throw new Error(`${threads[thread]!.name} waits`)
    }
  }
  const results = staged.branches.flatMap(({ operations }) => operations.map(({ result }) => result!))
  return [...results, ...staged.after()].map(textOf)
}

describe.each(['ext4', 'xfs'])('on %s', (fs) => {
  it('a program run from left to right answers what running the scenario observes', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const { ops } = runScenario(scenario, { kernel: '6.1', fs, strategy: mkwrite }).observation
        const at = scenario.ops.findIndex(({ op }) => op === 'parallel')
        const observed = ops.slice(at).map(({ result }) => textOf(result as OperationResult))
        expect(leftToRight(scenario, fs)).toEqual(observed)
        for (const answer of observed) seen.add(answer)
      }),
      { numRuns: 60 },
    )
    expect([...seen]).toEqual(expect.arrayContaining(['0', '2', '3', 'SIGBUS', 'SIGSEGV', 'skipped']))
  })
})
