/**
 * Written by hand, like `blocked.ts`: in a plain run nothing lies between the interrupt and its answer.
 * @module
 */

import type { Mm } from '../mm.ts'
import { flushTlbFunc, otherCpusOf } from '../shootdowns.ts'
import type { Task } from '../task.ts'

/** Flushes the CPUs on which the address space runs, and this one. */
export function flushTlbMulti(t: Task, mm: Mm, start: number, end: number, stride: number): void {
  for (const cpu of [t.cpu, ...otherCpusOf(t, mm)])
    flushTlbFunc(t.machine.tlbs[cpu]!, mm, start, end, stride)
}
