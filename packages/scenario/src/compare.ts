import type { EventObservation, Observation, OperationObservation } from './observation.ts'
import { TIERS, type Tier, type TierCounts, tierIncludes } from './tier.ts'
import { printedValue, valueDifferences } from './value-differences.ts'

/** One member of an operation that differs, with both values as text. */
export interface FieldDifference {
  /** Where, as `faults[0].ret` or `ptes[m0+0x1000].flags`. */
  readonly field: string
  /** The first tier that sees it. */
  readonly tier: Tier
  readonly kernel: string
  readonly model: string
}

/** One thing that the model did otherwise than the kernel. */
export interface Difference extends FieldDifference {
  readonly scenario: string
  /** Which operation of the scenario, counted from 1. */
  readonly operation: number
  /** Its source line. */
  readonly op: string
}

/** What comparing one scenario came to. */
export interface ScenarioComparison {
  readonly scenario: string
  /** How many operations the kernel's observation has. */
  readonly operations: number
  /** How many of them agree. */
  readonly agreeing: TierCounts
  /** Empty exactly where the whole scenario agrees at every tier. In the order of the operations. */
  readonly differences: readonly Difference[]
}

/** What comparing several scenarios came to. */
export interface Agreement {
  readonly operations: number
  readonly agreeing: TierCounts
  readonly scenarios: number
  /** How many scenarios have no difference. */
  readonly clean: TierCounts
}

/**
 * Compares what the model did with what a kernel was recorded doing. An operation that the model does not have, has
 * with another source line, or answers with `notModelled` differs at every tier; one that it has too much is a
 * difference too, though it is not counted among the operations.
 */
export function compareObservations(kernel: Observation, model: Observation): ScenarioComparison {
  const agreeing = { semantics: 0, dax: 0, path: 0 }
  const differences: Difference[] = []
  for (let i = 0; i < Math.max(kernel.ops.length, model.ops.length); i++) {
    const [k, m] = [kernel.ops[i], model.ops[i]]
    const fields = operationDifferences(k, m)
    if (k !== undefined)
      for (const tier of TIERS) if (!fields.some((d) => tierIncludes(tier, d.tier))) agreeing[tier]++
    const op = (k ?? m)!.op
    for (const field of fields)
      differences.push({ scenario: kernel.scenario, operation: i + 1, op, ...field })
  }
  return { scenario: kernel.scenario, operations: kernel.ops.length, agreeing, differences }
}

/** Adds up comparisons of single scenarios. */
export function summarizeComparisons(comparisons: readonly ScenarioComparison[]): Agreement {
  const count = (of: (comparison: ScenarioComparison, tier: Tier) => number): TierCounts => {
    const sum = (tier: Tier): number => comparisons.reduce((n, c) => n + of(c, tier), 0)
    return { semantics: sum('semantics'), dax: sum('dax'), path: sum('path') }
  }
  return {
    operations: comparisons.reduce((n, c) => n + c.operations, 0),
    agreeing: count((c, tier) => c.agreeing[tier]),
    scenarios: comparisons.length,
    clean: count((c, tier) => (c.differences.some((d) => tierIncludes(tier, d.tier)) ? 0 : 1)),
  }
}

/** The differences of a comparison that count at a tier. */
export function differencesAt(tier: Tier, differences: readonly Difference[]): readonly Difference[] {
  return differences.filter((d) => tierIncludes(tier, d.tier))
}

/** All differences of one operation, each at the first tier that sees it. */
function operationDifferences(
  kernel: OperationObservation | undefined,
  model: OperationObservation | undefined,
): readonly FieldDifference[] {
  if (kernel === undefined || model === undefined || kernel.op !== model.op)
    return [
      { field: 'op', tier: 'semantics', kernel: kernel?.op ?? 'nothing', model: model?.op ?? 'nothing' },
    ]
  if ('notModelled' in kernel.result || 'notModelled' in model.result)
    return [
      {
        field: 'result',
        tier: 'semantics',
        kernel: printedValue(kernel.result),
        model: printedValue(model.result),
      },
    ]
  const dax = eventDifferences('dax', kernel, model, isDaxTracepoint)
  return [
    ...fieldDifferences('semantics', semantics(kernel), semantics(model)),
    ...dax,
    ...pathDifferences(kernel, model, dax.length === 0),
  ]
}

/**
 * The path tier compares all events in one sequence. So that one difference is told once, what the DAX tier has told
 * is left out: first the other events by themselves, then, where each kind agrees by itself, the sequence of both.
 */
function pathDifferences(
  kernel: OperationObservation,
  model: OperationObservation,
  daxAgrees: boolean,
): readonly FieldDifference[] {
  const found = [
    ...eventDifferences('path', kernel, model, (e) => !isDaxTracepoint(e)),
    ...fieldDifferences('path', blocks(kernel), blocks(model)),
  ]
  return found.length > 0 || !daxAgrees ? found : eventDifferences('path', kernel, model, () => true)
}

function eventDifferences(
  tier: Tier,
  kernel: OperationObservation,
  model: OperationObservation,
  wanted: (event: EventObservation) => boolean,
): readonly FieldDifference[] {
  // A fault that only one of them took is a difference at the first tier already.
  const faults = Math.min(kernel.faults.length, model.faults.length)
  const [k, m] = [kernel, model].map((o) => ({
    faultEvents: o.faults.slice(0, faults).map((f) => f.events.filter(wanted)),
    events: o.events.filter(wanted),
  }))
  return fieldDifferences(tier, k!, m!)
}

function fieldDifferences(tier: Tier, kernel: object, model: object): readonly FieldDifference[] {
  return valueDifferences(kernel, model).map(({ field, left, right }) => ({
    field,
    tier,
    kernel: left,
    model: right,
  }))
}

/** What a program, or a debugger that it is under, can see. */
function semantics({ result, faults, ptes, vmas, files }: OperationObservation): object {
  return {
    result,
    faults: faults.map(({ at, error, flags, vmFlags, pageProt, ret }) => ({
      at,
      error,
      flags: flags ?? null,
      vmFlags: vmFlags ?? null,
      pageProt: pageProt ?? null,
      ret: ret ?? null,
    })),
    ptes,
    vmas,
    // A change of the number of blocks alone is a matter of the path tier.
    files: files
      .filter((f) => f.mtime || f.ctime)
      .map(({ name, mtime, ctime, size }) => ({ name, mtime, ctime, size })),
  }
}

function blocks({ files }: OperationObservation): object {
  return { blocks: files.map(({ name, blocks }) => ({ name, blocks })) }
}

/** Functions of the kernel whose entry is recorded and whose name happens to begin as the tracepoints do. */
const FUNCTIONS_NAMED_DAX: readonly string[] = [
  'dax_iomap_fault',
  'dax_writeback',
  'dax_layout_busy',
  'dax_finish_sync_fault',
]

function isDaxTracepoint({ name }: EventObservation): boolean {
  return name.startsWith('dax_') && !FUNCTIONS_NAMED_DAX.includes(name)
}
