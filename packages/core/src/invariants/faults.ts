/**
 * Invariants of faults and their results: I27, I41, I42, I43, I44.
 * @module
 */

import type { PageTableArch } from '@mm-model/pgprot'
import {
  bitNames,
  FAULT_FLAG_ALLOW_RETRY,
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_NAMES,
  FAULT_FLAG_TRIED,
  FAULT_FLAG_UNSHARE,
  FAULT_FLAG_WRITE,
  VM_FAULT_COMPLETED,
  VM_FAULT_DONE_COW,
  VM_FAULT_ERROR,
  VM_FAULT_FALLBACK,
  VM_FAULT_NAMES,
  VM_FAULT_NEEDDSYNC,
  VM_FAULT_NOPAGE,
  VM_FAULT_RETRY,
} from '../fault-flags.ts'
import { VM_SHARED, VM_SYNC } from '../vm-flags.ts'
import type { Transition } from './call.ts'
import type { LoggedFault } from './fault-log.ts'
import { hex, type Invariant, type Violation } from './invariant.ts'

/**
 * Most traps that one access may take while nobody interferes: a strategy may need one more than `mkwrite` does. In a
 * `MAP_SYNC` area one more: a fault that has synced, and then finds a mapping entry of another size than its own,
 * installs nothing (fs/dax.c: dax_insert_pfn_mkwrite, 6.1, the event `dax_insert_pfn_mkwrite_no_entry`).
 */
const MAX_TRAPS = 2
const MAX_TRAPS_SYNC = 3

function complaint(invariant: string, fault: LoggedFault, found: string, expected: string): Violation {
  const name = fault.mm.mmapLock.name.replace('.mmap_lock', '')
  return {
    invariant,
    where: `the fault at ${hex(fault.address)} in ${name}`,
    address: fault.address,
    found,
    expected,
  }
}

function result(ret: number): string {
  return `the result ${bitNames(ret, VM_FAULT_NAMES).join('|') || '0'}`
}

function flagWords(flags: number): string {
  return `the flags ${bitNames(flags, FAULT_FLAG_NAMES).join('|')}`
}

export const I27: Invariant<Transition> = {
  id: 'I27',
  title: 'a handler that needs an fsync first has made it before it returns',
  kind: 'T',
  source: 'fs/dax.c: dax_finish_sync_fault, dax_fault_synchronous_pfnp',
  check({ faults }) {
    return faults.faults
      .filter(({ ret }) => ret >= 0 && (ret & VM_FAULT_NEEDDSYNC) !== 0)
      .map((fault) => complaint('I27', fault, result(fault.ret), 'no NEEDDSYNC outside of the file system'))
  },
}

export const I41: Invariant<Transition> = {
  id: 'I41',
  title: 'a fault has one result: an error, a page installed, another try, completion, or a private copy',
  kind: 'T',
  source: 'include/linux/mm_types.h: enum vm_fault_reason; mm/memory.c: do_fault; arch/x86/mm/fault.c',
  check({ faults }) {
    return faults.faults.flatMap((fault) => {
      const { ret, flags } = fault
      if (ret < 0) return [complaint('I41', fault, 'a fault that never returned', 'a result')]
      if ((ret & VM_FAULT_FALLBACK) !== 0) {
        return [complaint('I41', fault, result(ret), 'that nobody but the fault path sees FALLBACK')]
      }
      const kinds = [VM_FAULT_ERROR, VM_FAULT_NOPAGE, VM_FAULT_RETRY, VM_FAULT_COMPLETED, VM_FAULT_DONE_COW]
      if (kinds.filter((kind) => (ret & kind) !== 0).length > 1) {
        return [complaint('I41', fault, result(ret), 'one kind of result')]
      }
      if ((ret & VM_FAULT_RETRY) !== 0 && (flags & FAULT_FLAG_ALLOW_RETRY) === 0) {
        return [complaint('I41', fault, result(ret), 'no RETRY where it was not allowed')]
      }
      const copies = (flags & FAULT_FLAG_WRITE) !== 0 && (fault.vmFlags & VM_SHARED) === 0
      if ((ret & VM_FAULT_DONE_COW) !== 0 && !copies) {
        return [complaint('I41', fault, result(ret), 'DONE_COW for stores to private areas only')]
      }
      return []
    })
  },
}

