/**
 * A thread of execution: which address space it runs in, on which CPU, and the fault it is taking.
 * @module
 */

import { createWalk, type Walk } from '@mm-model/pgprot/x86-64'
import type { RwSem } from './locks.ts'
import type { Machine } from './machine.ts'
import type { Mm } from './mm.ts'
import { MmuGather } from './mmu-gather.ts'
import type { StrategyError } from './strategy/error.ts'
import { FaultView } from './strategy/view.ts'
import { VmFault } from './vm-operations.ts'
import { Vma } from './vma.ts'

/** What a signal looks like to the program (`si_signo`, `si_code` by name). */
export interface Signal {
  readonly signal: 'SIGSEGV' | 'SIGBUS' | 'SIGKILL'
  readonly code: 'SEGV_MAPERR' | 'SEGV_ACCERR' | 'BUS_ADRERR' | 'SI_KERNEL' | 'SI_USER'
}

/** The general protection exception: it names no address (arch/x86/kernel/traps.c: exc_general_protection, 6.1). */
export const SIGNAL_KERNEL: Signal = Object.freeze({ signal: 'SIGSEGV', code: 'SI_KERNEL' })
export const SIGNAL_MAPERR: Signal = Object.freeze({ signal: 'SIGSEGV', code: 'SEGV_MAPERR' })
export const SIGNAL_ACCERR: Signal = Object.freeze({ signal: 'SIGSEGV', code: 'SEGV_ACCERR' })
export const SIGNAL_ADRERR: Signal = Object.freeze({ signal: 'SIGBUS', code: 'BUS_ADRERR' })
/** Somebody kills it: see `Machine.killAfterFaults`. */
export const SIGNAL_KILL: Signal = Object.freeze({ signal: 'SIGKILL', code: 'SI_USER' })

/** include/linux/sched.h: struct task_struct, as far as memory is concerned. */
export class Task {
  readonly machine: Machine
  readonly id: number
  readonly mm: Mm
  /** CPU it runs on: 0 … machine.cpus - 1. */
  cpu: number
  /** The fault this task is taking; reused from fault to fault. */
  readonly vmf: VmFault
  /** What a strategy sees of {@link vmf}. */
  readonly faultView: FaultView
  /** Batch of flushes of the operation in progress. */
  readonly tlb: MmuGather = new MmuGather()
  /** What a strategy did wrong in a fault that this task is taking. */
  strategyError: StrategyError | null = null
  /** Signal of the last access, or null when it went through. */
  signal: Signal | null = null
  /** Frame and offset of the last translated access. */
  accessPfn = 0
  /** What the processor's last walk found; x86-64 does not use it. */
  readonly walk: Walk = createWalk()
  /** Scratch of the backend whose handlers this task runs, kept so that a fault allocates nothing. */
  backend: object | null = null
  /** Entries in the making, at indices 0 … 3: built here, then written to a table in one step. */
  readonly scratchLo: Uint32Array = new Uint32Array(4)
  readonly scratchHi: Uint32Array = new Uint32Array(4)
  /** What a blocked stepped run waits for. */
  waitsFor: RwSem | { readonly name: string } | null = null

  constructor(machine: Machine, id: number, mm: Mm, cpu: number) {
    this.machine = machine
    this.id = id
    this.mm = mm
    this.cpu = cpu
    this.vmf = new VmFault(new Vma(mm, { start: 0, end: 0, flags: 0, pgoff: 0, file: null }))
    this.faultView = new FaultView(this.vmf)
  }
}
