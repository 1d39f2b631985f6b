/**
 * Invariants across one call: I6, I50.
 * @module
 */

import { isCowMapping, VM_MIXEDMAP, VM_SHARED } from '../vm-flags.ts'
import type { Transition } from './call.ts'
import { hex, type Invariant, type Violation } from './invariant.ts'
import { at, spaceOf } from './snapshot.ts'

export const I6: Invariant<Transition> = {
  id: 'I6',
  title: 'mprotect makes an entry writable without a fault only if it is dirty, and shared or exclusive',
  kind: 'T',
  source: 'mm/mprotect.c: can_change_pte_writable',
  check({ before, after, call, faults }) {
    const { mm } = call.task
    const old = spaceOf(before, mm)
    const now = spaceOf(after, mm)
    if (call.name !== 'mprotect' || old === null || now === null) return []
    const found: Violation[] = []
    for (let i = 0; i < now.leaves.count; i++) {
      const address = now.leaves.address[i]!
      if (!now.leaves.writable(i) || faults.touched(mm, address, now.leaves.size(i))) continue
      const was = old.leaves.find(address)
      if (was < 0 || old.leaves.writable(was)) continue
      const shared = ((now.areas[now.leaves.area[i]!]?.flags ?? 0) & VM_SHARED) !== 0
      const own = shared || before.frames.get(old.leaves.pfn[was]!)?.exclusive === true
      if (old.leaves.dirty(was) && own) continue
      found.push({
        invariant: 'I6',
        ...at(now, address),
        found: `${now.leaves.describe(i)} where there was ${old.leaves.describe(was)}`,
        expected: own ? 'a fault, since the page was clean' : 'a fault, since others share the page',
      })
    }
    return found
  },
}

export const I50: Invariant<Transition> = {
  id: 'I50',
  title:
    'a fork gives the child no right that the parent lacks, takes writing from both where pages are copied, and leaves shared DAX areas empty unless they are VM_MIXEDMAP',
  kind: 'T',
  source: 'mm/memory.c: copy_page_range, vma_needs_copy, copy_present_pte',
  check({ before, after, call }) {
    if (call.name !== 'fork' || call.child === null) return []
    const parent = spaceOf(before, call.task.mm)
    const since = spaceOf(after, call.task.mm)
    const child = spaceOf(after, call.child.mm)
    if (parent === null || since === null || child === null) return []
    const found: Violation[] = []
    for (let i = 0; i < child.leaves.count; i++) {
      const address = child.leaves.address[i]!
      const area = child.areas[child.leaves.area[i]!]
      const complain = (expected: string): void => {
        found.push({
          invariant: 'I50',
          ...at(child, address),
          found: `${child.leaves.describe(i)} in the child`,
          expected,
        })
      }
      const p = parent.leaves.find(address)
      if (p < 0 || parent.leaves.frameAt(p, address) !== child.leaves.pfn[i]) {
        complain(p < 0 ? 'nothing that the parent lacks' : `frame ${hex(parent.leaves.frameAt(p, address))}`)
        continue
      }
      if (area === undefined) continue
      const shared = (area.flags & VM_SHARED) !== 0
      if (child.leaves.writable(i) && !parent.leaves.writable(p))
        complain('no more rights than the parent has')
      else if (shared && area.isDax && (area.flags & VM_MIXEDMAP) === 0)
        complain('no entry in a shared DAX area: the child faults for itself')
      else if (shared && child.leaves.huge[i] === 0 && child.leaves.dirty(i)) complain('a clean entry')
      else if (isCowMapping(area.flags)) {
        const s = since.leaves.find(address)
        if (child.leaves.writable(i)) complain('a read-only entry on both sides')
        else if (s >= 0 && since.leaves.writable(s)) {
          found.push({
            invariant: 'I50',
            ...at(since, address),
            found: `${since.leaves.describe(s)} in the parent`,
            expected: 'a read-only entry on both sides',
          })
        }
      }
    }
    return found
  },
}
