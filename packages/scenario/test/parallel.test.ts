import {
  executionOrder,
  parseScenario,
  runScenario,
  type Scenario,
  ScenarioSyntaxError,
  shrinkScenario,
  stringifyObservation,
} from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { describe, expect, it } from 'vitest'

const parse = (...lines: string[]): Scenario => parseScenario(lines.join('\n'), { name: 'test' })

/** `line:column code message` of what is wrong with the lines. */
function complaint(...lines: string[]): string {
  try {
    parse(...lines)
  } catch (error) {
    if (!(error instanceof ScenarioSyntaxError)) throw error
    return `${error.line}:${error.column} ${error.code} ${error.message.replace(/^line \d+, column \d+: /, '')}`
  }
  return 'nothing is wrong'
}

const run = (...lines: string[]) =>
  runScenario(parse(...lines), { kernel: '6.1', fs: 'ext4', strategy: mkwrite })

const SET_UP = ['create a 16k', 'mmap m a 0 16k rw shared', 'thread t1', 'fork c']

describe('a parallel line', () => {
  it('has branches, and operations with lines of their own', () => {
    const { ops } = parse(...SET_UP, 'fsync a;load m 0||@t1  store m 0 7 ;\tfsync a || @c store m 4k 1')
    expect(ops.at(-1)).toMatchObject({
      op: 'parallel',
      who: null,
      line: 5,
      branches: [
        {
          who: null,
          ops: [
            { op: 'fsync', file: 'a', text: 'fsync a', line: 5 },
            { op: 'load', text: 'load m 0' },
          ],
        },
        {
          who: 't1',
          ops: [
            { op: 'store', byte: 7, text: '@t1 store m 0 7', who: 't1' },
            { op: 'fsync', text: '@t1 fsync a' },
          ],
        },
        { who: 'c', ops: [{ op: 'store', offset: 4096, text: '@c store m 4k 1' }] },
      ],
    })
  })

  it('may have one branch, of one operation', () => {
    expect(parse('create a 4k', '|| fsync a').ops[1]).toMatchObject({
      op: 'parallel',
      branches: [{ who: null, ops: [{ op: 'fsync' }] }],
    })
    expect(parse('create a 4k', 'fsync a; fsync a').ops[1]).toMatchObject({ branches: [{ who: null }] })
  })

  it('lets a branch name what it made, and all that come later', () => {
    const scenario = parse(
      'thread t',
      'create b 4k ; fork c ; create d 4k || @t freeze',
      'fsync d',
      '@t fsync b',
    )
    expect(scenario.ops).toHaveLength(4)
    expect(complaint('thread t', 'create b 4k || @t fsync b')).toMatch(/^2:25 SCENARIO_UNKNOWN_FILE/)
    expect(complaint('create b 4k ; fork c ; create d 4k', '@c fsync b', '@c fsync d')).toMatch(
      /^3:10 SCENARIO_UNKNOWN_FILE/,
    )
  })

  it.each([
    [
      ['freeze ||'],
      '1:10 SCENARIO_MISSING_WORD found the end of the line, expected an operation; write `[@who] OPERATION [; OPERATION …]`, branches with `||` between them',
    ],
    [
      ['freeze ;; thaw'],
      "1:9 SCENARIO_MISSING_WORD found ';', expected an operation; write `[@who] OPERATION [; OPERATION …]`, branches with `||` between them",
    ],
    [['freeze || || thaw'], /^1:11 SCENARIO_MISSING_WORD found '\|\|', expected an operation/],
    [['||'], /^1:3 SCENARIO_MISSING_WORD found the end of the line/],
    [
      ['freeze || thaw'],
      '1:11 SCENARIO_DUPLICATE_BRANCH found a second branch of the first process, expected a branch of another thread or child; put its operations behind those of the other branch, with `;`',
    ],
    [['thread t', '@t freeze || @t thaw'], /^2:14 SCENARIO_DUPLICATE_BRANCH found a second branch of @t/],
    [
      ['thread t', 'freeze || @t thaw', 'freeze || @t thaw'],
      '3:1 SCENARIO_UNDEFINED found a second parallel line, expected one, as line 2 is; put its operations into the branches of the first, or on lines of their own',
    ],
    [
      ['thread t', 'freeze || @t thread u'],
      "2:14 SCENARIO_UNDEFINED found 'thread' in a parallel line, expected another operation; make threads on lines above it",
    ],
    [
      ['freeze || @t thaw'],
      "1:11 SCENARIO_UNKNOWN_CHILD found '@t', expected a child or a thread made above; write `fork t` or `thread t` above",
    ],
    [['thread t1', 'freeze || @t2 thaw'], /^2:11 SCENARIO_UNKNOWN_CHILD .* did you mean 't1'\?$/],
    [['fork c || @c thaw'], /^1:11 SCENARIO_UNKNOWN_CHILD/],
    [['thread t', 'freeze || @t thaw ; @t freeze'], /^2:21 SCENARIO_UNKNOWN_OPERATION found '@t'/],
    [['thread t', 'fork t'], /^2:6 SCENARIO_DUPLICATE_CHILD/],
    [['thread t', 'thread t'], /^2:8 SCENARIO_DUPLICATE_CHILD found 't', expected the name of a new thread/],
    [['fork c', '@c thread t', '@t fork d'], /^3:4 SCENARIO_UNDEFINED found 'fork' in a child/],
    [
      ['thread t', 'store m 0 || @t load m'],
      /^2:23 SCENARIO_MISSING_WORD found the end of the line, expected a number/,
    ],
    [['thread t', 'load m || @t load m 0'], /^2:8 SCENARIO_MISSING_WORD/],
    [
      Array.from({ length: 31 }, (_, i) => `thread t${i}`),
      /^31:8 SCENARIO_UNDEFINED found more than 30 threads/,
    ],
    [
      [`|| ${'thaw||'.repeat(31)}thaw`],
      '1:182 SCENARIO_UNDEFINED found more than 30 branches, expected at most 30; use fewer',
    ],
  ])('%j is refused', (lines, message) => {
    if (typeof message === 'string') expect(complaint(...lines)).toBe(message)
    else expect(complaint(...lines)).toMatch(message)
  })
})

