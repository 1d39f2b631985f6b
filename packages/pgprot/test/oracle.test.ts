import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as arm64 from '../src/arm64/index.ts'
import { fromHalves } from '../src/bigint.ts'
import * as index from '../src/index.ts'
import * as riscv64 from '../src/riscv64/index.ts'
import * as x86 from '../src/x86-64/index.ts'
import {
  BLOCK,
  CONFIGURATIONS,
  createHalves,
  createInputs,
  digest,
  evaluate,
  type Helper,
  ourFunctions,
  SEED,
} from './oracle/load.ts'

// What the compiled kernel headers answered (tooling/header-oracle), replayed without a compiler.
const modules = { index, 'x86-64': x86, arm64, riscv64 }
const inputs = createInputs(SEED)
const [a, b, out] = [createHalves(), createHalves(), createHalves()]
inputs.fill(a, b, BLOCK)

describe.each(Object.keys(CONFIGURATIONS))('kernel headers, %s', (name) => {
  const { helpers } = CONFIGURATIONS[name]!
  const ours = ourFunctions(name, modules)
  const rows = readFileSync(join(import.meta.dirname, 'oracle', `${name}.tsv`), 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
  const recorded = (kind: string, of: string): string[] =>
    rows.find(([k, n]) => k === kind && n === of)?.slice(2) ?? []
  const run = (helper: Helper): void => evaluate(helper, ours[helper.ours], a, b, out, BLOCK)

  test('the inputs are the recorded ones', () => {
    expect(recorded('sample', 'a').map((hex) => BigInt(`0x${hex}`))).toEqual(first(a, 16))
    expect(recorded('sample', 'b').map((hex) => BigInt(`0x${hex}`))).toEqual(first(b, 16))
  })

  test('every recorded helper is here, and the other way round', () => {
    const names = rows.filter(([kind]) => kind === 'digest').map(([, helper]) => helper)
    expect(names).toEqual(helpers.map((helper) => helper.name))
  })

  test.each(helpers.map((helper) => [helper.name, helper] as const))('%s', (_, helper) => {
    run(helper)
    const sample = recorded('sample', helper.name)
    expect(first(out, sample.length)).toEqual(sample.map((hex) => BigInt(`0x${hex}`)))
    expect(sample).toHaveLength(16)
    expect(digest(out, BLOCK).toString(16).padStart(8, '0')).toBe(recorded('digest', helper.name)[0])
  })
})

function first({ lo, hi }: { lo: Uint32Array; hi: Uint32Array }, count: number): bigint[] {
  return Array.from({ length: count }, (_, i) => fromHalves(lo, hi, i))
}
