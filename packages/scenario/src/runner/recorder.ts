/**
 * Turns the events of a run into what a recording holds: faults with their own events, and the others.
 * @module
 */

import {
  bitNames,
  FAULT_FLAG_NAMES,
  FAULT_FLAG_ORIG_PTE_VALID,
  type Machine,
  type Mm,
  type Task,
  type TraceSink,
  VM_FAULT_NAMES,
  VM_FAULT_WRITE,
} from '@mm-model/core'
import type { EventObservation, FaultObservation } from '../observation.ts'
import { type EntryBits, type Frames, hex, hex64, type Places } from './names.ts'
import { type Slots, slotsOf } from './slots.ts'

/** Flushes of this many bytes or more are of the whole address space. */
const WHOLE_SPACE = 2 ** 46

interface OpenFault {
  fault: { -readonly [K in keyof FaultObservation]: FaultObservation[K] } & { events: EventObservation[] }
  /** Between `handle_mm_fault` and its return. */
  inside: boolean
}

/** A place that is named when the operation is over and its mappings are known. */
class Place {
  readonly address: number
  constructor(address: number) {
    this.address = address
  }
}

type RawEvent = { name: string } & Record<string, unknown>

/** Collects one operation's events at a time. */
export class Recorder {
  /** Events that recordings of this kernel do not have. */
  readonly #silent: ReadonlySet<string>
  readonly #frames: Frames
  readonly #places: Places
  readonly #bits: EntryBits
  /** Recordings look at the slots of scenario mappings. Faults elsewhere are the recorder's own. */
  readonly #slots: Slots
  #faults: OpenFault['fault'][] = []
  #events: RawEvent[] = []
  /** The fault in progress of each task; `noise` is a fault outside the scenario's mappings. */
  #current: Map<Task, OpenFault | 'noise'> = new Map()
  /**
   * Address spaces whose page tables the recorder has found: it learns where they are from a process's first handled fault, and
   * until then a recording shows no entries of it, though a fork may have copied some.
   */
  readonly #found: Set<Mm> = new Set()
  readonly sink: TraceSink = (name, t, a, b, c) => this.#take(name, t, a, b, c)

  constructor(frames: Frames, places: Places, bits: EntryBits, slots: Slots, silent: ReadonlySet<string>) {
    this.#silent = silent
    this.#frames = frames
    this.#places = places
    this.#bits = bits
    this.#slots = slots
  }

  /** Whether a recording shows entries of this task yet. */
  hasFound(t: Task): boolean {
    return this.#found.has(t.mm)
  }

  /** The recorder found them otherwise: the task took a fault of its own, in memory that it shares with its parent. */
  find(t: Task): void {
    this.#found.add(t.mm)
  }

  /** Begins an operation. */
  begin(): void {
    this.#faults = []
    this.#events = []
    this.#current = new Map()
  }

  /** Ends it: what happened, with every place named by the mappings there are now. */
  end(): { faults: FaultObservation[]; events: EventObservation[] } {
    const faults = this.#faults.map((fault): FaultObservation => {
      const at = this.#places.name(fault.at as unknown as number)
      const { error, events, flags, vmFlags, pageProt, ret } = fault
      const named = { at, error, events: events.map((event) => this.#name(event as RawEvent)) }
      if (flags === undefined) return named
      return { ...named, flags, vmFlags, pageProt, ...(ret === undefined ? {} : { ret }) }
    })
    return { faults, events: this.#events.map((event) => this.#name(event)) }
  }

  #name(event: RawEvent): EventObservation {
    const named: Record<string, unknown> = {}
    for (const [key, value] of Object.entries(event)) {
      if (value instanceof Place) named[key] = this.#places.name(value.address)
      else if (key === 'range' && Array.isArray(value))
        named[key] = [this.#places.name(value[0] as number), value[1]]
      else named[key] = value
    }
    return named as EventObservation
  }

  #take(name: string, t: Task, a: number, b: number, c: number): void {
    const current = this.#current.get(t)
    switch (name) {
      case 'page_fault_user': {
        this.#current.delete(t)
        if (!this.#outside(a)) this.#open(t, a, hex(b))
        return
      }
      case 'handle_mm_fault': {
        this.#found.add(t.mm)
        if (this.#outside(a)) {
          this.#current.set(t, 'noise')
          return
        }
        const open = current === undefined || current === 'noise' ? this.#open(t, a, null) : current
        open.fault.flags = bitNames(b, FAULT_FLAG_NAMES)
        open.fault.vmFlags = hex(c >>> 0)
        const { vma } = vmfOf(t, a)
        open.fault.pageProt = hex64(vma.vmPageProtLo, vma.vmPageProtHi)
        open.inside = true
        return
      }
      case 'handle_mm_fault_ret':
        // VM_FAULT_WRITE has no name in recordings.
        if (current !== undefined && current !== 'noise') {
          current.fault.ret = bitNames(a & ~VM_FAULT_WRITE, VM_FAULT_NAMES)
        }
        this.#current.delete(t)
        return
      default: {
        if (current === 'noise') return
        const event = this.#event(name, a, b, c)
        if (event === null) return
        if (current?.inside === true) current.fault.events.push(event as EventObservation)
        else this.#events.push(event)
      }
    }
  }

  #open(t: Task, address: number, error: string | null): OpenFault {
    const fault = { at: address as unknown as string, error, events: [] as EventObservation[] }
    const open: OpenFault = { fault, inside: false }
    this.#faults.push(fault)
    this.#current.set(t, open)
    return open
  }

