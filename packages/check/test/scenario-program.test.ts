import { assertionsOf, type Exploration, explore, invariantsNamed, programOf } from '@mm-model/check'
import { parseScenario } from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { describe, expect, it } from 'vitest'

const options = { kernel: '6.1', fs: 'ext4', strategy: mkwrite }

function check(lines: readonly string[], more: object = {}): Exploration {
  const scenario = parseScenario(lines.join('\n'), { name: 'test' })
  return explore(programOf(scenario, { ...options, ...more }), {
    invariants: assertionsOf(scenario),
    finalStates: true,
    maxExecutions: 5000,
  })
}

// The page is mapped read-only, of a clean entry: a store takes one fault, a load none.
const SET_UP = ['create a 4k', 'mmap m a 0 4k rw shared', 'store m 0 1', 'fsync a', 'thread t1']

describe('a scenario as a program', () => {
  it.each(['ext4', 'xfs'])('of two writers holds on %s, and loses neither store', (fs) => {
    const found = check(
      [
        ...SET_UP,
        '@t1 store m 0 7 || store m 1 8',
        'finally byte a 0 7',
        'finally byte a 1 8',
        'finally entry a 0 dirty',
        'finally leaf m 0 rw',
      ],
      { fs },
    )
    expect(found.verdict).toBe('holds in all interleavings')
    expect(found.executions).toBeGreaterThan(1)
    expect(found.finalStates.size).toBeGreaterThan(0)
  })

  it('finds what an assertion excludes, by the names of the branches', () => {
    const found = check([...SET_UP, '@t1 store m 0 7 || store m 0 8', 'finally byte a 0 7'])
    expect(found.verdict).toBe('violated: line 7: byte 0 of a is 8')
    expect(new Set(found.counterexample!.schedule.map(({ name }) => name))).toEqual(new Set(['first', '@t1']))
  })

  it.each([
    ['always leaf m 0 ro', 'violated: line 7: the leaf of m at 0 is rw'],
    ['always leaf m 0 ro|rw', 'holds in all interleavings'],
    ['always entry a 0 clean|locked', 'violated: line 7: the entry of page 0 of a is dirty'],
    ['always size a 4096', 'holds in all interleavings'],
    ['finally size a 0', 'violated: line 7: the size of a is 4096'],
    ['@t1 finally result 1 0', 'holds in all interleavings'],
    ['finally result 1 7', 'violated: line 7: the result of operation 1 is 1'],
    ['finally result 1 1|7', 'holds in all interleavings'],
    ['always byte a 0 1', 'violated: line 7: byte 0 of a is 7'],
    ['finally byte a 4k 0', 'violated: line 7: byte 4096 of a is end'],
    ['finally byte a 4k end', 'holds in all interleavings'],
  ])('%s: %s', (assertion, verdict) => {
    expect(check([...SET_UP, '@t1 store m 0 7 || load m 0', assertion]).verdict).toBe(verdict)
  })

  it('has children as threads, and several operations in a branch', () => {
    const found = check([
      'create a 4k',
      'mmap m a 0 4k rw shared',
      'store m 0 1',
      'fork c',
      '@c store m 0 7 || load m 0 ; pread a 0',
      '@c finally leaf m 0 rw',
      'finally result 2 1|7',
      'finally byte a 0 7',
    ])
    expect(found.verdict).toBe('holds in all interleavings')
  })

  it('runs the lines below when all branches have ended', () => {
    const lines = [...SET_UP, '@t1 store m 0 7 || store m 0 8', 'store m 0 9', 'truncate a 0']
    expect(check([...lines, 'finally size a 0', 'finally leaf m 0 none']).verdict).toBe(
      'holds in all interleavings',
    )
    expect(check([...lines, 'freeze', 'truncate a 4k']).verdict).toMatch(
      /^violated: error: .*line 10: 'truncate a 4k' would block for ever/,
    )
  })

  it('knows what a power failure would leave', () => {
    const synced = (rest: string): string =>
      check([...SET_UP, `@t1 store m 0 7${rest} || load m 0`, 'finally durable a 0 7']).verdict
    expect(synced(' ; fsync a')).toBe('holds in all interleavings')
    expect(synced('')).toBe('violated: line 7: byte 0 of a after a power failure is 1')
    const never = ['create a 4k', 'mmap m a 0 4k rw shared', '|| store m 0 1', 'finally durable a 0 end']
    expect(check(never).verdict).toBe('holds in all interleavings')
  })

  it('may have bugs that Linux once had', () => {
    const lines = [
      'create a 2m',
      'falloc a 0 2m',
      'mmap m a 0 2m rw shared',
      'store m 0 1',
      'fsync a',
      'thread t1',
    ]
    lines.push('store m 0 7 ; fsync a || @t1 load m 0', 'finally durable a 0 7')
    expect(check(lines).verdict).toBe('holds in all interleavings')
    expect(check(lines, { defects: ['pmd-not-write-protected'] }).verdict).toBe(
      'violated: line 8: byte 0 of a after a power failure is 1',
    )
  })

  it('tries both orders of what only a rule about the end tells apart', () => {
    const lines = ['create a 4k', 'fill a 0 4k', 'mmap m a 0 4k rw shared', 'thread t1', 'store m 0 1']
    lines.push('@t1 store m 0 7 || fsync a', 'fsync a', 'finally durable a 0 7')
    expect(check(lines).verdict).toBe('holds in all interleavings')
    expect(check(lines, { defects: ['flush-before-mkclean'] }).verdict).toBe(
      'violated: line 8: byte 0 of a after a power failure is 1',
    )
  })

  it('has addresses by the names of mappings', () => {
    const lines = ['create a 4k', 'fill a 0 4k 3', 'mmap m a 0 4k rw shared', 'thread t1', '@t1 store m 0 1']
    const scenario = parseScenario([...lines, 'mremap m 0 4k 4k move || @t1 truncate a 0'].join('\n'), {
      name: 'x',
    })
    const program = programOf(scenario, { ...options, defects: ['mremap-flushes-late'] })
    expect(explore(program, { invariants: invariantsNamed(['I16']) }).verdict).toMatch(
      /^violated: I16: CPU 1 has cached m\+0x0 as block \d+, which is free$/,
    )
  })

  it('finds a signal and a deadlock', () => {
    const truncated = check([...SET_UP, '@t1 store m 0 7 || truncate a 0', '@t1 finally result 1 0'])
    expect(truncated.verdict).toBe('violated: line 7: the result of operation 1 is SIGBUS')
    const frozen = check([...SET_UP, '@t1 store m 0 7 || freeze'])
    expect(frozen.verdict).toMatch(/^violated: deadlock: @t1 waits for ext4 sb_writers/)
  })

  it('is the same each time it is built', () => {
    const scenario = parseScenario([...SET_UP, 'store m 0 7 || @t1 fsync a'].join('\n'), { name: 'test' })
    const program = programOf(scenario, options)
    const [a, b] = [explore(program), explore(program)]
    expect(a).toEqual(b)
  })
})

