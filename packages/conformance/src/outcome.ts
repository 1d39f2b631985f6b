/**
 * Holding a run to the reference, to POSIX and to what the strategy says of itself.
 * @module
 */

import type { WriteFaultStrategy } from '@mm-model/core'
import type { PageTableArch } from '@mm-model/pgprot'
import type { Operation, OperationObservation, OperationResult } from '@mm-model/scenario'
import type { Finding } from './check.ts'
import { type Combination, nameOf } from './combination.ts'
import { archOf, isSoftDirty, isWritable, rightsOf } from './entries.ts'
import { accessCosts, type Care, type Complaint, type References, type Run, run } from './run.ts'

/** What became of one combination under one strategy. */
export interface Outcome {
  readonly combination: Combination
  /** Traps, passes through the file system's handler and updates of times, in the accesses that it is about. */
  readonly faults: number
  readonly handlerPasses: number
  readonly timeUpdates: number
  readonly verdict: 'allowed' | 'violated'
  readonly findings: readonly Finding[]
}

/** Runs a combination under a strategy and holds it to the reference, to POSIX and to what the strategy says of itself. */
export function outcomeOf(
  strategy: WriteFaultStrategy,
  combination: Combination,
  references: References,
  care: Care = 'all',
): Outcome {
  let made = run(strategy, combination, care)
  const complaints = [...made.complaints]
  // A broken invariant ends a run; what else is wrong shows without them.
  if (made.observation === null && made.broke) {
    made = run(strategy, combination, 'steps')
    complaints.push(
      ...made.complaints.filter(({ check }) => complaints.every((known) => known.check !== check)),
    )
  }
  const reference = references.of(combination)
  if (made.observation !== null && reference.observation !== null) {
    const arch = archOf(combination.machine)
    complaints.push(
      ...bytes(made, reference, combination),
      ...rights(made, reference, arch),
      ...times(made, strategy, combination),
      ...declared(made, strategy, combination, arch),
    )
  }
  const { faults, handlerPasses, timestampUpdates } = accessCosts(made)
  const findings = complaints.map((complaint): Finding => {
    return { ...complaint, combination: nameOf(combination), scenario: made.program.text }
  })
  return {
    combination,
    faults,
    handlerPasses,
    timeUpdates: timestampUpdates,
    verdict: findings.length === 0 ? 'allowed' : 'violated',
    findings,
  }
}

function answer(result: OperationResult): string {
  if ('ret' in result) return String(result.ret)
  if ('errno' in result) return result.errno
  if ('signal' in result) return `${result.signal} ${result.code}`
  return 'skipped' in result ? 'skipped' : `not modelled: ${result.notModelled}`
}

/** The first operation of two runs that differ in what `view` sees. */
function firstDifference(
  check: Complaint['check'],
  made: Run,
  reference: Run,
  view: (operation: OperationObservation) => string,
): Complaint[] {
  const theirs = reference.observation!.ops
  for (const [i, operation] of made.observation!.ops.entries()) {
    const found = view(operation)
    const expected = view(theirs[i]!)
    if (found !== expected)
      return [{ check, operation: operation.op, found: found || 'nothing', expected: expected || 'nothing' }]
  }
  return []
}

/** What is read of a file, not through a mapping, must be as it was where only private stores were made. */
function bytes(made: Run, reference: Run, { area }: Combination): Complaint[] {
  const ofFile = area === 'private' ? 'private' : 'bytes'
  const [difference] = firstDifference('bytes', made, reference, ({ result }) => answer(result))
  if (difference !== undefined)
    return [{ ...difference, check: difference.operation.startsWith('pread') ? ofFile : 'bytes' }]
  for (const [name, digest] of reference.files) {
    if (made.files.get(name) === digest) continue
    return [
      {
        check: ofFile,
        operation: '',
        found: `other bytes in ${name} at the end`,
        expected: 'the same bytes',
      },
    ]
  }
  return []
}

function rights(made: Run, reference: Run, arch: PageTableArch): Complaint[] {
  return firstDifference('rights', made, reference, (operation) => rightsOf(arch, operation))
}

/** The times of file `a`: what each operation did with them. */
function times(
  { program, observation }: Run,
  { capabilities }: WriteFaultStrategy,
  c: Combination,
): Complaint[] {
  /** Stores since the times were marked, or since what was stored to was synced. */
  let due: Operation | null = null
  for (const [i, operation] of program.scenario.ops.entries()) {
    const { result, files, faults } = observation!.ops[i]!
    const marked = files.some(({ name, mtime, ctime }) => name === 'a' && mtime && ctime)
    const complain = (found: string, expected: string): Complaint[] => {
      return [{ check: 'times', operation: operation.text, found, expected }]
    }
    const stored = operation.op === 'store' && 'ret' in result && c.area === 'shared'
    if (stored && faults.length > 0) due ??= operation
    if (marked) {
      if (operation.op === 'load' || operation.op === 'pread')
        return complain('times marked by a load', 'times as they were')
      due = null
    }
    if (stored && faults.length > 0 && capabilities.times === 'fault' && due !== null)
      return complain('times as they were', 'times marked in the fault, as the strategy declares')
    const syncs = operation.op === 'msync' || operation.op === 'munmap' || operation.op === 'fsync'
    if (syncs && due !== null)
      return complain(`times not marked since '${due.text}'`, 'times marked before this returns')
  }
  return []
}

/** A first store to a written page that meets no entry: what capabilities are about. */
function declared(
  made: Run,
  { capabilities }: WriteFaultStrategy,
  c: Combination,
  arch: PageTableArch,
): Complaint[] {
  const plain =
    c.area === 'shared' && c.prot === 'rw' && c.block === 'written' && c.access === 'store' && c.size === '4k'
  if (!plain || c.around === 'map-sync') return []
  const first = made.observation!.ops[made.program.first[0]!]!
  const complain = (found: string, expected: string): Complaint[] => {
    return [{ check: 'declared', operation: first.op, found, expected }]
  }
  // Where the hardware sets no D, an entry that software left clean traps once more for it.
  const traps = capabilities.firstStoreTraps + (capabilities.marksDirty || arch.hwDirty ? 0 : 1)
  const found = first.faults.filter(({ error }) => error !== null).length
  if (found !== traps) return complain(`${found} traps for a first store`, `${traps}, as declared`)
  if (capabilities.times === 'deferred' && first.files.some(({ mtime }) => mtime))
    return complain('times marked in the fault', 'times deferred, as declared')
  const entry = first.ptes.find((pte) => isWritable(arch, pte))
  if (entry === undefined || !arch.hasSoftDirty) return []
  if (isSoftDirty(arch, entry) === capabilities.marksDirty) return []
  return complain(
    capabilities.marksDirty ? 'an entry that is not soft-dirty' : 'a soft-dirty entry',
    'what marksDirty declares',
  )
}
