import { parseScenario, type RunOptions, runScenario } from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { describe, expect, it } from 'vitest'

const SCENARIO = parseScenario('create a 4k', { name: 'x' })
const OPTIONS: RunOptions = { kernel: '6.1', fs: 'ext4', strategy: mkwrite }

const results = (lines: readonly string[], options: Partial<RunOptions> = {}): unknown[] => {
  const scenario = parseScenario(lines.join('\n'), { name: 'x' })
  return runScenario(scenario, { ...OPTIONS, invariants: true, ...options }).observation.ops.map(
    ({ result }) => ('ret' in result ? result.ret : 'errno' in result ? result.errno : result),
  )
}

describe('poke', () => {
  const PRIVATE = [
    'create a 4k',
    'fill a 0 4k 3',
    'mmap m a 0 4k r private',
    'poke m 0 9',
    'load m 0',
    'pread a 0',
  ]
  const SHARED = [
    'create a 4k',
    'mmap m a 0 4k rw shared',
    'poke m 0 9',
    'pread a 0',
    'mprotect m 0 4k r',
    'poke m 0',
  ]

  it.each(['plain', 'steps'] as const)('writes past the protection of a private area: %s', (form) => {
    expect(results(PRIVATE, { form })).toEqual([0, 4096, 0, 1, 9, 3])
  })

  it.each(['plain', 'steps'] as const)('does not write past that of a shared one: %s', (form) => {
    expect(results(SHARED, { form })).toEqual([0, 0, 1, 9, 0, 'EIO'])
  })
})

describe('drop_caches', () => {
  const LINES = [
    'create a 4k',
    'fill a 0 4k 3',
    'mmap m a 0 4k rw shared',
    'load m 0',
    'fsync a',
    'drop_caches',
    'load m 0',
  ]
  const leaves = [0, 4096, 0, 3, 0, 0, 3]

  it('leaves DAX alone', () => {
    expect(results(LINES)).toEqual(leaves)
  })

  it('took clean entries away once, which the rules find', () => {
    expect(results(LINES, { defects: ['clean-entry-evicted'], invariants: false })).toEqual(leaves)
    expect(() => results(LINES, { defects: ['clean-entry-evicted'] })).toThrowError(/I13|I49/)
  })
})

describe('runScenario refuses, by a code and with what there is,', () => {
  it.each([
    ['kernel', '7'],
    ['kernel', undefined],
    ['kernel', null],
    ['fs', 'ext5'],
    ['fs', undefined],
    ['arch', 'vax'],
    ['defects', ['rust']],
  ])('%s %s', (option, value) => {
    const options = { ...OPTIONS, [option]: value } as RunOptions
    expect(() => runScenario(SCENARIO, options)).toThrowError(
      expect.objectContaining({
        code: 'BAD_CONFIGURATION',
        found: expect.stringContaining(String(value)),
        expected: expect.stringMatching(/6\.1|ext4|x86-64|no-entry-lock/),
      }),
    )
  })
})
