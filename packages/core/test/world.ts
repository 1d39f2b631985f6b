/**
 * A small machine with one task, and what tests look at in it.
 */

import {
  HUGE_ZERO_PFN,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  Machine,
  type MachineOptions,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type Task,
  ZERO_PFN,
} from '@mm-model/core'
import type { Calls } from './forms.ts'
import { mkwrite } from './strategies.ts'
import type { TinyFile } from './tiny-file.ts'

/** Where tests map: the second half of a 2 MiB range, so that a few pages never span one. */
export const BASE = 0x600000100000
export const PAGE = 4096

/** Address of page `n` of the playground. */
export const at = (n: number): number => BASE + n * PAGE

export interface World {
  readonly machine: Machine
  readonly task: Task
  /** Names and arguments of events, while somebody listens. */
  readonly events: string[]
}

export function createWorld(options: Partial<MachineOptions> = {}): World {
  const machine = new Machine({ strategy: mkwrite, pmemPages: 4096, ramPages: 4096, ...options })
  const events: string[] = []
  machine.trace = (name, _t, a, b, c) => {
    events.push(
      [name, a, b, c].map((value) => (typeof value === 'number' ? value.toString(16) : value)).join(' '),
    )
  }
  return { machine, task: machine.createTask(), events }
}

/** `PROT_*` from letters: `rw`, `r`, `-`. */
export function protOf(letters: string): number {
  let prot = 0
  for (const letter of letters) prot |= { r: PROT_READ, w: PROT_WRITE, x: PROT_EXEC }[letter] ?? 0
  return prot
}

/** Maps pages `first … first + pages - 1` of the playground from the file's page `pgoff`. */
export function mapFile(
  k: Calls,
  t: Task,
  file: TinyFile,
  how: { first?: number; pages?: number; pgoff?: number; prot?: string; flags?: number } = {},
): number {
  return k.mmap(t, {
    address: at(how.first ?? 0),
    length: (how.pages ?? 8) * PAGE,
    prot: protOf(how.prot ?? 'rw'),
    flags: MAP_FIXED | (how.flags ?? MAP_SHARED),
    file,
    offset: (how.pgoff ?? 0) * PAGE,
  })
}

/** Maps private anonymous memory. */
export function mapAnon(
  k: Calls,
  t: Task,
  how: { first?: number; pages?: number; prot?: string; flags?: number } = {},
): number {
  return k.mmap(t, {
    address: at(how.first ?? 0),
    length: (how.pages ?? 8) * PAGE,
    prot: protOf(how.prot ?? 'rw'),
    flags: MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | (how.flags ?? 0),
    file: null,
    offset: 0,
  })
}

/**
 * The leaf that maps an address: `8400000000000a67 pmem+3`, its bits without the frame and then the frame; `pmd`
 * before it for a leaf of 2 MiB; `none`.
 */
export function leaf(t: Task, address: number): string {
  const { pageTables: pt, arch } = t.machine
  const pmd = pt.pmdSlot(t.mm.pgd, address)
  if (pmd < 0 || pt.isNone(pmd)) return 'none'
  const huge = pt.pmdIsLeaf(pmd)
  const slot = huge ? pmd : pt.pteSlotAt(pmd, address)
  if (pt.isNone(slot)) return 'none'
  const pfn = huge ? arch.pmdPfn(pt.lo, pt.hi, slot) : arch.ptePfn(pt.lo, pt.hi, slot)
  // Bits 12 … 51 are the frame; PAT of a 2 MiB leaf, bit 12, is never set here.
  const hi = (pt.hi[slot]! & 0xfff00000) >>> 0
  const lo = pt.lo[slot]! & 0xfff
  const bits = ((BigInt(hi) << 32n) | BigInt(lo)).toString(16).padStart(16, '0')
  return `${huge ? 'pmd ' : ''}${bits} ${frameName(t, pfn)}`
}

/** `pmem+3`, `ram`, `zero`. */
function frameName(t: Task, pfn: number): string {
  const { memory } = t.machine
  if (pfn === ZERO_PFN) return 'zero'
  if (pfn === HUGE_ZERO_PFN) return 'huge zero'
  if (memory.isPmem(pfn)) return `pmem+${pfn - (memory.ramBasePfn - memory.pmemPages)}`
  return memory.isRam(pfn) ? 'ram' : `frame ${pfn}`
}

/** `SIGSEGV/SEGV_MAPERR`, or `ok`. */
export function outcome(t: Task): string {
  return t.signal === null ? 'ok' : `${t.signal.signal}/${t.signal.code}`
}
