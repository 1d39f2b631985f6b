/**
 * What entries and cached translations may allow: I2, I9, I12, I30.
 * @module
 */

import { EVENT_STORED_PRIVATE, TLB_WRITE, TOUCH_TLB, VM_SHARED } from '@mm-model/core'
import type { StateInvariant } from '../program.ts'
import { at, frame, frameOf, hex, isWritable, isZeroPage, LEAVES, overLeaves } from './over-leaves.ts'

export const I2: StateInvariant = {
  name: 'I2',
  rule: 'no entry of a private area lets a store through to a block of a file',
  source: 'mm/memory.c: do_wp_page, do_cow_fault; CVE-2016-5195',
  explains: 'a private store goes to the file',
  reads: LEAVES,
  everyStep: true,
  check: (instance) =>
    overLeaves(instance, true, (file, leaf) => {
      if ((leaf.vma.vmFlags & VM_SHARED) !== 0 || !isWritable(instance, leaf)) return null
      const pfn = frameOf(instance, leaf)
      return instance.machine.memory.isPmem(pfn)
        ? `${at(file, leaf)} privately, has a writable entry for ${frame(pfn)} of the file`
        : null
    }),
}

export const I9: StateInvariant = {
  name: 'I9',
  rule: 'no two CPUs translate one address to two frames while one of them may write',
  source: 'mm/memory.c: wp_page_copy, ptep_clear_flush',
  explains: 'what one thread stores another does not see, though they share the address',
  reads: [TOUCH_TLB],
  everyStep: true,
  check: (instance) => {
    const { tlbs } = instance.machine
    if (tlbs.length < 2) return null
    const seen = new Map<string, { cpu: number; pfn: number; rights: number }>()
    for (const [cpu, tlb] of tlbs.entries()) {
      let message: string | null = null
      tlb.forEach((context, address, pfn, rights, huge) => {
        if (huge) return
        const key = `${context} ${address}`
        const other = seen.get(key)
        if (other === undefined) seen.set(key, { cpu, pfn, rights })
        else if (other.pfn !== pfn && ((other.rights | rights) & TLB_WRITE) !== 0)
          message = `${hex(address)} is ${frame(other.pfn)} on CPU ${other.cpu} and ${frame(pfn)} on CPU ${cpu}`
      })
      if (message !== null) return message
    }
    return null
  },
}

export const I12: StateInvariant = {
  name: 'I12',
  rule: 'the zero page is never mapped writable',
  source: 'fs/dax.c: dax_load_hole; mm/memory.c: finish_fault',
  explains: 'a store changes what every hole of every file reads as',
  reads: LEAVES,
  everyStep: true,
  check: (instance) =>
    overLeaves(instance, true, (file, leaf) =>
      isZeroPage(frameOf(instance, leaf)) && isWritable(instance, leaf)
        ? `${at(file, leaf)}, is the zero page and writable`
        : null,
    ),
}

export const I30: StateInvariant = {
  name: 'I30',
  rule: 'no store through a private mapping changes a block of a file',
  source: 'mm/memory.c: do_cow_fault, wp_page_copy; mm/gup.c: can_follow_write_pte; CVE-2016-5195',
  explains: 'whoever may read a file may write to it',
  reads: [EVENT_STORED_PRIVATE],
  everyStep: true,
  check: ({ machine }, { happened }) => {
    const stored = happened.stored.find(({ pfn, isPrivate }) => isPrivate && machine.memory.isPmem(pfn))
    return stored === undefined ? null : `a private store reached ${frame(stored.pfn)} of the file`
  },
}
