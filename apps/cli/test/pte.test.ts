import { describe, expect, it } from 'vitest'
import { jsonOf, mmModel, mmModelReading } from './mm-model.ts'

describe('mm-model pte', () => {
  it('decodes an entry in words', async () => {
    expect(await mmModel('pte', '0x8400000048200a67')).toEqual({
      status: 0,
      stderr: '',
      stdout:
        '0x8400000048200a67  x86-64 pte, leaf\n' +
        'Maps 4 KiB at frame 0x48200 for user space: writable, not executable, accessed, dirty, soft-dirty, special, ' +
        'device memory (DAX); cache WB.\n' +
        'frame  0x48200\n' +
        'flags  _PAGE_PRESENT _PAGE_RW _PAGE_USER _PAGE_ACCESSED _PAGE_DIRTY _PAGE_SPECIAL _PAGE_SOFT_DIRTY ' +
        '_PAGE_DEVMAP _PAGE_NX\n',
    })
  })

  it('takes decimal numbers, and capital letters', async () => {
    const { stdout } = await mmModel('pte', '0x8400000048200a67')
    expect((await mmModel('pte', String(0x8400000048200a67n))).stdout).toBe(stdout)
    expect((await mmModel('pte', '0X8400000048200A67')).stdout).toBe(stdout)
  })

  it('decodes at another level', async () => {
    expect((await mmModel('pte', '0x84000000400008e7', '--level', 'pmd')).stdout).toMatch(
      /^Maps 2 MiB at frame 0x40000 /m,
    )
  })

  it('tells an empty entry, and one that swap has', async () => {
    expect((await mmModel('pte', '0')).stdout).toBe('0x0  x86-64 pte, none\nNothing is mapped.\n')
    expect((await mmModel('pte', '0x7fffffffffffe00')).stdout).toMatch(/x86-64 pte, swap/)
  })

  it('prints JSON', async () => {
    expect(jsonOf(await mmModel('pte', '0x8000000000000225', '--json'))).toMatchObject({
      value: '0x8000000000000225',
      arch: 'x86-64',
      level: 'pte',
      kind: 'leaf',
      pfn: '0x0',
      flags: ['_PAGE_PRESENT', '_PAGE_USER', '_PAGE_ACCESSED', '_PAGE_SPECIAL', '_PAGE_NX'],
    })
  })

  it('refuses what no table of the level can hold', async () => {
    const { status, stderr } = await mmModel('pte', '0x8400000048200a67', '--level', 'pgd')
    expect(status).toBe(2)
    expect(stderr).toMatch(
      /^mm-model: pte: 0x8400000048200a67 is not a pgd entry: found bit 9 set, expected .+; .+\n$/,
    )
  })

  it('decodes entries of other architectures', async () => {
    expect((await mmModel('pte', '0x03e8000123456f43', '--arch', 'arm64')).stdout).toMatch(
      /^0x3e8000123456f43 {2}arm64-4k pte, leaf$/m,
    )
    expect((await mmModel('pte', '0x48d158d7', '--arch', 'riscv64')).stdout).toMatch(/^frame {2}0x123456$/m)
  })

  it('takes several entries', async () => {
    const { stdout } = await mmModel('pte', '0x8000000000000225', '0')
    expect(stdout).toMatch(/^0x8000000000000225 (?:.|\n)*\n\n0x0 {2}x86-64 pte, none\n/)
    expect(jsonOf<unknown[]>(await mmModel('pte', '0x8000000000000225', '0', '--json'))).toHaveLength(2)
  })

  it.each([[[]], [['-']]])('reads a list from standard input with %j', (operands) => {
    const list = '# from a dump\npte=0x8400000048200a67 at m0\n\n  0x8000000000000225\n'
    const entries = jsonOf<{ value: string }[]>(mmModelReading(list, 'pte', ...operands, '--json'))
    expect(entries.map(({ value }) => value)).toEqual(['0x8400000048200a67', '0x8000000000000225'])
  })

  it('names the line of a list that has no entry', () => {
    expect(mmModelReading('0x0\nnothing\n', 'pte')).toEqual({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^mm-model: pte: standard input, line 2: 'nothing' is not a number; .+\n$/,
      ),
    })
  })

  it.each(['', '\n# only this\n'])('refuses a list without an entry: %j', (list) => {
    expect(mmModelReading(list, 'pte')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'mm-model: pte: standard input has no entry; give VALUE, or a list with one entry a line\n',
    })
  })

  it('shows which bit is what', async () => {
    const { stdout } = await mmModel('pte', '0x8400000048200a67', '--bits')
    expect(stdout).toMatch(/^bits +value +name +meaning$/m)
    expect(stdout).toMatch(/^58 +1 +_PAGE_DEVMAP +device memory/m)
    expect(stdout).toMatch(/^12–51 +0x48200 +pfn +frame number$/m)
    expect((await mmModel('pte', '--bits', '--arch', 'arm64')).stdout).toMatch(/^51 +PTE_WRITE +writable/m)
    expect(jsonOf(await mmModel('pte', '--bits', '--json'))).toMatchObject({
      arch: 'x86-64',
      level: 'pte',
      kind: 'leaf',
    })
  })

  it('refuses an architecture and a level that there are not', async () => {
    expect((await mmModel('pte', '0', '--arch', 'x86')).stderr).toMatch(/unknown --arch 'x86'/)
    expect(await mmModel('pte', '--bits', '--level', 'pgd')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'mm-model: pte: no pgd entry of x86-64 maps memory; choose --level pte or pmd or pud\n',
    })
  })
})
