/**
 * The state of an instance in words, thing by thing, so that what a step changed can be told.
 * @module
 */

import type { Mm, Tlb } from '@mm-model/core'
import { PMD_SIZE, TLB_DIRTY, TLB_WRITE } from '@mm-model/core'
import { type DaxFile, XaState } from '@mm-model/dax'
import { entryStates } from './assertions.ts'
import { visitLeaves } from './invariants/leaves.ts'
import { frame, hex, isZeroPage } from './invariants/over-leaves.ts'
import type { Instance } from './program.ts'

/** What each thing is, by what it is called; what is not there is `none`. */
export type WatchedState = ReadonlyMap<string, string>

/** Areas are looked at up to this many bytes. */
const MOST_BYTES = 4 * PMD_SIZE

/**
 * The entries of files with their tags, sizes and times, the leaves of all address spaces, and what TLBs have of the same
 * addresses.
 */
export function watchState(instance: Instance): WatchedState {
  const state = new Map<string, string>()
  for (const file of instance.files ?? []) watchFile(file, state)
  const { machine, threads, placeOf = hex } = instance
  const mms = [...new Set(machine.tasks.map(({ mm }) => mm))]
  for (const mm of mms) {
    const tasks = machine.tasks.filter((task) => task.mm === mm)
    const owner = threads.find(({ task }) => task.mm === mm)?.name ?? `task ${tasks[0]!.id}`
    const of = mms.length === 1 ? '' : ` of ${owner}`
    for (const vma of mm.areas) {
      visitLeaves(vma, (address, slot, huge) => {
        state.set(`leaf ${placeOf(address)}${of}`, leafWords(mm, slot, huge))
        return null
      })
      const end = Math.min(vma.vmEnd, vma.vmStart + MOST_BYTES)
      for (let address = vma.vmStart; address < end; address += 4096) {
        for (const cpu of new Set(tasks.map((task) => task.cpu))) {
          const words = cachedWords(machine.tlbs[cpu]!, mm, address)
          if (words !== null) state.set(`TLB of CPU ${cpu} for ${placeOf(address)}${of}`, words)
        }
      }
    }
  }
  return state
}

/** `what: before -> after` for each thing that differs. */
export function changesBetween(before: WatchedState, after: WatchedState): string[] {
  const changes: string[] = []
  for (const what of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(what) ?? 'none', after.get(what) ?? 'none']
    if (was !== is) changes.push(`${what}: ${was} -> ${is}`)
  }
  return changes
}

function watchFile(file: DaxFile, state: Map<string, string>): void {
  const { inode } = file
  state.set(`size of ${inode.name}`, String(inode.size))
  state.set(`mtime of ${inode.name}`, String(inode.mtime))
  const xas = new XaState(inode.entries)
  for (let index = 0; ; index = xas.index + 1) {
    const entry = xas.set(index, 0).find(Number.MAX_SAFE_INTEGER)
    if (entry === 0) return
    const page = xas.index
    const size = inode.sb.entryFormat.decode(entry).pages > 1 ? ', 2 MiB' : ''
    state.set(`entry of page ${page} of ${inode.name}`, `${entryStates(file, page).join(', ')}${size}`)
  }
}

function leafWords(mm: Mm, slot: number, huge: boolean): string {
  const { pageTables: pt } = mm.machine
  const { arch, lo, hi } = pt
  const pfn = huge ? arch.pmdPfn(lo, hi, slot) : arch.ptePfn(lo, hi, slot)
  const writable = huge ? arch.pmdWrite(lo, hi, slot) : arch.pteWrite(lo, hi, slot)
  const dirty = huge ? arch.pmdDirty(lo, hi, slot) : arch.pteDirty(lo, hi, slot)
  return [
    isZeroPage(pfn) ? 'zero page' : frame(pfn),
    ...(huge ? ['2 MiB'] : []),
    writable ? 'writable' : 'read-only',
    dirty ? 'dirty' : 'clean',
  ].join(', ')
}

function cachedWords(tlb: Tlb, mm: Mm, address: number): string | null {
  const rights = tlb.lookup(mm.tlbContext, address)
  if (rights < 0) return null
  const access = (rights & TLB_WRITE) !== 0 ? 'writable' : 'read-only'
  return `${frame(tlb.pfn)}, ${access}${(rights & TLB_DIRTY) !== 0 ? ', dirty' : ''}`
}
