/**
 * A machine between two calls, copied: what the checks look at, and what the next call is compared with.
 * @module
 */

import type { File } from '../file.ts'
import type { Machine } from '../machine.ts'
import type { Mm } from '../mm.ts'
import { PTL_FREE } from '../page-tables.ts'
import { PTRS_PER_PMD_LEAF } from '../physical-memory.ts'
import type { Vma } from '../vma.ts'
import { hex } from './invariant.ts'
import { LeafTable, type TableCensus } from './leaves.ts'

/** One area as it was. */
export interface AreaSnapshot {
  readonly vma: Vma
  readonly start: number
  readonly end: number
  readonly flags: number
  readonly pgoff: number
  readonly protLo: number
  readonly protHi: number
  readonly file: File | null
  readonly isDax: boolean
  /** Whether the backend wants to notice writes (`pfn_mkwrite`). */
  readonly notesWrites: boolean
}

/** One address space as it was. */
export interface MmSnapshot {
  readonly mm: Mm
  /** `mm1`. */
  readonly name: string
  readonly areas: readonly AreaSnapshot[]
  readonly leaves: LeafTable
  /** Pages that the address space says it has mapped. */
  readonly totalVm: number
}

/** One translation that a CPU had cached for an address space that lives. */
export interface Translation {
  readonly cpu: number
  readonly space: MmSnapshot
  /** First byte, aligned to its size. */
  readonly address: number
  /** First frame. */
  readonly pfn: number
  /** `TLB_*`. */
  readonly rights: number
  readonly huge: boolean
}

/** One RAM frame that entries map. */
export interface FrameSnapshot {
  /** Entries of one page that map it, of all address spaces. */
  entries: number
  /** Entries of 2 MiB that map it with 511 others. */
  hugeEntries: number
  /** What the frame itself counts: entries of one page. */
  readonly mapcount: number
  readonly exclusive: boolean
  /** A page of a file's page cache, not an anonymous one. */
  readonly ofFile: boolean
  /** First frame of the 2 MiB page that it is a part of, or -1. */
  readonly head: number
}

/** One 2 MiB page of RAM that entries map, or parts of it. */
export interface HugePageSnapshot {
  /** Entries that map it or a part of it. */
  entries: number
  /** What the page itself counts. */
  readonly refs: number
}

export interface MachineSnapshot {
  readonly machine: Machine
  /** Clock tick at which it was taken. */
  readonly now: number
  readonly spaces: readonly MmSnapshot[]
  readonly translations: readonly Translation[]
  readonly frames: ReadonlyMap<number, FrameSnapshot>
  /** By first frame. */
  readonly hugePages: ReadonlyMap<number, HugePageSnapshot>
  /** RAM frames handed out, and those of them that the backend holds for itself. */
  readonly ramInUse: number
  readonly ramOfBackend: number
  /** Table pages handed out, and what a walk from all roots reached. */
  readonly tablesInUse: number
  readonly tables: TableCensus
  /** Locks that somebody holds, by name. */
  readonly locksHeld: readonly string[]
}

/**
 * Copies what a machine holds; no call may be in progress. `ramOfBackend`: RAM frames that a backend took for itself and
 * maps nowhere.
 */
export function snapshotMachine(machine: Machine, ramOfBackend = 0): MachineSnapshot {
  const tables: TableCensus = { reached: new Set(), again: [] }
  const ram = new RamCensus(machine)
  const spaces: MmSnapshot[] = []
  for (const mm of new Set(machine.tasks.map((task) => task.mm))) {
    const space = snapshotMm(mm, tables)
    spaces.push(space)
    ram.count(space.leaves)
  }
  return {
    machine,
    now: machine.now,
    spaces,
    translations: copyTranslations(machine, spaces),
    frames: ram.frames,
    hugePages: ram.hugePages,
    ramInUse: machine.memory.ramInUse,
    ramOfBackend,
    tablesInUse: machine.pageTables.inUse,
    tables,
    locksHeld: locksHeld(machine, spaces, tables),
  }
}

/** The address space of that `mm`; null for one that no task has. */
export function spaceOf(snapshot: MachineSnapshot, mm: Mm): MmSnapshot | null {
  return snapshot.spaces.find((space) => space.mm === mm) ?? null
}

