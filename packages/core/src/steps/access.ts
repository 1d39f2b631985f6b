/**
 * The hardware's part: translate, set A and D, raise the exception; and the kernel's entry point for it.
 * @module
 */

import { pageOffset } from '../address.ts'
import { MachineError } from '../errors.ts'
import { touchesLoaded, touchesStored, touchesTrap } from '../events.ts'
import {
  FAULT_FLAG_ALLOW_RETRY,
  FAULT_FLAG_INSTRUCTION,
  FAULT_FLAG_TRIED,
  FAULT_FLAG_USER,
  FAULT_FLAG_VMA_LOCK,
  FAULT_FLAG_WRITE,
  TRAP_FETCH,
  TRAP_WRITE,
  VM_FAULT_COMPLETED,
  VM_FAULT_ERROR,
  VM_FAULT_MAJOR,
  VM_FAULT_OOM,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
} from '../fault-flags.ts'
import { STEP_ACCESS, STEP_ENTRY_READ, type Steps } from '../step.ts'
import { raiseStrategyError } from '../strategy/host.ts'
import {
  SIGNAL_ACCERR,
  SIGNAL_ADRERR,
  SIGNAL_KERNEL,
  SIGNAL_KILL,
  SIGNAL_MAPERR,
  type Signal,
  type Task,
} from '../task.ts'
import { TLB_DIRTY, TLB_WRITE } from '../tlb.ts'
import { TOUCH_FRAME, TOUCH_READ, TOUCH_TLB, TOUCH_USER_MODE, touches, touchesWalk } from '../touch.ts'
import { handleMmFault } from './fault.ts'
import { upRead } from './locking.ts'
import { lockVmaUnderRcu, mmapReadLock, vmaEndRead } from './vma-lock.ts'

/** Faults that one access may take before the model calls it a livelock (I43 bounds it far below). */
const MAX_FAULTS = 64

/**
 * Loads the byte at `address`; its value, or -1 with `t.signal` set.
 * @throws MachineError BAD_ACCESS for what is no address: negative, a fraction, beyond 2^53 - 1
 */
export function* load(t: Task, address: number): Steps<number> {
  yield* access(t, address, false)
  if (t.signal !== null) return -1
  touches(t, TOUCH_FRAME, t.accessPfn, TOUCH_READ)
  touchesLoaded(t, address)
  return t.machine.memory.readByte(t.accessPfn, pageOffset(address))
}

/** Stores a byte, 0 … 255; 0, or -1 with `t.signal` set. @throws MachineError BAD_ACCESS */
export function* store(t: Task, address: number, byte: number): Steps<number> {
  yield* access(t, address, true)
  if (t.signal !== null) return -1
  touchesStored(t, address)
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
  if (address >= m.machineArch.canonicalEnd) {
    // Not canonical: no walk and no page fault, but a general protection exception.
    t.signal = SIGNAL_KERNEL
    return
  }
  for (let faults = 0; faults < MAX_FAULTS; faults++) {
    touches(t, TOUCH_USER_MODE, faults, TOUCH_READ)
    if (faults === m.killAfterFaults) {
      t.signal = SIGNAL_KILL
      return
    }
    yield STEP_ACCESS
    touches(t, TOUCH_TLB, t.cpu, TOUCH_READ)
    const rights = m.tlbs[t.cpu]!.lookup(t.mm.tlbContext, address)
    if (rights >= 0 && (!write || (rights & (TLB_WRITE | TLB_DIRTY)) === (TLB_WRITE | TLB_DIRTY))) {
      t.accessPfn = m.tlbs[t.cpu]!.pfn
      return
    }
    yield STEP_ENTRY_READ
    touchesWalk(t, address, write)
    const trap = m.machineArch.walk(t, address, write)
    if (trap < 0) return
    touchesTrap(t, address, write)
    yield* doUserAddrFault(t, address, trap)
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
 * A user-mode page fault, from the exception to its return; `trap` is a `TRAP_*` mask. Sets `t.signal` when the program
 * gets one (arch/x86/mm/fault.c: exc_page_fault, do_user_addr_fault, 6.1 and 6.12; `do_page_fault` elsewhere). With locks
 * of areas it is tried under one first; what that attempt has to leave undone is done by a second pass under `mmap_lock`, in
 * the same trap.
 */
export function* doUserAddrFault(t: Task, address: number, trap: number): Steps<void> {
  const m = t.machine
  const mm = t.mm
  const { machineArch } = m
  if (m.trace !== null) m.trace('page_fault_user', t, address, machineArch.trapCode(t, trap), 0)
  if (address >= machineArch.lookupEnd) {
    t.signal = SIGNAL_MAPERR
    return
  }
  let flags = m.kernel.faultFlags | FAULT_FLAG_USER
  if ((trap & TRAP_WRITE) !== 0) flags |= FAULT_FLAG_WRITE
  if ((trap & TRAP_FETCH) !== 0) flags |= FAULT_FLAG_INSTRUCTION

  if (m.kernel.perVmaLock) {
    const locked = yield* lockVmaUnderRcu(t, mm, address)
    if (locked !== null) {
      if (machineArch.accessError(trap, locked.vmFlags)) {
        yield* vmaEndRead(t, locked)
        t.signal = SIGNAL_ACCERR
        return
      }
      const fault = yield* handleMmFault(t, locked, address, flags | FAULT_FLAG_VMA_LOCK)
      if ((fault & (VM_FAULT_RETRY | VM_FAULT_COMPLETED)) === 0) yield* vmaEndRead(t, locked)
      if ((fault & VM_FAULT_RETRY) === 0) {
        t.signal = signalOf(fault)
        return
      }
      if ((fault & VM_FAULT_MAJOR) !== 0) flags |= FAULT_FLAG_TRIED
    }
  }
  for (;;) {
    yield* mmapReadLock(t, mm)
    const vma = mm.areas.findVma(address)
    if (vma === null || vma.vmStart > address) {
      yield* upRead(t, mm.mmapLock)
      t.signal = SIGNAL_MAPERR
      return
    }
    if (machineArch.accessError(trap, vma.vmFlags)) {
      yield* upRead(t, mm.mmapLock)
      t.signal = SIGNAL_ACCERR
      return
    }
    const fault = yield* handleMmFault(t, vma, address, flags)
    // With RETRY the handler has let go of mmap_lock.
    if ((fault & VM_FAULT_RETRY) === 0) {
      yield* upRead(t, mm.mmapLock)
      t.signal = signalOf(fault)
      return
    }
    if (m.kernel.retriesOnce) flags &= ~FAULT_FLAG_ALLOW_RETRY
    flags |= FAULT_FLAG_TRIED
  }
}

/** What a fault that ended so tells the program; out of memory, the access is tried again. */
function signalOf(fault: number): Signal | null {
  if ((fault & VM_FAULT_ERROR) === 0 || (fault & VM_FAULT_OOM) !== 0) return null
  return (fault & VM_FAULT_SIGBUS) !== 0 ? SIGNAL_ADRERR : SIGNAL_MAPERR
}
