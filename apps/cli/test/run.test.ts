import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareObservations, parseObservation } from '@mm-model/scenario'
import { describe, expect, it } from 'vitest'
import { folderWith, jsonOf, mmModel, RECORDINGS, ROOT } from './mm-model.ts'

const EXAMPLE = 'examples/first-write.scn'
const HOLE = `${RECORDINGS}/scenarios/01-hole-write.scn`

describe('mm-model run', () => {
  it('shows what each operation did', async () => {
    const { status, stdout, stderr } = await mmModel('run', EXAMPLE)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatchSnapshot()
  })

  it('follows the strategy', async () => {
    const { status, stdout } = await mmModel('run', EXAMPLE, '--strategy', 'retry')
    expect(status).toBe(0)
    expect(stdout).toMatchSnapshot()
    expect((await mmModel('run', EXAMPLE, '--strategy', 'mkwrite')).stdout).toBe(
      (await mmModel('run', EXAMPLE)).stdout,
    )
  })

  it('tells a second pass of a trap, and entries as the kernel has them', async () => {
    const { status, stdout } = await mmModel('run', EXAMPLE, '--kernel', '6.12')
    expect(status).toBe(0)
    expect(stdout).toContain(
      [
        '        fault   m+0x0  0x6 (write, no entry) -> RETRY',
        '        fault   m+0x0  same trap, second pass -> NOPAGE',
        '        entry   m+0x0  0x8200000000000a67  pmem#0: writable, not executable, accessed, dirty, soft-dirty, special, device memory (DAX)',
      ].join('\n'),
    )
    const populated = folderWith({ 'p.scn': 'mmap m anon 0 4k rw private populate\n' })
    expect((await mmModel('run', `${populated}/p.scn`, '--kernel', '6.12')).stdout).toContain(
      'fault   m+0x0  faulted in by the kernel -> 0',
    )
  })

  it('runs another kernel, with the strategy that it follows itself', async () => {
    const { scenarios, ...profile } = jsonOf<{ scenarios: { ops: object[] }[] }>(
      await mmModel('run', HOLE, '--json', '--kernel', '4.5'),
    )
    expect(profile).toEqual({ kernel: '4.5', fs: 'ext4', strategy: 'retry' })
    expect(scenarios[0]!.ops[2]).toMatchObject({
      op: 'store m0 0x0 1',
      faults: [{ error: '0x6' }, { error: '0x7', ret: [] }],
    })
  })

  it('runs on other architectures, and says entries and traps in their words', async () => {
    const folder = folderWith({ 'a.scn': 'create a 4k\nfill a 0 4k\nmmap m a 0 4k rw shared\nstore m 0 1\n' })
    const told = async (arch: string): Promise<string[]> =>
      (await mmModel('run', join(folder, 'a.scn'), '--arch', arch, '--strategy', 'insert-writable')).stdout
        .split('\n')
        .filter((line) => /^(a {2}on| +(fault|entry) )/.test(line))
        .map((line) => line.trim())
    expect(await told('arm64-4k-nodbm')).toEqual([
      'a  on 6.1, ext4, arm64-4k-nodbm, insert-writable',
      'fault   m+0x0  0x92000044 (write, no entry) -> NOPAGE',
      'fault   m+0x0  0x9200004f (write, entry present, permission) -> 0',
      'entry   m+0x0  0x3e8000000000f43  pmem#0: writable, not executable, accessed, dirty, special, device memory (DAX)',
    ])
    expect(await told('riscv64-sv39-svadu')).toEqual([
      'a  on 6.1, ext4, riscv64-sv39-svadu, insert-writable',
      'fault   m+0x0  0xf (write) -> NOPAGE',
      'entry   m+0x0  0x1d7  pmem#0: writable, not executable, accessed, dirty, special',
    ])
  })

  it('tells of an access that faults for ever, as it does on the kernel, in exit code 1', async () => {
    // Asked, Debian's 6.1.176 hung there: write(2) to a shared block leaves an entry for the old one.
    const folder = folderWith({
      'old.scn': [
        'create a 4k',
        'fill a 0 4k 3',
        'create c 0',
        'reflink a c',
        'mmap m a 0 4k rw shared',
        'load m 0',
        'fill a 0 1 7',
        'store m 0 9',
      ].join('\n'),
    })
    const { status, stdout, stderr } = await mmModel('run', join(folder, 'old.scn'), '--fs', 'xfs-reflink')
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(
      /^mm-model: \S+old\.scn: line 8: 'store m 0 9' would fault for ever: 64 faults in a row .*hangs there\n$/,
    )
  })

  it('runs several scenarios, one by one', async () => {
    expect((await mmModel('run', EXAMPLE, HOLE)).stdout).toBe(
      (await mmModel('run', EXAMPLE)).stdout + (await mmModel('run', HOLE)).stdout,
    )
  })

  it('says the architecture in JSON and in observations where it is not the recorded one', async () => {
    const told = jsonOf<{ arch: string }>(await mmModel('run', HOLE, '--json', '--arch', 'riscv64-sv48'))
    expect(told.arch).toBe('riscv64-sv48')
    const folder = folderWith({})
    await mmModel('run', HOLE, '--observations', folder, '--arch', 'riscv64-sv48')
    const written = parseObservation(readFileSync(join(folder, '01-hole-write.json'), 'utf8'))
    expect(written.arch).toBe('riscv64-sv48')
  })

  it('prints JSON', async () => {
    const { scenarios, ...profile } = jsonOf<{
      scenarios: { scenario: string; ops: object[]; total: object }[]
    }>(await mmModel('run', HOLE, '--json', '--strategy', 'retry'))
    expect(profile).toEqual({ kernel: '6.1', fs: 'ext4', strategy: 'retry' })
    expect(scenarios).toHaveLength(1)
    expect(scenarios[0]).toMatchObject({ scenario: '01-hole-write', total: { faults: 11 } })
    expect(scenarios[0]!.ops[2]).toMatchObject({
      op: 'store m0 0x0 1',
      result: { ret: 0 },
      faults: [{ error: '0x6' }, { error: '0x7' }],
      costs: { faults: 2, readOnlyThenUpgraded: 1 },
    })
  })

  it('writes observations that equal the recording, and prints a summary only', async () => {
    const folder = join(folderWith({}), 'deep', 'out')
    const { status, stdout, stderr } = await mmModel('run', HOLE, EXAMPLE, '--observations', folder)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^2 observations written to .+\/out: 31 operations, .+ passes through the fault handler/,
    )
    expect(readdirSync(folder).toSorted()).toEqual(['01-hole-write.json', 'first-write.json'])
    const written = parseObservation(readFileSync(join(folder, '01-hole-write.json'), 'utf8'))
    const recording = readFileSync(join(ROOT, RECORDINGS, 'linux-6.1-ext4/01-hole-write.json'), 'utf8')
    expect(compareObservations(parseObservation(recording), written).differences).toEqual([])
  })

  it('prints the summary as JSON, too', async () => {
    const folder = folderWith({})
    const told = jsonOf<object>(await mmModel('run', HOLE, '--observations', folder, '--json'))
    expect(told).toMatchObject({
      written: folder,
      scenarios: [{ scenario: '01-hole-write', operations: 17, notModelled: 0, costs: { faults: 9 } }],
    })
  })

  it('writes nothing where one of the scenarios is wrong', async () => {
    const folder = folderWith({ 'bad.scn': 'create a\n' })
    const out = join(folder, 'out')
    expect((await mmModel('run', EXAMPLE, join(folder, 'bad.scn'), '--observations', out)).status).toBe(2)
    expect(existsSync(out)).toBe(false)
  })

  it('takes a file without a newline at its end, and one that is named otherwise', async () => {
    const folder = folderWith({ 'one line': 'mmap m anon 0 4k rw private' })
    expect((await mmModel('run', join(folder, 'one line'))).stdout).toMatch(
      /^one line {2}on 6\.1, ext4, mkwrite\n/,
    )
  })
})
