/**
 * The state of a process after an operation, as a recording shows it: entries and areas of the scenario's mappings.
 * @module
 */

import {
  type Mm,
  type PageTables,
  PMD_SIZE,
  VM_EXEC,
  VM_MAYSHARE,
  VM_READ,
  VM_WRITE,
  type Vma,
} from '@mm-model/core'
import type { PteObservation, VmaObservation } from '../observation.ts'
import { type EntryBits, type Frames, hex, type Places } from './names.ts'
import type { Process } from './process.ts'

/** Mappings are looked at up to this many bytes. */
const MOST_BYTES = 4 << 20

/** Every non-empty leaf entry of the named mappings, in the order of their names. */
export function observePtes(process: Process, frames: Frames, bits: EntryBits): PteObservation[] {
  const { mm, machine } = process.task
  const pt = machine.pageTables
  const ptes: PteObservation[] = []
  for (const { name, address, length } of process.mappings.values()) {
    let last = -1
    for (let offset = 0; offset < length && offset < MOST_BYTES; offset += 4096) {
      const { slot, level } = walk(pt, mm, address + offset)
      if (slot < 0 || pt.isNone(slot)) continue
      if (level > 1 && slot === last && offset % PMD_SIZE !== 0) continue
      last = slot
      ptes.push({
        at: `${name}+${hex(offset)}`,
        level,
        flags: bits.print(pt.lo[slot]!, pt.hi[slot]!),
        // What stands in the frame field, as that of a table pointer: never inverted.
        frame: frames.label(pt.arch.tableEntryPfn(pt.lo, pt.hi, slot), level),
      })
      if (level === 2) offset = offset - (offset % PMD_SIZE) + PMD_SIZE - 4096
    }
  }
  return ptes
}

/** The lowest entry on the way to an address. */
function walk(pt: PageTables, mm: Mm, address: number): { slot: number; level: number } {
  const pud = pt.pudSlot(mm.pgd, address, false)
  if (pud < 0 || pt.isNone(pud)) return { slot: -1, level: 3 }
  const pmd = pt.pmdSlotAt(pud, address)
  if (pt.isNone(pmd) || pt.pmdIsLeaf(pmd)) return { slot: pmd, level: 2 }
  return { slot: pt.pteSlotAt(pmd, address), level: 1 }
}

/** The areas over the named mappings, as `/proc/self/maps` lists them. */
export function observeVmas(process: Process, places: Places): VmaObservation[] {
  const mappings = [...process.mappings.values()]
  const vmas: VmaObservation[] = []
  for (const vma of process.task.mm.areas) {
    const shown = mappings.some(
      ({ address, length }) => vma.vmStart < address + length && vma.vmEnd > address,
    )
    if (!shown) continue
    vmas.push({
      perms: permissions(vma),
      offset: hex(vma.vmFile === null ? 0 : vma.vmPgoff * 4096),
      name: vma.vmFile?.name ?? '',
      at: places.name(vma.vmStart),
      len: hex(vma.vmEnd - vma.vmStart),
    })
  }
  return vmas
}

function permissions({ vmFlags }: Vma): string {
  const letter = (flag: number, yes: string, no: string): string => ((vmFlags & flag) !== 0 ? yes : no)
  return (
    letter(VM_READ, 'r', '-') +
    letter(VM_WRITE, 'w', '-') +
    letter(VM_EXEC, 'x', '-') +
    letter(VM_MAYSHARE, 's', 'p')
  )
}
