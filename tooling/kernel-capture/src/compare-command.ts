import { join } from 'node:path'
import {
  type Agreement,
  compareObservations,
  type Difference,
  differencesAt,
  type Observation,
  parseObservation,
  ScenarioError,
  summarizeComparisons,
  TIERS,
  type Tier,
} from '@mm-model/scenario'
import { CaptureError } from './capture-error.ts'
import type { Command, Terminal } from './command.ts'
import { namesWithEnding, readText } from './files.ts'

/** What counts as a difference: any byte, or what a tier sees. */
const LEVELS = ['bytes', ...TIERS] as const
type Level = (typeof LEVELS)[number]

export const compareCommand: Command = {
  name: 'compare',
  summary: 'Compares two folders of recordings: byte by byte, and operation by operation at the three tiers.',
  operands: ['A', 'B'],
  options: {
    at: { value: LEVELS.join('|'), help: 'what counts as a difference (default: bytes)' },
    show: { value: 'N', help: 'how many differences to print (default: 5)' },
  },
  notes: ['A scenario that only one folder has is a difference.'],
  examples: ['pnpm capture compare fixtures/kernel-observations/linux-6.1-ext4 /tmp/6.1'],
  run(words, terminal) {
    const at = words.choice('at', LEVELS, 'bytes')
    const show = words.count('show', 5)
    const [a, b] = words.operands as readonly [string, string]
    return compareFolders(a, b, at, show, terminal) ? 0 : 1
  },
}

function compareFolders(a: string, b: string, at: Level, show: number, terminal: Terminal): boolean {
  const { print } = terminal
  const [inA, inB] = [recordings(a), recordings(b)]
  const names = [...inA.keys()].filter((name) => inB.has(name))
  const alone = [
    ...[...inA.keys()].filter((name) => !inB.has(name)).map((name) => `only in ${a}: ${name}`),
    ...[...inB.keys()].filter((name) => !inA.has(name)).map((name) => `only in ${b}: ${name}`),
  ]
  const differing = names.filter((name) => inA.get(name) !== inB.get(name))
  const comparisons = names.map((name) =>
    compareObservations(parsed(a, name, inA.get(name)!), parsed(b, name, inB.get(name)!)),
  )
  const agreement = summarizeComparisons(comparisons)
  print(
    `byte-identical: ${names.length - differing.length} of ${new Set([...inA.keys(), ...inB.keys()]).size} recordings`,
  )
  printTiers(agreement, terminal)
  for (const line of alone.slice(0, show)) print(line)
  if (alone.length > show) print(`and ${alone.length - show} more that only one folder has`)
  const differences = comparisons.flatMap((comparison) => comparison.differences)
  printDifferences(at === 'bytes' ? differences : differencesAt(at, differences), show, terminal)
  // Bytes may differ where no tier looks: in the name of the kernel, or in how a number is written.
  const unseen = differing.filter((name) => !differences.some(({ scenario }) => scenario === name))
  if (unseen.length > 0)
    print(`${unseen.length} recordings differ in bytes only: ${unseen.slice(0, show).join(', ')}`)
  const found = at === 'bytes' ? differing.length : differencesAt(at, differences).length
  return found === 0 && alone.length === 0
}

/** The texts of a folder's recordings by scenario. */
function recordings(folder: string): ReadonlyMap<string, string> {
  const names = namesWithEnding(folder, '.json', 'a folder of recordings')
  if (names.length > 0)
    return new Map(names.map((name) => [name, readText(join(folder, `${name}.json`), 'a recording')]))
  throw new CaptureError(folder, {
    code: 'CAPTURE_FILE',
    found: 'no recording',
    expected: 'files that end in .json',
    remedy: 'give the folder that they are in',
  })
}

function parsed(folder: string, name: string, text: string): Observation {
  try {
    return parseObservation(text)
  } catch (cause) {
    if (!(cause instanceof ScenarioError)) throw cause
    const { found, expected, remedy } = cause
    const place = join(folder, `${name}.json`)
    throw new CaptureError(place, { code: 'CAPTURE_FILE', found, expected, remedy }, { cause })
  }
}

function printTiers({ operations, agreeing, scenarios, clean }: Agreement, { print }: Terminal): void {
  for (const tier of TIERS)
    print(
      `${tier.padEnd(9)}  ${agreeing[tier]} of ${operations} operations, ${clean[tier]} of ${scenarios} scenarios agree`,
    )
}

function printDifferences(differences: readonly Difference[], show: number, { print }: Terminal): void {
  for (const { scenario, operation, op, field, tier, kernel, model } of differences.slice(0, show)) {
    print(`${scenario} operation ${operation} \`${op}\`: ${field} (${tier satisfies Tier})`)
    print(`  A  ${kernel}`)
    print(`  B  ${model}`)
  }
  if (differences.length > show) print(`and ${differences.length - show} more differences`)
}
