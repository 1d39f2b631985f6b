/**
 * Invariants of areas: I3, I4, I7.
 * @module
 */

import { FMODE_WRITE } from '../file.ts'
import { PAGE_SIZE } from '../physical-memory.ts'
import { VM_ACCESS_FLAGS, VM_LOCKED, VM_MAYSHARE, VM_SHARED, VM_WRITE } from '../vm-flags.ts'
import { hex, type Invariant, type Violation } from './invariant.ts'
import { type AreaSnapshot, at, type MachineSnapshot, type MmSnapshot } from './snapshot.ts'

/** The area by its limits: `0x600000000000-0x600000004000`. */
function limits({ start, end }: AreaSnapshot): string {
  return `${hex(start)}-${hex(end)}`
}

export const I3: Invariant<MachineSnapshot> = {
  id: 'I3',
  title: 'the protection of an area that wants to notice writes, or is private, lets nobody write',
  kind: 'S',
  source: 'mm/mmap.c: vma_set_page_prot, vma_wants_writenotify',
  check({ machine, spaces }) {
    const found: Violation[] = []
    const lo = new Uint32Array(2)
    const hi = new Uint32Array(2)
    for (const space of spaces) {
      for (const area of space.areas) {
        const shared = (area.flags & (VM_WRITE | VM_SHARED)) === (VM_WRITE | VM_SHARED)
        machine.arch.vmGetPageProt(
          shared && area.notesWrites ? area.flags & ~VM_SHARED : area.flags,
          lo,
          hi,
          0,
        )
        lo[1] = area.protLo
        hi[1] = area.protHi
        if (lo[0] === lo[1] && hi[0] === hi[1]) continue
        const writable = machine.arch.pgprotWritable(lo, hi, 1) && (!shared || area.notesWrites)
        found.push({
          invariant: 'I3',
          ...at(space, area.start),
          found: `${writable ? 'the writable ' : ''}vm_page_prot ${prot(area.protLo, area.protHi)}`,
          expected: `${prot(lo[0]!, hi[0]!)} for vm_flags ${hex(area.flags)}`,
        })
      }
    }
    return found
  },
}

function prot(lo: number, hi: number): string {
  return hi === 0 ? hex(lo) : `${hex(hi)}${lo.toString(16).padStart(8, '0')}`
}

export const I4: Invariant<MachineSnapshot> = {
  id: 'I4',
  title: 'areas are page aligned, sorted and disjoint, with rights they may have; every entry lies in one',
  kind: 'S',
  source: 'mm/mmap.c: do_mmap, __vma_adjust; mm/mprotect.c: do_mprotect_pkey',
  check({ spaces }) {
    return spaces.flatMap((space) => [...areaFaults(space), ...strayLeaves(space), ...unlinkedAreas(space)])
  },
}

function areaFaults(space: MmSnapshot): Violation[] {
  const found: Violation[] = []
  let previous: AreaSnapshot | null = null
  for (const area of space.areas) {
    const complain = (what: string, expected: string): void => {
      found.push({ invariant: 'I4', ...at(space, area.start), found: what, expected })
    }
    const { start, end, flags, file } = area
    if (start % PAGE_SIZE !== 0 || end % PAGE_SIZE !== 0 || !(start < end)) {
      complain(`the area ${limits(area)}`, 'page-aligned limits, the end behind the start')
    }
    if (previous !== null && previous.end > start) {
      complain(`the area ${limits(area)} behind ${limits(previous)}`, 'areas in order that do not overlap')
    }
    if ((flags & VM_SHARED) !== 0 && (flags & VM_MAYSHARE) === 0) {
      complain(`VM_SHARED without VM_MAYSHARE in ${hex(flags)}`, 'both')
    }
    // VM_MAYx is VM_x << 4
    if ((flags & ~(flags >> 4) & VM_ACCESS_FLAGS) !== 0) {
      complain(`vm_flags ${hex(flags)}`, 'no right without the VM_MAY bit that allows it')
    }
    if ((flags & VM_SHARED) !== 0 && (file === null || (file.fMode & FMODE_WRITE) === 0)) {
      complain('VM_SHARED on a file that is not open for writing', 'an area without VM_SHARED')
    }
    previous = area
  }
  return found
}

function strayLeaves(space: MmSnapshot): Violation[] {
  const found: Violation[] = []
  const { leaves, areas } = space
  for (let i = 0; i < leaves.count; i++) {
    const area = areas[leaves.area[i]!]
    if (area !== undefined && leaves.end(i) <= area.end) continue
    found.push({
      invariant: 'I4',
      ...at(space, leaves.address[i]!),
      found: `${leaves.describe(i)} ${area === undefined ? 'outside of every area' : `across the end of ${limits(area)}`}`,
      expected: 'that every entry lies in one area',
    })
  }
  return found
}

/** Areas that their file's mapping does not know would be missed by every unmapping and cleaning of the file. */
function unlinkedAreas(space: MmSnapshot): Violation[] {
  const found: Violation[] = []
  for (const area of space.areas) {
    if (area.file === null) continue
    const { iMmap } = area.file.mapping
    const links = iMmap.filter((vma) => vma === area.vma).length
    if (links !== 1) {
      found.push({
        invariant: 'I4',
        ...at(space, area.start),
        found: `the area ${limits(area)} ${links} times in the i_mmap of ${area.file.name}`,
        expected: 'every area of a file there once',
      })
    }
    for (const vma of iMmap) {
      if (vma.vmMm !== space.mm || space.areas.some((other) => other.vma === vma)) continue
      found.push({
        invariant: 'I4',
        ...at(space, vma.vmStart),
        found: `an area in the i_mmap of ${area.file.name} that is mapped no more`,
        expected: 'only areas that are mapped',
      })
    }
  }
  return found
}

export const I7: Invariant<MachineSnapshot> = {
  id: 'I7',
  title: 'an area of a DAX file is never locked into memory',
  kind: 'S',
  source: 'mm/mlock.c: mlock_fixup; mm/mmap.c: __mmap_region (vma_is_dax)',
  check({ spaces }) {
    return spaces.flatMap((space) =>
      space.areas
        .filter(({ isDax, flags }) => isDax && (flags & VM_LOCKED) !== 0)
        .map((area) => ({
          invariant: 'I7',
          ...at(space, area.start),
          found: `VM_LOCKED in vm_flags ${hex(area.flags)} of a DAX area`,
          expected: 'VM_LOCKED on memory with pages of its own only',
        })),
    )
  },
}
