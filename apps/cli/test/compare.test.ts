import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Observation,
  type OperationObservation,
  parseObservation,
  parseScenario,
  type Scenario,
} from '@mm-model/scenario'
import { describe, expect, it } from 'vitest'
import { costRows } from '../src/cost-rows.ts'
import { folderWith, jsonOf, mmModel, RECORDINGS, ROOT } from './mm-model.ts'

const EXAMPLE = 'examples/first-write.scn'

interface Compared {
  readonly strategies: readonly {
    readonly strategy: string
    readonly total: Readonly<Record<string, unknown>>
    readonly instructions: { readonly sum: number; readonly operations: number }
    readonly operations: readonly {
      readonly op: string
      readonly row: string | null
      readonly instructions: number | null
    }[]
  }[]
  readonly finalState: {
    readonly reference: string
    readonly others: readonly {
      readonly strategy: string
      readonly same: boolean
      readonly differences: readonly object[]
    }[]
  }
  readonly costSource: object
}

describe('mm-model compare', () => {
  it('puts the strategies side by side', async () => {
    const { status, stdout, stderr } = await mmModel('compare', EXAMPLE)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatchSnapshot()
  })

  it('has no instructions for a kernel on which none were counted', async () => {
    const { strategies } = jsonOf<Compared>(await mmModel('compare', EXAMPLE, '--kernel', '6.12', '--json'))
    for (const { operations, instructions, total } of strategies) {
      expect(operations.filter(({ row }) => row !== null)).toEqual([])
      expect(instructions).toEqual({ sum: 0, operations: 0 })
      expect(Number(total.handlerPasses)).toBeGreaterThan(Number(total.faults) - 1)
    }
  })

  it('takes the strategies that are asked for, in their order', async () => {
    const { strategies, finalState } = jsonOf<Compared>(
      await mmModel('compare', EXAMPLE, '--strategies', 'mkwrite,retry', '--json'),
    )
    expect(strategies.map(({ strategy }) => strategy)).toEqual(['mkwrite', 'retry'])
    expect(finalState).toMatchObject({
      reference: 'mkwrite',
      others: [{ strategy: 'retry', same: true, differences: [] }],
    })
  })

  it('compares with what the kernel itself does, and has no figures of a kernel that was not counted', async () => {
    const { strategies, finalState } = jsonOf<Compared>(
      await mmModel('compare', EXAMPLE, '--kernel', '4.5', '--strategies', 'mkwrite,retry', '--json'),
    )
    expect(finalState.reference).toBe('retry')
    expect(strategies.map(({ instructions }) => instructions.operations)).toEqual([0, 0])
    expect(strategies.map(({ total }) => total.handlerPasses)).not.toContain(0)
  })

  it('has figures only for what was counted, and says for how many operations', async () => {
    const { strategies, costSource } = jsonOf<Compared>(await mmModel('compare', EXAMPLE, '--json'))
    expect(costSource).toMatchObject({ file: 'kernel-observations/cost.json' })
    for (const { operations, instructions } of strategies) {
      const figures = operations.flatMap((o) => (o.instructions === null ? [] : [o.instructions]))
      expect(instructions.operations).toBe(figures.length)
      expect(instructions.sum).toBeCloseTo(
        figures.reduce((a, b) => a + b, 0),
        1,
      )
      expect(operations.find(({ op }) => op === 'store m 0x8000 2')).toMatchObject({
        row: null,
        instructions: null,
      })
      expect(operations.find(({ op }) => op === 'store m 0x0 2')).toMatchObject({
        row: 'first store, block written',
      })
    }
  })

  it('says under which strategies nothing was counted, and has no sum of it', async () => {
    const told = async (...words: string[]): Promise<string> =>
      (await mmModel('compare', EXAMPLE, ...words)).stdout
    const all = await told()
    expect(all).toContain('\n  nor was anything under readonly-hint, deferred-mtime\n')
    expect(all).toContain('counted on another build: see mm-model compare --matrix\n')
    expect(all).toMatch(/^kernel instructions( +[\d,]+){3} +– +[\d,]+ +–$/m)
    expect(await told('--strategies', 'retry,mkwrite')).not.toContain('nor was anything')
    expect(await told('--kernel', '6.12')).toMatch(
      /^kernel instructions( +–){6}$[\s\S]*\n {2}nor was anything on 6\.12\n/m,
    )
  })

  it('compares one strategy with nothing', async () => {
    expect((await mmModel('compare', EXAMPLE, '--strategies', 'retry')).stdout).toContain(
      'retry alone: nothing to compare it with',
    )
  })

  it('exits 0 for a scenario without any access', async () => {
    const folder = folderWith({ 'quiet.scn': 'create a 4k\n' })
    expect((await mmModel('compare', join(folder, 'quiet.scn'))).status).toBe(0)
  })
})

