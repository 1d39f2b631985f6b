/**
 * The hardware's part: translate, set A and D, raise the exception; and the kernel's entry point for it.
 * @module
 */

import { pageOffset, pmdStart } from '../address.ts'
import { MachineError } from '../errors.ts'
import {
  FAULT_FLAG_ALLOW_RETRY,
  FAULT_FLAG_INSTRUCTION,
  FAULT_FLAG_TRIED,
  FAULT_FLAG_USER,
  FAULT_FLAG_WRITE,
  VM_FAULT_ERROR,
  VM_FAULT_OOM,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
  X86_PF_INSTR,
  X86_PF_PROT,
  X86_PF_USER,
  X86_PF_WRITE,
} from '../fault-flags.ts'
import { STEP_ACCESS, STEP_ENTRY_READ, type Steps } from '../step.ts'
import { raiseStrategyError } from '../strategy/host.ts'
import { SIGNAL_ACCERR, SIGNAL_ADRERR, SIGNAL_KERNEL, SIGNAL_MAPERR, type Task } from '../task.ts'
import { TLB_DIRTY, TLB_EXEC, TLB_WRITE } from '../tlb.ts'
import { VM_ACCESS_FLAGS, VM_WRITE } from '../vm-flags.ts'
import type { Vma } from '../vma.ts'
import { handleMmFault } from './fault.ts'
import { downRead, upRead } from './locking.ts'

/** Faults that one access may take before the model calls it a livelock (I43 bounds it far below). */
const MAX_FAULTS = 64

/**
 * Loads the byte at `address`; its value, or -1 with `t.signal` set.
 * @throws MachineError BAD_ACCESS for what is no address: negative, a fraction, beyond 2^53 - 1
 */
export function* load(t: Task, address: number): Steps<number> {
  yield* access(t, address, false)
  if (t.signal !== null) return -1
  return t.machine.memory.readByte(t.accessPfn, pageOffset(address))
}

/** Stores a byte, 0 … 255; 0, or -1 with `t.signal` set. @throws MachineError BAD_ACCESS */
export function* store(t: Task, address: number, byte: number): Steps<number> {
  yield* access(t, address, true)
  if (t.signal !== null) return -1
  t.machine.memory.writeByte(t.accessPfn, pageOffset(address), byte)
  return 0
}

/**
 * Translates a user-mode access until it succeeds (`t.accessPfn` is then the frame) or ends in a signal
 * (`t.signal`). Each failed translation is one trap through {@link doUserAddrFault}.
 * @throws MachineError BAD_ACCESS; NO_PROGRESS; StrategyError when the strategy fails
 */
export function* access(t: Task, address: number, write: boolean): Steps<void> {
  const m = t.machine
  if (!(Number.isSafeInteger(address) && address >= 0)) {
    throw new MachineError('BAD_ACCESS', {
      found: `address ${address}`,
      expected: 'a whole number from 0 to 2^53 - 1',
      remedy: 'access memory that a 64-bit pointer can name',
    })
  }
  t.signal = null
  if (address >= m.kernel.canonicalEnd) {
    // Not canonical: no walk and no page fault, but a general protection exception.
    t.signal = SIGNAL_KERNEL
    return
  }
  for (let faults = 0; faults < MAX_FAULTS; faults++) {
    yield STEP_ACCESS
    const rights = m.tlbs[t.cpu]!.lookup(t.mm.tlbContext, address)
    if (rights >= 0 && (!write || (rights & (TLB_WRITE | TLB_DIRTY)) === (TLB_WRITE | TLB_DIRTY))) {
      t.accessPfn = m.tlbs[t.cpu]!.pfn
      return
    }
    yield STEP_ENTRY_READ
    const errorCode = walk(t, address, write)
    if (errorCode < 0) return
    yield* doUserAddrFault(t, address, errorCode)
    raiseStrategyError(t)
    if (t.signal !== null) return
  }
  throw new MachineError('NO_PROGRESS', {
    found: `${MAX_FAULTS} faults in a row for one access at 0x${address.toString(16)}`,
    expected: 'that a fault that reports success makes progress (I43)',
    remedy: 'look at the strategy or backend that handles this area',
  })
}

