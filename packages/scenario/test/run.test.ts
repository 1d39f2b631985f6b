import { parseScenario, type RunOptions, runScenario } from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { describe, expect, it } from 'vitest'

const SCENARIO = parseScenario('create a 4k', { name: 'x' })
const OPTIONS: RunOptions = { kernel: '6.1', fs: 'ext4', strategy: mkwrite }

describe('runScenario refuses, by a code and with what there is,', () => {
  it.each([
    ['kernel', '7'],
    ['kernel', undefined],
    ['kernel', null],
    ['fs', 'ext5'],
    ['fs', undefined],
    ['arch', 'vax'],
  ])('%s %s', (option, value) => {
    const options = { ...OPTIONS, [option]: value } as RunOptions
    expect(() => runScenario(SCENARIO, options)).toThrowError(
      expect.objectContaining({
        code: 'BAD_CONFIGURATION',
        found: expect.stringContaining(String(value)),
        expected: expect.stringMatching(/6\.1|ext4|x86-64/),
      }),
    )
  })
})
