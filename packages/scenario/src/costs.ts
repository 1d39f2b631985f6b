import { archByName, type PageTableArch } from '@mm-model/pgprot'
import type { EventObservation, Observation, OperationObservation, PteObservation } from './observation.ts'
import { operationLine } from './operation-line.ts'
import { readTrap } from './trap.ts'

/** The bill of one operation, or of several. All of it is read off observations, so recordings have one too. */
export interface Costs {
  /** Faults that the processor took: those with an error code. */
  readonly faults: number
  /** The same by error code, as `{ '0x6': 1, '0x7': 1 }`. */
  readonly faultsByError: Readonly<Record<string, number>>
  /**
   * Passes through the file system's fault handler: `dax_pte_fault_done`, and `dax_pmd_fault_done` unless it returned
   * FALLBACK, because then the same pass goes on with the next smaller order. Where it does not go on, since the kernel
   * first has to take `mmap_lock` (6.12), the pass counts, and what follows in the same trap is another. On 4.5, ext4's
   * handlers in the same way.
   */
  readonly handlerPasses: number
  /** Look-ups of extents: `iomap_begin`, on 4.5 ext4's `get_block`s, from faults and from system calls. */
  readonly extentLookups: number
  /** Files whose mtime changed, by anything but the operations that write the file themselves. */
  readonly timestampUpdates: number
  /** Calls of `file_update_time` from faults; most find the time current, or run once for each order tried. */
  readonly timestampCalls: number
  /** TLB flushes: `flush_tlb_mm_range`. */
  readonly tlbFlushes: number
  /**
   * Entries that were installed read-only and then upgraded in place: `ptep_set_access_flags` or
   * `pmdp_set_access_flags` makes an entry writable that never was since it was installed. Making an entry writable
   * again that writeback, mprotect or fork had protected does not count.
   */
  readonly readOnlyThenUpgraded: number
}

/** What nothing costs. */
export const NO_COSTS: Costs = {
  faults: 0,
  faultsByError: {},
  handlerPasses: 0,
  extentLookups: 0,
  timestampUpdates: 0,
  timestampCalls: 0,
  tlbFlushes: 0,
  readOnlyThenUpgraded: 0,
}

/** The bill of each operation, in order. */
export function costsOf(observation: Observation): readonly Costs[] {
  const arch = archByName(observation.arch ?? 'x86-64')
  const processes = new Map<string, Entries>()
  /** The processes of threads. */
  const owners = new Map<string, string>()
  return observation.ops.map((operation) => {
    const { process, words } = operationLine(operation.op)
    const owner = owners.get(process) ?? process
    const entries = processes.get(owner) ?? new Map()
    if (words[0] === 'fork') processes.set(`@${words[1]}`, new Map(entries))
    if (words[0] === 'thread') owners.set(`@${words[1]}`, owner)
    const upgraded = countUpgrades(operation, entries, arch)
    processes.set(owner, entriesAfter(operation.ptes, entries, upgraded, arch))
    return { ...countable(operation, words), readOnlyThenUpgraded: upgraded.fresh }
  })
}

/** Adds up bills. */
export function sumCosts(costs: readonly Costs[]): Costs {
  return costs.reduce((a, b) => {
    const faultsByError: Record<string, number> = { ...a.faultsByError }
    for (const [error, n] of Object.entries(b.faultsByError))
      faultsByError[error] = (faultsByError[error] ?? 0) + n
    return {
      faults: a.faults + b.faults,
      faultsByError,
      handlerPasses: a.handlerPasses + b.handlerPasses,
      extentLookups: a.extentLookups + b.extentLookups,
      timestampUpdates: a.timestampUpdates + b.timestampUpdates,
      timestampCalls: a.timestampCalls + b.timestampCalls,
      tlbFlushes: a.tlbFlushes + b.tlbFlushes,
      readOnlyThenUpgraded: a.readOnlyThenUpgraded + b.readOnlyThenUpgraded,
    }
  }, NO_COSTS)
}

/** Whether it is the operation's own work to change the file, and so its times. */
function setsTimesItself(words: readonly string[]): boolean {
  const [op = ''] = words
  return (
    ['create', 'fill', 'falloc', 'punch', 'truncate'].includes(op) ||
    (op === 'madvise' && words[4] === 'remove')
  )
}

/** What says, once, that a pass through the handler of a page was made. */
const PTE_PASSES: readonly string[] = ['dax_pte_fault_done', 'ext4_dax_fault', 'ext4_dax_pfn_mkwrite']
/** What says how a pass through the handler of 2 MiB ended. */
const PMD_RESULTS: readonly string[] = ['dax_pmd_fault_done', 'ext4_dax_pmd_fault_ret']
const EXTENT_LOOKUPS: readonly string[] = ['iomap_begin', 'ext4_get_block', 'ext4_dax_mmap_get_block']

