/**
 * Flushes of other CPUs' translations that were asked for and not yet done: between the two, such a CPU goes on using
 * what it has.
 *
 * `flush_tlb_mm_range` asks every CPU on which the address space runs, and returns when all have answered
 * (arch/x86/mm/tlb.c: flush_tlb_multi; kernel/smp.c: smp_call_function_many_cond, 6.1; where the processor broadcasts
 * flushes, as on arm64, `dsb` waits for them in the same way). A machine without {@link Shootdowns} has every CPU answer in the
 * step that asks.
 * @module
 */

import type { Machine } from './machine.ts'
import type { Mm } from './mm.ts'
import { STEP_BLOCKED, STEP_TLB_FLUSH, type Steps } from './step.ts'
import type { Task } from './task.ts'
import type { Tlb } from './tlb.ts'
import {
  TOUCH_ACQUIRE,
  TOUCH_RELEASE,
  TOUCH_TLB,
  TOUCH_WRITE,
  touches,
  touchesAnswer,
  touchesRequest,
} from './touch.ts'

/** What a CPU is asked to flush (arch/x86/include/asm/tlbflush.h: struct flush_tlb_info, 6.1). */
export interface FlushRequest {
  /** Who waits for the answer; it has at most one request at each CPU. */
  readonly from: Task
  readonly mm: Mm
  /** First address, and the one after the last; `Infinity` for all of the address space. */
  readonly start: number
  readonly end: number
  /** Bytes from one translation to the next. */
  readonly stride: number
}

/** One machine's flushes on their way; `machine.shootdowns`. */
export class Shootdowns {
  /** Per CPU: what it was asked and has not answered, oldest first (kernel/smp.c: call_single_queue). */
  readonly pending: readonly FlushRequest[][]

  constructor(machine: Machine) {
    this.pending = machine.tlbs.map(() => [])
  }

  /** The request of `from` that `cpu` has not answered, or null. */
  requestOf(from: Task, cpu: number): FlushRequest | null {
    return this.pending[cpu]!.find((request) => request.from === from) ?? null
  }
}

/** The CPUs other than that of `t` on which the address space runs, in ascending order (`mm_cpumask`). */
export function otherCpusOf(t: Task, mm: Mm): number[] {
  const cpus = new Set<number>()
  for (const task of t.machine.tasks) if (task.mm === mm && task.cpu !== t.cpu) cpus.add(task.cpu)
  return [...cpus].sort((a, b) => a - b)
}

/** Drops what one CPU holds of a range (arch/x86/mm/tlb.c: flush_tlb_func, 6.1); `end` `Infinity` is the whole context. */
export function flushTlbFunc(tlb: Tlb, mm: Mm, start: number, end: number, stride: number): void {
  if (end === Infinity) tlb.flushContext(mm.tlbContext)
  else for (let address = start; address < end; address += stride) tlb.flushPage(mm.tlbContext, address)
}

/**
 * What `cpu` does when it is interrupted for a flush that `from` waits for, for ever: blocked while nothing is asked, else one
 * step that flushes and answers. It interrupts whatever runs there between two of its steps: what waits for a lock in the
 * kernel does so with interrupts on.
 *
 * Each pair of a CPU and a task that flushes has a handler of its own, so that a search may have a CPU answer two requests in
 * either order, or answer one before it is asked the other; {@link shootdownHandlers} lists them.
 */
export function* answerShootdowns(machine: Machine, cpu: number, from: Task): Steps<never> {
  for (;;) {
    const request = machine.shootdowns?.requestOf(from, cpu) ?? null
    touchesRequest(from, cpu, TOUCH_ACQUIRE)
    if (request === null) {
      yield STEP_BLOCKED
      continue
    }
    touches(from, TOUCH_TLB, cpu, TOUCH_WRITE)
    touchesAnswer(from, cpu, TOUCH_RELEASE)
    flushTlbFunc(machine.tlbs[cpu]!, request.mm, request.start, request.end, request.stride)
    const pending = machine.shootdowns!.pending[cpu]!
    pending.splice(pending.indexOf(request), 1)
    yield STEP_TLB_FLUSH
  }
}

/** A CPU's answers to one task. */
export interface ShootdownHandler {
  readonly cpu: number
  readonly from: Task
  /** Begins {@link answerShootdowns}. */
  run(): Steps<never>
}

/**
 * The handlers that the machine's tasks can need, one for each task and each other CPU: a task flushes address spaces other
 * than its own, too (writeback cleans them all).
 */
export function shootdownHandlers(machine: Machine): readonly ShootdownHandler[] {
  return machine.tasks.flatMap((from) =>
    machine.tlbs.flatMap((_, cpu) =>
      cpu === from.cpu || !machine.tasks.some((task) => task.cpu === cpu)
        ? []
        : [{ cpu, from, run: () => answerShootdowns(machine, cpu, from) }],
    ),
  )
}
