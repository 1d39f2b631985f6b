// What a run shows that no architecture can change, for the tests.
import { archByName } from '@mm-model/pgprot'
import type { FaultObservation, Observation, OperationObservation, PteObservation } from '@mm-model/scenario'

/** Every configuration but the recorded one. */
export const OTHERS = [
  'arm64-4k',
  'arm64-4k-nodbm',
  'arm64-4k-noaf',
  'riscv64-sv39',
  'riscv64-sv39-svadu',
  'riscv64-sv48',
  'riscv64-sv48-svadu',
] as const

/** An entry as predicates say it, which is how the kernel's common code knows it. */
interface PlainEntry {
  readonly at: string
  readonly level: number
  readonly access: 'none' | 'read-only' | 'writable'
  readonly dirty: boolean
  readonly young: boolean
  readonly exec: boolean
  /** Numbered by first appearance among entries that can be used. */
  readonly frame: string
}

export interface PlainOperation {
  readonly op: string
  readonly result: unknown
  readonly files: unknown
  readonly vmas: unknown
  readonly ptes: readonly PlainEntry[]
}

/** What an observation says in words that mean the same everywhere. */
export function plain({ ops, arch }: Observation): PlainOperation[] {
  const name = arch ?? 'x86-64'
  const frames = new Map<string, string>()
  return ops.map(({ op, result, files, vmas, ptes }) => ({
    op,
    result,
    files,
    vmas,
    ptes: ptes.map((pte) => plainEntry(pte, name, frames)),
  }))
}

function plainEntry(
  { at, level, flags, frame }: PteObservation,
  name: string,
  frames: Map<string, string>,
): PlainEntry {
  const arch = archByName(name)
  const value = BigInt(flags)
  const lo = Uint32Array.of(Number(value & 0xffffffffn))
  const hi = Uint32Array.of(Number(value >> 32n))
  const usable = arch.ptePresent(lo, hi, 0) && !arch.pteProtnone(lo, hi, 0)
  const access = !usable ? 'none' : arch.pteWrite(lo, hi, 0) ? 'writable' : 'read-only'
  const dirty = arch.pteDirty(lo, hi, 0)
  const young = arch.pteYoung(lo, hi, 0)
  // x86-64 inverts the frame of an entry that denies all access, and has no right to execute in it to speak of.
  if (!usable) return { at, level, access, dirty, young, exec: false, frame: '' }
  const kind = frame.replace(/#\d+$/, '')
  const known = frames.get(frame)
  const label = known ?? (kind === frame ? frame : `${kind}${frames.size}`)
  frames.set(frame, label)
  return { at, level, access, dirty, young, exec: arch.pteExec(lo, hi, 0), frame: label }
}

/** What a trap shows that only sets the accessed or dirty bit of an entry that is there, and what goes with it. */
const SETS_FLAGS: ReadonlySet<string> = new Set(['ptep_set_access_flags', 'pmdp_set_access_flags'])
const FLUSHES: ReadonlySet<string> = new Set(['flush_tlb_mm_range', 'local_flush_tlb_page'])

/**
 * Whether a fault was only for an accessed or dirty bit that other hardware sets by itself: it did nothing else, or it
 * marked an old entry young before a copy that it then left to the next fault.
 */
function setsFlagsOnly({ events }: FaultObservation): boolean {
  const names = events.map(({ name }) => name)
  const copies = names[0] === 'do_wp_page' && names[1] === 'wp_page_copy'
  const rest = copies ? names.slice(2) : names
  return (
    rest.some((name) => SETS_FLAGS.has(name)) &&
    rest.every((name) => SETS_FLAGS.has(name) || FLUSHES.has(name))
  )
}

/** Places of the faults that did more. */
export function realFaults({ faults }: OperationObservation): string[] {
  return faults.filter((fault) => !setsFlagsOnly(fault)).map(({ at }) => at)
}

/** Whether a file was mapped by a leaf of 2 MiB in the operation, or is after it. */
export function hasHugeDaxLeaf({ faults, ptes }: OperationObservation): boolean {
  const installed = faults.some(({ events }) =>
    events.some(({ name }) => name === 'vmf_insert_pfn_pmd' || name === 'dax_pmd_load_hole'),
  )
  return installed || ptes.some(({ level, frame }) => level === 2 && frame.startsWith('pmem'))
}