/** Where in an address space, for messages. */
export function at(space: MmSnapshot, address: number): { where: string; address: number } {
  return { where: `${hex(address)} in ${space.name}`, address }
}

function snapshotMm(mm: Mm, tables: TableCensus): MmSnapshot {
  const areas: AreaSnapshot[] = []
  for (const vma of mm.areas) {
    areas.push({
      vma,
      start: vma.vmStart,
      end: vma.vmEnd,
      flags: vma.vmFlags,
      pgoff: vma.vmPgoff,
      protLo: vma.vmPageProtLo,
      protHi: vma.vmPageProtHi,
      file: vma.vmFile,
      isDax: vma.isDax,
      notesWrites: vma.vmOps !== null && vma.vmOps.plain.pfnMkwrite !== null,
    })
  }
  const leaves = LeafTable.of(mm.machine.pageTables, mm.pgd, tables)
  for (let i = 0, area = 0; i < leaves.count; i++) {
    while (area < areas.length && areas[area]!.end <= leaves.address[i]!) area++
    if (area < areas.length && areas[area]!.start <= leaves.address[i]!) leaves.area[i] = area
  }
  const name = mm.mmapLock.name.replace('.mmap_lock', '')
  return { mm, name, areas, leaves, totalVm: mm.totalVm }
}

/** Counts the entries that map each RAM frame. */
class RamCensus {
  readonly frames: Map<number, FrameSnapshot> = new Map()
  readonly hugePages: Map<number, HugePageSnapshot> = new Map()
  readonly #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  count(leaves: LeafTable): void {
    const { memory } = this.#machine
    for (let i = 0; i < leaves.count; i++) {
      const pfn = leaves.pfn[i]!
      if (!memory.isRam(pfn)) continue
      const head = memory.compoundHead(pfn)
      if (head >= 0) this.#hugePage(head).entries++
      if (leaves.huge[i] === 0) this.#frame(pfn).entries++
      else for (let part = 0; part < PTRS_PER_PMD_LEAF; part++) this.#frame(pfn + part).hugeEntries++
    }
  }

  #frame(pfn: number): FrameSnapshot {
    const known = this.frames.get(pfn)
    if (known !== undefined) return known
    const { memory } = this.#machine
    const frame = {
      entries: 0,
      hugeEntries: 0,
      mapcount: memory.mapcount(pfn),
      exclusive: memory.anonExclusive(pfn),
      ofFile: memory.isFilePage(pfn),
      head: memory.compoundHead(pfn),
    }
    this.frames.set(pfn, frame)
    return frame
  }

  #hugePage(head: number): HugePageSnapshot {
    const known = this.hugePages.get(head)
    if (known !== undefined) return known
    const page = { entries: 0, refs: this.#machine.memory.hugeRefs(head) }
    this.hugePages.set(head, page)
    return page
  }
}

function copyTranslations(machine: Machine, spaces: readonly MmSnapshot[]): Translation[] {
  const byContext = new Map(spaces.map((space) => [space.mm.tlbContext, space]))
  const translations: Translation[] = []
  for (const [cpu, tlb] of machine.tlbs.entries()) {
    tlb.forEach((context, address, pfn, rights, huge) => {
      const space = byContext.get(context)
      if (space !== undefined) translations.push({ cpu, space, address, pfn, rights, huge })
    })
  }
  return translations
}

function locksHeld(machine: Machine, spaces: readonly MmSnapshot[], tables: TableCensus): string[] {
  const held: string[] = []
  const note = ({
    name,
    readers,
    writer,
  }: {
    name: string
    readers: number
    writer: object | null
  }): void => {
    if (readers !== 0 || writer !== null) held.push(name)
  }
  const mappings = new Set(
    spaces.flatMap(({ areas }) => areas.flatMap(({ file }) => (file === null ? [] : [file.mapping]))),
  )
  for (const { mm } of spaces) {
    note(mm.mmapLock)
    for (const { vmLock } of mm.areas) if (vmLock !== null) note(vmLock)
  }
  for (const mapping of mappings) {
    note(mapping.iMmapRwsem)
    note(mapping.invalidateLock)
    for (const { lock } of mapping.pages) note(lock)
  }
  for (const table of tables.reached) {
    if (machine.pageTables.ptl[table] !== PTL_FREE) held.push(`the page-table lock of table ${table}`)
  }
  return held
}