describe('assertions', () => {
  it('are kept apart from operations', () => {
    const { ops, assertions } = parse(...SET_UP, 'always byte a 0 0|7', '@c finally leaf m 4k none|ro')
    expect(ops).toHaveLength(4)
    expect(assertions).toMatchObject([
      { when: 'always', what: 'byte', file: 'a', offset: 0, oneOf: [0, 7], who: null, line: 5 },
      { when: 'finally', what: 'leaf', map: 'm', offset: 4096, oneOf: ['none', 'ro'], who: 'c', line: 6 },
    ])
  })

  it.each([
    ['always byt a 0 1', /^2:8 SCENARIO_BAD_WORD .* did you mean 'byte'\?$/],
    ['always byte b 0 1', /^2:13 SCENARIO_UNKNOWN_FILE/],
    ['always byte a 0 256', /^2:17 SCENARIO_NUMBER_TOO_BIG/],
    ['always byte a 0 1|', /^2:17 SCENARIO_BAD_NUMBER found ''/],
    ['always byte a 0', /^2:16 SCENARIO_MISSING_WORD .* write `always byte F OFF V\[\|V…\]`$/],
    ['finally entry a 0 dirtty', /^2:19 SCENARIO_BAD_WORD found 'dirtty', .* did you mean 'dirty'\?$/],
    ['finally entry a 0 dirty clean', /^2:25 SCENARIO_EXTRA_WORD/],
    ['finally size a 1 || fsync a', /^2:1 SCENARIO_UNKNOWN_OPERATION found 'finally'/],
    ['finally result 1 ok', /^2:18 SCENARIO_BAD_WORD found 'ok'/],
    ['always result 1 0', /^2:8 SCENARIO_UNDEFINED found 'always result', expected 'finally result'/],
    ['@d always size a 1', /^2:1 SCENARIO_UNKNOWN_CHILD/],
  ])('%s is refused', (line, message) => {
    expect(complaint('create a 4k', line)).toMatch(message)
  })

  it('alone are no scenario', () => {
    expect(complaint('finally result 1 0')).toMatch(/SCENARIO_EMPTY/)
  })
})

