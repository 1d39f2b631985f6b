/*
 * No kernel was recorded on arm64 or riscv64. What can be held against the recordings is everything that no architecture
 * changes: results, bytes, areas, files, and entries as the kernel's common code sees them. All scenarios run on every
 * configuration, and what may differ from x86-64 is said as rules that follow from features, never as a list.
 */
import { archByName } from '@mm-model/pgprot'
import {
  costsOf,
  type Observation,
  parseScenario,
  type RunOptions,
  type RunResult,
  runScenario,
  type Scenario,
} from '@mm-model/scenario'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { describe, expect, it } from 'vitest'
import { hasHugeDaxLeaf, OTHERS, plain, realFaults } from './architectures.ts'
import { scenarioSources } from './recordings.ts'

/** Runs are compared by several tests; each scenario runs once on x86-64. */
const onX86 = new Map<string, RunResult>()

function runX86(scenario: Scenario, options: RunOptions): RunResult {
  const key = `${options.fs} ${options.strategy.name} ${scenario.name}`
  const known = onX86.get(key) ?? runScenario(scenario, options)
  onX86.set(key, known)
  return known
}

const SCENARIOS = [...scenarioSources()].map(([name, source]) => parseScenario(source, { name }))

/** The same with `madvise … nohugepage` behind every successful mmap, so that no leaf of 2 MiB comes by a later fault. */
function withoutHugePages({ name, ops }: Scenario): Scenario {
  const lines = ops.flatMap((operation) => {
    if (operation.op !== 'mmap') return [operation.text]
    const child = operation.who === null ? '' : `@${operation.who} `
    return [operation.text, `${child}madvise ${operation.map} 0 ${operation.length} nohugepage`]
  })
  return parseScenario(`${lines.join('\n')}\n`, { name })
}

/** What differs between two runs beyond what the features of the second allow. */
function differences(x86: Observation, other: Observation): string[] {
  const [costs, costsHere] = [costsOf(x86), costsOf(other)]
  const { hasDevmap } = archByName(other.arch!)
  const [expected, found] = [plain(x86), plain(other)]
  const differing: string[] = []
  const seen = new Set<string>()
  let huge = false
  for (const [i, { op, ...as }] of expected.entries()) {
    huge ||= hasHugeDaxLeaf(x86.ops[i]!)
    const process = /^@\S+/.exec(op)?.[0] ?? ''
    if (x86.ops[i]!.faults.some(({ flags }) => flags !== undefined)) seen.add(process)
    const what: (keyof typeof as)[] = ['result', 'vmas']
    // Rule: without DEVMAP entries no file is mapped by 2 MiB. From the first such leaf on, pages are allocated, dated and
    // mapped one by one, where x86-64 did 512 at once.
    const onePageAtATime = huge && !hasDevmap
    if (!onePageAtATime) what.push('files')
    // Rule: the recorder finds the entries of a process at its first fault, which a trap for an accessed bit may be.
    const shown = as.ptes.length > 0 || seen.has(process)
    if (!onePageAtATime && shown) what.push('ptes')
    for (const field of what) {
      const [a, b] = [as[field], found[i]![field]].map((value) => JSON.stringify(value))
      if (a !== b) differing.push(`${other.scenario} ${i + 1} '${op}' ${field}: x86-64 ${a}, here ${b}`)
    }
    // Rule: nobody asks the file system more often, or makes more entries writable, for the sake of such a trap.
    for (const cost of ['handlerPasses', 'timestampUpdates', 'readOnlyThenUpgraded'] as const) {
      const [a, b] = [costs[i]![cost], costsHere[i]![cost]]
      if (!onePageAtATime && a !== b)
        differing.push(`${other.scenario} ${i + 1} '${op}' ${cost}: x86-64 ${a}, here ${b}`)
    }
    // Rule: where hardware does not set a bit, a trap does, and nothing else. Other faults are the same.
    const [a, b] = [x86, other].map(({ ops }) => realFaults(ops[i]!).map(offsetInSlot).join(' '))
    if (!onePageAtATime && a !== b)
      differing.push(`${other.scenario} ${i + 1} '${op}' faults: x86-64 ${a}, here ${b}`)
  }
  return differing
}

/** Places outside of known mappings show as addresses, which Sv39 has others of. */
function offsetInSlot(at: string): string {
  return at.startsWith('0x') ? `0x${(Number(at) % 0x40000000).toString(16)}` : at
}

describe.each(OTHERS)('on %s', { timeout: 120_000 }, (arch) => {
  it.each([mkwrite, insertWritable])('every scenario does under $name what it does on x86-64', (strategy) => {
    const differing = SCENARIOS.flatMap((scenario) => {
      const options = { kernel: '6.1', fs: 'ext4', strategy }
      const x86 = runX86(scenario, options)
      const other = runScenario(scenario, { ...options, arch })
      const data = (run: typeof x86): unknown => run.finalState.files.map(({ name, data }) => [name, data])
      expect(data(other)).toEqual(data(x86))
      return differences(x86.observation, other.observation)
    })
    expect(differing).toEqual([])
  })

  it('so does every scenario without huge pages, now with all entries and blocks', () => {
    let compared = 0
    const differing = SCENARIOS.flatMap((original) => {
      const scenario = withoutHugePages(original)
      const options = { kernel: '6.1', fs: 'xfs', strategy: mkwrite }
      const x86 = runX86(scenario, options).observation
      if (!x86.ops.some(hasHugeDaxLeaf)) compared++
      return differences(x86, runScenario(scenario, { ...options, arch }).observation)
    })
    expect(differing).toEqual([])
    expect(compared).toBeGreaterThan(SCENARIOS.length * 0.95)
  })

  it('steps and straight runs observe the same', () => {
    for (const scenario of SCENARIOS) {
      const [a, b] = (['plain', 'steps'] as const).map(
        (form) =>
          runScenario(scenario, { kernel: '6.1', fs: 'ext4', strategy: mkwrite, arch, form }).observation,
      )
      expect(b).toEqual(a)
    }
  })
})
