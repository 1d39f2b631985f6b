import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { combinations, MACHINES, nameOf, outcomeOf, References } from '@mm-model/conformance'
import { describe, expect, it } from 'vitest'
import { accessesOf, costOf } from '../src/combination-costs.ts'
import copy from '../src/data/combination-costs.json'
import { BUILT_IN } from '../src/strategy/built-in.ts'
import { folderWith, jsonOf, mmModel, ROOT } from './mm-model.ts'

interface Cell {
  readonly strategy: string
  readonly faults: number
  readonly handlerPasses: number
  readonly timeUpdates: number
  readonly instructions: { readonly instructions: number; readonly exact: boolean } | null
  readonly verdict: string
  readonly findings: readonly { readonly check: string }[]
}
interface Matrix {
  readonly machine: object
  readonly combinations: readonly {
    readonly block: string
    readonly access: string
    readonly cells: readonly Cell[]
  }[]
}

const MACHINE = MACHINES[0]!

describe('mm-model compare --matrix', () => {
  it('has every combination that is asked for, and a full cell for each strategy', async () => {
    const { machine, combinations: rows } = jsonOf<Matrix>(
      await mmModel('compare', '--matrix', '--only', 'shared rw fsync 4k', '--json'),
    )
    expect(machine).toEqual({ kernel: '6.1', arch: 'x86-64' })
    expect(rows.length).toBe(4 * 3)
    for (const { cells } of rows) {
      expect(cells.map(({ strategy }) => strategy)).toEqual(BUILT_IN.map(({ name }) => name))
      for (const { instructions, verdict, findings, ...counts } of cells) {
        expect([verdict, findings]).toEqual(['allowed', []])
        expect(Object.values(counts).filter((n) => typeof n === 'number').length).toBe(3)
        expect(instructions!.instructions).toBeGreaterThan(0)
      }
    }
  })

  it('is a table with a line for each combination', async () => {
    const { status, stdout, stderr } = await mmModel(
      'compare',
      '--matrix',
      '--only',
      'shared rw written 4k nothing',
      '--strategies',
      'retry,mkwrite',
    )
    expect([status, stderr]).toEqual([0, ''])
    const lines = stdout.split('\n').map((line) => line.split(/\s+/).join(' '))
    const cells =
      /^shared rw written 4k (\S+) nothing (\d) (\d) (\d) ~?[\d,]+ allowed (\d) (\d) (\d) ~?[\d,]+ allowed/
    expect(lines.flatMap((line) => cells.exec(line)?.slice(1).join(' ') ?? [])).toEqual([
      'load 1 1 0 1 1 0',
      'store 2 2 1 1 1 1',
      'load-store 2 2 1 2 2 1',
    ])
    expect(stdout).toContain('all 6 cells allowed')
    expect(stdout).not.toContain('undefined')
  })

  it('says what a plugin does that Linux does not allow, has no figures of it, and ends in exit code 1', async () => {
    const folder = folderWith({
      'prefault.mjs': `export default { name: 'prefault', apiVersion: 1,
        capabilities: { firstStoreTraps: 1, marksDirty: true, times: 'fault' },
        install: () => 15, installForRead: ({ zeroPage }) => (zeroPage ? 0 : 15) }`,
    })
    const words = [
      'compare',
      '--matrix',
      '--only',
      'private rw written 4k load',
      '--strategies',
      `mkwrite,${join(folder, 'prefault.mjs')}`,
    ]
    const { status, stdout } = await mmModel(...words)
    expect(status).toBe(1)
    expect(stdout).toMatch(/– violated/)
    expect(stdout).toMatch(
      / {2}prefault, 6\.1 x86-64, private rw, written 4k, load, nothing.*\n {4}areas: found /,
    )
    const { combinations: rows } = jsonOf<Matrix>({ ...(await mmModel(...words, '--json')), status: 0 })
    expect(
      rows.every(({ cells }) => cells[0]!.verdict === 'allowed' && cells[1]!.instructions === null),
    ).toBe(true)
  })

  it.each([
    [['--matrix', 'examples/first-write.scn'], '--matrix takes no scenario, found'],
    [['--matrix', '--kernel', '6.12'], 'leave --kernel out'],
    [['--matrix', '--arch', 'arm64-4k'], 'leave --arch out'],
    [['--matrix', '--fs', 'xfs'], 'leave --fs out'],
    [['--matrix', '--only', 'riscv64-sv48'], 'leave the machine out of --only'],
    [['--matrix', '--only', 'sharde'], "did you mean 'shared'?"],
    [['--only', 'shared', 'examples/first-write.scn'], '--only is for --matrix'],
    [[], 'FILE.scn is missing; give one, or --matrix'],
  ])('%j ends in exit code 2: %s', async (words, message) => {
    const { status, stdout, stderr } = await mmModel('compare', ...words)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(message)])
  })
})

describe('instructions of a combination', () => {
  it('are those of the table that was counted', () => {
    const table = join(ROOT, 'fixtures', 'instruction-counts', 'linux-6.1-strategies.json')
    expect(copy).toEqual(JSON.parse(readFileSync(table, 'utf8')))
  })

  const own = combinations([MACHINE])
  const mkwrite = BUILT_IN.find(({ name }) => name === 'mkwrite')!

  it('are there for every combination and every strategy that is built', () => {
    const figures = own.flatMap((c) =>
      BUILT_IN.map(({ name }) => costOf(name, c, 1)?.instructions ?? Number.NaN),
    )
    expect(figures.filter((n) => !(n > 0))).toEqual([])
  })

  it('are of accesses that trapped on the counted kernel where the model traps, and only there', () => {
    const references = new References()
    const differing = own
      .filter((_, i) => i % 3 === 0)
      .filter((c) => {
        const { faults } = outcomeOf(mkwrite, c, references, 'outcome')
        const { instructions } = costOf('mkwrite', c, faults)!
        return faults === 0 ? instructions > 100 : instructions < 1000 * faults
      })
    expect(differing.map(nameOf)).toEqual([])
  })

  it('are a sum over the accesses that the combination is about', () => {
    const find = (name: string) => own.find((c) => nameOf(c) === name)!
    expect(accessesOf(find('6.1 x86-64, shared rw, hole 4k, load-store, nothing'))).toEqual([
      { access: 'first load', around: 'plain', exact: true },
      { access: 'store after load', around: 'plain', exact: true },
    ])
    expect(accessesOf(find('6.1 x86-64, private rw, written 4k, store, fork'))).toEqual([
      { access: 'second store', around: 'in a forked child', exact: true },
    ])
    expect(accessesOf(find('6.1 x86-64, shared none, written 4k, load-store, nothing'))).toEqual([
      { access: 'first load', around: 'refused', exact: true },
      { access: 'first store', around: 'refused', exact: false },
    ])
  })
})