  #outside(address: number): boolean {
    return !(address >= this.#slots.first && address < this.#slots.end)
  }

  /** One event as recordings write it, or null for those that they do not have. */
  #event(name: string, a: number, b: number, c: number): RawEvent | null {
    if (this.#silent.has(name)) return null
    switch (name) {
      case 'do_wp_page':
        return { name, orig: this.#bits.print(a, b) }
      case 'vmf_insert_mixed':
      case 'vmf_insert_mixed_mkwrite':
        return { name, frame: this.#frames.label(a, 1) }
      case 'vmf_insert_mixed_prot':
      case 'dax_pmd_load_hole_fallback':
      case 'xfs_filemap_fault':
      case 'xfs_read_iomap_begin':
        return null
      case 'ptep_set_access_flags':
      case 'pmdp_set_access_flags':
        return this.#outside(a) ? null : { name, at: new Place(a), pte: this.#bits.print(b, c) }
      case 'ptep_clear_flush':
      case 'local_flush_tlb_page':
        return this.#outside(a) ? null : { name, at: new Place(a) }
      case 'flush_tlb_mm_range':
        if (b - a >= WHOLE_SPACE) return { name, range: 'all' }
        return this.#outside(a) ? null : { name, range: [a, hex(b - a)] }
      case 'unmap_mapping_range':
        return { name, start: hex(a), len: hex(b), even_cows: hex(c) }
      case 'unmap_mapping_pages':
        return { name, start: hex(a), nr: hex(b), even_cows: hex(c) }
      case 'dax_iomap_fault':
        return { name, order: a }
      case 'iomap_begin':
        return { name, write: c !== 0, pos: hex(a), len: hex(b) }
      case 'ext4_get_block':
      case 'ext4_dax_mmap_get_block':
        return { name, create: c !== 0, pos: hex(a), len: hex(b) }
      case 'ext4_dax_pmd_fault_ret':
        return { name, ret: bitNames(a, VM_FAULT_NAMES).join('|') }
      case 'dax_pte_fault':
      case 'dax_pmd_fault':
        return { name, pgoff: hex(a), flags: printedFlags(b) }
      case 'dax_pte_fault_done':
      case 'dax_pmd_fault_done':
      case 'dax_load_hole':
      case 'dax_insert_pfn_mkwrite':
      case 'dax_insert_pfn_mkwrite_no_entry':
        return { name, ret: bitNames(b, VM_FAULT_NAMES).join('|'), pgoff: hex(a) }
      case 'dax_pmd_load_hole':
        return { name, ret: '' }
      case 'dax_writeback_range':
      case 'dax_writeback_range_done':
        return { name, pgoff: `${hex(a)}-${hex(b)}` }
      case 'dax_writeback_one':
        return { name, pgoff: hex(a), pglen: hex(b) }
      default:
        return { name }
    }
  }
}

/** Flags as the dax tracepoints print them: the original-entry bit has no name and stays a number. */
function printedFlags(flags: number): string[] {
  const names = bitNames(flags & ~FAULT_FLAG_ORIG_PTE_VALID, FAULT_FLAG_NAMES)
  if ((flags & FAULT_FLAG_ORIG_PTE_VALID) !== 0) names.push(hex(FAULT_FLAG_ORIG_PTE_VALID))
  return names
}

/** The area a fault is about to be handled in, for its protection. */
function vmfOf(t: Task, address: number): { vma: { vmPageProtLo: number; vmPageProtHi: number } } {
  const vma = t.mm.areas.findVma(address)
  if (vma === null) throw new Error(`no area at ${hex(address)}`)
  return { vma }
}

/** Attaches a recorder to a machine. */
export function record(machine: Machine, frames: Frames, places: Places, bits: EntryBits): Recorder {
  const recorder = new Recorder(frames, places, bits, slotsOf(machine), machine.kernel.silentFunctions)
  machine.trace = recorder.sink
  return recorder
}