function countable(o: OperationObservation, words: readonly string[]): Costs {
  const traps = o.faults.flatMap((f) => (f.error === null ? [] : [f.error]))
  const inFaults = o.faults.flatMap((f) => f.events)
  const all = [...inFaults, ...o.events]
  const count = (events: readonly EventObservation[], name: string): number =>
    events.filter((e) => e.name === name).length
  const faultsByError: Record<string, number> = {}
  for (const error of traps.toSorted()) faultsByError[error] = (faultsByError[error] ?? 0) + 1
  return {
    faults: traps.length,
    faultsByError,
    handlerPasses: o.faults.reduce((n, { events }) => n + passesOf(events), 0),
    extentLookups: all.filter(({ name }) => EXTENT_LOOKUPS.includes(name)).length,
    timestampUpdates: setsTimesItself(words) ? 0 : o.files.filter((f) => f.mtime).length,
    timestampCalls: count(inFaults, 'file_update_time'),
    tlbFlushes: count(all, 'flush_tlb_mm_range'),
    readOnlyThenUpgraded: 0,
  }
}

/** Passes through the handler in one call of handle_mm_fault. */
function passesOf(events: readonly EventObservation[]): number {
  const done = events.filter(({ name }) => PTE_PASSES.includes(name) || PMD_RESULTS.includes(name))
  const ended = done.filter(({ name, ret }) => PTE_PASSES.includes(name) || ret !== 'FALLBACK')
  return done.length > 0 ? Math.max(1, ended.length) : 0
}

/** What an entry was after an operation, and whether it was ever writable since it was installed. */
interface Entry {
  readonly frame: string
  readonly everWritable: boolean
}

/** The entries of one process, by level and place. */
type Entries = ReadonlyMap<string, Entry>

interface Upgrades {
  /** Entries upgraded that had never been writable. */
  readonly fresh: number
  /** All places upgraded, by level and place. */
  readonly places: ReadonlySet<string>
}

function countUpgrades(o: OperationObservation, before: Entries, arch: PageTableArch): Upgrades {
  const installed = new Set<string>()
  const places = new Set<string>()
  let fresh = 0
  for (const { at, error, events } of o.faults) {
    // There was no entry, so what is upgraded later was installed in here.
    if (error !== null && !hadEntry(error, events, arch))
      for (const level of [1, 2]) installed.add(placeOf(level, at))
    // A fault that finds a PTE and goes neither way only marks it accessed or dirty.
    const marksOnly = !events.some(({ name }) => name === 'do_wp_page' || HANDLES.has(name))
    for (const event of events) {
      const level = { ptep_set_access_flags: 1, pmdp_set_access_flags: 2 }[event.name]
      if (level === undefined || !isWritable(event.pte, arch)) continue
      const place = placeOf(level, String(event.at))
      const neverWritable = installed.has(place) || before.get(place)?.everWritable !== true
      if (!places.has(place) && neverWritable && !(level === 1 && marksOnly)) fresh++
      places.add(place)
    }
  }
  return { fresh, places }
}

/** Where the processor does not say whether there was an entry, what the kernel did first does: it only looks at one. */
function hadEntry(error: string, events: readonly EventObservation[], { name }: PageTableArch): boolean {
  const { entryPresent } = readTrap(error, name)
  if (entryPresent !== null) return entryPresent
  const first = events.find((event) => HANDLES.has(event.name) || LOOKS.has(event.name))
  return first === undefined || LOOKS.has(first.name)
}

/** What a fault begins with that finds no entry, and one that finds one. */
const HANDLES: ReadonlySet<string> = new Set(['dax_pte_fault', 'dax_pmd_fault'])
const LOOKS: ReadonlySet<string> = new Set(['do_wp_page', 'ptep_set_access_flags', 'pmdp_set_access_flags'])

function entriesAfter(
  ptes: readonly PteObservation[],
  before: Entries,
  { places }: Upgrades,
  arch: PageTableArch,
): Entries {
  return new Map(
    ptes.map(({ at, level, flags, frame }) => {
      const place = placeOf(level, at)
      const old = before.get(place)
      const everWritable =
        isWritable(flags, arch) || places.has(place) || (old?.frame === frame && old.everWritable)
      return [place, { frame, everWritable }]
    }),
  )
}

/** `m0+0x1008` as the page, or 2 MiB, that an entry of the level covers. */
function placeOf(level: number, at: string): string {
  const plus = at.lastIndexOf('+')
  const offset = Number(at.slice(plus + 1))
  const size = level === 2 ? 2 ** 21 : 4096
  return `${level} ${at.slice(0, plus + 1)}${offset - (offset % size)}`
}

function isWritable(flags: unknown, arch: PageTableArch): boolean {
  if (typeof flags !== 'string') return false
  const value = BigInt(flags)
  const lo = Uint32Array.of(Number(value & 0xffffffffn))
  const hi = Uint32Array.of(Number(value >> 32n))
  return arch.pteWrite(lo, hi, 0)
}
