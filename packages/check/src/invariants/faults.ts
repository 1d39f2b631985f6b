/**
 * What a fault may do, and how it may end: I11, I27, I31, I35, I37, I41, I42, I44.
 * @module
 */

import {
  bitNames,
  EVENT_FAULT,
  FAULT_FLAG_ALLOW_RETRY,
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_NAMES,
  FAULT_FLAG_TRIED,
  FAULT_FLAG_UNSHARE,
  FAULT_FLAG_WRITE,
  type Task,
  VM_FAULT_COMPLETED,
  VM_FAULT_DONE_COW,
  VM_FAULT_ERROR,
  VM_FAULT_FALLBACK,
  VM_FAULT_NAMES,
  VM_FAULT_NEEDDSYNC,
  VM_FAULT_NOPAGE,
  VM_FAULT_RETRY,
  VM_SHARED,
} from '@mm-model/core'
import { DaxFile } from '@mm-model/dax'
import type { Fact } from '../facts.ts'
import type { StateInvariant } from '../program.ts'
import { hex } from './over-leaves.ts'

/** A rule about each thing that faults say: the first complaint. */
function ofFaults(
  rule: Pick<StateInvariant, 'name' | 'rule' | 'source' | 'explains'>,
  check: (fact: Fact) => string | null,
): StateInvariant {
  return {
    ...rule,
    reads: [],
    hears: [EVENT_FAULT],
    everyStep: true,
    check: (_, { happened }) => {
      for (const fact of happened.facts) {
        const message = fact.kind === EVENT_FAULT ? check(fact) : null
        if (message !== null) return message
      }
      return null
    },
  }
}

/** Numbers of `ends …` and of `begins …`. */
interface Bounds {
  /** Of the lock that the fault runs under: `held`, `free`, or `taken` by another for writing. */
  readonly lock: string
  /** `FAULT_FLAG_*` as it began. */
  readonly flags: number
  readonly ret: number
  readonly vmFlags: number
  /** `FAULT_FLAG_*` as it ended. */
  readonly endFlags: number
  readonly wasReadOnly: boolean
}

function endOf({ words: [what, lock, flags, ret, vmFlags, endFlags, entry] }: Fact): Bounds | null {
  if (what !== 'ends') return null
  return {
    lock: lock!,
    flags: Number(flags),
    ret: Number(ret),
    vmFlags: Number(vmFlags),
    endFlags: Number(endFlags),
    wasReadOnly: entry === 'read-only',
  }
}

function resultOf(ret: number): string {
  return bitNames(ret, VM_FAULT_NAMES).join('|') || '0'
}

function flagsOf(flags: number): string {
  return bitNames(flags, FAULT_FLAG_NAMES).join('|')
}

function placeOf({ vmf }: Task): string {
  return `the fault at ${hex(vmf.realAddress)}`
}

export const I11: StateInvariant = ofFaults(
  {
    name: 'I11',
    rule: 'a fault on an entry that lets the access through changes nothing but A and D, and the access goes through then',
    source: 'mm/memory.c: handle_pte_fault, flush_tlb_fix_spurious_fault; cae85cb8add3',
    explains: 'the program takes the same fault again, or the entry has rights that nobody gave it',
  },
  ({ words: [what, ...rest], task, past }) => {
    if (what === 'spurious' && rest[3] === 'more')
      return `${placeOf(task)} had nothing to do, and changed the entry`
    if (what !== 'traps' || rest[3] !== 'enough' || rest.slice(0, 3).join(' ') !== past.spurious) return null
    return `${placeOf(task)} found an entry that lets the access through, and the access traps again`
  },
)

export const I27: StateInvariant = ofFaults(
  {
    name: 'I27',
    rule: 'a handler that needs an fsync first has made it before it returns',
    source: 'fs/dax.c: dax_finish_sync_fault, dax_fault_synchronous_pfnp',
    explains:
      'nobody but the file system knows what the result means: nothing is installed, and nothing synchronised',
  },
  (fact) => {
    const needs = ((endOf(fact)?.ret ?? 0) & VM_FAULT_NEEDDSYNC) !== 0
    return needs || fact.words[0] === 'unsynced'
      ? `${placeOf(fact.task)} leaves the file system with NEEDDSYNC`
      : null
  },
)

/** What each deed of a fault is, in words. */
const DEEDS: Readonly<Record<string, string>> = {
  freeze: 'waits for a freeze to end',
  times: 'changes the times of the file',
  block: 'allocates a block',
  dirty: 'tags the entry dirty',
}

export const I31: StateInvariant = ofFaults(
  {
    name: 'I31',
    rule: 'a store fault of a private area allocates nothing, changes no time, tags nothing dirty and does not mind a freeze',
    source: 'fs/ext4/file.c: ext4_dax_huge_fault; fd96b8da68d3, 1ef6ea0efe8e, b17164e258e3',
    explains: 'what a program does with its own memory changes the file, or waits for who backs it up',
  },
  ({ words: [what], task: { vmf, machine } }) => {
    const deed = DEEDS[what!]
    if (deed === undefined || (vmf.vma.vmFlags & VM_SHARED) !== 0) return null
    const writes = (vmf.flags & FAULT_FLAG_WRITE) !== 0
    // 6.0 and 6.1 tag the entries of read faults, too (mended by 169004265860).
    if (!writes && (what !== 'dirty' || machine.kernel.daxReadFaultsTagDirty)) return null
    return `the ${writes ? 'store' : 'load'} at ${hex(vmf.realAddress)}, of a private area, ${deed}`
  },
)