/** Whether an entry is present and cannot be written through. */
function isReadOnly(arch: PageTableArch, low: number, high: number): boolean {
  const lo = Uint32Array.of(low)
  const hi = Uint32Array.of(high)
  return arch.ptePresent(lo, hi, 0) && !arch.pteWrite(lo, hi, 0)
}

export const I42: Invariant<Transition> = {
  id: 'I42',
  title:
    'MKWRITE is said only of a read-only entry, TRIED only after RETRY, WRITE and UNSHARE never together',
  kind: 'T',
  source: 'mm/memory.c: wp_pfn_shared, handle_mm_fault; include/linux/mm_types.h: enum fault_flag',
  check({ faults }) {
    return faults.faults.flatMap((fault) => {
      const { flags, endFlags, writeProtected, afterRetry } = fault
      const both = FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE
      if ((flags & both) === both || (endFlags & both) === both) {
        return [complaint('I42', fault, flagWords(endFlags), 'WRITE or UNSHARE')]
      }
      if ((flags & FAULT_FLAG_TRIED) !== 0 && !afterRetry) {
        return [complaint('I42', fault, flagWords(flags), 'TRIED only after a RETRY')]
      }
      const readOnly = writeProtected !== null && isReadOnly(fault.mm.machine.arch, ...writeProtected)
      if ((flags & FAULT_FLAG_MKWRITE) !== 0 || ((endFlags & FAULT_FLAG_MKWRITE) !== 0 && !readOnly)) {
        return [complaint('I42', fault, flagWords(endFlags), 'MKWRITE only for an entry that was read-only')]
      }
      return []
    })
  },
}

export const I43: Invariant<Transition> = {
  id: 'I43',
  title: `an access that nobody disturbs succeeds or ends after at most ${MAX_TRAPS} traps, ${MAX_TRAPS_SYNC} under MAP_SYNC`,
  kind: 'T',
  source: 'mm/memory.c: handle_pte_fault; the double fault of 2016 is the second trap',
  check({ faults, call }) {
    const sync = faults.faults.some(({ vmFlags }) => (vmFlags & VM_SYNC) !== 0)
    const most = sync ? MAX_TRAPS_SYNC : MAX_TRAPS
    if (faults.traps <= most) return []
    return [
      {
        invariant: 'I43',
        where: `the ${call.name} at ${hex(call.address)}`,
        address: call.address,
        found: `${faults.traps} traps`,
        expected: `at most ${most}`,
      },
    ]
  },
}

export const I44: Invariant<Transition> = {
  id: 'I44',
  title:
    'a fault runs under mmap_lock or the lock of its area, and nobody else holds that for writing; no call leaves a lock behind',
  kind: 'T',
  source:
    'arch/x86/mm/fault.c: do_user_addr_fault; mm/gup.c: __get_user_pages; mm/memory.c: lock_vma_under_rcu (6.12)',
  check({ faults, after, call }) {
    const found = faults.faults
      .filter(({ writer, readers }) => (writer === null ? readers === 0 : writer !== call.task))
      .map((fault) =>
        complaint(
          'I44',
          fault,
          fault.writer === null
            ? `${fault.lock} not held`
            : `${fault.lock} held for writing by task ${fault.writer.id}`,
          `${fault.lock} held by the task that faults`,
        ),
      )
    for (const name of after.locksHeld) {
      found.push({
        invariant: 'I44',
        where: name,
        address: null,
        found: 'a lock that is still held',
        expected: 'that a call releases what it took',
      })
    }
    return found
  },
}