describe('the example does what the recorded kernels did', () => {
  const folders = {
    mkwrite: 'linux-6.1-ext4',
    retry: 'linux-6.1-ext4-retry',
    'insert-writable': 'linux-6.1-ext4-insert-writable',
    fallthrough: 'linux-6.1-ext4-fallthrough',
  }

  it.each(Object.entries(folders))('under %s', async (strategy, folder) => {
    const recorded = recordedCases(folder)
    const example = cases(readScenario(EXAMPLE), await observed(strategy))
    expect(example.map(([name]) => name)).toEqual([
      'first store, block written',
      'second store (no fault)',
      'first store, hole',
      'first store, unwritten block',
      'load, block written',
      'store after load, block written',
      'load, hole',
      'store after load, hole',
      'store after fsync',
    ])
    for (const [name, seen] of example) expect(recorded.get(name), name).toContainEqual(seen)
  })

  async function observed(strategy: string): Promise<Observation> {
    const folder = folderWith({})
    await mmModel('run', EXAMPLE, '--strategy', strategy, '--observations', folder)
    return parseObservation(readFileSync(join(folder, 'first-write.json'), 'utf8'))
  }
})

function readScenario(path: string): Scenario {
  const name = path.replace(/^.*\/|\.scn$/g, '')
  return parseScenario(readFileSync(join(ROOT, path), 'utf8'), { name })
}

/** What the recordings of a folder show for each kind of access: all different outcomes. */
function recordedCases(folder: string): ReadonlyMap<string, readonly object[]> {
  const found = new Map<string, object[]>()
  for (const path of recordedPaths(folder)) {
    const recording = parseObservation(readFileSync(path, 'utf8'))
    const scenario = readScenario(`${RECORDINGS}/scenarios/${recording.scenario}.scn`)
    for (const [name, seen] of cases(scenario, recording)) found.set(name, [...(found.get(name) ?? []), seen])
  }
  return found
}

function recordedPaths(folder: string): readonly string[] {
  const path = join(ROOT, RECORDINGS, folder)
  return readdirSync(path).map((file) => join(path, file))
}

/** Each access to a shared mapping, by kind, with its faults, its entry and the times that it changed. */
function cases(scenario: Scenario, observation: Observation): readonly (readonly [string, object])[] {
  const rows = costRows(scenario, observation)
  return scenario.ops.flatMap((operation, i) => {
    const o = observation.ops[i]!
    if (operation.op !== 'load' && operation.op !== 'store') return []
    const name = rows[i] ?? (isUnwritten(o) ? 'first store, unwritten block' : null)
    if (name === null) return []
    const at = `${operation.map}+0x${(operation.offset - (operation.offset % 4096)).toString(16)}`
    const faults = o.faults.map(({ error, flags, vmFlags, pageProt, ret }) => ({
      error,
      flags,
      vmFlags,
      pageProt,
      ret,
    }))
    const entry = o.ptes
      .filter((pte) => pte.at === at)
      .map(({ level, flags, frame }) => [level, flags, frame.split('#')[0]])
    return [[name, { faults, entry, times: o.files.map(({ mtime, ctime }) => ({ mtime, ctime })) }]]
  })
}

/** A first store that found a block, and had it zeroed: MAJOR without a block more. */
function isUnwritten({ op, faults, files }: OperationObservation): boolean {
  return (
    op.includes('store') &&
    faults[0]?.error === '0x6' &&
    faults.some((f) => f.ret?.includes('MAJOR') === true) &&
    files.length === 1
  )
}