describe('running', () => {
  const program = [
    ...SET_UP,
    '@t1 store m 0 7 ; fsync a || load m 0 ; mmap n a 4k 4k rw shared || @c store m 4k 5',
    '@t1 load n 0',
  ]

  it('executes branches one after the other, each operation an observation of its own', () => {
    const { observation } = run(...program)
    expect(observation.ops.map(({ op, result }) => [op, result])).toEqual([
      ['create a 16k', { ret: 0 }],
      ['mmap m a 0 16k rw shared', { ret: 0 }],
      ['thread t1', { ret: 0 }],
      ['fork c', { ret: 0 }],
      ['@t1 store m 0 7', { ret: 0 }],
      ['@t1 fsync a', { ret: 0 }],
      ['load m 0', { ret: 7 }],
      ['mmap n a 4k 4k rw shared', { ret: 0 }],
      ['@c store m 4k 5', { ret: 0 }],
      ['@t1 load n 0', { ret: 5 }],
    ])
    expect(observation.ops.map(({ op }) => op)).toEqual(
      executionOrder(parse(...program)).map(({ text }) => text),
    )
  })

  it('observes what the same lines one after the other do', () => {
    const lines = [
      ...SET_UP,
      '@t1 store m 0 7',
      '@t1 fsync a',
      'load m 0',
      'mmap n a 4k 4k rw shared',
      '@c store m 4k 5',
      '@t1 load n 0',
    ]
    expect(stringifyObservation(run(...program).observation)).toBe(
      stringifyObservation(run(...lines).observation),
    )
  })

  it('has threads share memory, files and names, and children not', () => {
    const { observation, finalState, costs } = run(
      'create a 8k',
      'thread t',
      '@t mmap m a 0 8k rw shared',
      'store m 0 3',
      '@t store m 0 4',
      '@t create b 4k',
      'fsync b',
    )
    expect(observation.ops.slice(3, 5).map(({ result, faults }) => [result, faults.length])).toEqual([
      [{ ret: 0 }, 1],
      [{ ret: 0 }, 0],
    ])
    expect(finalState.processes.map(({ name }) => name)).toEqual(['first process'])
    expect(costs[4]!.faults).toBe(0)
  })

  it('gives a branch the names as they were when the line began', () => {
    const { observation } = run(
      'create a 8k',
      'fill a 0 8k 9',
      'mmap m a 0 4k rw shared',
      'thread t',
      'mremap m 0 4k 4k move || @t load m 0',
      '@t load m 0',
    )
    expect(observation.ops.slice(4).map(({ result }) => result)).toEqual([
      { ret: 0 },
      { signal: 'SIGSEGV', code: 'SEGV_MAPERR' },
      { ret: 9 },
    ])
  })

  it('keeps every invariant, in both forms', () => {
    const options = { kernel: '6.12', fs: 'xfs', strategy: mkwrite, invariants: true } as const
    const [plain, steps] = (['plain', 'steps'] as const).map((form) =>
      stringifyObservation(runScenario(parse(...program), { ...options, form }).observation),
    )
    expect(steps).toBe(plain)
  })
})

describe('shrinking', () => {
  it('drops branches, operations and threads that do not matter, and keeps assertions', () => {
    const scenario = parse(
      ...SET_UP,
      'thread t2',
      'finally byte a 0 0',
      '@t1 load m 0 ; store m 0 7 ; fsync a || @t2 punch a 0 4k ; load m 4k || @c load m 8k',
      'load m 0',
    )
    const small = shrinkScenario(scenario, ({ ops }) => {
      const line = ops.find(({ op }) => op === 'parallel')
      if (line?.op !== 'parallel') return false
      const all = line.branches.flatMap((branch) => branch.ops)
      return (
        line.branches.length > 1 &&
        all.some(({ op }) => op === 'store') &&
        all.some(({ op }) => op === 'punch')
      )
    })
    expect([...small.ops, ...small.assertions].map(({ text }) => text)).toEqual([
      'create a 0x0',
      'thread t2',
      'store m 0x0 0 || @t2 punch a 0x0 0x0',
      'finally byte a 0x0 0',
    ])
  })
})
