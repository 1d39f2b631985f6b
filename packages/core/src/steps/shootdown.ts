/**
 * Waiting for other CPUs to flush. Like `blocked.ts` it is written by hand in `../plain`, too: a plain run can be interrupted
 * by nobody, so there they answer at once.
 * @module
 */

import type { Mm } from '../mm.ts'
import { flushTlbFunc, otherCpusOf } from '../shootdowns.ts'
import { STEP_WAIT, type Steps } from '../step.ts'
import type { Task } from '../task.ts'
import {
  TOUCH_ACQUIRE,
  TOUCH_RELEASE,
  TOUCH_TLB,
  TOUCH_WRITE,
  touches,
  touchesAnswer,
  touchesRequest,
} from '../touch.ts'
import { blocked } from './blocked.ts'

/**
 * Asks the other CPUs on which the address space runs, flushes this one, and waits until all have answered, with whatever
 * locks the caller holds (arch/x86/mm/tlb.c: flush_tlb_multi; kernel/smp.c: smp_call_function_many_cond, 6.1).
 * `machine.shootdowns` is set.
 */
export function* flushTlbMulti(t: Task, mm: Mm, start: number, end: number, stride: number): Steps<void> {
  const shootdowns = t.machine.shootdowns!
  const cpus = otherCpusOf(t, mm)
  for (const cpu of cpus) {
    touchesRequest(t, cpu, TOUCH_RELEASE)
    touchesAnswer(t, cpu, TOUCH_WRITE)
    shootdowns.pending[cpu]!.push({ from: t, mm, start, end, stride })
  }
  touches(t, TOUCH_TLB, t.cpu, TOUCH_WRITE)
  flushTlbFunc(t.machine.tlbs[t.cpu]!, mm, start, end, stride)
  if (cpus.length === 0) return
  yield STEP_WAIT
  for (;;) {
    for (const cpu of cpus) touchesAnswer(t, cpu, TOUCH_ACQUIRE)
    const silent = cpus.find((cpu) => shootdowns.requestOf(t, cpu) !== null)
    if (silent === undefined) return
    yield blocked(t, { name: `the answer of CPU ${silent} to a TLB flush` })
  }
}
