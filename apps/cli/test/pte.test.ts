import { describe, expect, it } from 'vitest'
import { jsonOf, mmModel } from './mm-model.ts'

describe('mm-model pte', () => {
  it('decodes an entry in words', () => {
    expect(mmModel('pte', '0x8400000048200a67')).toEqual({
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

  it('takes decimal numbers, and capital letters', () => {
    const { stdout } = mmModel('pte', '0x8400000048200a67')
    expect(mmModel('pte', String(0x8400000048200a67n)).stdout).toBe(stdout)
    expect(mmModel('pte', '0X8400000048200A67').stdout).toBe(stdout)
  })

  it('decodes at another level', () => {
    expect(mmModel('pte', '0x84000000400008e7', '--level', 'pmd').stdout).toMatch(
      /^Maps 2 MiB at frame 0x40000 /m,
    )
  })

  it('tells an empty entry, and one that swap has', () => {
    expect(mmModel('pte', '0').stdout).toBe('0x0  x86-64 pte, none\nNothing is mapped.\n')
    expect(mmModel('pte', '0x7fffffffffffe00').stdout).toMatch(/x86-64 pte, swap/)
  })

  it('prints JSON', () => {
    expect(jsonOf(mmModel('pte', '0x8000000000000225', '--json'))).toMatchObject({
      value: '0x8000000000000225',
      arch: 'x86-64',
      level: 'pte',
      kind: 'leaf',
      pfn: '0x0',
      flags: ['_PAGE_PRESENT', '_PAGE_USER', '_PAGE_ACCESSED', '_PAGE_SPECIAL', '_PAGE_NX'],
    })
  })

  it('refuses what no table of the level can hold', () => {
    const { status, stderr } = mmModel('pte', '0x8400000048200a67', '--level', 'pgd')
    expect(status).toBe(2)
    expect(stderr).toMatch(
      /^mm-model: pte: 0x8400000048200a67 is not a pgd entry: found bit 9 set, expected .+; .+\n$/,
    )
  })
})
