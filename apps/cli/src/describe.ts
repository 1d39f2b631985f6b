import type { FaultObservation, FileObservation, OperationResult, PteObservation } from '@mm-model/scenario'
import { describeEntry } from './entry.ts'

/** What an operation returned, in words. */
export function describeResult(result: OperationResult): string {
  if ('ret' in result) return `returns ${result.ret}`
  if ('errno' in result) return `fails with ${result.errno}`
  if ('signal' in result) return `${result.signal} (${result.code})`
  if ('skipped' in result) return 'skipped: no such mapping'
  return `not modelled: ${result.notModelled}`
}

/** Bits of the x86 page-fault error code, each with what it means when set and when clear. */
const ERROR_BITS: readonly (readonly [bit: number, set: string, clear: string])[] = [
  [0x2, 'write', ''],
  [0x10, 'instruction fetch', ''],
  [0x1, 'entry present', 'no entry'],
  [0x8, 'reserved bit', ''],
  [0x4, '', 'by the kernel'],
  [0x20, 'protection key', ''],
]

/** An error code in words, as `write, no entry`. */
export function describeError(error: string): string {
  const code = Number(error)
  const words = ERROR_BITS.map(([bit, set, clear]) => ((code & bit) !== 0 ? set : clear)).filter(
    (word) => word !== '',
  )
  return ((code & 0x12) === 0 ? ['read', ...words] : words).join(', ')
}

/** A fault, in words; `before` is the one before it in the same operation. */
export function describeFault({ at, error, ret }: FaultObservation, before?: FaultObservation): string {
  const cause = error === null ? causeWithoutTrap(at, before) : `${error} (${describeError(error)})`
  return `${at}  ${cause} -> ${ret === undefined ? 'refused, no access' : ret.join('|') || '0'}`
}

/** A fault without an error code is the second pass of a trap whose first asked for another, or the kernel's own. */
function causeWithoutTrap(at: string, before: FaultObservation | undefined): string {
  const again = before?.at === at && before.ret?.includes('RETRY') === true
  return again ? 'same trap, second pass' : 'faulted in by the kernel'
}

/** An entry of `kernel`, raw and in words. */
export function describePte({ at, level, flags, frame }: PteObservation, kernel: string): string {
  return `${at}  ${flags}  ${describeEntry({ flags, level, frame, kernel })}`
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
