/** Makes an event of a recording from a line of the trace. */
import type { EventObservation, EventValue } from '@mm-model/scenario'
import type { Frames } from './frames.ts'
import { flagsOf } from './frames.ts'
import { hex, type Places } from './places.ts'
import { fieldsOf, type TraceLine } from './trace-line.ts'

/** What gives names to what an event is about. */
export interface Naming {
  readonly places: Places
  readonly frames: Frames
}

type Fields = Readonly<Record<string, string>>
type Members = Record<string, EventValue>

/** A flush of 64 TiB or more is one of everything. */
const EVERYTHING: bigint = 1n << 46n

/** In a `pfn_t` the upper bits are flags. */
const PFN_BITS: bigint = 0xfffffffffffffn

/** Traced only because their group is, or by an agent's older list of probes; recordings leave them out. */
const LEFT_OUT: readonly string[] = ['tlb_flush', 'jbd2_start', 'generic_update_time', 'xfs_filemap_fault']

/** Tracepoints of fs_dax that tell a result, besides those that end in `_done`. */
const WITH_RESULT: readonly string[] = [
  'dax_load_hole',
  'dax_insert_pfn_mkwrite',
  'dax_insert_pfn_mkwrite_no_entry',
  'dax_pmd_load_hole',
]
const WITHOUT_RESULT: readonly string[] = ['dax_writeback_range_done']

/** Functions that are told an address and sometimes an entry. */
const AT_ADDRESS: readonly string[] = ['ptep_set_access_flags', 'ptep_clear_flush', 'pmdp_set_access_flags']

/** `null` for an event that recordings leave out, as one about the agent's own memory. */
export function eventOf(line: TraceLine, naming: Naming): EventObservation | null {
  const { event, rest } = line
  if (LEFT_OUT.includes(event)) return null
  const fields = fieldsOf(line)
  if (event === 'ext4_iomap_begin' || event === 'xfs_write_iomap') return iomapBegin(fields)
  if (event === 'flush_tlb_mm_range') return flush(event, fields, naming)
  if (AT_ADDRESS.includes(event)) return atAddress(event, fields, naming)
  const members: Members = {}
  if ((event.endsWith('_done') || WITH_RESULT.includes(event)) && !WITHOUT_RESULT.includes(event))
    members.ret = /(?:^| )([A-Z|_]+)$/.exec(rest)?.[1] ?? ''
  if (event.startsWith('dax_')) {
    for (const key of ['pgoff', 'pglen']) {
      const value = new RegExp(`${key} (\\S+)`).exec(rest)?.[1]
      if (value !== undefined) members[key] = value
    }
  }
  if (event === 'dax_pte_fault' || event === 'dax_pmd_fault')
    members.flags = /(?:shared|private) (\S+) address/.exec(rest)?.[1]?.split('|') ?? []
  if (event.startsWith('unmap_mapping')) Object.assign(members, fields)
  if (event === 'dax_iomap_fault') members.order = Number(fields.order)
  if (event === 'do_wp_page') members.orig = flagsOf(BigInt(fields.orig ?? 0))
  if (event.startsWith('vmf_insert') && fields.pfn !== undefined)
    members.frame = naming.frames.name(BigInt(fields.pfn) & PFN_BITS)
  return { name: event, ...members }
}

/** Both file systems' functions have one name in recordings. */
function iomapBegin({ flags, pos, len }: Fields): EventObservation {
  const write = (BigInt(flags ?? 0) & 1n) === 1n
  return { name: 'iomap_begin', write, pos: hex(BigInt(pos ?? 0)), len: hex(BigInt(len ?? 0)) }
}

function flush(
  name: string,
  { start = '0', end = '0' }: Fields,
  { places }: Naming,
): EventObservation | null {
  const [from, length] = [BigInt(start), BigInt(end) - BigInt(start)]
  if (length >= EVERYTHING) return { name, range: 'all' }
  return places.has(from) ? { name, range: [places.name(from), hex(length)] } : null
}

function atAddress(name: string, { addr = '0', entry }: Fields, { places }: Naming): EventObservation | null {
  const address = BigInt(addr)
  if (!places.has(address)) return null
  const pte = entry === undefined ? {} : { pte: flagsOf(BigInt(entry)) }
  return { name, at: places.name(address), ...pte }
}