/**
 * The hardware walk for user mode: sets A, and D for a store, fills the TLB and answers -1; or answers the error code
 * of the exception (Intel SDM vol. 3, 4.7 and 4.8). The CPU drops what it cached for the address before it faults.
 */
function walk(t: Task, address: number, write: boolean): number {
  const m = t.machine
  const pt = m.pageTables
  const tlb = m.tlbs[t.cpu]!
  const errorCode = X86_PF_USER | (write ? X86_PF_WRITE : 0)
  const pmd = pt.pmdSlot(t.mm.pgd, address)
  if (pmd >= 0 && (pt.lo[pmd]! & P) !== 0) {
    const huge = pt.pmdIsLeaf(pmd)
    const slot = huge ? pmd : pt.pteSlotAt(pmd, address)
    const lo = pt.lo[slot]!
    if ((lo & P) !== 0) {
      if ((lo & US) === 0 || (write && (lo & RW) === 0)) {
        tlb.flushPage(t.mm.tlbContext, address)
        return errorCode | X86_PF_PROT
      }
      pt.lo[slot] = (lo | A | (write ? D : 0)) >>> 0
      const rights =
        ((lo & RW) !== 0 ? TLB_WRITE : 0) |
        ((pt.lo[slot]! & D) !== 0 ? TLB_DIRTY : 0) |
        (pt.hi[slot]! >>> 31 === 0 ? TLB_EXEC : 0)
      if (huge) {
        const pfn = pt.arch.pmdPfn(pt.lo, pt.hi, slot)
        tlb.fillHuge(t.mm.tlbContext, address, pfn, rights)
        t.accessPfn = pfn + ((address - pmdStart(address)) >>> 12)
      } else {
        t.accessPfn = pt.arch.ptePfn(pt.lo, pt.hi, slot)
        tlb.fill(t.mm.tlbContext, address, t.accessPfn, rights)
      }
      return -1
    }
  }
  tlb.flushPage(t.mm.tlbContext, address)
  return errorCode
}

const P = 0x1
const RW = 0x2
const US = 0x4
const A = 0x20
const D = 0x40

/**
 * A user-mode page fault, from the exception to its return; sets `t.signal` when the program gets one
 * (arch/x86/mm/fault.c: exc_page_fault, do_user_addr_fault, 6.1).
 */
export function* doUserAddrFault(t: Task, address: number, errorCode: number): Steps<void> {
  const m = t.machine
  const mm = t.mm
  if (m.trace !== null) m.trace('page_fault_user', t, address, errorCode, 0)
  let flags = m.kernel.faultFlags | FAULT_FLAG_USER
  if ((errorCode & X86_PF_WRITE) !== 0) flags |= FAULT_FLAG_WRITE
  if ((errorCode & X86_PF_INSTR) !== 0) flags |= FAULT_FLAG_INSTRUCTION

  for (;;) {
    yield* downRead(t, mm.mmapLock)
    const vma = mm.areas.findVma(address)
    if (vma === null || vma.vmStart > address) {
      yield* upRead(t, mm.mmapLock)
      t.signal = SIGNAL_MAPERR
      return
    }
    if (accessError(errorCode, vma)) {
      yield* upRead(t, mm.mmapLock)
      t.signal = SIGNAL_ACCERR
      return
    }
    const fault = yield* handleMmFault(t, vma, address, flags)
    // With RETRY the handler has let go of mmap_lock.
    if ((fault & VM_FAULT_RETRY) === 0) {
      yield* upRead(t, mm.mmapLock)
      if ((fault & VM_FAULT_ERROR) === 0 || (fault & VM_FAULT_OOM) !== 0) return
      t.signal = (fault & VM_FAULT_SIGBUS) !== 0 ? SIGNAL_ADRERR : SIGNAL_MAPERR
      return
    }
    if (m.kernel.retriesOnce) flags &= ~FAULT_FLAG_ALLOW_RETRY
    flags |= FAULT_FLAG_TRIED
  }
}

/** Whether the area forbids what the access wanted (arch/x86/mm/fault.c: access_error, 6.1). */
function accessError(errorCode: number, vma: Vma): boolean {
  if ((errorCode & X86_PF_WRITE) !== 0) return (vma.vmFlags & VM_WRITE) === 0
  return (errorCode & X86_PF_PROT) !== 0 || (vma.vmFlags & VM_ACCESS_FLAGS) === 0
}
