import {
  executionOrder,
  type Observation,
  type OperationObservation,
  type Scenario,
  type SingleOperation,
} from '@mm-model/scenario'
import type { CostRow } from './cost-table.ts'
import { placeOf } from './describe.ts'

/** What a name stands for in a process. */
interface Mapping {
  readonly file: string | null
  readonly kind: 'shared' | 'private' | 'sync'
  /** Offset in the file. */
  readonly offset: number
}

/** What is known of a small page's entry before an operation. */
interface Entry {
  readonly zero: boolean
  /** Writable at some time since the frame was installed. */
  readonly everWritable: boolean
  /** Made read-only by fsync or msync, and not touched since. */
  readonly written: boolean
}

interface Process {
  readonly mappings: Map<string, Mapping>
  readonly entries: Map<string, Entry>
}

interface Extent {
  readonly file: string
  readonly start: number
  readonly end: number
}

/**
 * Which row of the cost table stands for each operation, or `null` where none does. A row is claimed only where the
 * run shows that the operation did what was counted: one access to a small page, in the state that the row names.
 */
export function costRows(scenario: Scenario, observation: Observation): readonly (CostRow | null)[] {
  const first: Process = { mappings: new Map(), entries: new Map() }
  const children = new Map<string, Process>()
  const files = new Files()
  return executionOrder(scenario).map((operation, i) => {
    const observed = observation.ops[i]
    if (observed === undefined) return null
    const process = operation.who === null ? first : children.get(operation.who)!
    const grew = files.see(operation, observed)
    const row =
      operation.op === 'load' || operation.op === 'store'
        ? accessRow(operation, observed, process, files, grew)
        : null
    if (operation.op === 'mmap' && 'ret' in observed.result) process.mappings.set(operation.map, operation)
    if (operation.op === 'thread') children.set(operation.threadName, process)
    if (operation.op === 'fork')
      children.set(operation.childName, {
        mappings: new Map(process.mappings),
        entries: new Map(process.entries),
      })
    seeEntries(operation, observed, process)
    return row
  })
}

type Access = SingleOperation & { readonly op: 'load' | 'store' }

function accessRow(
  access: Access,
  { result, faults, ptes }: OperationObservation,
  { mappings, entries }: Process,
  files: Files,
  grew: boolean,
): CostRow | null {
  if (!('ret' in result)) return null
  const fault = faults[0]
  if (fault === undefined) return access.op === 'store' ? 'second store (no fault)' : null
  const page = access.offset - (access.offset % 4096)
  const at = placeOf(access.map, page)
  const mapping = mappings.get(access.map)
  const entry = ptes.find((pte) => pte.at === at && pte.level === 1)
  // Small pages were counted, and mappings without MAP_SYNC.
  if (mapping === undefined || mapping.kind === 'sync' || entry === undefined) return null
  const place = { file: mapping.file, offset: mapping.offset + page }
  const before = entries.get(at)
  const allocated = faults.some(({ ret }) => ret?.includes('MAJOR') === true)
  if (mapping.kind === 'private') {
    if (fault.error !== '0x6' || !entry.frame.startsWith('ram')) return null
    if (mapping.file === null) return 'first store, anonymous private'
    return files.isFilled(place) ? 'first store, private mapping of a written block' : null
  }
  if (fault.error === '0x4') {
    if (entry.frame !== 'zero') return 'load, block written'
    // A load of an unwritten block shows the zero page too, and was not counted.
    return files.wasAllocatedUnwritten(place) ? null : 'load, hole'
  }
  // A hole takes a block; an unwritten block, which takes none, was not counted.
  if (allocated !== grew) return null
  if (fault.error === '0x6') return allocated ? 'first store, hole' : 'first store, block written'
  if (fault.error !== '0x7' || before === undefined) return null
  if (before.zero) return allocated ? 'store after load, hole' : null
  if (allocated) return null
  if (before.written) return 'store after fsync'
  return before.everWritable ? null : 'store after load, block written'
}

/** Brings what is known of a process's entries up to date. */
function seeEntries({ op }: SingleOperation, { ptes }: OperationObservation, { entries }: Process): void {
  const before = new Map(entries)
  entries.clear()
  for (const { at, level, flags, frame } of ptes) {
    if (level !== 1) continue
    const old = before.get(at)
    const writable = (BigInt(flags) & 2n) !== 0n
    const everWritable = writable || old?.everWritable === true
    const cleaned = op === 'fsync' || op === 'msync' || old?.written === true
    entries.set(at, { zero: frame === 'zero', everWritable, written: everWritable && !writable && cleaned })
  }
}

/** What the scenario itself did to its files, as far as rows need it. */
class Files {
  readonly #blocks = new Map<string, number>()
  #filled: Extent[] = []
  readonly #unwritten: Extent[] = []

  /** Notes an operation; returns whether a file took more blocks in it. */
  see(operation: SingleOperation, { files, result }: OperationObservation): boolean {
    const grew = files.some(({ name, blocks }) => blocks > (this.#blocks.get(name) ?? 0))
    for (const { name, blocks } of files) this.#blocks.set(name, blocks)
    if ('ret' in result) this.#note(operation, result.ret)
    return grew
  }

  /** Whether `fill` wrote the whole page, and nothing since may have taken its block away. */
  isFilled(place: { readonly file: string | null; readonly offset: number }): boolean {
    return this.#filled.some(
      (e) => e.file === place.file && e.start <= place.offset && place.offset + 4096 <= e.end,
    )
  }

  /** Whether `falloc` ever gave the page a block; it may have been written since. */
  wasAllocatedUnwritten(place: { readonly file: string | null; readonly offset: number }): boolean {
    return this.#unwritten.some(
      (e) => e.file === place.file && e.start < place.offset + 4096 && place.offset < e.end,
    )
  }

  #note(operation: SingleOperation, ret: number): void {
    switch (operation.op) {
      case 'fill':
        this.#filled.push({ file: operation.file, start: operation.offset, end: operation.offset + ret })
        break
      case 'falloc':
        this.#unwritten.push({
          file: operation.file,
          start: operation.offset,
          end: operation.offset + operation.length,
        })
        break
      case 'create':
      case 'punch':
      case 'truncate':
        this.#filled = this.#filled.filter(({ file }) => file !== operation.file)
        break
      case 'madvise':
        // The mapping may be of any file.
        if (operation.advice === 'remove') this.#filled = []
        break
    }
  }
}
