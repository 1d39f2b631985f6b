/**
 * A small machine with a file system and one task, and what tests look at in it.
 */

import {
  defineStrategy,
  HUGE_ZERO_PFN,
  INSTALL_MKWRITE,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_SYNC,
  Machine,
  type MachineOptions,
  PMEM_BASE_PFN,
  type Task,
  type WriteFaultStrategy,
  ZERO_PFN,
} from '@mm-model/core'
import {
  type DaxFile,
  daxIsEmptyEntry,
  daxIsLocked,
  daxIsPmdEntry,
  daxIsZeroEntry,
  daxToPfn,
  mountExt4,
  PAGECACHE_TAG_DIRTY,
  PAGECACHE_TAG_TOWRITE,
  type SuperBlock,
  XaState,
} from '@mm-model/dax'
import type { Calls } from './forms.ts'

export const PAGE = 4096
export const MIB2 = 0x200000

/** What Linux does since 4.14; the packages of strategies are above this one. */
export const mkwrite: WriteFaultStrategy = defineStrategy({
  name: 'mkwrite',
  apiVersion: 1,
  capabilities: { firstStoreTraps: 1, marksDirty: true, times: 'fault' },
  install: () => INSTALL_MKWRITE,
})

/** First address of mapping `n`: a GiB each. */
export const slot = (n: number): number => 0x600000000000 + n * 0x40000000

export interface World {
  readonly machine: Machine
  readonly task: Task
  readonly sb: SuperBlock
  /** Names and arguments of events, while somebody listens. */
  readonly events: string[]
}

export type Mount = (machine: Machine) => SuperBlock

export function createWorld(options: Partial<MachineOptions> = {}, mount: Mount = mountExt4): World {
  const machine = new Machine({ strategy: mkwrite, ramPages: 16384, ...options })
  const sb = mount(machine)
  const events: string[] = []
  machine.trace = (name, _t, a, b, c) => {
    events.push([name, a, b, c].map((v) => (typeof v === 'number' ? v.toString(16) : v)).join(' '))
  }
  return { machine, task: machine.createTask(), sb, events }
}

export type Kind = 'shared' | 'private' | 'sync'

const FLAGS: Record<Kind, number> = {
  shared: MAP_SHARED,
  private: MAP_PRIVATE,
  sync: MAP_SHARED_VALIDATE | MAP_SYNC,
}

/** Maps the file from page `pgoff` at mapping `n`. */
export function map(
  k: Calls,
  t: Task,
  file: DaxFile,
  how: { n?: number; pages?: number; pgoff?: number; prot?: number; kind?: Kind } = {},
): number {
  return k.mmap(t, {
    address: slot(how.n ?? 0),
    length: (how.pages ?? 16) * PAGE,
    prot: how.prot ?? 3,
    flags: MAP_FIXED | FLAGS[how.kind ?? 'shared'],
    file,
    offset: (how.pgoff ?? 0) * PAGE,
  })
}

/**
 * The leaf that maps an address: its bits without the frame, then what the frame is; `pmd` before it for a leaf of
 * 2 MiB; `none`.
 */
export function leaf(t: Task, address: number): string {
  const { pageTables: pt, arch } = t.machine
  const pmd = pt.pmdSlot(t.mm.pgd, address)
  if (pmd < 0 || pt.isNone(pmd)) return 'none'
  const huge = pt.pmdIsLeaf(pmd)
  const at = huge ? pmd : pt.pteSlotAt(pmd, address)
  if (pt.isNone(at)) return 'none'
  const pfn = huge ? arch.pmdPfn(pt.lo, pt.hi, at) : arch.ptePfn(pt.lo, pt.hi, at)
  const bits = (BigInt((pt.hi[at]! & 0xfff00000) >>> 0) << 32n) | BigInt(pt.lo[at]! & 0xfff)
  return `${huge ? 'pmd ' : ''}${bits.toString(16).padStart(16, '0')} ${frameName(t, pfn)}`
}

function frameName(t: Task, pfn: number): string {
  if (pfn === ZERO_PFN) return 'zero'
  if (pfn === HUGE_ZERO_PFN) return 'huge zero'
  return t.machine.memory.isPmem(pfn) ? 'pmem' : 'ram'
}

/**
 * The mapping entry of a page: `block`, `zero`, `empty` or `none`, `2M` if it is of 2 MiB, `locked`, and its tags `D` and
 * `T`.
 */
export function entry(file: DaxFile, page: number): string {
  const xas = new XaState(file.inode.entries).set(page, 0)
  const value = xas.load()
  if (value === 0) return 'none'
  const words = [daxIsEmptyEntry(value) ? 'empty' : daxIsZeroEntry(value) ? 'zero' : 'block']
  if (words[0] === 'block' && !(daxToPfn(value) >= PMEM_BASE_PFN)) words.push('outside the device')
  if (daxIsPmdEntry(value)) words.push('2M')
  if (daxIsLocked(value)) words.push('locked')
  const tags = [PAGECACHE_TAG_DIRTY, PAGECACHE_TAG_TOWRITE].map((tag, i) => (xas.getMark(tag) ? 'DT'[i] : ''))
  if (tags.join('') !== '') words.push(tags.join(''))
  return words.join(' ')
}

/** `SIGBUS/BUS_ADRERR`, or `ok`. */
export function outcome(t: Task): string {
  return t.signal === null ? 'ok' : `${t.signal.signal}/${t.signal.code}`
}