describe('a scenario that is no program is refused', () => {
  it.each([
    [['create a 4k'], 'SCENARIO_NOT_PARALLEL', /found no parallel line/],
    [
      [...SET_UP, 'load m 0 || @t1 load m 0', 'finally leaf n 0 ro'],
      'BAD_CONFIGURATION',
      /line 7: 'finally leaf n 0 ro', which names nothing/,
    ],
    [[...SET_UP, 'load m 0 || @t1 load m 0', 'finally result 2 0'], 'BAD_CONFIGURATION', /names nothing/],
    [[...SET_UP, 'create b 4k || @t1 load m 0', 'finally size b 0'], 'BAD_CONFIGURATION', /names nothing/],
    [
      [...SET_UP, 'load m 0 ; fork c || @t1 load m 0', '@c finally leaf m 0 ro'],
      'BAD_CONFIGURATION',
      /names nothing/,
    ],
    [
      [...SET_UP, 'freeze', 'store m 0', 'load m 0 || @t1 load m 0'],
      'DEADLOCK',
      /line 7: 'store m 0' would block for ever/,
    ],
  ])('%j', (lines, code, message) => {
    expect(() => check(lines)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    )
  })
})

it('knows the lock of an entry of 2 MiB from that of the page that takes its place', () => {
  const scenario = parseScenario(
    `create a 2m
mmap m a 0 2m rw shared
mmap p a 0 2m rw private
thread t1
store p 0 36 || @t1 load m 0`,
    { name: 'downgrade' },
  )
  const program = programOf(scenario, { kernel: '6.1', fs: 'ext4', strategy: mkwrite })
  expect(explore(program).verdict).toBe('holds in all interleavings')
})