export const I35: StateInvariant = ofFaults(
  {
    name: 'I35',
    rule: 'before an entry for a shared block becomes writable the times of the file are of that moment, or are known to be due',
    source: 'fs/ext4/file.c: ext4_dax_huge_fault; fs/xfs/xfs_file.c: __xfs_filemap_fault (file_update_time)',
    explains: 'stores go through that entry while mtime says that there was none',
  },
  ({ words: [what], task: { vmf, machine } }) => {
    const { vmFile, vmFlags } = vmf.vma
    if (what !== 'writable' || !(vmFile instanceof DaxFile) || (vmFlags & VM_SHARED) === 0) return null
    const { name, mtime, ctime, mapping } = vmFile.inode
    if (mapping.asCmtime || (mtime === machine.now && ctime === machine.now)) return null
    return `${name} can be stored to at ${hex(vmf.address)} from now on, and its mtime is from before`
  },
)

export const I37: StateInvariant = ofFaults(
  {
    name: 'I37',
    rule: 'a fault changes the times of a file only for a store to a shared area, whether it succeeds then or not',
    source: 'fs/ext4/file.c: ext4_dax_huge_fault (write && VM_SHARED); fs/inode.c: file_update_time',
    explains:
      'a program that only reads the file, or has a copy of its own, makes others take it for changed',
  },
  ({ words: [what], task: { vmf } }) => {
    const writes = (vmf.flags & FAULT_FLAG_WRITE) !== 0
    if (what !== 'times' || (writes && (vmf.vma.vmFlags & VM_SHARED) !== 0)) return null
    return `the ${writes ? 'private store' : 'load'} at ${hex(vmf.realAddress)} changes the times of the file`
  },
)

const RESULTS = [VM_FAULT_ERROR, VM_FAULT_NOPAGE, VM_FAULT_RETRY, VM_FAULT_COMPLETED, VM_FAULT_DONE_COW]

export const I41: StateInvariant = ofFaults(
  {
    name: 'I41',
    rule: 'a fault has one result: an error, an entry, another try if that was allowed, completion, or a private copy of a store',
    source: 'include/linux/mm_types.h: enum vm_fault_reason; mm/memory.c: do_fault; arch/x86/mm/fault.c',
    explains: 'the processor’s part of the kernel does not know whether to go on, to try again or to kill',
  },
  (fact) => {
    const end = endOf(fact)
    if (end === null) return null
    const { flags, ret, vmFlags } = end
    const says = `${placeOf(fact.task)} ends in ${resultOf(ret)}`
    if ((ret & VM_FAULT_FALLBACK) !== 0) return `${says}, which is for nobody outside of the fault path`
    if (RESULTS.filter((kind) => (ret & kind) !== 0).length > 1) return says
    if ((ret & VM_FAULT_RETRY) !== 0 && (flags & FAULT_FLAG_ALLOW_RETRY) === 0)
      return `${says}, which was not allowed`
    const copies = (flags & FAULT_FLAG_WRITE) !== 0 && (vmFlags & VM_SHARED) === 0
    return (ret & VM_FAULT_DONE_COW) !== 0 && !copies ? `${says}, and was no store to a private area` : null
  },
)

const WRITE_OR_UNSHARE = FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE

export const I42: StateInvariant = ofFaults(
  {
    name: 'I42',
    rule: 'MKWRITE is said only of an entry that was read-only, TRIED only after RETRY, WRITE and UNSHARE never together',
    source: 'mm/memory.c: wp_pfn_shared, handle_mm_fault; include/linux/mm_types.h: enum fault_flag',
    explains: 'a handler is told something of the entry or of the fault before that is not so',
  },
  (fact) => {
    const [what, , began] = fact.words
    if (what === 'begins') {
      const flags = Number(began)
      const says = `${placeOf(fact.task)} begins with ${flagsOf(flags)}`
      if ((flags & FAULT_FLAG_TRIED) !== 0 && !fact.past.retries)
        return `${says}, and none before it asked for that`
      return (flags & FAULT_FLAG_MKWRITE) !== 0 || (flags & WRITE_OR_UNSHARE) === WRITE_OR_UNSHARE
        ? says
        : null
    }
    const end = endOf(fact)
    if (end === null) return null
    const { endFlags, wasReadOnly } = end
    const says = `${placeOf(fact.task)} ends with ${flagsOf(endFlags)}`
    if ((endFlags & WRITE_OR_UNSHARE) === WRITE_OR_UNSHARE) return says
    return (endFlags & FAULT_FLAG_MKWRITE) !== 0 && !wasReadOnly
      ? `${says}, and met no read-only entry`
      : null
  },
)

export const I44: StateInvariant = ofFaults(
  {
    name: 'I44',
    rule: 'a fault runs under mmap_lock, or the lock of its area where there is one, and nobody else has that for writing',
    source:
      'arch/x86/mm/fault.c: do_user_addr_fault; mm/memory.c: lock_vma_under_rcu (6.4 on); CVE-2023-3269',
    explains: 'the area and the tables that the fault works on change under it, or are freed',
  },
  (fact) => {
    const [what, lock, , ret] = fact.words
    if ((what !== 'begins' && what !== 'ends') || lock === 'held') return null
    // With these the lock is released.
    if (what === 'ends' && (Number(ret) & (VM_FAULT_RETRY | VM_FAULT_COMPLETED)) !== 0) return null
    return `${placeOf(fact.task)} ${what} while its lock is ${lock === 'free' ? 'not held' : 'held for writing by another'}`
  },
)
