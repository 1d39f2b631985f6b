/**
 * A schedule of a scenario as a file, so that it can be run again: versioned JSON, with who runs how many steps.
 * @module
 */

import { MachineError } from '@mm-model/core'
import { formatAssertion, formatOperation, type Scenario } from '@mm-model/scenario'

/** What a schedule is of, besides the scenario. */
export interface ScheduleProfile {
  readonly kernel: string
  readonly fs: string
  /** The architecture, where it is not x86-64. */
  readonly arch?: string | undefined
  readonly strategy: string
  /** Bugs that the machine was built with. */
  readonly defects: readonly string[]
  /** Names of the invariants that were looked at, besides what the scenario asserts. */
  readonly invariants: readonly string[]
}

export interface ScheduleFile {
  readonly scenario: string
  /** {@link digestOf} the scenario. */
  readonly digest: string
  readonly profile: ScheduleProfile
  /** Who runs how many steps: `['@t1', 12]`. */
  readonly steps: readonly (readonly [name: string, count: number])[]
  /** What is wrong at its end, or null. */
  readonly ends: { readonly name: string; readonly message: string } | null
}

const FORMAT = 'mm-model schedule'
const VERSION = 1
/** Longer schedules are not found, and would be no use. */
const MOST_STEPS = 10_000_000

/** The text of the file. */
export function stringifySchedule({ scenario, digest, profile, steps, ends }: ScheduleFile): string {
  const head = JSON.stringify({ format: FORMAT, version: VERSION, scenario, digest, profile, ends }, null, 2)
  const lines = steps.map((run) => `    ${JSON.stringify(run)}`).join(',\n')
  return `${head.slice(0, -2)},\n  "steps": [\n${lines}\n  ]\n}\n`
}

/**
 * Reads a file that {@link stringifySchedule} wrote.
 * @throws MachineError BAD_CONFIGURATION for any other text
 */
export function parseSchedule(text: string): ScheduleFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refused('a text that is no JSON')
  }
  const file = objectAt(value, 'the document')
  if (file.format !== FORMAT) throw refused(`the format ${JSON.stringify(file.format) ?? 'of nothing'}`)
  if (file.version !== VERSION) throw refused(`version ${JSON.stringify(file.version)} of the format`)
  const profile = objectAt(file.profile, 'profile')
  const arch = profile.arch === undefined ? {} : { arch: textAt(profile.arch, 'profile.arch') }
  const ends = file.ends === null ? null : objectAt(file.ends, 'ends')
  let total = 0
  const steps = listAt(file.steps, 'steps').map((run, i): readonly [string, number] => {
    const pair = listAt(run, `steps[${i}]`)
    const [name, count] = pair
    if (pair.length !== 2 || !Number.isInteger(count) || (count as number) < 1)
      throw refused(`steps[${i}], which is no name with a number of steps`)
    total += count as number
    if (total > MOST_STEPS) throw refused(`more than ${MOST_STEPS} steps`)
    return [textAt(name, `steps[${i}][0]`), count as number]
  })
  return {
    scenario: textAt(file.scenario, 'scenario'),
    digest: textAt(file.digest, 'digest'),
    profile: {
      kernel: textAt(profile.kernel, 'profile.kernel'),
      fs: textAt(profile.fs, 'profile.fs'),
      ...arch,
      strategy: textAt(profile.strategy, 'profile.strategy'),
      defects: textsAt(profile.defects, 'profile.defects'),
      invariants: textsAt(profile.invariants, 'profile.invariants'),
    },
    steps,
    ends:
      ends === null
        ? null
        : { name: textAt(ends.name, 'ends.name'), message: textAt(ends.message, 'ends.message') },
  }
}

/**
 * Sixteen hex digits that two scenarios share when they say the same: blanks, comments, and ways to write a number make no
 * difference. FNV-1a, twice 32 bits from two bases.
 */
export function digestOf({ ops, assertions }: Scenario): string {
  const text = [...ops.map(formatOperation), ...assertions.map(formatAssertion)].join('\n')
  return [0x811c9dc5, 0x01000193].map((basis) => fnv1a(text, basis)).join('')
}

function fnv1a(text: string, basis: number): string {
  let hash = basis
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}

function objectAt(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused(`${where}, which is no object`)
  return value as Readonly<Record<string, unknown>>
}

function listAt(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw refused(`${where}, which is no list`)
  return value
}

function textAt(value: unknown, where: string): string {
  if (typeof value !== 'string') throw refused(`${where}, which is no text`)
  return value
}

function textsAt(value: unknown, where: string): string[] {
  return listAt(value, where).map((each, i) => textAt(each, `${where}[${i}]`))
}

function refused(found: string): MachineError {
  return new MachineError('BAD_CONFIGURATION', {
    found: `a schedule with ${found}`,
    expected: `a file that mm-model check --schedule wrote (${FORMAT}, version ${VERSION})`,
    remedy: 'write it again',
  })
}
