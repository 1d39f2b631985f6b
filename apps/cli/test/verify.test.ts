import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderWith, jsonOf, mmModel, RECORDINGS, ROOT } from './mm-model.ts'

const SCENARIOS = `${RECORDINGS}/scenarios`
const NAME = '01-hole-write'

/** A folder with the recording of one scenario, changed. */
function recordings(
  change: (text: string) => string = (text) => text,
  folder: string = 'linux-6.1-ext4',
): string {
  const text = readFileSync(join(ROOT, RECORDINGS, folder, `${NAME}.json`), 'utf8')
  return folderWith({ [`${NAME}.json`]: change(text) })
}

const REWRITTEN = (text: string): string => text.replace('"ret":["MAJOR","NOPAGE"]', '"ret":["NOPAGE"]')

describe('mm-model verify', () => {
  it('exits 0 where everything agrees', async () => {
    const { status, stdout, stderr } = await mmModel('verify', recordings(), '--scenarios', SCENARIOS)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout.replace(/^.* against/, 'DIR against')).toMatchInlineSnapshot(`
      "DIR against the model of 6.1, ext4, mkwrite

      agreeing at   operations           scenarios
      semantics          17/17   100 %         1/1   100 %
      dax                17/17   100 %         1/1   100 %
      path               17/17   100 %         1/1   100 %

      no difference at the tier path
      "
    `)
  })

  it('exits 1 where something differs, and shows what', async () => {
    const { status, stdout } = await mmModel(
      'verify',
      recordings(REWRITTEN),
      '--scenarios',
      SCENARIOS,
      '--tier',
      'semantics',
    )
    expect(status).toBe(1)
    expect(stdout.replace(/^.* against/, 'DIR against')).toMatchInlineSnapshot(`
      "DIR against the model of 6.1, ext4, mkwrite

      agreeing at   operations          scenarios
      semantics          16/17   94 %         0/1   0 %
      dax                16/17   94 %         0/1   0 %
      path               16/17   94 %         0/1   0 %

      1 of 1 difference at the tier semantics
        01-hole-write  operation 3: store m0 0x0 1
          faults[0].ret
            kernel  NOPAGE
            model   MAJOR|NOPAGE
      "
    `)
  })

  it('counts a difference at its tier and above only', async () => {
    const blocks = recordings((text) => text.replace('"blocks":16', '"blocks":24'))
    const status = async (tier: string): Promise<number | null> =>
      (await mmModel('verify', blocks, '--scenarios', SCENARIOS, '--tier', tier)).status
    expect(await Promise.all(['semantics', 'dax', 'path'].map(status))).toEqual([0, 0, 1])
    expect((await mmModel('verify', blocks, '--scenarios', SCENARIOS)).status).toBe(1)
  })

  it('shows as many differences as asked', async () => {
    const many = recordings((text) => text.replaceAll('"perms":"rw-s"', '"perms":"r--s"'))
    const shown = async (n: string): Promise<number> =>
      (await mmModel('verify', many, '--scenarios', SCENARIOS, '--show', n)).stdout.split('kernel  ').length -
      1
    expect(await Promise.all(['0', '3', '1000'].map(shown))).toEqual([0, 3, 16])
  })

  it('prints JSON', async () => {
    const told = jsonOf<object>(
      await mmModel('verify', recordings(REWRITTEN), '--scenarios', SCENARIOS, '--json'),
    )
    expect(told).toMatchObject({
      kernel: '6.1',
      fs: 'ext4',
      strategy: 'mkwrite',
      tier: 'path',
      operations: 17,
      agreeing: { semantics: 16, dax: 16, path: 16 },
      scenarios: 1,
      clean: { semantics: 0, dax: 0, path: 0 },
      notModelled: {},
      differences: [
        {
          scenario: NAME,
          operation: 3,
          op: 'store m0 0x0 1',
          field: 'faults[0].ret',
          tier: 'semantics',
          kernel: 'NOPAGE',
          model: 'MAJOR|NOPAGE',
        },
      ],
    })
  })

  it.each([
    ['retry', 'linux-6.1-ext4-retry'],
    ['insert-writable', 'linux-6.1-ext4-insert-writable'],
    ['fallthrough', 'linux-6.1-ext4-fallthrough'],
    ['readonly-hint', 'linux-6.1-ext4-readonly-hint'],
    ['deferred-mtime', 'linux-6.1-ext4-deferred-mtime'],
  ])('follows the strategy %s', async (strategy, folder) => {
    const dir = recordings(undefined, folder)
    expect(
      (await mmModel('verify', dir, '--scenarios', SCENARIOS, '--tier', 'dax', '--strategy', strategy))
        .status,
    ).toBe(0)
    expect((await mmModel('verify', dir, '--scenarios', SCENARIOS, '--tier', 'dax')).status).toBe(1)
  })

  it('runs the file system it is given', async () => {
    const dir = recordings(undefined, 'linux-6.1-xfs')
    const verify = async (...fs: string[]): Promise<number | null> =>
      (await mmModel('verify', dir, '--scenarios', SCENARIOS, ...fs)).status
    expect([await verify('--fs', 'xfs'), await verify()]).toEqual([0, 2])
  })

  it('has nothing to hold a kernel to that nobody recorded', async () => {
    const { status, stderr } = await mmModel(
      'verify',
      recordings(),
      '--scenarios',
      SCENARIOS,
      '--kernel',
      '4.5',
    )
    expect(status).toBe(2)
    expect(stderr).toContain('recorded on 6.1 with ext4, but the model runs 4.5 with ext4')
  })

  it('refuses a scenario that is not the one recorded', async () => {
    const other = folderWith({ [`${NAME}.scn`]: 'create a 64k\nmmap m0 a 0 32k rw shared\n' })
    const { status, stderr } = await mmModel('verify', recordings(), '--scenarios', other)
    expect([status, stderr]).toEqual([
      2,
      `mm-model: ${other}/${NAME}.scn:2:1: operation 2 is 'mmap m0 a 0 32k rw shared', but 'mmap m0 a 0 64k rw shared' was ` +
        'recorded; use the scenario that was recorded, or record it again\n',
    ])
  })

  it('refuses a recording under another name', async () => {
    const text = readFileSync(join(ROOT, RECORDINGS, 'linux-6.1-ext4', `${NAME}.json`), 'utf8')
    const { status, stderr } = await mmModel(
      'verify',
      folderWith({ 'x.json': text }),
      '--scenarios',
      SCENARIOS,
    )
    expect(status).toBe(2)
    expect(stderr).toMatch(/x\.json: holds the scenario '01-hole-write'; name it 01-hole-write\.json\n$/)
  })
})
