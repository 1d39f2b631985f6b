import {
  type FaultObservation,
  type FileObservation,
  type OperationResult,
  type PteObservation,
  readTrap,
} from '@mm-model/scenario'
import { describeEntry, type Machine } from './entry.ts'

/** What an operation returned, in words. */
export function describeResult(result: OperationResult): string {
  if ('ret' in result) return `returns ${result.ret}`
  if ('errno' in result) return `fails with ${result.errno}`
  if ('signal' in result) return `${result.signal} (${result.code})`
  if ('skipped' in result) return 'skipped: no such mapping'
  return `not modelled: ${result.notModelled}`
}

/** A fault of an architecture, in words; `before` is the one before it in the same operation. */
export function describeFault(
  { at, error, ret }: FaultObservation,
  arch: string | undefined,
  before?: FaultObservation,
): string {
  const cause = error === null ? causeWithoutTrap(at, before) : `${error} (${readTrap(error, arch).words})`
  return `${at}  ${cause} -> ${ret === undefined ? 'refused, no access' : ret.join('|') || '0'}`
}

/** A fault without an error code is the second pass of a trap whose first asked for another, or the kernel's own. */
function causeWithoutTrap(at: string, before: FaultObservation | undefined): string {
  const again = before?.at === at && before.ret?.includes('RETRY') === true
  return again ? 'same trap, second pass' : 'faulted in by the kernel'
}

/** An entry of a kernel on an architecture, raw and in words. */
export function describePte({ at, level, flags, frame }: PteObservation, { kernel, arch }: Machine): string {
  return `${at}  ${flags}  ${describeEntry({ flags, level, frame, kernel, arch })}`
}

/** What changed of a file. */
export function describeFile({ name, mtime, ctime, blocks, size }: FileObservation): string {
  const times = [...(mtime ? ['mtime'] : []), ...(ctime ? ['ctime'] : [])].join(' and ')
  return `${name}  ${times === '' ? 'times unchanged' : `${times} updated`}, ${blocks} sectors, ${size} bytes`
}

/** Where observations see the entry of a small page: `m+0x1000`. */
export function placeOf(map: string, offset: number): string {
  return `${map}+0x${(offset - (offset % 4096)).toString(16)}`
}
